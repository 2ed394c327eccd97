"""Who the user is, byte for byte as Django decides it: import from the modules."""
