"""The log of requests, cut into files of a bounded size without losing a line for those who follow it."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx

from segue.gateway.envoy import Ports

KEPT = 2
"""Files that are kept beside the one that Envoy writes: ``access.jsonl.1`` is the younger one."""


def file(folder: Path) -> Path:
    """The one that Envoy writes, in the gateway's ``folder``."""
    return folder / "access.jsonl"


def files(current: Path) -> list[Path]:
    """All that may be there, from the oldest to ``current``."""
    return [*(current.with_name(f"{current.name}.{n}") for n in range(KEPT, 0, -1)), current]


def rotate(current: Path, ports: Ports, largest: int) -> bool:
    """Begin a new file if ``current`` has ``largest`` bytes or more; whether Envoy was told to. To be called again and again.

    Envoy writes on to the renamed file until it is told to open its logs anew (``POST /reopen_logs``), closes that one and only then
    makes the new one: once there is a new one, the old one is whole. If Envoy does not answer, or if this process ended in between,
    there is no file by that name, and the next call tells it again.
    """
    try:
        size = os.stat(current).st_size
    except FileNotFoundError:
        size = -1
    if 0 <= size < largest:
        return False
    if size >= 0:
        chain = files(current)
        for older, younger in pairwise(chain):
            with contextlib.suppress(FileNotFoundError):
                os.replace(younger, older)
    try:
        answer = httpx.post(
            f"http://127.0.0.1:{ports.admin}/reopen_logs", timeout=2.0, trust_env=False, verify=False
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == 200


class Tail:
    """Reads what is appended to ``current`` from ``back`` bytes before its end on, through every :func:`rotate`. A file that was replaced
    or cut is read from its beginning."""

    def __init__(self, current: Path, back: int = 0) -> None:
        self._current = current
        self._handle, self._position = -1, 0
        self._close: weakref.finalize[[int], Tail] | None = None
        for one in reversed(files(current)):
            if self._open(one):
                self._position = max(0, self._size() - back)
                back -= self._size()
                if back <= 0:
                    return

    def chunks(self) -> Iterator[tuple[bytes, bool]]:
        """What is new in the file that is open, then in those that were begun after it, and whether each is the beginning of a file.
        A file is whole once the next one is there."""
        while True:
            younger = self._younger()
            if self._handle >= 0:
                size = self._size()
                if size < self._position:  # cut
                    self._position = 0
                data, first = (
                    os.pread(self._handle, size - self._position, self._position),
                    not self._position,
                )
                self._position += len(data)
                yield data, first
            if younger is None or not self._open(younger):
                return

    @property
    def behind(self) -> int:
        """Bytes that have not been read yet: of the open file and of those that were begun after it."""
        if self._handle < 0:
            return 0
        younger = sum(found.st_size for _, found in self._after())
        return max(0, self._size() - self._position) + younger

    def _size(self) -> int:
        return os.fstat(self._handle).st_size

    def _open(self, one: Path) -> bool:
        try:
            handle = os.open(one, os.O_RDONLY)
        except FileNotFoundError:
            return False
        if self._close is not None:
            self._close()
        self._handle, self._position = handle, 0
        self._close = weakref.finalize(self, os.close, handle)
        return True

    def _younger(self) -> Path | None:
        """The file that was begun after the one that is open."""
        if self._handle < 0:
            there = files(self._current)[-1]
            return there if _stat(there) is not None else None
        return next((one for one, _ in self._after()), None)

    def _after(self) -> list[tuple[Path, os.stat_result]]:
        """The files that were begun after the one that is open, from the oldest on."""
        there = [(one, found) for one in files(self._current) if (found := _stat(one)) is not None]
        own = os.fstat(self._handle)
        inodes = [found.st_ino for _, found in there]
        if own.st_ino in inodes:
            return there[inodes.index(own.st_ino) + 1 :]
        # gone: everything that was written to later
        return [(one, found) for one, found in there if found.st_mtime_ns >= own.st_mtime_ns]


def _stat(one: Path) -> os.stat_result | None:
    try:
        return os.stat(one)
    except FileNotFoundError:
        return None
