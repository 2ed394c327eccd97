"""What a rollout has set out to do, in a file that survives its controller."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from segue.errors import DamagedFile, EnvironmentProblem
from segue.files import write_atomic


class Controlled(EnvironmentProblem):
    """Another controller of the project is at work."""


@dataclass(slots=True)
class Progress:
    """One operation. ``weight`` is the share it has by this rollout; ``next`` the one it is being given (equal, except while it moves).
    ``ended`` says how it ended ('' while it goes on). ``baseline``: requests of Django in the last step that had any,
    those of them that failed, and those that clients gave up.
    """

    weight: int
    next: int
    ended: str = ""
    baseline: tuple[int, int, int] = (0, 0, 0)


@dataclass(slots=True)
class Plan:
    """The operations by ledger key and the steps in percent."""

    steps: tuple[int, ...]
    operations: dict[str, Progress] = field(default_factory=dict)

    @property
    def active(self) -> list[str]:
        """Operations that have not ended."""
        return [key for key, one in self.operations.items() if not one.ended]


def file(state: Path) -> Path:
    """Where the plan is kept."""
    return state / "rollout.json"


def save(state: Path, plan: Plan) -> None:
    """Write the plan atomically."""
    write_atomic(file(state), json.dumps(asdict(plan), indent=1))


def load(state: Path) -> Plan | None:
    """The plan of the last rollout, None if there was none. Raises :class:`DamagedFile`."""
    try:
        raw = json.loads(file(state).read_text(encoding="utf-8"))
        operations = {
            str(key): Progress(
                int(one["weight"]),
                int(one["next"]),
                str(one["ended"]),
                _baseline(one["baseline"]),
            )
            for key, one in raw["operations"].items()
        }
        return Plan(tuple(int(s) for s in raw["steps"]), operations)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise DamagedFile(
            f"{file(state)} is damaged; it was left as it is.",
            hint="Remove it and name the routes again: `segue rollout ROUTE`. Traffic stays where the ledger says.",
        ) from error


def _baseline(found: list[int]) -> tuple[int, int, int]:
    """Two numbers were written before what clients give up was kept."""
    requests, failures, abandoned = [*map(int, found), 0][:3]
    return requests, failures, abandoned


def pause(state: Path) -> None:
    """No operation takes more traffic until :func:`resume`; guards go on."""
    write_atomic(state / "rollout.paused", "")


def resume(state: Path) -> None:
    """Take back :func:`pause`."""
    (state / "rollout.paused").unlink(missing_ok=True)


def paused(state: Path) -> bool:
    """Whether :func:`pause` holds."""
    return (state / "rollout.paused").exists()


@contextlib.contextmanager
def controlling(state: Path) -> Iterator[None]:
    """Hold the lock of the one controller; the system gives it back when the process ends, however it ends.

    Raises :class:`Controlled` if another one holds it.
    """
    handle = os.open(state / "rollout.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _taken(handle) and not _taken(
            handle, after=0.2
        ):  # :func:`controlled` may have held it for a moment
            raise Controlled(
                "Another `segue rollout` of this project is running.",
                hint="Wait until it has ended, stop it with Ctrl-C (traffic stays where it is), or say `segue rollback ROUTE`.",
            )
        yield
    finally:
        os.close(handle)


def controlled(state: Path) -> bool:
    """Whether a controller is at work. Who asks shares the lock: others who ask at the same time are no controller."""
    try:
        handle = os.open(state / "rollout.lock", os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _taken(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)


def _taken(handle: int, how: int = fcntl.LOCK_EX, *, after: float = 0.0) -> bool:
    """Take the lock, ``after`` seconds from now; whether nobody else has it."""
    if after:
        time.sleep(after)
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
