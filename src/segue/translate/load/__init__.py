"""Fetch sites: rows, their statements and loaders."""
