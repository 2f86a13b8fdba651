"""Set-ups of the methods: settings and recipes, readable without what a search computes with."""
