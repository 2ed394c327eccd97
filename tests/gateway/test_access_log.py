"""The gateway's log, begun anew by size while a real Envoy writes it and others follow it."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest
from tests.gateway.test_envoy import wait_until
from tests.gateway.world import World, listed, started

from segue.commands import serve
from segue.gateway import access_log, control
from segue.gateway.envoy import Ports
from segue.gateway.routes import route_configuration
from segue.gateway.table import Rule
from segue.rollout.figures import Pair
from segue.rollout.log import Line, Reader


def ask(world: World, count: int) -> None:
    with httpx.Client(base_url=world.url, trust_env=False, timeout=60) as client:
        for _ in range(count):
            assert client.get("/api/articles/1/").status_code == 200


def written(*files: Path) -> Counter[str]:
    lines = [line for file in files if file.exists() for line in file.read_text().splitlines()]
    return Counter(str(json.loads(line)["request_id"]) for line in lines)


def test_every_request_is_in_one_file_and_followers_miss_none(tmp_path: Path) -> None:
    with started(tmp_path) as world:
        current, ports = access_log.file(control.folder(tmp_path)), world.running.ports
        reader, late = Reader(current), Reader(current)
        seen: list[Line] = []
        ids: Counter[str] = Counter()
        first = 0
        for _ in range(2 + access_log.KEPT):
            ask(world, 25)
            wait_until(lambda: current.exists() and current.stat().st_size > 5000)
            kept = current.with_name("linked")  # as long as Envoy writes to it
            os.link(current, kept)
            assert not access_log.rotate(current, ports, 1_000_000)
            assert access_log.rotate(current, ports, 5000)
            seen += reader.read()
            ask(world, 5)
            wait_until(current.exists)
            seen += reader.read()
            ids += written(kept)
            first = first or ids.total()
            kept.unlink()
        ask(world, 1)
        wait_until(lambda: (ids + written(current)).total() == 30 * (2 + access_log.KEPT) + 1)
        seen += reader.read()
        assert set((ids + written(current)).values()) == {1}
        assert len(seen) == 30 * (2 + access_log.KEPT) + 1
        # One that slept through all of it has what is still there, and the file it had opened.
        assert len([*late.read()]) == first + written(*access_log.files(current)).total()
        assert len(list(current.parent.glob("access.jsonl*"))) == 1 + access_log.KEPT


def test_envoy_is_told_again_when_the_one_who_renamed_the_file_was_killed(tmp_path: Path) -> None:
    with started(tmp_path) as world:
        current, ports = access_log.file(control.folder(tmp_path)), world.running.ports
        ask(world, 3)
        wait_until(lambda: written(current).total() == 3)
        reader = Reader(current, back=1_000_000)
        last = current.with_name("access.jsonl.1")
        current.rename(last)
        ask(world, 2)
        wait_until(lambda: written(last).total() == 5)
        new = Reader(current)  # begins where the log ends, whatever its name is now
        assert len([*reader.read()]) == 5
        assert access_log.rotate(current, ports, 1_000_000)
        wait_until(current.exists)
        ask(world, 2)
        wait_until(lambda: written(current).total() == 2)
        assert (len([*reader.read()]), len([*new.read()])) == (2, 2)


def test_cut_and_replaced_files_are_read_from_their_beginning(tmp_path: Path) -> None:
    file = tmp_path / "access.jsonl"
    line = json.dumps(
        {
            "route": "k|weighted",
            "weight": 1,
            "side": "django",
            "status": 200,
            "us": 1,
            "upstream": "",
            "request_id": "a",
        }
    )
    reader = Reader(file)
    assert [*reader.read()] == []
    file.write_text(f"{line}\n{line}\n{line[:20]}")
    assert len([*reader.read()]) == 2
    with file.open("a") as more:
        more.write(f"{line[20:]}\n")
    assert len([*reader.read()]) == 1
    file.write_text(f"{line}\n")
    assert len([*reader.read()]) == 1
    time.sleep(0.01)
    other = tmp_path / "other"
    other.write_text(f"{line}\n{line}\n{line}\n{line}\n")
    other.replace(file)
    assert len([*reader.read()]) == 4


def test_request_that_its_client_gave_up_counts_for_the_side_that_it_waited_for(tmp_path: Path) -> None:
    """Envoy logs no header of an answer that never came: those of a FastAPI that hangs were Django's."""
    with started(tmp_path) as world:
        reader, pair, seen = Reader(access_log.file(control.folder(tmp_path))), Pair(), list[Line]()
        for weight in (100, 0):
            world.swap(0, weight)
            with pytest.raises(httpx.ReadTimeout):
                httpx.post(f"{world.url}/api/articles/stuck/", timeout=0.3, trust_env=False)

        def both() -> bool:
            seen.extend(reader.read())
            return len(seen) == 2

        wait_until(both)
        for line in seen:
            line.count(pair)
    assert [(line.side, line.weight, line.status) for line in seen] == [("fastapi", 100, 0), ("django", 0, 0)]
    assert (pair.fastapi.abandoned, pair.django.abandoned) == (1, 1)


def test_client_that_gives_up_a_write_that_django_has_for_a_while_gives_up_one_of_fastapis(
    tmp_path: Path,
) -> None:
    file, pair = tmp_path / "access.jsonl", Pair()
    file.touch()
    reader = Reader(file, django="127.0.0.1:8000")
    rule = Rule("POST /x/", "/x/", ("POST",), 100, True, False, leave_after=5)
    routes = listed(route_configuration([rule]))
    standin = next(route for route in routes if route["name"].endswith("|weighted-standin"))
    line = {
        "route": standin["name"], "weight": 100, "side": None, "cluster": standin["route"]["cluster"], "status": 0, "us": None,
        "upstream": "127.0.0.1:8000", "request_id": "a", "flags": "DC",
    }  # fmt: skip
    file.write_text(json.dumps(line) + "\n")
    for one in reader.read():
        one.count(pair)
    assert (pair.fastapi.abandoned, pair.django.requests) == (1, 0)


def test_log_that_cannot_be_begun_anew_ends_no_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    current = tmp_path / "access.jsonl"
    current.write_text("x" * 1_000_000)
    current.with_name("access.jsonl.1").write_text("")
    (tmp_path / "access.jsonl.2" / "in the way").mkdir(parents=True)
    told = serve._rotate(current, Ports(1, 1, 1, 1), 1, "")
    assert serve._rotate(current, Ports(1, 1, 1, 1), 1, told) == told
    assert (
        " ".join(capsys.readouterr().out.split()).count("access.jsonl cannot be begun anew and grows: ") == 1
    )
    assert current.stat().st_size == 1_000_000
