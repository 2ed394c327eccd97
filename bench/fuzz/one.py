"""Fuzzes one target for some seconds with atheris: ``python -m bench.fuzz.one NAME SECONDS FOLDER``.

``FOLDER`` has the corpus (``inputs/``), to which inputs that reach new code are added, and gets ``differences.jsonl``.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=[
        "segue_bridge",
        "bench.fuzz",
        "django.http",
        "django.utils",
        "django.core.signing",
        "rest_framework",
        "rest_framework_simplejwt",
        "jwt",
        "opentelemetry",
    ]
):
    from bench.fuzz.targets import TARGETS, differs, outcome


def main() -> None:
    warnings.simplefilter("ignore")
    name, seconds, folder = sys.argv[1], float(sys.argv[2]), Path(sys.argv[3])
    target = TARGETS[name]
    inputs = folder / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds):
        (inputs / f"seed-{number}").write_bytes(seed)
    kinds: set[tuple[str, ...]] = set()
    count, begun = 0, time.monotonic()

    def one(data: bytes) -> None:
        nonlocal count
        count += 1
        found = differs(target, data)
        if found is not None:
            ours, theirs = found
            kind = (ours[0], str(ours[1])[:30] * (ours[0] != "gives"), theirs[0], str(theirs[1])[:30] * (theirs[0] != "gives"))  # fmt: skip
            if kind not in kinds and len(kinds) < 50:
                kinds.add(kind)
                with (folder / "differences.jsonl").open("a") as file:
                    file.write(
                        json.dumps({"input": data.hex(), "ours": repr(ours), "theirs": repr(theirs)}) + "\n"
                    )
        if count % 500 == 0:
            (folder / "count").write_text(f"{count} {time.monotonic() - begun:.0f}")

    outcome(target.ours, b"")
    options = [
        f"-max_total_time={seconds:.0f}",
        "-max_len=400",
        "-verbosity=0",
        "-print_final_stats=0",
        "-timeout=20",
    ]
    atheris.Setup([sys.argv[0], *options, str(inputs)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
