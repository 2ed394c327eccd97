"""What is read before a write and what after it: relations that Django asks for late, rows that it has kept, and what stays of
a request that fails between two writes."""

from __future__ import annotations

import pytest
from tests.projects.site import Site, differences
from tests.translate.views.read_after_write import MODELS, URLS, VIEWS

from segue.assess.transactions import boundaries
from segue.snapshot.model import Snapshot
from segue.target.ir import Program
from segue.verify.evidence import Report


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Program, Report, Snapshot]:
    root = tmp_path_factory.mktemp("written")
    files = {"notes/models.py": MODELS, "notes/views.py": VIEWS, "site_/urls.py": URLS}
    site = Site.make(root, files)
    snapshot = site.snapshot()
    return *site.explore(snapshot, root / "fastapi", cases=200, seconds=120), snapshot


def test_relations_and_rows_are_read_when_django_reads_them(
    explored: tuple[Program, Report, Snapshot],
) -> None:
    _, report, _ = explored
    assert differences(report) == []
    statuses = {o.key: set(o.statuses) for o in report.operations}
    entered = {"POST /notes/", "PUT /notes/{pk}/", "PATCH /notes/{pk}/", "PATCH /joined/{pk}/"}
    entered |= {
        f"POST /done/{{pk}}/{name}/"
        for name in (
            "late",
            "early",
            "shown",
            "emptied",
            "counted",
            "kept",
            "mine",
            "boxed",
            "around",
            "dropped",
            "filled",
            "renumbered",
        )
    } | {
        f"POST /done/{name}/"
        for name in ("rounds", "listed", "answered", "changed", "removed", "mapped", "narrowed", "each")
    }
    entered |= {"POST /same/copied/", "GET /same/changed/", "POST /same/narrower/", "POST /same/read_before/"}
    entered |= {"POST /same/{pk}/half_aside/"}
    assert {key for key in entered if not statuses[key] & {"200", "201"}} == set()


def test_what_was_written_before_a_failure_stays_as_in_django(
    explored: tuple[Program, Report, Snapshot],
) -> None:
    _, report, _ = explored
    statuses = {o.key: set(o.statuses) for o in report.operations}
    for key in ("POST /failing/", "PUT /failing/{pk}/", "DELETE /failing/{pk}/"):
        assert "500" in statuses[key]
    assert "400" in statuses["POST /failing/{pk}/refused/"]
    assert "200" in statuses["POST /failing/{pk}/held/"]
    assert {"201", "500"} <= statuses["POST /loud/"]


def test_what_django_keeps_and_the_generated_code_would_read_again_is_refused(
    explored: tuple[Program, Report, Snapshot],
) -> None:
    program, _, _ = explored
    refused = {(r.route_id, r.method): r.reasons[0].code for r in program.refused}
    assert refused == {
        ("/done/sliced/", "POST"): "slice",
        ("/done/helped/", "POST"): "read-order",
        ("/done/handed/", "POST"): "read-order",
        ("/done/sometimes/", "POST"): "read-order",
        ("/done/again/", "POST"): "read-order",
        ("/done/{pk}/either/", "POST"): "read-order",
        ("/done/{pk}/twice/", "POST"): "serializer-data",
        ("/done/{pk}/recounted/", "POST"): "read-order",  # a cached_property keeps what it was
        # One that only follows foreign keys does so where a key or a row that it comes to is written.
        ("/done/{pk}/given/", "POST"): "read-order",
        ("/done/{pk}/renamed/", "POST"): "read-order",
        ("/done/{pk}/called/", "POST"): "read-order",
        **dict.fromkeys(
            (
                (f"/same/{name}/", "POST")
                for name in (
                    # Another name of a queryset that was read, or what holds it.
                    "aliased",
                    "perhaps",
                    "in_a_dict",
                    "in_a_list",
                    "on_the_view",
                    "given_back",
                    "given_back_in_a_tuple",
                    "in_a_serializer",
                    "of_the_view",
                    # The second round reads what the first one has read.
                    "rounds_by_function",
                    "rounds_by_save",
                    "rounds_by_helper",
                    "rounds_that_cascade",
                    "rounds_of_some",
                    # Rows of then, with what leads on from them now.
                    "{pk}/half",
                    "halves",
                )
            ),
            "read-order",
        ),
    }


def test_boundaries_are_told_with_their_options_and_through_receivers(
    explored: tuple[Program, Report, Snapshot],
) -> None:
    program, _, snapshot = explored
    views, models = VIEWS.splitlines(), MODELS.splitlines()

    def at(text: str, options: str = "") -> str:
        return f"notes/views.py:{next(n for n, line in enumerate(views, 1) if text in line)}{options}"

    def of(text: str) -> str:
        return f"notes/models.py:{next(n for n, line in enumerate(models, 1) if text in line)}"

    found = {(b.method, b.route): b for b in boundaries(snapshot, program)}
    held = found["POST", "/failing/{pk}/held/"].django
    assert held.blocks == (at("durable=True", " (durable=True)"),)
    assert held.locks == (at("nowait=True", " (nowait=True)"),)
    assert held.hooks == (at("on_commit", " (robust=True)"),)
    assert held.marks == (at("set_rollback", " (set_rollback)"),)
    assert found["POST", "/failing/{pk}/held/"].generated is not None
    assert found["POST", "/failing/{pk}/held/"].differs == ()
    loud = found["POST", "/loud/"].django
    assert of('Log.objects.create(text="saved")') in loud.alone, "a receiver writes on its own"
    destroyed = found["DELETE", "/failing/{pk}/"].django
    assert of('Log.objects.create(text="deleted")') not in destroyed.alone, "a deletion is one transaction"
    assert found["PUT", "/failing/{pk}/"].django.alone == ()
    assert [b.differs for b in found.values() if b.differs] == []
