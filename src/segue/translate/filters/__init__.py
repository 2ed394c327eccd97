"""Filter backends → filter functions."""
