"""Proof that the generated schema equals Django's.

:func:`segue.schema.check.check` compares two real databases, one built by each side. The Alembic files
themselves are written by :mod:`segue.translate.models.migrations`.
"""
