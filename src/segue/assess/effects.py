"""Places whose effects go beyond rows: transactions, signals, tasks, mails, cache."""

from __future__ import annotations

from segue.assess.model import Effect
from segue.snapshot.model import Snapshot

TRANSACTION = "django.db.transaction.atomic"
_CALLS = {
    TRANSACTION: "atomic",
    "django.db.transaction.on_commit": "on_commit",
    "django.core.mail.send_mail": "mail",
    "django.core.mail.send_mass_mail": "mail",
    "django.core.mail.mail_admins": "mail",
    "django.core.mail.mail_managers": "mail",
    "django.core.mail.message.EmailMessage": "mail",
    "django.core.mail.message.EmailMultiAlternatives": "mail",
    "django.core.cache.cache": "cache",
    "django.core.cache.caches": "cache",
}


def effects(snapshot: Snapshot) -> tuple[Effect, ...]:
    """Own code only, sorted by kind and place."""
    found: set[tuple[str, str, str]] = set()
    for function in snapshot.functions.values():
        if function.where.file.startswith("/") or "/site-packages/" in function.where.file:
            continue
        kinds = {_CALLS[r.name] for r in function.globals.values() if r.name in _CALLS}
        kinds |= {_CALLS[name] for name in function.wrapped_by if name in _CALLS}
        if "select_for_update" in function.source:
            kinds.add("select_for_update")
        for kind in kinds:
            found.add((kind, function.name, str(function.where)))
    for receiver in snapshot.receivers:
        if receiver.own:
            sender = receiver.sender or "every sender"
            found.add(("signal", f"{receiver.signal} of {sender} → {receiver.function}", str(receiver.where)))
    for task in snapshot.tasks:
        found.add(("task", task, ""))
    return tuple(Effect(*item) for item in sorted(found))
