"""Hooks that Django, DRF or Python call by themselves, overridden: never translated as if they were not.

Each of these was; ``python -m bench.overrides.run`` overrides some four hundred of them and asks both sides.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
import rest_framework
from bench.overrides.project import Overrides
from tests.projects.site import Site

from segue.snapshot.model import Patch, Route, Snapshot, Value
from segue.target.ir import Program
from segue.translate.context import Context
from segue.translate.middleware.stack import RouteMiddleware
from segue.translate.program import translate
from segue.translate.views import resources

NO_ROWS = "def __init__(self, **kwargs):\n    super().__init__(**kwargs)\n    self.queryset = models.A.objects.none()"
PLAIN = "title = models.CharField(max_length=20)\n"


def _write(to: Overrides) -> None:
    to.view("L", NO_ROWS, label="override-init")
    to.view(
        "L",
        "def __getattribute__(self, name): return super().__getattribute__(name)",
        label="override-getattribute",
    )
    to.policy(
        "permissions.BasePermission",
        "def __new__(cls): return permissions.IsAdminUser()",
        "permission_classes = [C#]",
        ("L",),
    )
    to.policy(
        "negotiation.DefaultContentNegotiation",
        "def select_parser(self, request, parsers): return parsers[0]",
        "content_negotiation_class = C#",
        ("L",),
    )
    to.policy(
        "pagination.PageNumberPagination",
        "page_size = 2\nclass django_paginator_class(Paginator):\n    count = 3",
        "pagination_class = C#",
        ("L",),
    )
    to.policy(
        "permissions.BasePermission",
        "has_permission = lambda self, r, v: False",
        "permission_classes = [C#]",
        ("L",),
    )
    to.field_(
        "serializers.HiddenField", "def get_value(self, data): return 3", name="stars", arguments="default=1"
    )
    to.field_("serializers.CharField", "@property\ndef root(self): return self")
    for method in (
        "def __eq__(self, other): return True\ndef __hash__(self): return 1",
        "def __bool__(self): return False",
        "@property\ndef pk(self): return 7",
        "def _get_pk_val(self, meta=None): return 3",
        "def save_base(self, *args, **kwargs): super().save_base(*args, **kwargs)",
    ):
        to.model(f"M{len(to.labels)}", PLAIN + method, ["id", "title"])
    to.view("L", "metadata_class = None", label="options")


LOOKUP = """


from django.db.models.lookups import IContains


@models.CharField.register_lookup
class Elsewhere(IContains):
    lookup_name = "icontains"


@models.Field.register_lookup
class New(IContains):
    lookup_name = "nearly"
"""
PATCHES = """


import django_filters.filters
from django.contrib.auth.models import User
from django.db.models.query import QuerySet
from django.utils import timezone
from rest_framework import exceptions, fields, renderers

update = QuerySet.update


def counted(self, **kwargs):
    return update(self, **kwargs)


class Loud(renderers.encoders.JSONEncoder):
    pass


class Picky(fields.CharField):
    pass


QuerySet.update = counted
QuerySet.loudly = counted  # a new name: what is called is said where it is called
User.__str__ = lambda self: self.email
User.add_to_class("nick", property(lambda self: self.first_name))
timezone.localdate = lambda: None
fields.Field.default_error_messages["required"] = "Say it."
exceptions.NotFound.status_code = 410
renderers.JSONRenderer.encoder_class = Loud
django_filters.filters.forms.CharField.clean = lambda self, value: value
fields.URLField = Picky
"""


def _method(module: str, cls: str, name: str) -> str:
    """A method of DRF's as it stands in its source."""
    text = (Path(rest_framework.__file__).parent / f"{module}.py").read_text()
    body = next(n for n in ast.parse(text).body if isinstance(n, ast.ClassDef) and n.name == cls).body
    node = next(n for n in body if isinstance(n, ast.FunctionDef) and n.name == name)
    return textwrap.dedent("\n".join(text.split("\n")[node.lineno - 1 : node.end_lineno]))


# DRF's own again, as after a fix that a project put in before its release; and one in which a name means something else.
BACKPORT = f"""\
from rest_framework import relations
from rest_framework.fields import SkipField, empty, get_attribute

{_method("relations", "ManyRelatedField", "get_attribute").replace("get_attribute(self, i", "of_many(self, i")}

relations.ManyRelatedField.get_attribute = of_many
"""
OTHERWISE = f"""\
from rest_framework import versioning

exceptions = None
{_method("versioning", "HostNameVersioning", "determine_version")}

versioning.HostNameVersioning.determine_version = determine_version
"""


@pytest.fixture(scope="module")
def overrides() -> Overrides:
    to = Overrides()
    _write(to)
    return to


