"""What is left of DRF's dispatch for one (route, method): an :class:`Endpoint` with everything folded."""
