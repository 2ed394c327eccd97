"""JSON → :class:`~segue.snapshot.model.Snapshot`, generic by the dataclasses' type hints."""

from __future__ import annotations

import dataclasses
import gc
import json
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, Union

from segue.errors import DamagedFile
from segue.snapshot import model
from segue.snapshot.model import SCHEMA_VERSION, Snapshot


class _Mismatch(Exception):
    """Data that does not fit the schema; collects the path on its way up."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.path: list[str] = []

    def at(self, step: str) -> _Mismatch:
        self.path.append(step)
        return self


_Reader = Callable[[Any], Any]


def load(path: Path) -> Snapshot:
    """Read the snapshot at ``path``. One that says what the last one said is the same object: a rollout reads it before each move.

    Raises :class:`DamagedFile` when the file cannot be read, is not JSON, has another schema
    version or does not fit the schema; the message names the place inside the document.
    """
    hint = "Run `segue assess` (or delete the file) to take a new snapshot."
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DamagedFile(f"{path} cannot be read: {reason}.", hint=hint) from error
    return _kept(text, str(path), hint)


@lru_cache(maxsize=1)
def _kept(text: str, source: str, hint: str) -> Snapshot:
    return loads(text, source, hint=hint)


def loads(text: str, source: str = "snapshot", *, hint: str = "") -> Snapshot:
    """Parse the text of a snapshot; ``source`` names it in errors. Raises :class:`DamagedFile`."""
    with no_collection():
        return _parse(text, source, hint)


def _parse(text: str, source: str, hint: str) -> Snapshot:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise DamagedFile(f"{source} is not valid JSON: {error}.", hint=hint) from error
    if not isinstance(document, dict):
        raise DamagedFile(f"{source} is not a snapshot: an object was expected.", hint=hint)
    version = document.get("schema_version")
    if version != SCHEMA_VERSION:
        raise DamagedFile(
            f"{source} has snapshot version {version!r}, this Segue reads {SCHEMA_VERSION}.", hint=hint
        )
    return from_document(document, source, hint=hint)


@contextmanager
def no_collection() -> Iterator[None]:
    """Millions of objects are made and none is garbage: looking for some takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def from_document(document: Mapping[str, Any], source: str = "snapshot", *, hint: str = "") -> Snapshot:
    """A snapshot from parsed JSON. Raises :class:`DamagedFile`."""
    try:
        snapshot = _reader(Snapshot)(document)
    except _Mismatch as error:
        place = "".join(reversed(error.path)).lstrip(".") or "the document"
        raise DamagedFile(f"{source} is damaged at {place}: {error.why}.", hint=hint) from error
    assert isinstance(snapshot, Snapshot)
    return snapshot


@cache
def _reader(hint: Any) -> _Reader:
    """A function from parsed JSON to a value of type ``hint``."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass_reader(hint)
    if hint is Any or hint is model.Json:
        return lambda data: data
    origin = typing.get_origin(hint)
    arguments = typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _union_reader(arguments)
    if origin is Literal:
        return _literal_reader(arguments)
    if origin is tuple:
        return _tuple_reader(arguments)
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(arguments[1])
    if hint in (str, int, bool, float):
        return _scalar_reader(hint)
    raise TypeError(f"no reader for {hint!r}")


def _dataclass_reader(cls: type[Any]) -> _Reader:
    hints = typing.get_type_hints(cls)
    fields = dataclasses.fields(cls)
    required = {
        f.name
        for f in fields
        if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    readers: dict[str, _Reader] = {}

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _Mismatch(f"an object was expected, not {_kind(data)}")
        if not readers:  # late, since Value and SerializerField contain themselves
            readers.update({f.name: _reader(hints[f.name]) for f in fields})
        values = {}
        for key, value in data.items():
            reader = readers.get(key)
            if reader is None:
                raise _Mismatch(f"unknown key {key!r}")
            try:
                values[key] = reader(value)
            except _Mismatch as error:
                raise error.at(f".{key}") from None
        missing = required.difference(values)
        if missing:
            raise _Mismatch(f"missing key {sorted(missing)[0]!r}")
        return cls(**values)

    return read


def _union_reader(arguments: tuple[Any, ...]) -> _Reader:
    inner = [a for a in arguments if a is not type(None)]
    if len(inner) != 1:
        return lambda data: data
    reader = _reader(inner[0])
    return lambda data: None if data is None else reader(data)


def _literal_reader(choices: tuple[Any, ...]) -> _Reader:
    def read(data: Any) -> Any:
        if data not in choices:
            raise _Mismatch(f"{data!r} is not one of {', '.join(map(str, choices))}")
        return data

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> _Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        item = _reader(arguments[0])

        def read(data: Any) -> Any:
            if not isinstance(data, list):
                raise _Mismatch(f"a list was expected, not {_kind(data)}")
            result = []
            for index, value in enumerate(data):
                try:
                    result.append(item(value))
                except _Mismatch as error:
                    raise error.at(f"[{index}]") from None
            return tuple(result)

        return read
    items = [_reader(argument) for argument in arguments]

    def read_fixed(data: Any) -> Any:
        if not isinstance(data, list) or len(data) != len(items):
            raise _Mismatch(f"a list of {len(items)} was expected")
        return tuple(reader(value) for reader, value in zip(items, data, strict=True))

    return read_fixed


def _mapping_reader(value_hint: Any) -> _Reader:
    reader = _reader(value_hint)

    def read(data: Any) -> Any:
        if not isinstance(data, dict):
            raise _Mismatch(f"an object was expected, not {_kind(data)}")
        result = {}
        for key, value in data.items():
            try:
                result[key] = reader(value)
            except _Mismatch as error:
                raise error.at(f"[{key!r}]") from None
        return result

    return read


def _scalar_reader(hint: type) -> _Reader:
    def read(data: Any) -> Any:
        if type(data) is not hint:
            raise _Mismatch(f"{hint.__name__} was expected, not {_kind(data)}")
        return data

    return read


def _kind(data: Any) -> str:
    return {dict: "an object", list: "a list", type(None): "null"}.get(type(data), type(data).__name__)
