"""One owner per table while two tools can migrate one database: who owns which, what a statement changes, and one lock.

:mod:`.ledger` reads what ``segue schema own`` wrote, :mod:`.statements` what a statement changes, :mod:`.lock` keeps two
runs apart. Alembic's side is :mod:`.alembic`, Django's :mod:`segue_bridge.legacy.owners`.
"""
