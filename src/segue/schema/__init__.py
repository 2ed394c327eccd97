"""The database schema on both sides: Alembic files for the output, and proof that it equals Django's.

:func:`segue.schema.files.write_migrations` adds the Alembic environment and baseline to a program;
:func:`segue.schema.check.check` compares two real databases, one built by each side.
"""
