"""``segue generate``: translate and write the FastAPI project."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Sequence

from rich.markup import escape
from rich.table import Table

from segue import digest, ledger
from segue.commands import shift
from segue.commands.common import code_digest, console, errors, now, prepare_state, print_json
from segue.commands.probing import take_snapshot
from segue.config import Config
from segue.emit import Change, write
from segue.errors import DamagedFile
from segue.files import require_writable
from segue.ledger import owners, transitions
from segue.schema.frozen import Frozen, frozen, later_revisions
from segue.target.ir import Program
from segue.translate.models.baseline import PATH
from segue.translate.models.migrations import owned_tables
from segue.translate.program import translate

_MOST_REASONS = 12


def run(settings: Config, *, as_json: bool, max_refused: int | None) -> int:
    """Probe, translate, write, update the ledger. Exit code 1 when more than ``max_refused``
    operations are refused."""
    ledger.read(settings.ledger_file)  # a damaged ledger is told before anything is written
    for folder in (settings.output, settings.base):
        require_writable(folder)
    snapshot = take_snapshot(settings, quiet=as_json)
    with contextlib.nullcontext() if as_json else errors.status("Translating…"):
        program = translate(
            snapshot,
            package=settings.package,
            accepted_middleware=settings.accepted_middleware,
            pure=settings.pure,
        )
    prepare_state(settings)
    with ledger.locked(settings.state):
        old = ledger.read(settings.ledger_file)  # now: traffic may have moved since
        # handovers are the ledger's: a file that was lost or not written to its end comes back with them
        program.files[owners.FILE] = owners.text(owned_tables(snapshot), old.handovers)
        baseline = _baseline(settings, program.files[PATH], old.handovers)
        program.files[PATH] = baseline.text
        result = write(program, settings.output, base=settings.base)
        ported = _ported(settings, program)
        book = transitions.after_generate(
            old,
            snapshot,
            program,
            digests=(digest.of_file(settings.snapshot_file), code_digest(settings)),
            at=now(),
            ported=ported,
        )
        ledger.write(settings.ledger_file, book)
        if any(
            e.weight and (key not in book.entries or not book.entries[key].weight)
            for key, e in old.entries.items()
        ):
            shift.apply(settings, book, [])  # what is no longer translated goes back to Django at once
    left = [r for r in program.refused if f"{r.method} {r.route_id}" not in ported]
    # Plain views of Django's are told apart: they were never part of the API that DRF serves.
    without_drf = {r.id for r in snapshot.routes if r.kind == "django"}
    plain = sum(o.route_id in without_drf for o in program.native)
    plain_left = sum(r.route_id in without_drf for r in left)
    left = [r for r in left if r.route_id not in without_drf]
    native, refused = len(program.native) - plain, len(left)
    reasons = Counter(r.reasons[0].code for r in left if r.reasons)
    changes = Counter(str(c) for c in result.changes.values())
    if as_json:
        print_json(
            {
                "output": str(settings.output),
                "native": native,
                "refused": refused,
                "plain": {"native": plain, "refused": plain_left},
                "ported": len(ported),
                "reasons": dict(reasons.most_common()),
                "files": dict(sorted(changes.items())),
                "baseline": baseline.sentences(),
            }
        )
    else:
        total = native + len(ported) + refused
        share = f" ({native / total:.0%})" if total else ""
        by_hand = f", {len(ported)} ported by hand" if ported else ""
        console.print(
            f"[bold]{native} of {total}[/] operations translated{share}{by_hand} into {settings.output}"
        )
        if plain or plain_left:
            console.print(f"{plain} of {plain + plain_left} operations of plain Django views translated")
        console.print("Files: " + ", ".join(f"{n} {c}" for c, n in sorted(changes.items())))
        for path, change in result.changes.items():
            if change in (Change.KEPT, Change.MERGED, Change.ORPHANED):
                console.print(f"  {change}: {path}")
        for sentence in baseline.sentences():
            console.print(sentence, markup=False, soft_wrap=True)
        if reasons:
            table = Table("stay on Django", "reason", "first place", box=None, pad_edge=False)
            for code, count in reasons.most_common(_MOST_REASONS):
                first = next(r.reasons[0] for r in left if r.reasons and r.reasons[0].code == code)
                table.add_row(str(count), escape(f"{code}: {first.why}"), escape(first.place))
            console.print(table)
            rest = len(reasons) - _MOST_REASONS
            console.print(
                (f"[dim]{rest} more reasons. [/]" if rest > 0 else "")
                + "All of them: [bold]segue assess --blockers[/]"
            )
        partly = [operation for operation in program.native if operation.notes]
        if partly:
            example = partly[0]
            console.print(
                f"{len(partly)} of the translated operations leave some requests to Django, such as "
                + escape(f"{example.method} {example.route_id} with {example.notes[0]}")
                + ". All of them: PORTING.md"
            )
        console.print("Next: [bold]segue verify explore[/]")
    return 1 if max_refused is not None and refused > max_refused else 0


def _baseline(settings: Config, new: str, handovers: Sequence[owners.Handover]) -> Frozen:
    """The baseline revision: from today's models, but for what FastAPI owns and later revisions change."""
    file = settings.base / PATH
    if not file.is_file():
        file = settings.output / PATH
    try:
        old = file.read_text(encoding="utf-8") if file.is_file() else None
        return frozen(new, old, later=later_revisions(settings.output), handovers=handovers)
    except (OSError, ValueError, SyntaxError) as error:
        raise DamagedFile(
            f"{file} cannot be read: {error}.",
            hint="Restore it from version control, then run `segue generate` again.",
        ) from error


def _ported(settings: Config, program: Program) -> dict[str, str]:
    """Operations that somebody has added to the manifest by hand: the function of each."""
    try:
        manifest = json.loads(settings.manifest_file.read_text(encoding="utf-8"))
        listed = {
            f"{o['method']} {o['route']}": f"{o['module']}.{o['function']}" for o in manifest["operations"]
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            f"{settings.manifest_file} cannot be read: {error}.",
            hint="Repair it, or delete it and run `segue generate` again.",
        ) from error
    refused = {f"{r.method} {r.route_id}" for r in program.refused}
    return {key: function for key, function in listed.items() if key in refused}
