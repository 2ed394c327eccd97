"""A hand-made snapshot with two apps, and programs over it."""

from __future__ import annotations

from typing import Any

import pytest

from segue.refusal import Refusal
from segue.snapshot.load import from_document
from segue.snapshot.model import Snapshot
from segue.target.ir import NativeOperation, Program, RefusedOperation


def model(label: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    app, name = label.split(".")
    return {
        "label": label, "cls": f"{app}.models.{name}", "app": app, "where": {"file": f"{app}/models.py", "line": 3},
        "table": f"{app}_{name.lower()}", "fields": fields,
    }  # fmt: skip


def relation(name: str, kind: str, to: str) -> dict[str, Any]:
    return {
        "name": name, "attname": name, "cls": "F", "base": "F", "where": {"file": "m.py"},
        "relation": {"kind": kind, "to": to},
    }  # fmt: skip


def route(
    path: str, view: str, *operations: tuple[str, str], own: bool = True, kind: str = "drf"
) -> dict[str, Any]:
    return {
        "id": path, "path": path, "regex": "^" + path, "order": 0, "view": view, "kind": kind, "parameters": [],
        "own": own,
        "operations": [
            {"method": m, "action": a, "function": f"{view}.{a}", "where": {"file": "shop/views.py", "line": 10 + i}}
            for i, (m, a) in enumerate(operations)
        ],
    }  # fmt: skip


def view(key: str, queryset: str = "", flavour: str = "viewset") -> dict[str, Any]:
    return {"key": key, "cls": key, "flavour": flavour, "where": {"file": "shop/views.py", "line": 5},
            "queryset_model": queryset}  # fmt: skip


def cls(name: str, methods: dict[str, str], origin: str = "own") -> dict[str, Any]:
    return {"name": name, "where": {"file": "shop/views.py"}, "mro": [name], "origin": origin, "methods": methods,
            "attributes": {}}  # fmt: skip


def function(name: str, names: dict[str, tuple[str, str]], source: str = "def f(): ...") -> dict[str, Any]:
    return {"name": name, "where": {"file": "shop/views.py", "line": 20}, "source": source, "role": "method",
            "globals": {k: {"kind": kind, "name": target} for k, (kind, target) in names.items()}}  # fmt: skip


@pytest.fixture(scope="session")
def snapshot() -> Snapshot:
    """Apps ``shop`` (Item, Order) and ``people`` (Person); a third-party ``kit`` with a view and a model."""
    return from_document(
        {
            "schema_version": 1,
            "root": "/work/bazaar",
            "versions": {"python": "3.9.1", "django": "4.2", "drf": "3.15", "packages": {"Kit": "1.5"}},
            "settings": {
                "module": "s", "values": {}, "secret_names": [], "installed_apps": [], "middleware": [],
                "databases": [{"alias": "default", "engine": "e", "vendor": "postgresql"}],
            },
            "apps": [
                {"label": "people", "module": "people", "origin": "own"},
                {"label": "shop", "module": "shop", "origin": "own"},
                {"label": "kit", "module": "kit", "origin": "kit"},
            ],
            "models": {
                "people.Person": model("people.Person", []),
                "shop.Item": model("shop.Item", [relation("owner", "fk", "people.Person")]),
                "shop.Order": model(
                    "shop.Order",
                    [relation("item", "fk", "shop.Item"), relation("buyers", "m2m", "people.Person")],
                ),
                "kit.Thing": {**model("kit.Thing", []), "own": False},
            },
            "routes": [
                route("/items/", "shop.views.Items", ("GET", "list"), ("POST", "create")),
                route("/orders/", "shop.views.Orders", ("GET", "list"), ("POST", "create"), ("DELETE", "clear")),
                route("/kit/", "kit.views.Things", ("GET", "get"), own=False),
                route("/page/", "shop.views.page", ("*", ""), kind="django"),
            ],
            "views": {
                "shop.views.Items": view("shop.views.Items", "shop.Item"),
                "shop.views.Orders": view("shop.views.Orders", "shop.Order", "generic"),
                "kit.views.Things": view("kit.views.Things", "kit.Thing", "apiview"),
                "shop.views.page": {**view("shop.views.page"), "cls": "", "flavour": "django-function"},
            },
            "serializers": {}, "filtersets": {},
            "classes": {
                "shop.views.Items": cls("shop.views.Items", {"get_queryset": "shop.views.Items.get_queryset"}),
                "shop.views.Orders": cls(
                    "shop.views.Orders",
                    {"create": "shop.views.Orders.create", "list": "shop.views.Orders.list"},
                ),
                "kit.views.Things": cls("kit.views.Things", {}, origin="kit"),
            },
            "functions": {
                "shop.views.Items.get_queryset": function("shop.views.Items.get_queryset", {}),
                "shop.views.Orders.list": function(
                    "shop.views.Orders.list",
                    {"Item": ("model", "shop.models.Item"), "top": ("function", "people.tools.top")},
                ),
                "people.tools.top": function("people.tools.top", {"Person": ("model", "people.models.Person")}),
                "shop.views.Orders.create": function(
                    "shop.views.Orders.create",
                    {"transaction.atomic": ("function", "django.db.transaction.atomic")},
                    "def create(): Item.objects.select_for_update()",
                ),
            },
            "receivers": [
                {"signal": "post_save", "sender": "shop.Order", "function": "shop.signals.saved",
                 "where": {"file": "shop/signals.py", "line": 4}},
                {"signal": "post_save", "sender": "", "function": "django.x", "where": {"file": "/d.py"}, "own": False},
            ],
            "tasks": ["shop.tasks.pack"],
            "inventory": {"items": {"commands": ["a", "b"]}},
            "warnings": ["something was odd"],
        }
    )  # fmt: skip


def refusal(code: str, line: int) -> Refusal:
    return Refusal(code, f"{code}()", f"Segue has no rule for {code}.", "shop/views.py", line)


@pytest.fixture(scope="session")
def program() -> Program:
    """Items and reading orders are native; writing orders is refused."""
    return Program(
        native=[
            NativeOperation("/items/", "GET", "app.shop.routes", "list_items"),
            NativeOperation("/items/", "POST", "app.shop.routes", "create_item"),
            NativeOperation("/orders/", "GET", "app.shop.routes", "list_orders"),
        ],
        refused=[
            RefusedOperation("/orders/", "POST", (refusal("lock", 21), refusal("atomic", 20))),
            RefusedOperation("/orders/", "DELETE", (refusal("lock", 40),)),
            RefusedOperation("/kit/", "GET", (refusal("third-party", 1),)),
        ],
    )
