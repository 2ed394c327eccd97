"""Refusals that come from other packages: named as such, and placed where the project uses the package.

What stops a translation inside of a package (``unknown-call`` five calls deep) tells its owner nothing about what to
do. Such a refusal becomes ``package-<distribution>``, at the project's own line.
"""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from segue.refusal import Refusal, Refused, Use
from segue.snapshot.model import GlobalRef, Where
from segue.translate.packages.known import BY_MODULE, PREFIX, normal

if TYPE_CHECKING:
    from segue.translate.context import Context
    from segue.translate.interp.frame import Frame

_FRAMEWORKS = frozenset({"own", "django", "drf", "stdlib"})
_OURS = frozenset({"django", "rest_framework", "builtins"})
# Refusals that name a class or a decorator by its dotted path, in what they show or in why.
_NAMING_CLASSES = (
    "authentication", "decorator", "field-", "filter", "override-", "pagination", "parser", "permission", "policy-class",
    "throttle", "validator", "view-decorator",
)  # fmt: skip
_DOTTED = re.compile(r"(?<![\w.])([A-Za-z_]\w*)(?:\.\w+)+")


def used(frame: Frame, node: ast.expr, refused: Refused) -> Refused:
    """``refused`` with what the project's code at ``node`` uses of another package, if that is what is refused."""
    refusal = refused.refusal
    if refusal.use is not None or _is_elsewhere(frame.function.where.file):
        return refused
    first: ast.expr = node
    while isinstance(first, ast.Attribute | ast.Call):
        first = first.value if isinstance(first, ast.Attribute) else first.func
    if not isinstance(first, ast.Name) or first.id in frame.env:
        return refused
    names = frame.function.globals
    called = ast.unparse(node.func) if isinstance(node, ast.Call) else ast.unparse(node)
    found = (names.get(text) for text in (called, first.id))
    dotted = next((d for ref in found if ref is not None and (d := _theirs(frame.ctx, ref, refusal))), "")
    if not dotted:
        return refused
    return Refused(replace(refusal, use=Use(dotted, ast.unparse(node), frame.where(node))))


def attribute_use(ctx: Context, cls: str, attr: str, text: str, where: Where) -> Use | None:
    """What a class of the project holds of another package under ``attr`` (``history = HistoricalRecords()``), read
    by the project's code at ``where``."""
    if _is_elsewhere(where.file):
        return None
    known = ctx.snapshot.classes.get(cls)
    held = known.attributes.get(attr) if known is not None else None
    if held is None or not distribution(ctx, held.value.name):
        return None
    return Use(held.value.name, text, where)


def explained(ctx: Context, refusal: Refusal, place: Where) -> Refusal:
    """``refusal`` as it is shown: one that comes from another package names it. ``place`` is the view's."""
    use = refusal.use
    if use is not None:
        found = distribution(ctx, use.dotted)
        where = use.where
        construct = use.construct
    else:
        found = _of_file(ctx, refusal.file)
        where = place
        construct = refusal.construct
        if not found and refusal.code.startswith(_NAMING_CLASSES):
            found = _of_text(ctx, refusal.construct) or _of_text(ctx, refusal.why)
            where = Where(refusal.file, refusal.line)
    if not found or found in _FRAMEWORKS:
        return replace(refusal, use=None)
    inner = f"{refusal.construct}: {refusal.why}" if refusal.construct != construct else refusal.why
    if refusal.file != where.file:
        inner = f"{inner.rstrip('.')}, {refusal.place.rpartition('/site-packages/')[2]}"
    version = _versions(ctx).get(normal(found), "")
    name = f"{found} {version}".strip()
    why = f"This is {name}, which Segue does not translate here ({inner.rstrip('.')})."
    return Refusal(PREFIX + normal(found), construct, why, where.file, where.line)


def distribution(ctx: Context, dotted: str) -> str:
    """The distribution of a dotted name, '' for the project's own, Django's, DRF's and Python's."""
    root = dotted.partition(".")[0]
    if not root or root in _OURS or root in sys.stdlib_module_names:
        return ""
    found = _roots(ctx).get(root, "")
    if found in _FRAMEWORKS:
        return ""
    if not found and root in BY_MODULE:
        found = BY_MODULE[root].distribution
    return found or _spelled(ctx).get(normal(root), "")


def _theirs(ctx: Context, ref: GlobalRef, refusal: Refusal) -> str:
    """The dotted name in another package behind a global of the project; '' if there is none."""
    if distribution(ctx, ref.name):
        return ref.name
    if ref.kind == "instance" and ref.value is not None and distribution(ctx, ref.value.name):
        return ref.value.name
    known = ctx.snapshot.classes.get(ref.name)
    if known is not None and refusal.code == "unknown-call":
        return next((base for base in known.mro if distribution(ctx, base)), "")
    return ""


def _roots(ctx: Context) -> dict[str, str]:
    """Top-level module → distribution, of every class that the snapshot has."""
    found = ctx.memo.get(("packages", "roots"))
    if found is None:
        found = {name.partition(".")[0]: known.origin for name, known in ctx.snapshot.classes.items()}
        ctx.memo[("packages", "roots")] = found
    assert isinstance(found, dict)
    return found


def _spelled(ctx: Context) -> dict[str, str]:
    return {normal(name): name for name in ctx.snapshot.versions.packages}


def _versions(ctx: Context) -> dict[str, str]:
    return {normal(name): version for name, version in ctx.snapshot.versions.packages.items()}


def _is_elsewhere(file: str) -> bool:
    """Files of the project are shown relative to its root."""
    return PurePosixPath(file).is_absolute()


def _of_file(ctx: Context, file: str) -> str:
    if not _is_elsewhere(file) or "/site-packages/" not in file:
        return ""
    root = PurePosixPath(file.rpartition("/site-packages/")[2]).parts[0].removesuffix(".py")
    return distribution(ctx, root)


def _of_text(ctx: Context, text: str) -> str:
    return next((name for m in _DOTTED.finditer(text) if (name := distribution(ctx, m[1]))), "")
