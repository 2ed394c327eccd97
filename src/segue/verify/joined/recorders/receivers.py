"""Which receivers of signals ran on Django: what was exercised, not what is compared.

The generated code sends no signals, it calls the translated receivers; so their effects (rows, mails, …) are compared,
and how often Django called a receiver is only told. Source: ``django.dispatch.dispatcher.Signal.send``.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any


class Receivers:
    """Counts ``signal sender → receiver`` since :meth:`start`, for receivers outside Django's own packages."""

    def __init__(self) -> None:
        from django.db.models import signals
        from django.dispatch import Signal

        self.count: Counter[str] = Counter()
        names = {id(v): k for k, v in vars(signals).items() if isinstance(v, Signal)}
        recorder = self

        def noting(original: Any) -> Any:
            @functools.wraps(original)
            def send(signal: Any, sender: Any, **named: Any) -> Any:
                if signal.receivers:
                    recorder._note(names.get(id(signal), type(signal).__name__), signal, sender)
                return original(signal, sender, **named)

            return send

        for method in ("send", "send_robust"):
            setattr(Signal, method, noting(getattr(Signal, method)))

    def start(self) -> None:
        """Forget what was counted."""
        self.count = Counter()

    def _note(self, name: str, signal: Any, sender: Any) -> None:
        found = signal._live_receivers(sender)
        # Django 5.0 on: the synchronous and the asynchronous ones.
        every = [*found[0], *found[1]] if isinstance(found, tuple) else list(found)
        meta = getattr(sender, "_meta", None)
        told = meta.label if meta is not None else getattr(sender, "__name__", str(sender))
        for receiver in every:
            module = getattr(receiver, "__module__", "")
            if module and module.partition(".")[0] != "django":
                self.count[f"{name} {told} → {module}.{getattr(receiver, '__qualname__', '?')}"] += 1
