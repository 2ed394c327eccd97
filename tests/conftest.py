"""Fixtures that all rooms share."""

pytest_plugins = ["tests.services", "tests.schema.catalogue"]
