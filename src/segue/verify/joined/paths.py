"""Paths that lead to objects of different owners, and paths that lead nowhere."""

from __future__ import annotations

import itertools
import random
import re
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from .readable import readable

Labelled = tuple[str, str]
# An optional group with one argument of a few values: ``^/api/(?:(?P<version>(1.0|1.1))/)?…``.
_OPTIONAL = re.compile(
    r"\^(?P<start>[\w/-]*)\(\?:(?P<before>[\w/-]*)"
    r"\(\?P<\w+>\(?(?P<values>[\w.\\|-]+)\)?\)(?P<after>[\w/-]*)\)\?"
)
_NAMED = 4  # models that a key without a name of its own may be of
_ENDINGS = ("_id", "_pk", "_uuid", "_slug", "_name", "_key")


def paths_of(
    operation: dict[str, Any],
    model: Any,
    lookup: tuple[str, str],
    pick: random.Random,
    named: Iterable[Any] = (),
) -> list[Labelled]:
    """(label, path): existing objects first. ``lookup`` is the view's (url kwarg, field). ``named``: models that its code names."""
    parameters = [p for p in operation["parameters"] if "{" + p["name"] + "}" in operation["path"]]
    if len(parameters) < len(operation["parameters"]):
        plain = {**operation, "parameters": parameters}
        return _with_optional(operation, paths_of(plain, model, lookup, pick, named))
    if not parameters:
        return [("existing", operation["path"])]
    rows = _of_rows(parameters, model, lookup) or _of_columns(parameters, model, lookup, pick, list(named))
    out = [("existing", fill(operation, values)) for values in rows]
    base = list(rows[0]) if rows else [missing(p) for p in parameters]
    if not out:
        out.append(("missing", fill(operation, base)))
    for index, parameter in enumerate(parameters):
        for what, value in (
            ("missing", missing(parameter)), ("odd", "zzz"), ("zero", "0"), ("huge", "9" * 20), ("space", "a b"),
            ("padded", f"0{base[index]}"), ("upper", str(base[index]).upper()), ("negative", "-1"),
        ):  # fmt: skip
            if value != base[index]:
                changed = [*base[:index], value, *base[index + 1 :]]
                out.append((f"{what} {parameter['name']}", fill(operation, changed)))
    return out


def _with_optional(operation: dict[str, Any], paths: list[Labelled]) -> list[Labelled]:
    """The same paths and those with the URL's optional part: a version of the API, every one it has."""
    found = _OPTIONAL.match(operation["regex"])
    if found is None or not operation["path"].startswith(found["start"]):
        return paths
    start, existing = found["start"], [path for label, path in paths if label == "existing"]
    out = list(paths)
    for value in found["values"].split("|"):
        part = f"{start}{found['before']}{value.replace(chr(92), '')}{found['after']}"
        out += [("existing", part + path[len(start) :]) for path in existing[:3] or [paths[0][1]]]
    return out


def fill(operation: dict[str, Any], values: Any) -> str:
    """The path with its parameters replaced."""
    path: str = operation["path"]
    for parameter, value in zip(operation["parameters"], values, strict=True):
        path = path.replace("{" + parameter["name"] + "}", quote(str(value), safe="@:+"))
    return path


def missing(parameter: dict[str, Any]) -> str:
    """A value of the right form that no object has."""
    return str(uuid.UUID(int=1)) if parameter["converter"] == "uuid" else "987654"


def _of_rows(parameters: list[Any], model: Any, lookup: tuple[str, str]) -> list[list[str]]:
    """Values that belong together, taken from rows of ``model``: its key, its relations' keys."""
    if model is None:
        return []
    names = [_by_slug(model, p, _expression(model, p["name"], lookup)) for p in parameters]
    if not all(names):
        return []
    out: list[list[str]] = []
    for keys in chosen(model):
        try:
            found = readable(model._base_manager.filter(pk=keys).values_list(*names), 1)
        except Exception:  # noqa: BLE001 - a name that is no column after all
            return []
        values = found[0] if found else None
        if values is not None and all(v not in (None, "") for v in values):
            text = [str(v) for v in values]
            if text not in out:
                out.append(text)
    return out


def chosen(model: Any, most: int = 16) -> list[Any]:
    """Keys of a few rows: first, last, one for each relation to it (with rows that just this one ties to it), and
    such that every two states of its columns come together: of an owner, a choice, true and false, NULL and not."""
    rows = model._base_manager.order_by("pk")
    keys = [
        *readable(rows.values_list("pk", flat=True), 3),
        *readable(rows.reverse().values_list("pk", flat=True), 2),
    ]
    keys += [k for k in _held(model, rows) if k is not None]
    return list(dict.fromkeys([*keys, *_paired(model, rows, most)]))[:most]


