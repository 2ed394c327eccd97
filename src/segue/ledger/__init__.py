"""The routes, their state and their evidence."""

from segue.ledger.model import Entry, Event, Ledger, Proof, State
from segue.ledger.store import locked, read, write

__all__ = ["Entry", "Event", "Ledger", "Proof", "State", "locked", "read", "write"]
