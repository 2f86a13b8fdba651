"""Search methods: one file each, found through the entry points of the package."""
