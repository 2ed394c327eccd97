"""A call in the legacy source, its arguments evaluated on demand and in order."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.translate.interp.value import Val
from segue.translate.kinds import (
    Const,
    KeywordDict,
    Keywords,
    NoArguments,
    PositionalArguments,
    UrlArguments,
    ValidatedData,
)

if TYPE_CHECKING:
    from segue.translate.interp.frame import Frame


@dataclass(slots=True)
class CallSite:
    """``args``/``kwargs`` are the evaluated arguments; ``raw_args``/``raw_kwargs`` their nodes.

    ``*`` and ``**`` arguments refuse unless the rule reads :attr:`double_star` itself. ``on_related``: it is a method of a related
    manager (``author.books.create(…)``), and not of a queryset that one gave (``author.books.all().create(…)``).
    """

    frame: Frame
    node: ast.Call
    name: str
    _args: list[Val] | None = None
    _kwargs: dict[str, Val] | None = None
    double_star: list[ast.expr] = field(default_factory=list)
    given_args: list[Val] | None = None
    passed_on: Keywords | None = None
    on_related: bool = False

    @property
    def raw_args(self) -> list[ast.expr]:
        """Positional argument nodes."""
        return [a for a in self.node.args if not (isinstance(a, ast.Starred) and self._empty(a))]

    @property
    def raw_kwargs(self) -> dict[str, ast.expr]:
        """Keyword argument nodes by name, ``**`` left out."""
        return {k.arg: k.value for k in self.node.keywords if k.arg is not None}

    @property
    def args(self) -> list[Val]:
        """Positional arguments."""
        if self._args is None:
            found: list[Val] = []
            for arg in self.raw_args:
                if isinstance(arg, ast.Starred):
                    found.extend(self._known(arg))
                else:
                    found.append(self.frame.eval(arg))
            self._args = found
        return self._args

    def _known(self, arg: ast.Starred) -> tuple[Val, ...]:
        """What ``*args`` of a function written into its caller stands for."""
        kind = self.frame.eval(arg.value).kind if isinstance(arg.value, ast.Name) else None
        if not isinstance(kind, PositionalArguments):
            raise self.frame.refuse(
                "star-argument", ast.unparse(self.node), "A * argument hides what is passed.", arg
            )
        return kind.values

    def _empty(self, arg: ast.Starred) -> bool:
        """``*args`` of a view's method."""
        return isinstance(arg.value, ast.Name) and isinstance(self.frame.eval(arg.value).kind, NoArguments)

    @property
    def kwargs(self) -> dict[str, Val]:
        """Keyword arguments; ``**mapping`` refuses unless it folds to known keys."""
        if self._kwargs is None:
            found: dict[str, Val] = {}
            for keyword in self.node.keywords:
                if keyword.arg is None and self._keywords(keyword.value) is not None:
                    self.passed_on = self._keywords(keyword.value)
                elif keyword.arg is None:
                    found.update(self._spread(keyword.value))
                else:
                    found[keyword.arg] = self.frame.eval(keyword.value)
            self._kwargs = found
        return self._kwargs

    def _keywords(self, node: ast.expr) -> Keywords | None:
        """``**kwargs`` of a view's method."""
        if not isinstance(node, ast.Name):
            return None
        kind = self.frame.eval(node).kind
        return kind if isinstance(kind, Keywords) else None

    def _spread(self, node: ast.expr) -> dict[str, Val]:
        if isinstance(node, ast.Dict) and all(
            isinstance(k, ast.Constant) and isinstance(k.value, str) for k in node.keys
        ):
            return {
                str(k.value): self.frame.eval(v)
                for k, v in zip(node.keys, node.values, strict=True)
                if isinstance(k, ast.Constant)
            }
        if isinstance(node, ast.Dict):
            found: dict[str, Val] = {}
            for key, value in zip(node.keys, node.values, strict=True):
                if key is None:
                    found.update(self._spread(value))
                    continue
                folded = self.frame.eval(key)
                if not (isinstance(folded.kind, Const) and isinstance(folded.kind.value, str)):
                    raise self.frame.refuse(
                        "dynamic-keywords", ast.unparse(node), "A keyword's name is computed.", key
                    )
                found[folded.kind.value] = self.frame.eval(value)
            return found
        spread = self.frame.eval(node)
        if isinstance(spread.kind, KeywordDict):
            return dict(spread.kind.entries)
        if isinstance(spread.kind, UrlArguments):
            from segue.translate.rules.url_arguments import url_entries

            return url_entries(self.frame, spread, node)
        if isinstance(spread.kind, ValidatedData):
            from segue.translate.views.certain_values import certain_entries

            entries = certain_entries(self.frame, node)
            if entries is not None:
                return entries
        from segue.translate.interp.known_keys import entries as entries_of

        known = entries_of(self.frame, node, spread)
        if known is not None:
            return known
        raise self.frame.refuse(
            "dynamic-keywords", ast.unparse(node), "Keyword arguments come from a mapping.", node
        )

    def argument(self, position: int, keyword: str = "") -> Val | None:
        """The argument at ``position`` or called ``keyword``; ``None`` when not given."""
        if position < len(self.args):
            return self.args[position]
        return self.kwargs.get(keyword) if keyword else None

    def only(self, *keywords: str, at_most: int = 99) -> None:
        """Refuse arguments that the rule does not know."""
        extra = [k for k in self.kwargs if k not in keywords]
        if extra or len(self.args) > at_most:
            raise self.frame.refuse(
                "call-arguments",
                ast.unparse(self.node),
                f"Segue does not know {', '.join(extra) or 'these arguments'} of {self.name}.",
                self.node,
            )
