"""The abstract interpreter for the body of a legacy function."""
