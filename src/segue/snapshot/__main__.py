"""``python -m segue.snapshot ROOT -o FILE``: take a snapshot, for people who work on Segue."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from segue.errors import SegueError
from segue.snapshot.dump import dump, save
from segue.snapshot.run import probe


def main() -> int:
    """0, or 2 with one line on standard error."""
    parser = argparse.ArgumentParser(prog="python -m segue.snapshot")
    parser.add_argument("root", type=Path)
    parser.add_argument("--settings")
    parser.add_argument("--python")
    parser.add_argument("-o", "--out", type=Path)
    options = parser.parse_args()
    started = time.monotonic()
    try:
        snapshot = probe(options.root, options.python, options.settings)
    except SegueError as error:
        sys.stderr.write(f"{error.detail}\n{error.message} {error.hint}\n")
        return error.exit_code
    if options.out is None:
        sys.stdout.write(dump(snapshot))
        return 0
    save(snapshot, options.out)
    own = [r for r in snapshot.routes if r.kind == "drf" and r.own]
    sys.stderr.write(
        f"{len(own)} own DRF routes, {sum(len(r.operations) for r in own)} operations, "
        f"{len(snapshot.models)} models, {len(snapshot.serializers)} serializers, "
        f"{len(snapshot.functions)} functions, {len(snapshot.warnings)} warnings, "
        f"{time.monotonic() - started:.1f} s\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
