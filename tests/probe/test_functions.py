"""Functions: source, place, and what every free name is."""

from __future__ import annotations

import pytest
from tests.probe.conftest import Probed

from segue.snapshot.model import Function


def function(probed: Probed, name: str) -> Function:
    return probed.snapshot.functions[name]


@pytest.mark.parametrize(
    "name",
    [
        "shop.views.ItemViewSet.get_queryset",
        "shop.views.ItemViewSet.perform_create",
        "shop.views.ItemViewSet.poke",
        "shop.views.ping",
        "shop.tools.clean",
        "shop.tools.helper",
        "shop.models.Item.label",
        "shop.models.ItemQuerySet.cheap",
        "shop.serializers.ItemSerializer.get_age",
        "shop.permissions.IsOwner.has_object_permission",
        "shop.signals.item_saved",
    ],
)
def test_source_is_the_text_of_the_file_from_the_first_decorator_on(probed: Probed, name: str) -> None:
    found = function(probed, name)
    lines = (probed.root / found.where.file).read_text().splitlines()
    start = found.where.line - 1
    count = len(found.source.splitlines())
    margin = len(lines[start]) - len(lines[start].lstrip())
    assert found.source.splitlines() == [line[margin:] for line in lines[start : start + count]]
    assert f"def {name.rpartition('.')[2]}(" in found.source


def test_comments_inside_a_function_are_kept(probed: Probed) -> None:
    assert "# a comment that stays" in function(probed, "shop.tools.clean").source


def test_functions_that_nothing_reaches_are_left_out(probed: Probed) -> None:
    assert "shop.tools.unreached" not in probed.snapshot.functions


@pytest.mark.parametrize(
    ("name", "text", "kind", "target"),
    [
        ("shop.views.ItemViewSet.get_queryset", "models.Item", "model", "shop.models.Item"),
        ("shop.views.ItemViewSet.get_queryset", "models", "module", "shop.models"),
        ("shop.views.ItemViewSet.get_queryset", "models.Item.objects", "instance", "shop.models.Item.objects"),
        ("shop.views.ItemViewSet.perform_create", "tools.clean", "function", "shop.tools.clean"),
        ("shop.views.ItemViewSet.perform_create", "transaction.atomic", "function", "django.db.transaction.atomic"),
        ("shop.tools.clean", "helper", "function", "shop.tools.helper"),
        ("shop.tools.clean", "len", "builtin", "builtins.len"),
        ("shop.tools.clean", "WORDS", "constant", "shop.tools.WORDS"),
        ("shop.models.Item.age", "timezone.now", "function", "django.utils.timezone.now"),
        ("shop.serializers.ItemSerializer.get_age", "loud", "function", "shop.models.shout"),
        ("shop.views.ping", "Response", "class", "rest_framework.response.Response"),
        ("shop.signals.item_saved", "post_save", "instance", "django.db.models.signals.post_save"),
    ],
)  # fmt: skip
def test_names_are_bound_by_fact(probed: Probed, name: str, text: str, kind: str, target: str) -> None:
    reference = function(probed, name).globals[text]
    assert (reference.kind, reference.name) == (kind, target)


def test_constants_carry_their_value(probed: Probed) -> None:
    names = function(probed, "shop.views.ItemViewSet.get_queryset").globals
    assert names["settings.PAGE_LIMIT"].value.data == 7  # type: ignore[union-attr]
    assert names["models.Item.Status.LIVE"].value.data == "live"  # type: ignore[union-attr]


def test_local_names_are_not_globals(probed: Probed) -> None:
    assert {"limit", "key", "self"}.isdisjoint(
        function(probed, "shop.views.ItemViewSet.get_queryset").globals
    )


@pytest.mark.parametrize(
    ("name", "decorators"),
    [
        ("shop.views.ItemViewSet.perform_create", ("django.db.transaction.atomic",)),
        ("shop.views.ItemViewSet.poke", ("rest_framework.decorators.action",)),
        ("shop.tools.clean", ("shop.tools.traced",)),
        ("shop.signals.item_saved", ("django.dispatch.dispatcher.receiver",)),
        ("shop.models.Item.label", ("builtins.property",)),
    ],
)
def test_decorators_are_told_by_name(probed: Probed, name: str, decorators: tuple[str, ...]) -> None:
    assert function(probed, name).wrapped_by == decorators


def test_a_decorator_from_outside_hides_no_framework_method(probed: Probed) -> None:
    name = probed.snapshot.classes["shop.views.ItemViewSet"].methods["list"]
    assert name == "shop.views.ItemViewSet.list"
    assert "django.views.decorators.cache.never_cache" in function(probed, name).wrapped_by


def test_inherited_methods_lead_to_the_class_that_defines_them(probed: Probed) -> None:
    methods = probed.snapshot.classes["shop.views.ItemViewSet"].methods
    assert methods["retrieve"] == "rest_framework.mixins.RetrieveModelMixin.retrieve"
    assert methods["get_queryset"] == "shop.views.ItemViewSet.get_queryset"
    item = probed.snapshot.classes["shop.models.Item"].methods
    assert item["get_status_display"] == "django.db.models.base.Model._get_FIELD_display"
