"""More rows where there are some: so that orders and pages show.

Rows that were made one after the other have their names, dates and keys in one and the same order, so an order that is
lost cannot be seen; and a list that fits on a page does not show how long a page is.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

from django.db import models, transaction

from . import live
from .literals import literals_of
from .paths import paths_of
from .readable import readable
from .seeding import instance

_LONGEST = 200  # of a page that is filled
_HEAD, _HEADS = (
    30,
    1200,
)  # the most that code takes the first of, for which rows are made; where their numbers begin
# By every column the first added row comes before the rows there are, and the second one behind the first: no order of a
# column is that of the keys then, nor its reverse.
_FIRST, _SECOND = 91, 98


def spread(labels: list[str]) -> int:
    """Add two rows to every table of the models ``labels`` that has any; returns how many were made."""
    from django.apps import apps
    from django.contrib.auth import get_user_model

    made = 0
    for model in (apps.get_model(label) for label in labels):
        if not model._meta.managed or model._meta.proxy or model is get_user_model():
            continue
        if not model._base_manager.exists():
            continue
        for number, word in ((_FIRST, "Aa"), (_SECOND, "zz")):
            # Beside the first row, behind the same related rows, unless a pair of them may be there once only.
            made += add(model, number, word, _beside(model)) or any(
                add(model, number - step, word, {}) for step in range(6)
            )
    return made


def fill_pages(operations: list[dict[str, Any]], people: list[Any]) -> int:
    """Rows for lists whose page is longer than the table; returns how many were made. They belong to the first of
    ``people`` where they belong to somebody: many a list has only one's own."""
    made = 0
    for operation in operations:
        if operation["method"] != "GET" or operation["parameters"]:
            continue
        view = live.view_of(operation, operation["path"])
        paginator = getattr(view, "paginator", None)
        sizes = [
            getattr(paginator, n, None) for n in ("page_size", "default_limit", "max_page_size", "max_limit")
        ]
        size = max((n for n in sizes if isinstance(n, int) and n <= _LONGEST), default=0)
        model = live.model_of(view, operation) if size else None
        if model is None:
            continue
        owner = {f.name: people[0].user for f in _of_users(model)} if people else {}
        if people:
            view.request.user = people[0].user
        made += _fill(view, model, size + 2, 200 + made, owner)
    return made


def _fill(view: Any, model: Any, wanted: int, number: int, owner: dict[str, Any]) -> int:
    """Rows of ``model`` until ``view`` lists ``wanted``; how many were made, of twice as many at most. ``number``: the first one's."""
    made = 0
    # What the view lists is the dear part: it is asked again when as many are made as were missing, for not all need show.
    while made < 2 * wanted and (missing := wanted - _listed(view, model)) > 0:
        for _ in range(min(missing, 2 * wanted - made)):
            if not add(model, number + made, "", owner):
                return made
            made += 1
    return made


def fill_heads(labels: list[str], operations: list[dict[str, Any]]) -> int:
    """Rows for code that takes the first few of a table (``[:10]``) which has no more; returns how many were made."""
    made = 0
    for model, most in literals_of(roots_of(operations)).heads.items():
        if model._meta.label not in labels or most > _HEAD:
            continue
        for number in range(_HEADS, _HEADS + 2 * most):
            if model._base_manager.count() >= most + 2 or not add(model, number, "", {}):
                break
            made += 1
    return made


def roots_of(operations: list[dict[str, Any]]) -> list[Any]:
    """The classes of views, of their serializers and permissions, that ``operations`` begin in."""
    roots: dict[Any, None] = {}
    for operation in operations:
        path = paths_of(operation, None, ("", ""), random.Random(0))[0][1]
        view = live.view_of(operation, path)
        if view is not None:
            roots.update(dict.fromkeys([type(view), getattr(view, "serializer_class", None)]))
            roots.update(dict.fromkeys(live.listed(view, "permission_classes")))
    return [root for root in roots if root is not None]


def _listed(view: Any, model: Any) -> int:
    """How many rows the view's list has without parameters; of its table where it does not say."""
    try:
        return int(view.filter_queryset(view.get_queryset()).count())
    except Exception:  # noqa: BLE001 - it is the project's code
        return int(model._base_manager.count())


def _of_users(model: Any) -> list[Any]:
    from django.contrib.auth import get_user_model

    user = get_user_model()
    return [
        f for f in model._meta.concrete_fields
        if isinstance(f, models.ForeignKey) and f.related_model is user and not f.unique
    ]  # fmt: skip


def _beside(model: Any) -> dict[str, Any]:
    """The related rows of the first row."""
    found = readable(model._base_manager.order_by("pk"), 1)
    keys = [f.name for f in model._meta.concrete_fields if isinstance(f, models.ForeignKey) and not f.unique]
    return {name: getattr(found[0], name) for name in keys} if found else {}


def add(model: Any, number: int, word: str, relations: dict[str, Any]) -> bool:
    """Whether a row could be made. ``word`` goes in front of its texts; its moments follow its number."""
    given = dict(relations)
    for field in model._meta.concrete_fields if word else ():
        if (
            type(field) in (models.CharField, models.TextField)
            and not field.choices
            and not field.validators[1:]
        ):
            # Of whose row it is is told too: rows of two models may be shown in each other's place.
            text, most = f"{word} {model.__name__} {field.name} {number}", field.max_length
            given[field.name] = (
                text if not most or len(text) <= most else f"{word} {field.name} {number}"[:most]
            )
    try:
        with transaction.atomic():
            row = instance(model, number, given)
            stamps = {
                field.name: _moment(field, number)
                for field in model._meta.concrete_fields
                if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
            }
            if word and stamps:
                model._base_manager.filter(pk=row.pk).update(**stamps)
    except Exception:  # noqa: BLE001 - a row that cannot be made is left out
        return False
    return True


def _moment(field: Any, number: int) -> Any:
    """Long ago, the earlier the smaller the number."""
    from django.conf import settings

    moment = dt.datetime(2001, 1, 1, 12, tzinfo=dt.UTC if settings.USE_TZ else None) + dt.timedelta(
        days=number
    )
    if isinstance(field, models.DateTimeField):
        return moment
    return moment.date() if isinstance(field, models.DateField) else moment.time()
