"""Rows for tests of the service: written and read from plain test functions, by factories (factory_boy) or by :func:`~.making.make`."""
