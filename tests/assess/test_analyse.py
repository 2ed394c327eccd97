"""Counting, grouping and ordering."""

from __future__ import annotations

from segue.assess import Assessment, analyse
from segue.assess.model import Endpoint
from segue.snapshot.model import Snapshot
from segue.target.ir import Program


def endpoint(assessment: Assessment, method: str, route: str) -> Endpoint:
    return next(e for e in assessment.endpoints if (e.method, e.route) == (method, route))


def test_own_operations_are_counted_by_verdict(snapshot: Snapshot, program: Program) -> None:
    found = analyse(snapshot, program)
    assert (len(found.own), found.native, found.refused) == (5, 3, 2)
    assert len(found.endpoints) == 6
    assert (found.django_routes, found.models_own, found.models_all) == (1, 3, 4)


def test_without_a_program_nothing_is_claimed(snapshot: Snapshot) -> None:
    found = analyse(snapshot)
    assert {e.verdict for e in found.endpoints} == {"unknown"}
    assert (found.translated, found.native, found.refused, found.reasons) == (False, 0, 0, ())
    assert sum(len(w.endpoints) for w in found.waves) == 5


def test_an_operation_that_the_program_does_not_mention_is_unknown(snapshot: Snapshot) -> None:
    assert endpoint(analyse(snapshot, Program()), "GET", "/items/").verdict == "unknown"


def test_kinds(snapshot: Snapshot, program: Program) -> None:
    kinds = [(k.kind, k.total, k.native, k.refused) for k in analyse(snapshot, program).kinds]
    assert kinds == [("viewset", 2, 2, 0), ("generic", 3, 1, 2)]


def test_a_reason_tells_what_it_alone_holds_back(snapshot: Snapshot, program: Program) -> None:
    groups = {g.code: g for g in analyse(snapshot, program).reasons}
    assert (groups["lock"].operations, groups["lock"].unblocks, groups["lock"].main) == (2, 1, 2)
    assert (groups["atomic"].operations, groups["atomic"].unblocks, groups["atomic"].main) == (1, 0, 0)
    assert groups["lock"].places == ("shop/views.py:21", "shop/views.py:40")
    assert "third-party" not in groups


def test_models_are_followed_through_functions(snapshot: Snapshot, program: Program) -> None:
    found = analyse(snapshot, program)
    assert endpoint(found, "GET", "/orders/").models == ("people.Person", "shop.Item", "shop.Order")
    assert endpoint(found, "POST", "/orders/").models == ("shop.Order",)


def test_writes_know_their_receivers_and_transactions(snapshot: Snapshot, program: Program) -> None:
    found = analyse(snapshot, program)
    assert endpoint(found, "POST", "/orders/").signals == ("post_save → shop.signals.saved",)
    assert endpoint(found, "POST", "/orders/").transactional
    assert not endpoint(found, "GET", "/orders/").signals
    assert not endpoint(found, "GET", "/orders/").transactional
    assert not endpoint(found, "POST", "/items/").signals


def test_overridden_hooks(snapshot: Snapshot, program: Program) -> None:
    found = analyse(snapshot, program)
    assert endpoint(found, "GET", "/items/").overridden == ("get_queryset",)
    assert endpoint(found, "POST", "/orders/").overridden == ("create",)


def test_coupling_counts_a_many_to_many_twice(snapshot: Snapshot, program: Program) -> None:
    edges = {(e.source, e.target): e for e in analyse(snapshot, program).edges}
    assert list(edges) == [("shop", "people")]
    assert edges["shop", "people"].weight == 3
    assert edges["shop", "people"].fields == ("Item.owner", "Order.buyers")


def test_third_party_apps(snapshot: Snapshot, program: Program) -> None:
    (kit,) = analyse(snapshot, program).third_party
    assert (kit.distribution, kit.version, kit.apps, kit.models, kit.operations) == (
        "kit",
        "1.5",
        ("kit",),
        1,
        1,
    )


def test_effects_of_own_code(snapshot: Snapshot, program: Program) -> None:
    kinds = [e.kind for e in analyse(snapshot, program).effects]
    assert kinds == ["atomic", "select_for_update", "signal", "task"]


def test_waves_put_reads_of_few_tables_first_and_refused_last(snapshot: Snapshot, program: Program) -> None:
    waves = analyse(snapshot, program).waves
    seen = [(w.number, [(e.method, e.route) for e in w.endpoints]) for w in waves]
    assert seen == [
        (1, [("GET", "/items/")]),
        (2, [("GET", "/orders/")]),
        (3, [("POST", "/items/")]),
        (0, [("DELETE", "/orders/"), ("POST", "/orders/")]),
    ]


def test_every_own_operation_is_in_one_wave(snapshot: Snapshot, program: Program) -> None:
    found = analyse(snapshot, program)
    placed = [(e.method, e.route) for w in found.waves for e in w.endpoints]
    assert sorted(placed) == sorted((e.method, e.route) for e in found.own)


def test_the_same_input_gives_the_same_result(snapshot: Snapshot, program: Program) -> None:
    assert analyse(snapshot, program) == analyse(snapshot, program)
