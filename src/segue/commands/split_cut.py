"""``segue split cut``: the writes move to the other database, or back."""

from __future__ import annotations

from dataclasses import asdict

from segue.commands import split_check
from segue.commands.common import console, print_json
from segue.commands.split_open import Given, kept, require_settled
from segue.config import Config
from segue.errors import SegueError, UsageError
from segue.split import cut, left
from segue.split import state as states
from segue.split.link import Link
from segue.split.sides import session
from segue.split.state import Split, State

_GOING = {"following": ("cutting over", "over"), "over": ("cutting back", "following")}


def run(
    settings: Config, given: Given, *, back: bool, within: float, compare: bool, force: bool, as_json: bool
) -> int:
    """Move the writes. Returns 1 when rows differ, and then nothing was changed."""
    with states.working(settings.state):
        state, split = kept(settings, given)
        require_settled(state)
        if state.phase != ("over" if back else "following"):
            raise UsageError(
                f"The split is {state.phase}, so writes cannot move {'back' if back else 'over'}.",
                hint="`segue split status` says how it stands.",
            )
        link = split.back if back else split.there
        if not force:
            with session(split.source) as source, session(split.target) as target:
                _require(left.behind(source, target, split.tables, back=back))
        going, gone = _GOING[state.phase]
        states.save(settings.state, state.at(going))
        try:
            done = cut.cut(link, within=within, compare=compare, say=_nothing if as_json else _say)
        except cut.Different as found:
            _bring_to_end(settings, state, link)
            if as_json:
                print_json(
                    {
                        "moved": False,
                        "differences": [
                            {"table": str(d.table), "key": list(d.key), "kind": d.kind}
                            for d in found.differences
                        ],
                    }
                )
            else:
                split_check.say(list(found.compared), list(found.differences))
                console.print(
                    "Nothing was changed. `segue split check --repair-plan FILE` writes the SQL that mends it."
                )
            return 1
        except (SegueError, KeyboardInterrupt):
            _bring_to_end(settings, state, link)
            raise
        states.save(settings.state, state.at(gone))
    if as_json:
        print_json(
            {
                "moved": True,
                **asdict(done),
                "compared": [{**asdict(c), "table": str(c.table)} for c in done.compared],
            }
        )
    else:
        console.print(
            f"The {link.subscriber.name} is written now; writers waited {done.paused:.2f} s. The {link.publisher.name} refuses writes and follows."
        )
    return 0


def resume(settings: Config, given: Given, *, as_json: bool) -> int:
    """Bring a cut whose command was ended to its end."""
    with states.working(settings.state):
        state, split = kept(settings, given)
        if not state.phase.startswith("cutting"):
            written = "target" if state.phase == "over" else "source"
        else:
            back = state.phase == "cutting back"
            through = _settle(settings, state, split, back=back)
            written = "target" if through != back else "source"
    if as_json:
        print_json({"written": written})
    else:
        console.print(f"The {written} is the side that is written.")
    return 0


def _settle(settings: Config, state: State, split: Split, *, back: bool) -> bool:
    link = split.back if back else split.there
    through = cut.settle(link)
    over = through != back
    states.save(settings.state, state.at("over" if over else "following"))
    return through


def _bring_to_end(settings: Config, before: State, link: Link) -> None:
    """After an error within the cut: find out which side is written, and write it down. A server that is away leaves that to ``--resume``."""
    try:
        through = cut.settle(link)
    except SegueError:
        console.print(
            "How far it came cannot be told now: run `segue split cut --resume` when both servers answer."
        )
        return
    states.save(settings.state, before.at(_GOING[before.phase][1]) if through else before)


def _require(found: list[left.Left]) -> None:
    if found:
        raise UsageError(
            f"{len(found)} things would be left behind: {'; '.join(one.what for one in found[:3])}{' …' if len(found) > 3 else ''}.",
            hint="Do what is told above, or move nevertheless with --force.",
            detail="\n".join(f"{one.what}: {one.then}" for one in found),
        )


def _say(text: str) -> None:
    console.print(text, markup=False)


def _nothing(_text: str) -> None:
    """For --json."""
