"""One module per group of statement nodes; each registers its handler."""
