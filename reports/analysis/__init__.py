"""What the numbers of a study, or of several, say together."""
