"""Live reads asked of the other side as well, beside the request; differences are evidence."""
