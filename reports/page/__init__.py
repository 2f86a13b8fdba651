"""The page: from finished sections to one HTML file, and the same in Markdown."""
