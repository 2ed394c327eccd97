"""docs/cli.md names every command, option, exit code and key there is, and none that is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from segue.cli import app
from segue.config import known_keys

PAGE = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()


def commands(group: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(typer.main.get_command(app), ("segue",)))


def test_every_command_is_documented_and_no_other() -> None:
    documented = {
        re.sub(r"( [A-Z—-].*)$", "", row) for row in re.findall(r"^\| `(segue [^`]*)`", PAGE, re.MULTILINE)
    }
    assert documented == set(COMMANDS)


def test_every_option_is_documented_and_no_other() -> None:
    # Of a switch that is on the page tells how to turn it off.
    options = {
        o
        for c in COMMANDS.values()
        for p in c.params
        for o in p.secondary_opts or p.opts
        if o.startswith("--")
    }
    documented = set(re.findall(r"`(--[a-z-]+)", PAGE))
    assert documented - {"--version"} == options - {"--help"}


def test_every_key_of_segue_toml_is_documented_and_no_other() -> None:
    section = PAGE.split("## segue.toml")[1].split("\n## ")[0]
    documented: set[str] = set()
    table = ""
    for first, second in re.findall(r"^\| (`\[[\w.]+\]`)? ?\| ([^|]*) \|", section, re.MULTILINE):
        table = first.strip("`[]") or table
        documented.update(f"{table}.{key}" for key in re.findall(r"`(\w+)`", second))
    assert documented == set(known_keys())
