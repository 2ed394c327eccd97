"""DRF's views → path operation functions."""
