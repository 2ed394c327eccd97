"""Querysets written as class attributes: ``queryset = Article.objects.select_related("author")``."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace

from segue.snapshot.model import GlobalRef, Where
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Manager, QuerySet
from segue.translate.query.at_import import check_at_import


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


__all__ = ["from_source"]
