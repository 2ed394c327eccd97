"""Querysets written as class attributes: ``queryset = Article.objects.select_related("author")``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from segue.snapshot.model import Class, Function, GlobalRef, Where
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Manager, QuerySet
from segue.translate.query.at_import import check_at_import
from segue.translate.query.build import model_queryset

# Names that a class body uses beside the models; bound by name because the snapshot gives
# the source of an attribute but not its globals.
_KNOWN = {
    n: GlobalRef("class", f"django.db.models.{n}")
    for n in (
        "Q",
        "F",
        "Count",
        "Sum",
        "Avg",
        "Min",
        "Max",
        "Exists",
        "OuterRef",
        "Subquery",
        "Value",
        "Case",
        "When",
    )
}
_KNOWN["models"] = GlobalRef("module", "django.db.models")


def attribute_globals(ctx: Context, cls: Class | None, model: str = "") -> dict[str, GlobalRef]:
    """What the names in a class body are: the globals of the class's own methods, models by class name."""
    found: dict[str, GlobalRef] = dict(_KNOWN)
    by_name: dict[str, list[str]] = {}
    for item in ctx.snapshot.models.values():
        by_name.setdefault(item.cls.rpartition(".")[2], []).append(item.cls)
    for name, classes in by_name.items():
        if len(classes) == 1:
            found[name] = GlobalRef("model", classes[0])
    if model:
        dotted = ctx.model(model).cls
        found[dotted.rpartition(".")[2]] = GlobalRef("model", dotted)
        app = dotted.rpartition(".")[0].rpartition(".")[2]
        found.setdefault(f"{app}.{dotted.rpartition('.')[2]}", GlobalRef("model", dotted))
        found.setdefault(f"models.{dotted.rpartition('.')[2]}", GlobalRef("model", dotted))
    if cls is not None:
        module = cls.name.rpartition(".")[0]
        for function in ctx.snapshot.functions.values():
            if function.name.startswith(module + "."):
                found.update(function.globals)
    return found


def from_source(frame: Frame, source: str, names: Mapping[str, GlobalRef], where: Where | None = None) -> Val:
    """The queryset of an expression's source text, its names being ``names``.

    Raises :class:`segue.refusal.Refused` when it is not a queryset that can be written.
    """
    text = source.strip()
    if "=" in text.split("(")[0]:
        text = text.partition("=")[2].strip()
    inner = replace(
        frame.function,
        globals={**names},
        where=where or frame.function.where,
        source=text,
    )
    was, env = frame.function, frame.env
    frame.function, frame.env = inner, {}
    try:
        try:
            node = ast.parse(f"({text})", mode="eval").body
        except SyntaxError:
            raise frame.refuse(
                "queryset-source", text[:60], "Segue cannot read the attribute's source."
            ) from None
        value = frame.eval(node)
        if isinstance(value.kind, Manager):
            from segue.translate.rules.managers import start

            return start(frame, value, node)
        if not isinstance(value.kind, QuerySet):
            raise frame.refuse("queryset-source", text[:60], "The attribute is not a queryset.", node)
        check_at_import(frame, value, text[:60])
        return value
    finally:
        frame.function, frame.env = was, env


__all__ = ["Function", "attribute_globals", "from_source", "model_queryset"]
