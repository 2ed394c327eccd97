"""The child processes of verification in the legacy interpreter."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from .orphan import end_with


def main() -> None:
    """``SPEC OUT`` reads a spec and writes one JSON document; ``deal`` and ``serve`` speak over their pipes (see
    :mod:`.dealing`, :mod:`.serving`)."""
    if sys.argv[1:] in (["deal"], ["serve"]):
        _speak(sys.argv[1])
        return
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if "parent" in spec:
        end_with(spec["parent"])
    # The project's own packages win over the overlay.
    sys.path[:] = [*spec["path"], *(p for p in sys.path if p not in spec["path"]), spec["overlay"]]
    from .boot import Legacy

    legacy = Legacy(spec)
    try:
        report = _task(spec, legacy)
    finally:
        legacy.fence.closed = False
        legacy.close()
    out = Path(sys.argv[2])
    temporary = out.with_suffix(".part")
    temporary.write_text(json.dumps(report, default=str), encoding="utf-8")
    temporary.replace(out)


def _task(spec: dict[str, Any], legacy: Any) -> dict[str, Any]:
    if spec.get("task") == "replay":
        from .replay import play

        return play(spec, legacy)
    from .explore import explore
    from .laboratory import Laboratory

    laboratory = Laboratory(spec, legacy)
    try:
        if "case" in spec:
            from .rerun import rerun

            return rerun(spec, laboratory)
        return explore(spec, laboratory)
    finally:
        laboratory.close()


def _speak(task: str) -> None:
    """The spec is the first line of standard input; answers are the only lines on standard output."""
    import importlib

    from .pipe import Pipe

    pipe = Pipe()
    spec = pipe.read()
    if spec is None:
        return
    sys.path[:] = [*spec["path"], *(p for p in sys.path if p not in spec["path"]), *spec["more"]]
    module = {"deal": "dealing", "serve": "serving"}[task]
    importlib.import_module(f".{module}", __package__).main(spec, pipe)
