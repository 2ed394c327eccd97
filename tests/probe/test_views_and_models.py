"""Facts that translation relies on and that no single call of Django tells."""

from __future__ import annotations

from tests.probe.checks import plain
from tests.probe.conftest import Probed

from segue.snapshot.model import FieldRelation, ModelField, Value


def field(probed: Probed, model: str, name: str) -> ModelField:
    return next(f for f in probed.snapshot.models[model].fields if f.name == name)


def relation(probed: Probed, model: str, name: str) -> FieldRelation:
    found = field(probed, model, name).relation
    assert found is not None
    return found


def pairs(value: Value) -> dict[str, Value]:
    return {str(key.data): item for key, item in value.pairs}


def test_permission_operators_keep_their_tree(probed: Probed) -> None:
    view = next(v for v in probed.snapshot.views.values() if v.cls == "shop.views.ItemViewSet")
    (tree,) = view.policies["permission_classes"].items
    assert tree.name == "rest_framework.permissions.OR"
    left, right = tree.items
    assert left.name == "rest_framework.permissions.AND"
    assert [v.name for v in left.items] == [
        "rest_framework.permissions.IsAuthenticated",
        "rest_framework.permissions.NOT",
    ]
    assert left.items[1].items[0].name == "shop.permissions.IsOwner"
    assert right == Value("ref", name="rest_framework.permissions.IsAdminUser")


def test_policies_of_an_action_are_the_ones_in_effect_on_its_route(probed: Probed) -> None:
    route = next(r for r in probed.snapshot.routes if r.id == "/api/items/{pk}/do-it/")
    policies = probed.snapshot.views[route.view].policies
    assert [v.name for v in policies["permission_classes"].items] == ["rest_framework.permissions.AllowAny"]
    overrides = probed.snapshot.views[route.view].action_overrides["poke"]
    assert overrides["permission_classes"].items == policies["permission_classes"].items


def test_defaults_of_settings_reach_views_without_their_own(probed: Probed) -> None:
    view = probed.snapshot.views["shop.views.Years"]
    assert [v.name for v in view.policies["permission_classes"].items] == [
        "rest_framework.permissions.IsAuthenticatedOrReadOnly"
    ]
    framework = {plain(k): v for k, v in probed.snapshot.settings.values["REST_FRAMEWORK"].pairs}
    assert framework["PAGE_SIZE"].data == 25
    assert framework["DATETIME_FORMAT"].data == "iso-8601"


def test_routes_carry_namespace_extra_arguments_and_flavour(probed: Probed) -> None:
    route = next(r for r in probed.snapshot.routes if r.id == "/api/items/")
    view = probed.snapshot.views[route.view]
    assert (route.namespace, route.name, route.kind, route.own) == ("v1", "item-list", "drf", True)
    assert plain(route.default_kwargs["flavour"]) == "mint"
    assert (view.flavour, view.queryset_model, view.queryset_sql_simple) == ("viewset", "shop.Item", True)
    assert view.queryset_source == "models.Item.objects.all()"
    ping = next(r for r in probed.snapshot.routes if r.name == "ping")
    assert [(p.name, p.converter) for p in ping.parameters] == [("token", "uuid")]
    assert probed.snapshot.views[ping.view].function == "shop.views.ping"
    assert probed.snapshot.views[ping.view].flavour == "function"


def test_a_plain_django_view_is_told_apart(probed: Probed) -> None:
    route = next(r for r in probed.snapshot.routes if r.id == "/plain/")
    assert (route.kind, [o.method for o in route.operations]) == ("django", ["GET"])


