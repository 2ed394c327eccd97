"""Which format a recording has, and its requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import ijson

from segue.errors import UsageError
from segue.verify.replay import access_log, gor, har, tap
from segue.verify.replay.recorded import Recorded

_HEAD = 1 << 16
Reader = Callable[[Path], Iterator[Recorded]]


def requests(files: Sequence[Path]) -> Iterator[Recorded]:
    """The requests of ``files`` in their order; a folder stands for the files in it, by name.

    Raises :class:`UsageError` for what cannot be read, or is no recording that Segue knows.
    """
    for file in _all(files):
        reader = reader_of(file)
        try:
            yield from reader(file)
        except (ValueError, KeyError, TypeError, ijson.JSONError, OSError) as error:
            raise UsageError(f"{file} cannot be read to its end: {error}.") from error


def _all(files: Sequence[Path]) -> Iterator[Path]:
    for file in files:
        if file.is_dir():
            yield from sorted(item for item in file.iterdir() if item.is_file())
        else:
            yield file


def reader_of(file: Path) -> Reader:
    """By what the file begins with. Raises :class:`UsageError` for anything unknown."""
    try:
        with file.open("rb") as stream:
            head = stream.read(_HEAD)
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}.") from error
    if head[:2] in (b"1 ", b"2 ", b"3 "):
        return gor.read
    first = head.lstrip().split(b"\n", 1)[0]
    try:
        if access_log.is_log(json.loads(first)):
            return access_log.read
    except ValueError:
        pass
    if b'"http_buffered_trace"' in head:
        return tap.read
    if b'"log"' in head and head.lstrip()[:1] in (b"{", b"\xef"):
        return har.read
    raise UsageError(
        f"{file} is no recording that Segue knows.",
        hint="Known are HAR, JSON access logs of NGINX and Envoy, files of Envoy's tap filter, and GoReplay's files.",
    )
