"""DRF's three paginations over Core statements."""
