"""Rules for DRF's own permission classes as called by overrides."""
