"""What a split has set out to do, in a file that survives the command, and the lock of the one command."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from segue.errors import DamagedFile, EnvironmentProblem
from segue.files import cannot_write, write_atomic
from segue.split.link import Link
from segue.split.sides import Side, without_password
from segue.split.tables import Name

PHASES = ("copying", "following", "cutting over", "over", "cutting back")


@dataclass(frozen=True, slots=True)
class State:
    """``phase`` is one of :data:`PHASES`; the databases have the last word on which side is written. ``own``: the source is the database
    that the project's settings name. ``polled``: Segue reads the slots, there are no subscriptions. Addresses are kept without passwords."""

    phase: str
    tables: tuple[Name, ...]
    source: str
    target: str
    source_route: str = ""
    target_route: str = ""
    own: bool = False
    name: str = ""
    polled: bool = False

    def at(self, phase: str) -> State:
        """The same in another phase."""
        return replace(self, phase=phase)


@dataclass(frozen=True, slots=True)
class Split:
    """A split with addresses that can be connected to."""

    source: Side
    target: Side
    tables: tuple[Name, ...]
    name: str
    polled: bool = False

    @property
    def there(self) -> Link:
        """From the source to the target."""
        return Link(f"{self.name}_there", self.source, self.target, self.tables, self.polled)

    @property
    def back(self) -> Link:
        """From the target to the source."""
        return Link(f"{self.name}_back", self.target, self.source, self.tables, self.polled)


def name_of(source: str, target: str) -> str:
    """Slots are seen by every database of a server, so their names are made from both addresses."""
    places = "\n".join(without_password(url) for url in (source, target))
    return f"segue_split_{hashlib.sha256(places.encode()).hexdigest()[:8]}"


def file(state: Path) -> Path:
    """Where it is kept."""
    return state / "split.json"


def save(state: Path, split: State) -> None:
    """Write it atomically, before each move."""
    write_atomic(file(state), json.dumps(asdict(split), indent=1))


def load(state: Path) -> State | None:
    """What was set out to do, None if nothing was. Raises :class:`DamagedFile`."""
    try:
        raw = json.loads(file(state).read_text(encoding="utf-8"))
        if raw["phase"] not in PHASES:
            raise ValueError(raw["phase"])
        return State(
            phase=raw["phase"],
            tables=tuple(Name(str(t["schema"]), str(t["table"])) for t in raw["tables"]),
            own=bool(raw["own"]),
            polled=bool(raw.get("polled", False)),
            **{key: str(raw[key]) for key in ("source", "target", "source_route", "target_route", "name")},
        )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DamagedFile(
            f"{file(state)} is damaged; it was left as it is.",
            hint="Move it away and run `segue split copy` with the same options: it finds what is there on both servers.",
        ) from error


def forget(state: Path) -> None:
    """Nothing is set out to do any more."""
    file(state).unlink(missing_ok=True)


@contextlib.contextmanager
def working(state: Path) -> Iterator[None]:
    """Hold the lock of the one command that changes something; the system gives it back when the process ends, however it ends.

    Raises :class:`EnvironmentProblem` if another one holds it.
    """
    try:
        state.mkdir(parents=True, exist_ok=True)
        handle = os.open(state / "split.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise cannot_write(state / "split.lock", error) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentProblem(
                "Another `segue split` of this project is at work.", hint="Wait until it has ended."
            ) from error
        yield
    finally:
        os.close(handle)
