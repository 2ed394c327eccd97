"""One module per command: it parses nothing, calls the package below, and renders."""
