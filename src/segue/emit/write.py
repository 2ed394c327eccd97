"""Writing the output while keeping what people changed in it.

For every file three texts are compared: what Segue generated last time (the *base*, kept in
``.segue/base``), what it generates now, and what is on disk. Where only one side moved, that side
wins; where both moved, they are merged line by line; where they touch the same lines, nothing
at all is written and the conflicts are reported.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from merge3 import Merge3

from segue.emit.format import format_sources
from segue.emit.render import render_module
from segue.errors import DamagedFile, SegueError
from segue.files import cannot_write, write_all
from segue.target.ir import Program


class Change(StrEnum):
    """What happened to one file."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    KEPT = "kept hand edit"
    MERGED = "merged with hand edit"
    REMOVED = "removed"
    ORPHANED = "no longer generated, kept because it was edited"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Both sides changed the same lines. ``line`` is in the file on disk, from 1."""

    path: str
    line: int


class ConflictError(SegueError):
    """Regeneration and hand edits touch the same lines; nothing was written."""

    def __init__(self, conflicts: list[Conflict], out: Path) -> None:
        places = ", ".join(f"{out / c.path}:{c.line}" for c in conflicts[:5])
        more = f" and {len(conflicts) - 5} more" if len(conflicts) > 5 else ""
        super().__init__(
            f"Hand edits and newly generated code touch the same lines in {places}{more}; nothing was written.",
            hint="Move the edit to another place (or a file of your own), then run `segue generate` again.",
        )
        self.conflicts = conflicts


@dataclass(slots=True)
class WriteResult:
    """What :func:`write` did, by path relative to the output folder."""

    changes: dict[str, Change] = field(default_factory=dict)

    def count(self, change: Change) -> int:
        """How many files had ``change``."""
        return sum(1 for c in self.changes.values() if c is change)


def render_program(program: Program) -> dict[str, str]:
    """Every file of the output by path, formatted. Same program in, same bytes out."""
    sources = {m.path: render_module(m) for m in program.modules.values() if m.decls or m.imports}
    sources.update({path: text for path, text in program.files.items() if path.endswith(".py")})
    for path in list(sources):
        folder = Path(path).parent
        while folder.parts and folder.parts[0] in {program.package, "tests"}:
            init = str(folder / "__init__.py")
            if folder.parts[0] == program.package:
                sources.setdefault(init, "")
            folder = folder.parent
    files = format_sources(sources, package=program.package)
    files.update({path: text for path, text in program.files.items() if not path.endswith(".py")})
    return dict(sorted(files.items()))


def write(program: Program, out: Path, *, base: Path | None = None) -> WriteResult:
    """Write ``program`` to ``out``; ``base`` is where the last generated texts are kept.

    A file that Segue did not write before and that differs is a conflict, never replaced.

    Raises :class:`ConflictError` before anything is written, and
    :class:`~segue.errors.EnvironmentProblem`, without a change, when a file cannot be written.
    """
    files = render_program(program)
    result, texts, conflicts = _plan(files, out, base)
    if conflicts:
        raise ConflictError(conflicts, out)
    wanted = {out / path: text for path, text in texts.items()}
    if base is not None:
        wanted |= {base / path: text for path, text in files.items() if _read(base / path) != text}
    write_all(wanted)
    if base is not None:
        _clean_base(files, base)
    for path, change in result.changes.items():
        if change is Change.REMOVED:
            (out / path).unlink(missing_ok=True)
    return result


def _plan(
    files: dict[str, str], out: Path, base: Path | None
) -> tuple[WriteResult, dict[str, str], list[Conflict]]:
    result, texts, conflicts = WriteResult(), {}, []
    for path, new in files.items():
        current, old = _read(out / path), _read(base / path) if base else None
        if current is None:
            result.changes[path], texts[path] = Change.ADDED, new
        elif current == new:
            result.changes[path] = Change.UNCHANGED
        elif old is None:
            # Segue did not write this file, so it is not Segue's to replace.
            conflicts.append(Conflict(path, 1))
        elif current == old:
            result.changes[path], texts[path] = Change.UPDATED, new
        elif new == old:
            result.changes[path] = Change.KEPT
        else:
            merged, at = _merge(old, current, new)
            if at:
                conflicts.append(Conflict(path, at))
            else:
                result.changes[path], texts[path] = Change.MERGED, merged
    if base is not None and base.is_dir():
        for file in sorted(p for p in base.rglob("*") if p.is_file()):
            path = file.relative_to(base).as_posix()
            if path in files:
                continue
            current = _read(out / path)
            if current is not None:
                same = current == _read(file)
                result.changes[path] = Change.REMOVED if same else Change.ORPHANED
    return result, texts, conflicts


def _merge(base: str, mine: str, new: str) -> tuple[str, int]:
    """Three-way merge by lines; the second value is the first conflicting line, or 0."""
    lines: list[str] = []
    merge = Merge3(base.splitlines(True), mine.splitlines(True), new.splitlines(True))
    for group in merge.merge_groups():
        if group[0] == "conflict":
            return "", len(lines) + 1
        lines.extend(group[1])
    return "".join(lines), 0


def _clean_base(files: dict[str, str], base: Path) -> None:
    for file in sorted(p for p in base.rglob("*") if p.is_file()):
        if file.relative_to(base).as_posix() not in files:
            file.unlink()


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        raise DamagedFile(
            f"{path} is not UTF-8 text (byte {error.start}); it was left as it is.",
            hint="Restore or remove the file, then run the command again.",
        ) from error
    except OSError as error:
        raise cannot_write(path, error) from error
