"""One module per group of expression nodes; each registers its handler."""
