"""``verify explore`` on the bookshop: silent where both sides agree, loud where they do not."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_the_translation_of_the_bookshop_answers_as_django_does(shop: Shop) -> None:
    file = Path(shop.database.removeprefix("sqlite://"))
    before = _digest(file)
    report = verify.explore(shop.project, cases=700)
    assert report.cases >= 600
    assert [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences] == []
    assert report.different == 0
    assert all(o.cases for o in report.operations)
    assert [(o.key, o.worst_queries) for o in report.operations if o.excess_queries] == []
    assert _digest(file) == before, "the project's own database was touched"


def test_the_bookshop_on_postgresql(shop_on_postgres: Shop) -> None:
    report = verify.explore(shop_on_postgres.project, cases=350)
    assert [(o.key, d.kind, d.paths[:3]) for o in report.operations for d in o.differences] == []
    assert report.cases >= 300


def test_django_does_not_differ_from_itself(shop: Shop) -> None:
    report = verify.explore(shop.project, cases=300, against="django")
    assert report.different == 0
    assert report.cases >= 250
    paths = [told.partition(" (")[0] for told in report.noise]
    names = {path.rpartition(".")[2].rstrip("[]*") for path in paths}
    clocks = {"created_at", "updated_at", "expire_date", "last_login"}
    assert names <= {"id", "book_id", "session_key"} | clocks, "clocks and random keys only"


def test_the_same_seed_gives_the_same_cases(shop: Shop) -> None:
    key = "POST /api/authors/"
    runs = [verify.explore(shop.project, only=[key], cases=30, seed=seed).operations[0] for seed in (5, 5, 6)]
    assert runs[0].statuses == runs[1].statuses
    assert runs[0].digest == runs[1].digest
    assert len(runs[0].statuses) > 2, "valid and invalid input alike"
    assert runs[2].cases == 30


def test_keys_that_the_code_reads_beside_the_serializer_of_the_answer_are_sent(
    shop: Shop, tmp_path: Path
) -> None:
    """The log-in answers with a serializer of users, and reads a name and a password: only refusals were ever compared."""
    path, key = "app/accounts/routes.py", "POST /api/auth/login/"
    text = (shop.project.output / path).read_text(encoding="utf-8")
    before = '    await call.db.update(user, "last_login")\n    return call.reply(present_me(user))'
    assert before in text
    broken = text.replace(before, "    return call.reply(present_me(user))")
    fault = Fault("lost write", path, "session_login", broken, frozenset({key}))
    report = verify.explore(
        shop.with_output(fault.seed(shop.project.output, tmp_path / "broken")), only=[key], cases=200
    )
    assert report.different > 0


KINDS = (
    "permission dropped", "filter dropped", "filter turned round", "created told as found", "lost write", "field dropped",
    "validation dropped",
)  # fmt: skip


@pytest.fixture(scope="module")
def seeds(shop_faults: list[Fault]) -> dict[str, Fault]:
    """One fault of each kind; who may read is often everybody, so the permission is one to write."""
    telling = [
        f
        for f in shop_faults
        if f.kind != "permission dropped" or not any(k.startswith("GET") for k in f.keys)
    ]
    return {f.kind: f for f in reversed(telling)}


@pytest.mark.parametrize("kind", KINDS)
def test_seeded_faults_are_found(shop: Shop, seeds: dict[str, Fault], tmp_path: Path, kind: str) -> None:
    fault = seeds[kind]
    project = shop.with_output(fault.seed(shop.project.output, tmp_path / "faulty"))
    report = verify.explore(project, only=fault.keys, cases=120)
    assert report.different, f"{fault.kind} at {fault.place} was not noticed"
    worst = next(o for o in report.operations if o.different)
    difference = worst.differences[0]
    assert difference.paths
    assert worst.function


def test_an_extra_query_is_told(shop: Shop, tmp_path: Path) -> None:
    output = shop.project.output
    routes = output / "app" / "catalog" / "routes.py"
    text = routes.read_text(encoding="utf-8")
    start = text.index("async def tag_list(call: Call)")
    at = text.index('"""', text.index('"""', start) + 3) + 3  # behind the docstring
    wasteful = f"{text[:at]}\n    await tag_rows(call.db, TAGS){text[at:]}"
    fault = Fault("extra query", "app/catalog/routes.py", "tag_list", wasteful, frozenset({"GET /api/tags/"}))
    report = verify.explore(
        shop.with_output(fault.seed(output, tmp_path / "wasteful")), only=fault.keys, cases=30
    )
    tags = report.operations[0]
    assert tags.excess_queries
    assert tags.worst_queries[1] == tags.worst_queries[0] + 1


def test_a_difference_is_shrunk_to_what_it_needs(shop: Shop, tmp_path: Path) -> None:
    output = shop.project.output
    path = "app/catalog/presenters.py"
    text = (output / path).read_text(encoding="utf-8")
    assert '"website": author.website' in text
    broken = text.replace('"website": author.website', '"website": author.website and "x"')
    key = "POST /api/authors/"
    fault = Fault("wrong value", path, "present_author", broken, frozenset({key}))
    report = verify.explore(shop.with_output(fault.seed(output, tmp_path / "broken")), only=[key], cases=80)
    shown = [d for o in report.operations for d in o.differences if d.kind == "body.website"]
    assert shown
    assert set(json.loads(shown[0].body)) <= {"last_name", "website"}
