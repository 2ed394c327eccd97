"""Figures of traffic: against what a real gateway's clients counted, and against whole lists of latencies."""

from __future__ import annotations

import json
import math
import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.gateway.load import Load
from tests.gateway.project import GET, POST, project, unserved
from tests.gateway.test_envoy import wait_until
from tests.ui.browser import Browser, operation, words

from segue.commands import shift, status
from segue.gateway import control
from segue.gateway.envoy import Ports
from segue.ledger import Event
from segue.rollout.figures import Pair, Side, bucket
from segue.rollout.log import Reader
from segue.ui import live, pictures
from segue.ui.live import Live
from segue.ui.traffic import traffic

DJANGO = "127.0.0.1:1"


def line(
    at: float, *, side: str = "fastapi", us: float = 2000, route: str = f"{GET}|weighted", **more: object
) -> str:
    """As Envoy writes it; ``at`` is when the answer ended."""
    began = (
        datetime.fromtimestamp(at - us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    )
    return json.dumps(
        {
            "at": began, "route": route, "status": 200, "side": side, "weight": 50, "us": us, "upstream": "127.0.0.1:2",
            "request_id": "r", **more,
        }
    )  # fmt: skip


def test_page_counts_what_clients_counted_and_says_when_the_gateway_has_gone(tmp_path: Path) -> None:
    with project(tmp_path, "minimum = 20") as one:
        shift.run(one.settings, [GET], 50, force=False, as_json=True)
        with Load(one.world.url, readers=3, writers=1) as load:
            wait_until(lambda: load.served["fastapi"] > 20)
        until, seen = time.monotonic() + 30, None
        while time.monotonic() < until and (seen is None or seen.requests < load.served.total()):
            seen = traffic(one.settings, Live()).seen
        assert seen is not None
        counted = {"django": seen.figures.django.requests, "fastapi": seen.figures.fastapi.requests}
        assert counted == dict(load.served)
        browser = Browser(tmp_path)
        page = browser.get("/live")
        assert f"of the last minute's {load.served.total()} requests were answered by FastAPI" in words(page)
        share = 100 * load.served["fastapi"] / load.served.total()
        assert f"{share:.1f} % of the last minute" in words(page)
        alone = traffic(one.settings, Live(), POST).seen.figures
        assert alone.fastapi.requests == 0
        assert 0 < alone.django.requests < load.served["django"]
        assert f"{alone.django.requests} requests" in words(browser.get(operation(POST)))
        (envoy,) = (c.process for c in one.world.group.children if c.name == "envoy")
        envoy.kill()
        envoy.wait()
        assert "No gateway is running" in words(browser.get("/live"))
        assert f"{load.served.total()} requests" in words(browser.get("/live")), (
            "what was seen is still there"
        )


def test_one_process_is_counted_by_its_log_and_no_envoy_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = unserved(tmp_path)
    alone = control.Running(Ports(8080, 1, 2, 3), 1, in_process=True)
    monkeypatch.setattr(control, "find_running", lambda state: alone)
    control.folder(settings.state).mkdir()
    now = time.time()
    told = [
        line(now - 1),
        line(now - 1, status=0),  # its client has gone: nobody answered it
        line(now - 1, upstream=f"{alone.django} (left)"),
        json.dumps({"at": "", "left": "operation", "request_id": "by Envoy"}),
        line(now - 1, upstream="127.0.0.1:1", request_id="by Envoy"),
        line(now - 1, upstream=alone.django),
        line(now - 1, side="django", upstream="django"),
    ]
    (control.folder(settings.state) / "access.jsonl").write_text("".join(f"{one}\n" for one in told))
    page = words(Browser(tmp_path).get("/live"))
    assert "The gateway runs at http://127.0.0.1:8080." in page
    assert "16.7 % of the last minute's 6 requests were answered by FastAPI" in page
    assert "Since it began" not in page


def test_counts_that_cannot_be_asked_for_are_no_zeros(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = unserved(tmp_path)
    silent = control.Running(Ports(1, 2, 3, 4), 1)  # nobody listens there
    monkeypatch.setattr(control, "find_running", lambda state: silent)
    assert control.statistics(silent.ports) is None
    page = words(Browser(tmp_path).get("/live"))
    assert "cannot be said: its admin page did not answer" in page
    assert "0 requests, 0 fell back" not in page
    status.run(settings, as_json=False)
    assert "no counts" in " ".join(capsys.readouterr().out.split())


def test_quantiles_are_those_of_the_whole_list_within_a_bucket() -> None:
    draw = random.Random(4)
    side, values = Side(), []
    for _ in range(5000):
        value = draw.lognormvariate(8, 1)
        values.append(value / 1000)
        side.latencies[bucket(value)] += 1
    values.sort()
    for share in (0.01, 0.5, 0.95, 0.99, 1.0):
        exact = values[math.ceil(share * len(values)) - 1]
        assert abs(math.log(side.quantile(share) / exact)) <= math.log(1.05), share
    assert side.median() == side.quantile(0.5)
    assert Side().quantile(0.99) == 0.0


def test_old_requests_leave_the_window_and_rates_are_per_second(tmp_path: Path) -> None:
    file, now = tmp_path / "access.jsonl", 1_800_000_001.0
    with file.open("w") as out:
        for second in range(400):
            for number in range(4 if second < 8 else 1):
                side = "django" if number else "fastapi"
                out.write(line(now - 0.5 - second, side=side) + "\n")
        out.write(line(now - 1, upstream=DJANGO) + "\n")  # fell back
        out.write(line(now - 1, side="django", route=f"* {GET}|weighted", status=503, upstream=DJANGO) + "\n")
        out.write(line(now - 1, side="django", route="django", upstream=DJANGO) + "\n")
        out.write('{"at": "cut')
    look = Live()
    look.look(file, DJANGO, now)
    seen = look.seen(now)
    window = int(live.WINDOW)
    assert window <= seen.figures.fastapi.requests - 1 <= window + 2
    assert seen.figures.django.requests == 3 * 8 + 2
    assert (seen.figures.fastapi.fallbacks, seen.figures.django.failures) == (1, 1)
    assert seen.answered == seen.figures.fastapi.requests - 1
    assert len(seen.rates) == live.KEPT / live.SLOT
    assert seen.rates[0] == (0.0, 1.0)
    assert seen.rate[1] == 1.0 + 1 / 10 if (now - 1) // live.SLOT < now // live.SLOT else 1.0
    alone = look.seen(now, GET)
    assert alone.figures.django.requests == 24
    assert look.seen(now + 1000).requests == 0
    with file.open("a") as out:
        out.write("\n" + line(now + 1000, side="django") + "\n")
    look.look(file, DJANGO, now + 1001)
    assert len(look._slots) == 1, "what is old is forgotten"


def test_too_much_traffic_is_left_out_and_said_so(tmp_path: Path) -> None:
    file, now = tmp_path / "access.jsonl", 1_800_000_001.0
    text = "".join(line(now - 1) + "\n" for _ in range(50))
    file.write_text(text)
    look = Live()
    look.look(file, DJANGO, now)
    before = live._BACK
    live._BACK = 1000
    try:
        with file.open("a") as out:
            out.write(text)
        look.look(file, DJANGO, now)
        assert look.seen(now).left_out
        assert 50 < look.seen(now).requests < 60
        assert not look.seen(now + 61).left_out
    finally:
        live._BACK = before
    os.replace(file, tmp_path / "old")
    file.write_text(line(now) + "\n")
    count = look.seen(now).requests
    look.look(file, DJANGO, now)
    assert look.seen(now).requests == count + 1, "a new file is read from its beginning"


def test_first_look_reads_through_a_rotation_and_says_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, older, now = tmp_path / "access.jsonl", tmp_path / "access.jsonl.1", 1_800_000_001.0
    older.write_text("".join(line(now - 5) + "\n" for _ in range(30)))
    file.write_text("".join(line(now - 1) + "\n" for _ in range(3)))

    def first() -> live.Seen:
        look = Live()
        look.look(file, DJANGO, now)
        return look.seen(now)

    assert (first().requests, first().left_out) == (33, False)
    monkeypatch.setattr(live, "_BACK", 2000)
    assert 3 < first().requests < 33
    assert first().left_out
    asleep = Reader(file)
    older.rename(tmp_path / "access.jsonl.2")
    file.rename(older)
    file.write_text(f"{line(now - 90)}\n" * 20 + f"{line(now - 1)}\n")
    assert asleep.behind == file.stat().st_size, "what was begun after the file that is open counts as well"
    assert (first().requests, first().left_out) == (1, False), "what was left out is older than the window"
    assert len([*asleep.read()]) == 21


def test_pictures_are_whole_and_have_words() -> None:
    fast, slow = Side(), Side()
    for n in range(100):
        fast.latencies[bucket(1000 + 10 * n)] += 1
        slow.latencies[bucket(20_000 + 100 * n)] += 1
    history = [
        Event("2026-11-20T10:00:00Z", "weight 0 → 50 %"),
        Event("nonsense", "weight 1 → 2 %"),
        Event("2026-11-21T10:00:00", "weight 50 → 100 %"),
        Event("2026-11-22T10:00:00Z", "verified"),
    ]
    drawn = [
        pictures.histogram(slow, fast),
        pictures.histogram(Side(), Side()),
        pictures.histogram(Side(), fast),
        pictures.rates([(1.0, 2.0), (3.0, 0.0)], 300),
        pictures.rates([], 300),
        pictures.timeline(history, 100, datetime(2026, 11, 29, tzinfo=UTC)),
        pictures.shares([("shifted", 1), ("refused", 0)], 'a "label" <b>'),
    ]
    for picture in drawn:
        root = ElementTree.fromstring(str(picture))
        assert root.get("role") == "img"
        assert root.get("aria-label")
        width, height = (float(n) for n in (root.get("viewBox") or "").split()[2:])
        for element in root.iter():
            for pair in (element.get("points") or "").split():
                x, y = pair.split(",")
                assert 0 <= float(x) <= width
                assert 0 <= float(y) <= height
            if element.tag == "rect":
                x, w = float(element.get("x") or 0), float(element.get("width") or 0)
                assert 0 <= x <= x + w <= width + 1
    assert "FastAPI: 100 answers, median 1.47 ms" in str(drawn[0])
    assert "2026-11-20 10:00 0 to 50 %, 2026-11-21 10:00 50 to 100 %; 100 % now" in str(drawn[5])
    assert pictures.timeline([Event("2026-11-20T10:00:00Z", "translated")], 0, datetime.now(UTC)) == ""
    assert Pair().django.median() == 0.0
