"""The routes, their state and their evidence."""

from segue.ledger.model import KINDS, Basis, Entry, Event, Kind, Ledger, Proof, State
from segue.ledger.store import locked, read, write

__all__ = ["KINDS", "Basis", "Entry", "Event", "Kind", "Ledger", "Proof", "State", "locked", "read", "write"]
