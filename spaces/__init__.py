"""Search spaces: one file or folder each, found through the entry points of the package."""
