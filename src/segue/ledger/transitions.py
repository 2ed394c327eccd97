"""How an operation moves through its states; pure functions from ledger to ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from segue.errors import UsageError
from segue.ledger.model import AGAINST_ONLY, Basis, Entry, Event, Kind, Ledger, Proof, State
from segue.snapshot.model import Snapshot
from segue.target.ir import Program


def after_generate(
    old: Ledger,
    snapshot: Snapshot,
    program: Program,
    *,
    digests: tuple[str, str],
    at: str,
    ported: Mapping[str, str] | None = None,
) -> Ledger:
    """The ledger of a fresh translation. ``digests`` are those of snapshot and code; ``ported`` the functions that
    people wrote for refused operations, by operation.

    What was verified or shifted keeps its weight: traffic never moves by generating. An operation
    that is no longer translated goes back to Django at once, with the reason in its history.
    """
    native = {f"{n.method} {n.route_id}": n for n in program.native}
    refused = {f"{r.method} {r.route_id}": r for r in program.refused}
    entries: dict[str, Entry] = {}
    for route in snapshot.routes:
        for operation in route.operations:
            key = f"{operation.method} {route.id}"
            if key not in native and key not in refused:
                continue
            entry = old.entries.get(key, Entry(operation.method, route.id))
            if key in native:
                function = f"{native[key].module}.{native[key].function}"
                entry = replace(entry, function=function, reasons=())
                if entry.state is State.LEGACY:
                    entry = entry.record(Event(at, "translated", function), state=State.TRANSLATED)
            elif ported and key in ported:
                entry = replace(entry, function=ported[key], reasons=())
                if entry.state is State.LEGACY:
                    entry = entry.record(Event(at, "ported by hand", ported[key]), state=State.TRANSLATED)
            else:
                reasons = tuple(f"{r.code} {r.place}" for r in refused[key].reasons)
                if entry.native:
                    entry = entry.record(
                        Event(at, "back to Django", "no longer translated"), state=State.LEGACY, weight=0
                    )
                entry = replace(entry, function="", reasons=reasons, proofs={})
            entries[key] = entry
    return Ledger(entries, *digests, old.handovers)


def after_verify(ledger: Ledger, kind: Kind, proofs: Mapping[str, Proof], basis: Basis, *, at: str) -> Ledger:
    """Record evidence. Cases without difference make a translated operation verified; a difference takes it back to
    translated (its weight is the operator's to change). Stale evidence counts neither way."""
    for key, proof in proofs.items():
        entry = ledger.entries.get(key)
        if entry is None or not entry.native:
            continue
        entry = replace(entry, proofs={**entry.proofs, kind: proof})
        bad = against(entry, basis)
        if bad and entry.state is State.VERIFIED:
            entry = entry.record(
                Event(at, "not verified", f"{proof.differences} differences"), state=State.TRANSLATED
            )
        elif not bad and proof.cases and entry.state is State.TRANSLATED and kind not in AGAINST_ONLY:
            entry = entry.record(
                Event(at, "verified", f"{kind}: {proof.cases} cases, evidence {proof.digest}"),
                state=State.VERIFIED,
            )
        ledger = ledger.with_entry(entry)
    return ledger


def why_stale(entry: Entry, proof: Proof, basis: Basis) -> str:
    """Why ``proof`` says nothing of what would run today; '' while it does."""
    if not proof.own or not proof.snapshot:
        return "recorded by an earlier version, without its snapshot"
    if proof.snapshot != basis.snapshot:
        return "the snapshot changed"
    if proof.own != basis.own.get(entry.key):
        return "the generated code changed"
    return ""


def _speaking(entry: Entry) -> list[Proof]:
    """Evidence that may speak for the operation."""
    return [p for kind, p in entry.proofs.items() if p.cases and kind not in AGAINST_ONLY]


def staleness(entry: Entry, basis: Basis) -> str:
    """Why the operation has no evidence about today's code; '' where some is fresh, and where there is none."""
    reasons = [why_stale(entry, p, basis) for p in _speaking(entry)]
    return "" if "" in reasons else "; ".join(dict.fromkeys(reasons))


def against(entry: Entry, basis: Basis) -> str:
    """What evidence about today's code says against the operation; '' where nothing."""
    for kind, proof in entry.proofs.items():
        if proof.differences and not why_stale(entry, proof, basis):
            return f"its evidence has {proof.differences} {'difference' if proof.differences == 1 else 'differences'} ({kind})"
    return ""


def lacking(entry: Entry, basis: Basis) -> str:
    """What the operation lacks to take traffic; '' where nothing. An operation that has traffic keeps its state when a
    difference is found, so the state alone does not say."""
    stale = staleness(entry, basis)
    if stale:
        return f"its evidence is stale ({stale})"
    unverified = entry.state in (State.LEGACY, State.TRANSLATED) or not _speaking(entry)
    return against(entry, basis) or ("it is not verified" if unverified else "")


def shift(
    ledger: Ledger,
    entries: Iterable[Entry],
    weight: int,
    basis: Basis,
    *,
    at: str,
    force: bool = False,
    why: str = "",
) -> Ledger:
    """Give ``entries`` the weight (percent to FastAPI); ``why`` goes into their history.

    Raises :class:`UsageError` for a refused operation, and for one without fresh evidence of zero
    differences unless ``force`` (which its history then says).
    """
    if not 0 <= weight <= 100:
        raise UsageError(f"{weight} is not a percentage.", hint="Give a whole number from 0 to 100.")
    for entry in entries:
        if weight and not entry.native:
            raise UsageError(
                f"{entry.key} is not translated ({', '.join(entry.reasons[:2]) or 'no reason recorded'}).",
                hint="`segue assess` lists what stands in the way.",
            )
        missing = lacking(entry, basis)
        if weight > entry.weight and missing and not force:
            raise UsageError(
                f"{entry.key} cannot take more traffic: {missing}.",
                hint="Run `segue verify explore` first, or say --force (recorded in the ledger).",
            )
        if weight == entry.weight:
            continue
        if weight == 0:
            state = State.TRANSLATED if missing else State.VERIFIED
        else:
            state = State.SHIFTED if weight == 100 else State.SHIFTING
        forced = "forced without evidence" if missing and force and weight > entry.weight else ""
        event = Event(at, f"weight {entry.weight} → {weight} %", ": ".join(filter(None, (forced, why))))
        ledger = ledger.with_entry(entry.record(event, state=state, weight=weight))
    return ledger
