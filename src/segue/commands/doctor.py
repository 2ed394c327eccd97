"""``segue doctor``: what could go wrong, told before it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.markup import escape

from segue.commands import checks
from segue.commands.common import console, count, print_json
from segue.config import Config
from segue.errors import SegueError, of_system


@dataclass(frozen=True, slots=True)
class Result:
    """One check: what was found, or what is wrong and what to do about it."""

    name: str
    ok: bool
    found: str
    hint: str = ""


def run(settings: Config, *, as_json: bool) -> int:
    """Run every check; exit code 2 if one failed."""
    results = examine(settings)
    failed = sum(not r.ok for r in results)
    if as_json:
        print_json({r.name: {"ok": r.ok, "found": r.found, "hint": r.hint} for r in results})
    else:
        for result in results:
            mark = "[green]✓[/]" if result.ok else "[red]✗[/]"
            console.print(f"{mark} {result.name:13} {escape(result.found)}", soft_wrap=True)
            if result.hint:
                console.print(f"  {'':13} [dim]{escape(result.hint)}[/]", soft_wrap=True)
        console.print(
            f"[red]{count(failed, 'check')} failed.[/]"
            if failed
            else "[green]Everything is as it should be.[/]"
        )
    return 2 if failed else 0


def examine(settings: Config) -> list[Result]:
    """The result of every check, in the order in which a person would go through them."""
    wanted: list[tuple[str, Callable[[Config], str]]] = [
        ("segue", checks.own_version),
        ("configuration", checks.configuration),
        ("project", checks.manage),
        ("settings", checks.settings_module),
        ("interpreter", checks.legacy),
        ("writable", checks.writable),
        ("uv", checks.uv),
        ("envoy", checks.envoy),
        ("gateway port", checks.port),
        ("snapshot", checks.snapshot),
        ("ledger", checks.book),
        ("code", checks.code),
    ]
    results = []
    for name, check in wanted:
        try:
            results.append(Result(name, True, check(settings)))
        except SegueError as error:
            results.append(Result(name, False, error.message, error.hint))
        except OSError as error:
            told = of_system(error)
            results.append(Result(name, False, told.message, told.hint))
    return results
