"""``python -m bench.fuzz.run [--seconds 25] [--page] [NAME…]``: fuzzes what reads bytes of strangers, each target in a process of its own.

Needs ``pip install atheris``. Prints inputs tried and differences between the bridge and Django; what reached new code is kept in
``tests/corpus/NAME.json`` (at most 40 inputs each), which ``tests/security/test_corpus.py`` replays. ``--page`` writes ``docs/fuzzing.md``.
Exit code 1 where there is a difference.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench.fuzz.targets import TARGETS

_ROOT = Path(__file__).resolve().parents[2]
CORPUS = _ROOT / "tests" / "corpus"
_MOST = 40
_PAGE = _ROOT / "docs" / "fuzzing.md"
_HEAD = """\
# Fuzzing

What reads bytes of strangers, given to the bridge and to Django, DRF or the package by atheris: either both give the same, or both refuse it. Written by
`python -m bench.fuzz.run --page`. What reached new code is kept in `tests/corpus` and read again by `tests/security/test_corpus.py` with every change.

| what | inputs | differences |
|---|---:|---:|
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=25, help="for each target")
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--page", action="store_true", help="write docs/fuzzing.md")
    given = parser.parse_args()
    wrong, rows = 0, []
    with tempfile.TemporaryDirectory() as name:
        for target in given.names or TARGETS:
            folder = Path(name) / target
            _begin(target, folder / "inputs")
            done = subprocess.run(
                [sys.executable, "-m", "bench.fuzz.one", target, str(given.seconds), str(folder)],
                cwd=_ROOT, capture_output=True, text=True, check=False,
            )  # fmt: skip
            count = folder / "count"
            tried = count.read_text().split()[0] if count.is_file() else "0"
            found = folder / "differences.jsonl"
            differences = found.read_text().splitlines() if found.is_file() else []
            wrong += len(differences) + (done.returncode != 0)
            failed = ", failed" if done.returncode != 0 else ""
            sys.stdout.write(f"{target:18} {tried:>9} inputs, {len(differences)} differences{failed}\n")
            rows.append(f"| {target} | {int(tried):,} | {len(differences)} |")
            for line in differences:
                one = json.loads(line)
                sys.stdout.write(f"    {bytes.fromhex(one['input'])!r}\n      ours   {one['ours']}\n      theirs {one['theirs']}\n")  # fmt: skip
            if done.returncode != 0:
                sys.stdout.write(done.stderr[-2000:])
            sys.stdout.flush()
            _keep(target, folder / "inputs", [json.loads(line)["input"] for line in differences])
    if given.page and wrong:
        sys.stdout.write("The page is not written: see above.\n")
    elif given.page:
        told = f"{len(rows)} parsers for {given.seconds:.0f} seconds each, {datetime.now(UTC):%Y-%m-%d} UTC."
        _PAGE.write_text(_HEAD + "\n".join(rows) + f"\n\n{told}\n")
    return int(bool(wrong))


def _begin(target: str, inputs: Path) -> None:
    inputs.mkdir(parents=True)
    file = CORPUS / f"{target.replace(' ', '-')}.json"
    if file.is_file():
        for number, text in enumerate(json.loads(file.read_text())):
            (inputs / f"kept-{number}").write_bytes(bytes.fromhex(text))


def _keep(target: str, inputs: Path, differing: list[str]) -> None:
    """The shortest inputs, those that differed first: a difference that is mended stays a test."""
    found = sorted({p.read_bytes() for p in inputs.iterdir() if p.is_file()}, key=lambda b: (len(b), b))
    kept = list(dict.fromkeys([*differing, *(content.hex() for content in found)]))[:_MOST]
    CORPUS.mkdir(exist_ok=True)
    file = CORPUS / f"{target.replace(' ', '-')}.json"
    file.write_text(json.dumps(kept, indent=0) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