def _paired(model: Any, rows: Any, most: int) -> list[Any]:
    """Keys of rows by which, one after the other, most pairs of states are seen for the first time."""
    from django.contrib.auth import get_user_model
    from django.db.models import BooleanField

    columns, known = [], []
    for field in model._meta.concrete_fields:
        whole = (
            bool(field.choices) or isinstance(field, BooleanField) or field.related_model is get_user_model()
        )
        if not field.primary_key and (whole or field.null):
            columns.append(field.attname)
            known.append(whole)
    if not columns:
        return []
    wanted = rows.values_list("pk", *columns)
    found = [*readable(wanted, 80), *readable(wanted.reverse(), 80)]
    states = {}
    for key, *values in found:
        shown = [
            (i, repr(v) if whole else v is None)  # a choice may be a list (django-multiselectfield)
            for i, (v, whole) in enumerate(zip(values, known, strict=True))
        ]
        states[key] = {*itertools.combinations(shown, 2), *((s, s) for s in shown)}
    out: list[Any] = []
    while states and len(out) < most:
        best = max(states, key=lambda key: len(states[key]))
        seen = states.pop(best)
        if not seen:
            break
        out.append(best)
        states = {key: pairs - seen for key, pairs in states.items()}
    return out


def _held(model: Any, rows: Any) -> list[Any]:
    """Keys of rows that nothing refers to, and of those that rows of one relation only refer to (the last of each:
    those were made for it)."""
    names = [r.field.related_query_name() for r in model._meta.related_objects if not r.hidden][:8]
    out = []
    for wanted in (None, *names) if names else ():
        conditions = {f"{name}__isnull": name != wanted for name in names}
        try:
            out.append(rows.filter(**conditions).values_list("pk", flat=True).last())
        except Exception:  # noqa: BLE001 - a relation of a kind that cannot be asked for
            continue
    return out


def _expression(model: Any, name: str, lookup: tuple[str, str]) -> str:
    """A column or relation path of ``model`` that a URL argument stands for; ''."""
    kwarg, field = lookup
    if name in (kwarg, "pk"):
        return field or "pk"
    names = {f.name: f for f in model._meta.get_fields() if not f.auto_created or f.concrete}
    if name in names:
        return name
    for ending in _ENDINGS:
        stem = name.removesuffix(ending)
        if stem != name and stem in names and names[stem].is_relation:
            return f"{stem}__pk" if ending in ("_id", "_pk") else f"{stem}__{ending[1:]}"
    for ending in ("_id", "_pk"):  # ``comment_id`` of a ``PatchComment``
        stem = name.removesuffix(ending)
        if stem != name and model._meta.model_name.endswith(stem.replace("_", "")):
            return "pk"
    return "pk" if name == "id" else ""


def _by_slug(model: Any, parameter: dict[str, Any], expression: str) -> str:
    """``event__slug`` for the relation ``event`` in ``<slug:event>``: a key is no slug where the other model has one."""
    if parameter["converter"] != "slug" or "__" in expression or not expression:
        return expression
    field = next((f for f in model._meta.concrete_fields if f.name == expression and f.is_relation), None)
    slug = _slug(field.related_model) if field is not None else ""
    return f"{expression}__{slug}" if slug else expression


def _slug(model: Any) -> str:
    """The column of a model that stands for it in URLs; '' where none does by its class or name."""
    from django.db.models import SlugField

    found = [f.name for f in model._meta.concrete_fields if isinstance(f, SlugField) and f.unique]
    return found[0] if found else next((f.name for f in model._meta.concrete_fields if f.name == "slug"), "")


def _of_columns(
    parameters: list[Any], model: Any, lookup: tuple[str, str], pick: random.Random, named: list[Any]
) -> list[list[str]]:
    """Each argument on its own: a model that its name points at, or columns so called."""
    columns = [_candidates(p, model, lookup, named) for p in parameters]
    if not all(columns):
        return []
    found = [list(values) for values in itertools.islice(itertools.product(*columns), 40)]
    pick.shuffle(found)
    return found[:8]


def _candidates(
    parameter: dict[str, Any], model: Any, lookup: tuple[str, str], named: list[Any]
) -> list[str]:
    from django.apps import apps

    name = parameter["name"]
    if model is not None:
        expression = _expression(model, name, lookup)
        if expression:
            return _values(model, _by_slug(model, parameter, expression))
    stem = name
    for ending in _ENDINGS:
        stem = stem.removesuffix(ending)
    for candidate in apps.get_models():
        if candidate.__name__.lower() == stem.replace("_", ""):
            ending = name.removeprefix(stem).strip("_")
            slug = _slug(candidate) if parameter["converter"] == "slug" else ""
            field = ending if ending in {f.name for f in candidate._meta.concrete_fields} else slug or "pk"
            return _values(candidate, field)
    out: list[str] = []
    if name in ("pk", "id", "uuid", "slug"):
        for candidate in named[:_NAMED]:
            field = name if name in {f.name for f in candidate._meta.concrete_fields} else "pk"
            out += [value for value in _values(candidate, field)[:6] if _fits(value, parameter)]
    if out:
        return list(dict.fromkeys(out))
    for candidate in apps.get_models():
        if any(f.name == name for f in candidate._meta.concrete_fields):
            out += _values(candidate, name)[:3]
    return out


def _fits(value: str, parameter: dict[str, Any]) -> bool:
    """Whether the URL's converter takes it."""
    form = {"int": r"[0-9]+", "uuid": r"[0-9a-f-]{36}", "slug": r"[-\w]+"}.get(parameter["converter"])
    return form is None or re.fullmatch(form, value) is not None


def _values(model: Any, field: str) -> list[str]:
    try:
        values = readable(model._base_manager.order_by("pk").values_list(field, flat=True), 8)
    except Exception:  # noqa: BLE001 - a name that is no column after all
        return []
    return [str(v) for v in values if v not in (None, "")]
