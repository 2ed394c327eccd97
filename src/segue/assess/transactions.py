"""Where an operation begins and ends transactions: on Django, and in what is generated for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from segue.assess.transaction_places import Found
from segue.assess.transactions_in_generated import Generated
from segue.assess.transactions_on_django import Legacy
from segue.snapshot.model import Snapshot
from segue.target.ir import Program


@dataclass(frozen=True, slots=True)
class Boundaries:
    """One operation on both sides; ``generated`` is None where it stays on Django. ``differs`` names what one side has and the
    other has not."""

    method: str
    route: str
    django: Found
    generated: Found | None

    @property
    def differs(self) -> tuple[str, ...]:
        """``blocks``, ``locks``, ``hooks``, ``marks``, ``whole``: each that is there on one side only."""
        if self.generated is None:
            return ()
        names = ("whole", "blocks", "locks", "hooks", "marks")
        return tuple(n for n in names if bool(getattr(self.django, n)) != bool(getattr(self.generated, n)))


def boundaries(snapshot: Snapshot, program: Program) -> tuple[Boundaries, ...]:
    """Every own operation of DRF routes that has to do with transactions, in URL order.

    Django's side is read from the source that the probe found, by names: methods of the view that may run, of its serializer, and
    what they call by name. The generated side is read from the program.
    """
    native = {(n.route_id, n.method): n for n in program.native}
    legacy, generated = Legacy(snapshot), Generated(program)
    out = []
    for route in snapshot.routes:
        view = snapshot.views.get(route.view)
        if route.kind != "drf" or view is None or not route.own:
            continue
        for operation in route.operations:
            if operation.method in ("HEAD", "OPTIONS"):
                continue
            found = native.get((route.id, operation.method))
            here = generated.found(found, view.atomic_requests) if found is not None else None
            there = legacy.found(view, operation)
            if not there.empty or (here is not None and not here.empty):
                out.append(Boundaries(operation.method, route.id, there, here))
    return tuple(out)


def notes(snapshot: Snapshot, found: Sequence[Boundaries], level: str) -> list[str]:
    """What holds for all of them: isolation, and what survives an error."""
    database = next((d for d in snapshot.settings.databases if d.alias == "default"), None)
    vendor = database.vendor if database is not None else ""
    lines = []
    if vendor == "postgresql":
        lines.append(
            f"Isolation of transactions: {level} on both sides (OPTIONS of the database)."
            if level
            else "Isolation: the server's own on both sides (READ COMMITTED unless it is set otherwise)."
        )
    elif vendor == "sqlite":
        lines.append("SQLite: one writer at a time on both sides; rows are not locked.")
    if any(b.django.alone for b in found):
        lines.append(
            "A write outside of a block is permanent at once, on both sides: it stays when the request fails later."
        )
    return lines


def as_data(found: Sequence[Boundaries]) -> list[Mapping[str, object]]:
    """Plain data for JSON."""
    out: list[Mapping[str, object]] = []
    for one in found:
        sides = {"django": one.django, "generated": one.generated}
        out.append(
            {
                "method": one.method,
                "route": one.route,
                **{
                    name: None
                    if side is None
                    else {
                        "request": side.whole,
                        "blocks": list(side.blocks),
                        "alone": list(side.alone),
                        "locks": list(side.locks),
                        "hooks": list(side.hooks),
                        "marks": list(side.marks),
                    }
                    for name, side in sides.items()
                },
                "differs": list(one.differs),
            }
        )
    return out
