"""The ledger file and the rules of its states."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from segue import ledger
from segue.errors import DamagedFile, EnvironmentProblem, UsageError
from segue.ledger import Basis, Entry, Event, Ledger, Proof, State, transitions

AT = "2026-01-02T03:04:05Z"


def proof(own: str = "o1", differences: int = 0) -> Proof:
    return Proof("d1", "c1", 40, differences, AT, own, "s1", "explore, seed 1")


def book(*entries: Entry) -> Ledger:
    return Ledger({e.key: e for e in entries}, "s1", "c1")


def today(own: str = "o1", snapshot: str = "s1") -> Basis:
    return Basis(snapshot, "c1", {READ.key: own, WRITE.key: "o2"})


READ = Entry(
    "GET",
    "/api/books/{pk}/",
    State.VERIFIED,
    0,
    "app.shop.routes.retrieve_book",
    (),
    {"explore": proof(), "suite": proof()},
)
WRITE = Entry("POST", "/api/books/", State.TRANSLATED, 0, "app.shop.routes.create_book")
REFUSED = Entry("GET", "/api/report/", reasons=('raw-sql shop/views.py:3 "x"',))


def test_what_is_written_is_read_again_and_equal_ledgers_give_equal_bytes(tmp_path: Path) -> None:
    full = book(READ.record(Event(AT, "verified", 'it said "ok" [1]')), WRITE, REFUSED)
    ledger.write(tmp_path / "a.toml", full)
    ledger.write(tmp_path / "b.toml", ledger.read(tmp_path / "a.toml"))
    assert ledger.read(tmp_path / "b.toml") == full
    assert (tmp_path / "a.toml").read_bytes() == (tmp_path / "b.toml").read_bytes()


def test_absent_file_is_an_empty_ledger(tmp_path: Path) -> None:
    assert ledger.read(tmp_path / "none.toml") == Ledger()


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("weight = 0", "weight = 300", 12),
        ('state = "translated"', 'state = "flying"', 12),
        ('method = "POST"', "", 12),
        ("weight = 0", "weight = ", 0),
    ],
)
def test_damage_is_told_with_its_line_and_left_alone(tmp_path: Path, old: str, new: str, line: int) -> None:
    file = tmp_path / "ledger.toml"
    ledger.write(file, book(READ, WRITE))
    text = file.read_text()
    head, mark, last = text.rpartition("[[operation]]")
    file.write_text(head + mark + last.replace(old, new))
    damaged = file.read_bytes()
    with pytest.raises(DamagedFile) as caught:
        ledger.read(file)
    number = head.count("\n") + 1
    assert (f"{file}:{number}:" in caught.value.message) if line else ("line" in caught.value.message)
    assert file.read_bytes() == damaged


def test_second_writer_is_told_at_once(tmp_path: Path) -> None:
    with (
        ledger.locked(tmp_path),
        pytest.raises(EnvironmentProblem, match="Another segue command"),
        ledger.locked(tmp_path),
    ):
        pass


def test_shift_needs_fresh_evidence_or_force() -> None:
    assert transitions.shift(book(READ), [READ], 50, today(), at=AT).entries[READ.key].state is State.SHIFTING
    with pytest.raises(UsageError, match="not verified"):
        transitions.shift(book(WRITE), [WRITE], 50, today(), at=AT)
    with pytest.raises(UsageError, match=r"stale .the generated code changed"):
        transitions.shift(book(READ), [READ], 50, today(own="o9"), at=AT)
    with pytest.raises(UsageError, match=r"stale .the snapshot changed"):
        transitions.shift(book(READ), [READ], 50, today(snapshot="s9"), at=AT)
    forced = transitions.shift(book(WRITE), [WRITE], 100, today(), at=AT, force=True).entries[WRITE.key]
    assert (forced.state, forced.history[-1].why) == (State.SHIFTED, "forced without evidence")


def test_refused_operation_is_never_shifted_even_by_force() -> None:
    with pytest.raises(UsageError, match="not translated"):
        transitions.shift(book(REFUSED), [REFUSED], 1, today(), at=AT, force=True)


def test_way_back_is_always_open() -> None:
    shifted = transitions.shift(book(READ), [READ], 100, today(), at=AT)
    back = transitions.shift(shifted, list(shifted.entries.values()), 0, today(own="o9"), at=AT).entries[
        READ.key
    ]
    assert (back.weight, back.state) == (0, State.TRANSLATED)


@pytest.mark.parametrize("weight", [-1, 101])
def test_weight_is_a_percentage(weight: int) -> None:
    with pytest.raises(UsageError, match="percentage"):
        transitions.shift(book(READ), [READ], weight, today(), at=AT)


def test_difference_takes_verified_away_and_keeps_weight() -> None:
    shifted = transitions.shift(book(READ), [READ], 100, today(), at=AT)
    after = transitions.after_verify(shifted, "explore", {READ.key: proof(differences=2)}, today(), at=AT)
    assert after.entries[READ.key].weight == 100
    verified = transitions.after_verify(
        book(READ), "explore", {READ.key: proof(differences=2)}, today(), at=AT
    )
    assert verified.entries[READ.key].state is State.TRANSLATED


def test_difference_found_while_it_has_traffic_lets_it_take_no_more_and_leaves_it_unverified() -> None:
    shifting = transitions.shift(book(READ), [READ], 5, today(), at=AT)
    found = transitions.after_verify(shifting, "explore", {READ.key: proof(differences=2)}, today(), at=AT)
    entry = found.entries[READ.key]
    assert entry.state is State.SHIFTING
    with pytest.raises(UsageError, match=r"more traffic: its evidence has 2 differences \(explore\)"):
        transitions.shift(found, [entry], 50, today(), at=AT)
    back = transitions.shift(found, [entry], 0, today(), at=AT)
    assert back.entries[READ.key].state is State.TRANSLATED
    with pytest.raises(UsageError, match="differences"):
        transitions.shift(back, list(back.entries.values()), 5, today(), at=AT)


def test_evidence_without_cases_lets_no_operation_take_traffic() -> None:
    entry = Entry(
        "GET", READ.route, State.VERIFIED, 0, READ.function, (), {"explore": replace(proof(), cases=0)}
    )
    with pytest.raises(UsageError, match="not verified"):
        transitions.shift(book(entry), [entry], 5, today(), at=AT)


def test_zero_cases_prove_nothing() -> None:
    empty = Proof("d", "c1", 0, 0, AT, "o2", "s1")
    after = transitions.after_verify(book(WRITE), "explore", {WRITE.key: empty}, today(), at=AT)
    assert after.entries[WRITE.key].state is State.TRANSLATED


def test_a_difference_of_old_code_does_not_stand_against_the_new() -> None:
    old = Proof("d", "c0", 40, 3, AT, "o0", "s1")
    entry = Entry("POST", "/api/books/", State.TRANSLATED, 0, WRITE.function, (), {"suite": old})
    fresh = Proof("d", "c1", 40, 0, AT, "o2", "s1")
    after = transitions.after_verify(book(entry), "explore", {WRITE.key: fresh}, today(), at=AT)
    assert after.entries[WRITE.key].state is State.VERIFIED
    assert transitions.why_stale(entry, old, today()) == "the generated code changed"
    assert transitions.staleness(after.entries[WRITE.key], today()) == ""


def test_evidence_of_an_earlier_version_is_read_and_stale(tmp_path: Path) -> None:
    file = tmp_path / "ledger.toml"
    file.write_text(
        'snapshot = "s1"\ncode = "c1"\n\n[[operation]]\nmethod = "GET"\nroute = "/api/books/{pk}/"\nstate = "verified"\n'
        'weight = 0\nfunction = "app.shop.routes.retrieve_book"\n'
        'explore = {digest = "d1", code = "c1", cases = 40, differences = 0, at = "2026-01-02T03:04:05Z"}\n'
    )
    found = ledger.read(file)
    entry = found.entries[READ.key]
    assert entry.proofs["explore"].cases == 40
    assert "earlier version" in transitions.staleness(entry, today())
    with pytest.raises(UsageError, match="earlier version"):
        transitions.shift(found, [entry], 10, today(), at=AT)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("GET /api/books/{pk}/", [READ.key]),
        ("/api/books/", [WRITE.key]),
        ("/api/books/*", [READ.key, WRITE.key]),
        ("GET *", [READ.key, REFUSED.key]),
        ("/nothing/", []),
    ],
)
def test_routes_are_found_by_key_path_or_glob(text: str, keys: list[str]) -> None:
    assert [e.key for e in book(READ, WRITE, REFUSED).find(text)] == keys


def test_long_history_is_written_in_time_that_grows_with_its_length(tmp_path: Path) -> None:
    """0.4 s of CPU; by an array of tomlkit 4 s, for every shift."""
    events = tuple(Event(AT, f'weight {n} → "{n}"\n', "why" if n % 2 else "") for n in range(3000))
    long = book(replace(READ, history=events))
    begin = time.process_time()
    ledger.write(tmp_path / "l.toml", long)
    assert time.process_time() - begin < 2
    assert ledger.read(tmp_path / "l.toml") == long