@pytest.fixture(scope="module")
def snapshot(overrides: Overrides, tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    files = overrides.files()
    return Site.make(
        tmp_path_factory.mktemp("redefined"),
        {
            **files,
            "notes/models.py": files["notes/models.py"]
            + LOOKUP
            + PATCHES
            + "from notes import backport, otherwise\n",
            "notes/backport.py": BACKPORT,
            "notes/otherwise.py": OTHERWISE,
        },
    ).snapshot()


def _plain(snapshot: Snapshot) -> Snapshot:
    return replace(snapshot, settings=replace(snapshot.settings, replaced_lookups=(), patched=()))


@pytest.fixture(scope="module")
def translated(overrides: Overrides, snapshot: Snapshot) -> tuple[Overrides, Program]:
    return overrides, translate(_plain(snapshot))


def test_overrides_that_no_rule_knows_are_refused(translated: tuple[Overrides, Program]) -> None:
    to, program = translated
    last = f"/v{len(to.labels)}/"
    # What writes alone run is native for reads, and the paginator of /v5/ for writes.
    fields = {path for path, label in to.labels.items() if label.startswith("serializers.")}
    assert {n.route_id for n in program.native if n.method == "GET"} <= {*fields, last}
    assert not {
        n.route_id for n in program.native if n.method != "GET" and n.route_id not in ("/v5/", last)
    } - {
        path
        for path in fields
        if "{pk}" in path  # DELETE
    }
    codes = {r.route_id: r.reasons[0].code for r in program.refused}
    assert [codes[f"/v{n}/"] for n in range(1, 7)] == [
        "override-init", "override-getattribute", "policy-class", "content-negotiation", "pagination", "permission",
    ]  # fmt: skip
    assert {code for path, code in codes.items() if to.labels[path].startswith("model:")} == {
        "model-load",
        "model-save",
    }


def test_options_without_drf_s_metadata_are_left_to_django(translated: tuple[Overrides, Program]) -> None:
    to, program = translated
    path = f"/v{len(to.labels)}/"
    declared = [d.code for d in program.modules["app/notes/routes.py"].decls.values() if path in d.code]
    assert len(declared) == 1
    assert "options=False" in declared[0]


def test_nothing_is_translated_where_a_lookup_of_django_is_replaced(snapshot: Snapshot) -> None:
    assert snapshot.settings.replaced_lookups == ("CharField.icontains: notes.models.Elsewhere",)
    program = translate(replace(snapshot, settings=replace(snapshot.settings, patched=())))
    assert not program.native
    assert "lookup-replaced" in {r.reasons[0].code for r in program.refused}


def test_nothing_is_translated_where_django_or_drf_is_changed(snapshot: Snapshot) -> None:
    assert [patch.name for patch in snapshot.settings.patched] == [
        "django.contrib.auth.models.User.__str__",
        "django.db.models.query.QuerySet.update",
        "django.forms.fields.CharField.clean",
        "django.utils.timezone.localdate",
        "rest_framework.exceptions.NotFound.status_code",
        "rest_framework.fields.Field.default_error_messages",
        "rest_framework.fields.URLField",
        "rest_framework.renderers.JSONRenderer.encoder_class",
        "rest_framework.versioning.HostNameVersioning.determine_version",
    ]
    program = translate(snapshot)
    assert not program.native
    assert {refused.reasons[0].code for refused in program.refused} == {"patched"}
    at = {
        reason.construct: (reason.file, reason.line)
        for reason in program.refused[0].reasons
        if reason.code == "patched"
    }
    source = (Path(snapshot.root) / "notes/models.py").read_text().split("\n")
    file, line = at["django.db.models.query.QuerySet.update"]
    assert (file, source[line - 1]) == ("notes/models.py", "def counted(self, **kwargs):")
    assert at["rest_framework.exceptions.NotFound.status_code"] == (snapshot.settings.module, 0)


def test_what_comes_next_is_told_where_one_thing_keeps_all(
    translated: tuple[Overrides, Program], snapshot: Snapshot
) -> None:
    _, plain = translated
    blocked = translate(
        replace(snapshot, settings=replace(snapshot.settings, replaced_lookups=())), look_beneath=True
    )
    reasons = {(one.route_id, one.method): set(one.reasons) for one in blocked.refused}
    changes = {reason for reason in blocked.refused[0].reasons if reason.code == "patched"}
    assert all(set(one.reasons) | changes == reasons[one.route_id, one.method] for one in plain.refused)
    assert all(reasons[one.route_id, one.method] == changes for one in plain.native)
    assert plain.refused
    assert plain.native


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PREPEND_WWW", True), ("DEFAULT_CHARSET", "latin-1"), ("FORCE_SCRIPT_NAME", "/x"), ("SESSION_SAVE_EVERY_REQUEST", True),
    ],
)  # fmt: skip
def test_settings_that_change_every_answer(snapshot: Snapshot, name: str, value: object) -> None:
    settings = _plain(snapshot).settings
    changed = replace(settings, values={**settings.values, name: Value("const", value)})  # type: ignore[arg-type]
    program = translate(replace(snapshot, settings=changed))
    assert not program.native
    assert name in {r.reasons[0].construct.partition(" ")[0] for r in program.refused}


