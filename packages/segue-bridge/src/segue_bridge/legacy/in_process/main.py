"""The application that a server starts, from variables of the environment."""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

from segue_bridge.legacy.in_process.front import THREADS, Front, behind


def create_app() -> Front:
    """FastAPI in front of Django.

    ``SEGUE_TABLE``: the file that ``segue gateway export --to in-process`` wrote. ``SEGUE_FASTAPI`` (``app.main:create_app``) makes
    the FastAPI application; ``SEGUE_DJANGO`` (``shop.wsgi:application``) is Django's, WSGI or ASGI. May be left out: ``SEGUE_LOG``, a
    file for a line per request; ``SEGUE_THREADS``, how many requests a WSGI application works on at once (8);
    ``SEGUE_FASTAPI_ENVIRONMENT``, variables (JSON) that only the FastAPI side is to see when it starts: they are set once Django's
    settings have been read. Raises :class:`RuntimeError` with one sentence for a variable that is missing or cannot be used.
    """
    table, fastapi, django = (_given(name) for name in ("SEGUE_TABLE", "SEGUE_FASTAPI", "SEGUE_DJANGO"))
    threads = os.environ.get("SEGUE_THREADS", str(THREADS))
    if not threads.isdigit() or not int(threads):
        raise RuntimeError(f"SEGUE_THREADS is {threads!r}: give a number from 1 on.")
    legacy = _named("SEGUE_DJANGO", django)
    os.environ.update(json.loads(os.environ.pop("SEGUE_FASTAPI_ENVIRONMENT", "{}")))
    factory = _named("SEGUE_FASTAPI", fastapi)
    log = os.environ.get("SEGUE_LOG")
    try:
        return Front(factory(), behind(legacy, int(threads)), Path(table), log=Path(log) if log else None)
    except (OSError, ValueError) as error:
        raise RuntimeError(f"SEGUE_TABLE or SEGUE_LOG cannot be used: {error}.") from error


def _given(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise RuntimeError(f"{name} is not set.")
    return value


def _named(variable: str, name: str) -> Any:
    module, colon, attribute = name.partition(":")
    if not colon:
        raise RuntimeError(f"{variable} is {name!r}: write module:name.")
    found = importlib.import_module(module)
    if not hasattr(found, attribute):
        raise RuntimeError(f"{variable} is {name!r}: the module has no {attribute!r}.")
    return getattr(found, attribute)
