"""A Django app that keeps ``migrate`` off the tables that FastAPI owns: ``"segue_bridge.legacy.owners"`` in ``INSTALLED_APPS``,
before apps with a ``migrate`` or ``makemigrations`` of their own, and ``SEGUE_OWNERS``, the path of ``migrations/owners.toml``.
"""
