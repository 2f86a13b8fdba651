"""What searches on a table and on predictions share: an exact expectation is climbed."""
