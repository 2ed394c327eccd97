"""Events that leave the database only after their transaction, and certainly after it (a transactional outbox).

Write with :class:`~segue_bridge.outbox.table.Outbox` inside of the transaction that the event tells of; run a
:class:`~segue_bridge.outbox.relay.Relay` in one process or in several. Each event is published at least once, those of
one key in the order of their transactions, whatever is killed in between.
"""
