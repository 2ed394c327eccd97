"""Asks both sides about one fault after the other, each in a fork of one process that has everything loaded.

Run by the legacy interpreter: ``python forking.py JOINED SPEC FAULTS OUT``. JOINED is the folder ``verify/joined``, SPEC what
``segue.verify.explore`` would give it. FAULTS is a list of ``{"digest", "path", "text", "keys"}``; for each, OUT gets a line of
JSON as soon as it is known. An empty list measures instead how many cases an operation gets in ``spec["measure"]`` seconds of
processor time.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import pkgutil
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

NAME = "segue_joined"


def main() -> None:
    """See the module."""
    joined, spec_file, faults_file, out = (Path(a) for a in sys.argv[1:5])
    spec = json.loads(spec_file.read_text(encoding="utf-8"))
    faults = json.loads(faults_file.read_text(encoding="utf-8"))
    sys.path[:] = [*spec["path"], *(p for p in sys.path[1:] if p not in spec["path"]), spec["overlay"]]
    found = importlib.util.spec_from_file_location(
        NAME, joined / "__init__.py", submodule_search_locations=[str(joined)]
    )
    assert found is not None
    assert found.loader is not None
    sys.modules[NAME] = importlib.util.module_from_spec(found)
    found.loader.exec_module(sys.modules[NAME])
    boot, laboratory = (importlib.import_module(f"{NAME}.{n}") for n in ("boot", "laboratory"))
    legacy = boot.Legacy(spec)
    try:
        furnished = laboratory.furnish(spec, legacy)
        _load_libraries()
        legacy.connection.close()  # each fork opens its own
        if not faults:
            _write(out, _forked(spec | {"cpu": True, "seconds": spec["measure"]}, legacy, furnished, 1800))
        for number, fault in enumerate(faults, 1):
            begin = time.monotonic()
            changed = Path(spec["output"]) / fault["path"]
            right = changed.read_text(encoding="utf-8")
            _put(changed, fault["text"], number * 2)
            try:
                asked = {
                    **spec,
                    "wanted": fault["keys"],
                    "cases": spec["each"] * len(fault["keys"]),
                    "until_difference": True,
                }
                result = _forked(asked, legacy, furnished, spec["patience"])
            finally:
                _put(changed, right, number * 2 + 1)
            _write(out, {"digest": fault["digest"], "took": round(time.monotonic() - begin, 1), **result})
    finally:
        legacy.fence.closed = False
        legacy.close()


def _load_libraries() -> None:
    """What every fork would import, once."""
    for name in (
        "fastapi",
        "fastapi.openapi.utils",
        "sqlalchemy.ext.asyncio",
        "hypothesis",
        "pydantic",
        "aiosqlite",
        "multipart",
    ):
        importlib.import_module(name)
    bridge = importlib.import_module("segue_bridge")
    for module in pkgutil.walk_packages(bridge.__path__, "segue_bridge."):
        if "legacy" not in module.name:
            try:
                importlib.import_module(module.name)
            except ImportError:
                continue  # for a database driver that is not there


def _put(file: Path, text: str, moment: int) -> None:
    """Write, with a time of its own: bytecode is kept by whole seconds."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (1_700_000_000 + moment, 1_700_000_000 + moment))


def _write(out: Path, line: dict[str, Any]) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _forked(spec: dict[str, Any], legacy: Any, furnished: Any, patience: float) -> dict[str, Any]:
    """What a fork says; ``{"verdict": "broken" | "late"}`` when it fails or takes longer than ``patience`` seconds."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        try:
            text = json.dumps(_explore(spec, legacy, furnished))
        except BaseException as error:  # noqa: BLE001 - code with a fault in it may do anything
            text = json.dumps({"verdict": "broken", "why": f"{type(error).__name__}: {error}"[:200]})
        os.write(writing, text.encode()[:60_000])
        os._exit(0)
    os.close(writing)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, patience)
    data = b""
    while block := os.read(reading, 65_536):
        data += block
    os.waitpid(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.close(reading)
    found: dict[str, Any] = json.loads(data) if data else {"verdict": "late"}
    return found


def _explore(spec: dict[str, Any], legacy: Any, furnished: Any) -> dict[str, Any]:
    explore = importlib.import_module(f"{NAME}.explore")
    laboratory = importlib.import_module(f"{NAME}.laboratory").Laboratory(spec, legacy, furnished)
    if spec.get("cpu"):
        explore.time = SimpleNamespace(**{**vars(time), "monotonic": time.process_time})
    report = explore.explore(spec, laboratory)
    operations = report["operations"]
    if spec.get("cpu"):
        return {
            "cases": report["cases"],
            "seconds": report["seconds"],
            "operations": {k: o["cases"] for k, o in operations.items()},
            "noticed": [k for k, o in operations.items() if o["different"] or o["excess_queries"]],
        }
    shown = [d for o in operations.values() for d in o["differences"]]
    noticed = any(o["different"] or o["excess_queries"] for o in operations.values())
    return {
        "verdict": "found" if noticed else "survived",
        "cases": report["cases"],
        "by": (shown[0].get("kind", "") if shown else "queries" if noticed else "")[:120],
    }


if __name__ == "__main__":
    main()
