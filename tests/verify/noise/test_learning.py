"""Faults that hide in volatile values: Django is taught to be restless, FastAPI to be so too, or not."""

from __future__ import annotations

import ast
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.verify.evidence import Report

KEY = "GET /api/categories/{slug}/"
ROUTES = "app/catalog/routes.py"
HEAD = "class CategoryViewSet("

# Django: a key by the standard library, a clock cut to seconds, one random text for each item of a list; a word that
# both sides draw alike is no noise.
LEGACY = """

    def retrieve(self, request, *args, **kwargs):
        import random
        import uuid
        from datetime import datetime, timezone
        answer = super().retrieve(request, *args, **kwargs)
        answer.data["key"] = str(uuid.uuid4())
        answer.data["asked"] = datetime.now(timezone.utc).replace(microsecond=0).isoformat()
        answer.data["word"] = random.choice(["a", "of two", "out of these three, at least", ""])
        answer.data["links"] = [{"sign": uuid.uuid4().hex}, {"sign": uuid.uuid4().hex}]
        return answer"""

RESTLESS = """{
    "key": str(__import__("uuid").uuid4()),
    "asked": __import__("datetime").datetime.now(__import__("datetime").UTC).replace(microsecond=0).isoformat(),
    "word": __import__("random").choice(["a", "of two", "out of these three, at least", ""]),
    "links": [{"sign": __import__("uuid").uuid4().hex}, {"sign": __import__("uuid").uuid4().hex}],
}"""
CONSTANT = """{
    "key": "0b6a1a53-8b0a-4f6e-9d60-1a2b3c4d5e6f",
    "asked": __import__("datetime").datetime.now(__import__("datetime").UTC).replace(microsecond=0).isoformat(),
    "word": __import__("random").choice(["a", "of two", "out of these three, at least", ""]),
    "links": [{"sign": __import__("uuid").uuid4().hex}, {"sign": __import__("uuid").uuid4().hex}],
}"""
_EARLIER = ".UTC).__sub__(__import__('datetime').timedelta(hours=1))"
AN_HOUR_OFF = RESTLESS.replace(".UTC)", _EARLIER)


def _restless(shop: Shop, folder: Path, modern: str) -> verify.ProjectRef:
    """The shop whose Django is restless, with a translation that adds ``modern`` to its answer."""
    root = folder / "shop"
    shutil.copytree(shop.project.root, root)
    views = root / "catalog" / "views.py"
    text = views.read_text(encoding="utf-8")
    at = text.index("\n\n\n", text.index(HEAD))
    views.write_text(text[:at] + LEGACY + text[at:], encoding="utf-8")
    output = shop.project.output
    tree = ast.parse((output / ROUTES).read_text(encoding="utf-8"))
    function = next(
        n for n in tree.body if isinstance(n, ast.AsyncFunctionDef) and n.name == "category_retrieve"
    )
    answer = function.body[-1]
    assert isinstance(answer, ast.Return)
    assert isinstance(answer.value, ast.Call)
    answer.value.args[0] = ast.parse(
        f"{{**({ast.unparse(answer.value.args[0])}), **{modern}}}", mode="eval"
    ).body
    text = ast.unparse(ast.fix_missing_locations(tree))
    fault = Fault("effect", ROUTES, function.name, text, frozenset({KEY}))
    return replace(shop.project, root=root, output=fault.seed(output, folder / "faulty"))


def _run(project: verify.ProjectRef) -> Report:
    return verify.explore(project, only=[KEY], cases=30)


def _kinds(report: Report) -> dict[str, str]:
    return {path: kind for o in report.operations for d in o.differences for path, kind, _, _ in d.labelled}


def test_what_moves_on_both_sides_is_learnt_and_a_rule_that_hides_several_paths_needs_a_yes(
    shop: Shop, tmp_path: Path
) -> None:
    project = _restless(shop, tmp_path, RESTLESS)
    report = _run(project)
    line = f"{KEY}: body.links[].sign"
    assert f"{KEY}: body.key (random)" in report.noise
    assert f"{line} (random; needs a yes)" in report.noise
    assert _kinds(report) == {"body.links[0].sign": "noise", "body.links[1].sign": "noise"}
    assert any(f'noise = ["{line}"]' in note for note in report.notes)
    agreed = _run(replace(project, noise=(line, f"{KEY}: body[].never")))
    assert agreed.different == 0
    assert [n for n in agreed.notes if "hid nothing" in n] == [
        f"the noise rule '{KEY}: body[].never' of segue.toml hid nothing in this run"
    ]


@pytest.mark.parametrize(("modern", "path"), [(CONSTANT, "body.key"), (AN_HOUR_OFF, "body.asked")])
def test_a_constant_and_another_time_are_differences(
    shop: Shop, tmp_path: Path, modern: str, path: str
) -> None:
    project = replace(_restless(shop, tmp_path, modern), noise=(f"{KEY}: body.links[].sign",))
    assert _kinds(_run(project)) == {path: "body"}


def test_django_alone_is_listed_and_does_not_differ(shop: Shop, tmp_path: Path) -> None:
    project = _restless(shop, tmp_path, RESTLESS)
    report = verify.explore(project, only=[KEY], cases=30, against="django")
    assert report.different == 0
    assert {f"{KEY}: body.key (random)", f"{KEY}: body.asked (clock)"} <= set(report.noise)
