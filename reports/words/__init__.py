"""What a report says in words: the answer, what was searched, and how numbers are written."""
