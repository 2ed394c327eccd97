"""Fixtures that all rooms share."""

import gc
import os
import sys
from pathlib import Path

pytest_plugins = [
    "tests.groups",
    "tests.tiers",
    "tests.zygote",
    "tests.services",
    "tests.brokers",
    "tests.maria",
    "tests.schema.catalogue",
]

# Many tests verify a project of their own: each would install the same overlay and compile the same modules anew.
os.environ.setdefault("SEGUE_CACHE", str(Path(__file__).resolve().parents[1] / ".cache" / "verify"))
# As scripts/test: without bytecode each of hundreds of child processes compiles all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
# As `segue` itself does.
gc.set_threshold(100_000, 20, 100)
