"""The wire contract of a DRF view: import from the modules."""