def test_relations(probed: Probed) -> None:
    parent = relation(probed, "shop.Item", "parent")
    assert (parent.kind, parent.to, parent.on_delete, parent.accessor) == (
        "fk",
        "shop.Item",
        "SET_NULL",
        "children",
    )
    tags = relation(probed, "shop.Item", "tags")
    assert (tags.kind, tags.through, tags.through_auto_created) == ("m2m", "shop.ItemTag", False)
    assert (tags.through_source, tags.through_target) == ("item", "tag")
    assert relation(probed, "shop.Item", "watchers").through == "shop.Item_watchers"
    assert relation(probed, "shop.Special", "item_ptr").parent_link
    assert probed.snapshot.models["shop.Special"].parents == {"shop.Item": "item_ptr"}
    assert relation(probed, "shop.Note", "target").kind == "generic_fk"
    assert relation(probed, "shop.Item", "notes").object_id_field == "key"


def test_inheritance(probed: Probed) -> None:
    assert field(probed, "shop.Item", "created").inherited_from == "shop.models.Stamped"
    assert field(probed, "shop.Special", "price").inherited_from == "shop.Item"
    cheap = probed.snapshot.models["shop.CheapItem"]
    assert (cheap.proxy, cheap.proxy_for, dict(cheap.create_sql)) == (True, "shop.Item", {})


def test_reverse_relations(probed: Probed) -> None:
    seen = {(r.accessor, r.model, r.field, r.kind) for r in probed.snapshot.models["shop.Tag"].reverse}
    assert ("items", "shop.Item", "tags", "m2m") in seen
    assert ("itemtag_set", "shop.ItemTag", "tag", "fk") in seen


def test_meta_and_constraints(probed: Probed) -> None:
    item = probed.snapshot.models["shop.Item"]
    assert item.unique_together == (("sku", "status"),)
    assert plain(item.ordering[0]) == "-created"
    assert item.ordering[1].name == "django.db.models.expressions.OrderBy"
    assert item.indexes[0].fields == ("status", "-price")
    assert item.indexes[1].condition["sqlite"] == "\"status\" = 'live'"
    check = next(c for c in item.constraints if c.kind == "check")
    assert check.condition is not None
    assert pairs(check.condition)["connector"].data == "OR"
    unique = next(c for c in item.constraints if c.kind == "unique")
    assert unique.fields == ("sku",)


def test_field_values(probed: Probed) -> None:
    assert field(probed, "shop.Item", "id").default == Value("ref", name="uuid.uuid4")
    assert field(probed, "shop.Item", "data").default == Value("ref", name="builtins.dict")
    assert field(probed, "shop.Item", "file").upload_to == Value("ref", name="shop.models.folder")
    status = field(probed, "shop.Item", "status")
    assert [(plain(k), plain(v)) for k, v in status.choices] == [("draft", "Draft"), ("live", "Live")]
    assert status.default.data == "draft"
    regex = field(probed, "shop.Item", "sku").validators[0]
    assert pairs(regex)["regex"].data == "^[A-Z]+$"
    assert pairs(regex)["message"].data == "Upper case only."
    assert field(probed, "shop.Tag", "name").verbose_name == "tag name"


def test_receivers(probed: Probed) -> None:
    own = [r for r in probed.snapshot.receivers if r.own]
    assert [(r.signal, r.sender, r.function) for r in own] == [
        ("post_save", "shop.Item", "shop.signals.item_saved")
    ]


def test_a_serializer_that_cannot_be_built_is_told_and_stops_nothing(probed: Probed) -> None:
    assert "nothing_like_this" in probed.snapshot.serializers["shop.serializers.Broken"].error


def test_fields_that_need_a_query_are_an_error_and_no_query_is_sent(probed: Probed) -> None:
    assert "depend on a database query" in probed.snapshot.serializers["shop.serializers.Nosy"].error
    assert not (probed.root / "db.sqlite3").exists()


def test_relation_fields_tell_their_queryset(probed: Probed) -> None:
    serializer = probed.snapshot.serializers["shop.serializers.ItemSerializer"]
    parent = next(f for f in serializer.fields if f.name == "parent")
    assert parent.queryset_model == "shop.Item"
    assert parent.queryset_source == 'Item.objects.filter(status="live")'
    assert parent.kwargs["queryset_plain"].data is False
    tags = next(f for f in serializer.fields if f.name == "tags")
    assert (tags.many, tags.serializer) == (True, "shop.serializers.TagSerializer")