def test_routers_that_a_snapshot_does_not_tell_of(snapshot: Snapshot) -> None:
    """One of an earlier release has their names, and nothing of what they say."""
    settings = _plain(snapshot).settings
    values = {**settings.values, "DATABASE_ROUTERS": Value("list", items=(Value("const", "site_.Router"),))}
    two = (*settings.databases, replace(settings.databases[0], alias="other"))
    changed = replace(snapshot, settings=replace(settings, values=values, databases=two))
    program = translate(changed)
    assert not program.native
    assert {r.reasons[0].construct for r in program.refused} >= {"DATABASE_ROUTERS"}
    told = {**values, "SEGUE_ROUTERS": Value("dict")}
    assert (
        translate(replace(changed, settings=replace(changed.settings, values=told))).refused
        == program.refused
    )


@pytest.mark.parametrize(
    ("option", "value", "drivers", "expected"),
    [
        ("isolation_level", 4, ("psycopg",), "isolation='SERIALIZABLE'"),
        ("isolation_level", 3, ("psycopg2",), "OPTIONS: isolation_level"),
        ("isolation_level", 4, ("psycopg", "psycopg2"), "OPTIONS: isolation_level"),  # Django 4.1 takes the second
        ("isolation_level", 9, ("psycopg",), "OPTIONS: isolation_level"),
        ("options", "-c default_transaction_isolation=serializable", ("psycopg",), "OPTIONS: default_transaction_isolation"),
        ("options", "-c statement_timeout=3000", ("psycopg",), "database_url,"),
    ],
)  # fmt: skip
def test_the_isolation_level_is_kept_or_nothing_is_translated(
    snapshot: Snapshot, option: str, value: object, drivers: tuple[str, ...], expected: str
) -> None:
    settings = _plain(snapshot).settings
    database = replace(
        settings.databases[0],
        vendor="postgresql",
        options={option: Value("const", value)},  # type: ignore[arg-type]
    )
    django = "4.1.13" if drivers == ("psycopg", "psycopg2") else snapshot.versions.django
    versions = replace(snapshot.versions, django=django, packages=dict.fromkeys(drivers, "1"))
    program = translate(
        replace(snapshot, settings=replace(settings, databases=(database,)), versions=versions)
    )
    if expected.startswith("OPTIONS"):
        assert not program.native
        assert expected in {r.reasons[0].construct for r in program.refused}
    else:
        assert program.native
        assert expected in program.modules["app/main.py"].decls["create_app"].code


def test_a_changed_base_of_views_keeps_only_those_views(
    translated: tuple[Overrides, Program], snapshot: Snapshot
) -> None:
    _, plain = translated
    changed = "rest_framework.mixins.DestroyModelMixin"
    patch = Patch(f"{changed}.perform_destroy", "notes/models.py", 1)
    program = translate(
        replace(_plain(snapshot), settings=replace(_plain(snapshot).settings, patched=(patch,)))
    )
    destroying = {
        route.id
        for route in snapshot.routes
        if changed in snapshot.classes[snapshot.views[route.view].cls].mro
    }
    kept = {one.route_id for one in program.refused if one.reasons[0].code == "patched"}
    natives = {(n.route_id, n.method) for n in plain.native}
    assert kept == destroying
    assert {(n.route_id, n.method) for n in program.native} == {n for n in natives if n[0] not in destroying}
    assert natives
    assert natives - {n for n in natives if n[0] in destroying} != natives


def test_a_defect_costs_one_route(
    translated: tuple[Overrides, Program], snapshot: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, plain = translated
    last = f"/v{len(to.labels)}/"

    def of_route(ctx: Context, route: Route) -> RouteMiddleware:
        if route.id == last:
            raise IndexError("nothing there")
        return found(ctx, route)

    found = resources.of_route
    monkeypatch.setattr(resources, "of_route", of_route)
    program = translate(_plain(snapshot))
    natives = {(n.route_id, n.method) for n in plain.native}
    assert {(n.route_id, n.method) for n in program.native} == {n for n in natives if n[0] != last}
    broken = [r for r in program.refused if r.route_id == last]
    assert {r.reasons[0].code for r in broken} == {"segue-defect"}
    assert {r.method for r in broken} >= {n[1] for n in natives if n[0] == last}
    assert any(n[0] == last for n in natives)
