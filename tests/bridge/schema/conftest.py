"""The oracle: real DRF in a child process, and our side of the same input."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from segue_bridge import zone
from segue_bridge.errors import ValidationError
from segue_bridge.schema.data import FormData, Upload
from segue_bridge.schema.model import WriteModel


class Oracle:
    """Asks the child process."""

    def __init__(self) -> None:
        self.child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("drf_child.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def ask(self, **request: Any) -> Any:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        body = pickle.dumps(request)
        self.child.stdin.write(b"%d\n" % len(body) + body)
        self.child.stdin.flush()
        size = int(self.child.stdout.readline())
        return pickle.loads(self.child.stdout.read(size))

    def input(self, source: str, data: Any, *, form: Any = False, partial: bool = False) -> Any:
        """What DRF makes of ``data`` with a serializer whose class body is ``source``."""
        return self.ask(source=source, data=data, form=form, partial=partial)

    def output(self, field: str, value: Any) -> Any:
        """``to_representation`` of the DRF field ``field`` (source text)."""
        return self.ask(field=field, value=value)

    def close(self) -> None:
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.close()
        self.child.wait(10)
        self.child.stdout.close()


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    found = Oracle()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def new_york() -> Iterator[None]:
    zone.configure("America/New_York")
    yield
    zone.configure("UTC")


def plain(value: Any) -> Any:
    """Our results in the shape in which the oracle sends its own."""
    if isinstance(value, (dict, FormData)):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Upload):
        return ("file", value.name, value.size)
    return value


@pytest.fixture(scope="session")
def ours() -> Any:
    """The same answer as :meth:`Oracle.input`, from our side."""
    return _ours


def _ours(cls: type[WriteModel], data: Any, *, form: Any = False, partial: bool = False) -> Any:
    if form:
        data = FormData(
            (
                key,
                Upload(io.BytesIO(value[1]), value[0], len(value[1])) if isinstance(value, tuple) else value,
            )
            for key, value in data
        )
    try:
        found = cls.collect(data, partial=partial)
        found.raise_invalid()
    except ValidationError as exc:
        return ("errors", plain(exc.detail))
    except Exception as exc:  # noqa: BLE001 - both sides may raise; the names are compared
        return ("raised", type(exc).__name__)
    return ("ok", plain(found.values))
