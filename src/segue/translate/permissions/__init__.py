"""Permission classes → conditions in access functions."""
