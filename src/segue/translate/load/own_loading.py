"""What a model does when its rows become objects: refused unless it is Django's own, or keeps to itself.

Sources: ``Model.from_db`` and ``Model.__init__`` (called for every row), the signals ``pre_init`` and ``post_init``,
``ForwardManyToOneDescriptor.get_queryset`` and ``ReverseOneToOneDescriptor.get_queryset`` (``_base_manager``).
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Model
from segue.translate.context import Context
from segue.translate.load.models import concrete
from segue.translate.models.polymorphic import is_polymorphic
from segue.translate.redefined import place, redefined

# What other rules translate or refuse where it matters, and Django's checks of the project itself.
_ACCOUNTED = frozenset(
    {
        "save", "delete", "asave", "adelete", "clean", "full_clean", "clean_fields", "validate_unique", "validate_constraints",
        "refresh_from_db", "arefresh_from_db", "check",
    }
)  # fmt: skip
_SIGNALS = ("pre_init", "post_init")
# Packages that note on the object what it was when it came; they change nothing that the project's code reads.
_NOTING = {
    "polymorphic.models.PolymorphicModel.__init__",  # replaces accessors of its parents and children, once
    "mptt.models.MPTTModel.__init__",  # remembers the parent and what it is ordered by
    "model_utils.tracker.FieldTracker.initialize_tracker",
    "django_cleanup.handlers.cache_original_post_init",  # remembers the files
    "imagekit.specs.sourcegroups.ModelSignalRouter.post_init_receiver",  # remembers which fields its specifications are of
}
# Only code that compares objects comes to these; comparing them is refused (``interp.expressions.operators``, ``sorted``).
_COMPARED = {"taggit.models.TagBase.__lt__", "taggit.models.TagBase.__gt__"}
# What a constructor may keep of the row beside its columns: nothing that these write or ask a database.
_QUIET = (
    ast.Attribute, ast.Name, ast.Constant, ast.Load, ast.Tuple, ast.List, ast.Dict, ast.Set, ast.Compare, ast.BoolOp,
    ast.cmpop, ast.boolop, ast.UnaryOp, ast.unaryop, ast.IfExp,
)  # fmt: skip


def check_made(ctx: Context, label: str) -> None:
    """Refuse objects of a model that changes what a row becomes. Raises :class:`Refused`."""
    model = concrete(ctx, label)
    found = ctx.memo.get(("made", model.label))
    if found is None:
        found = ctx.memo[("made", model.label)] = (
            _own(ctx, model) or _told(ctx, model) or _fails(ctx, model) or "plain"
        )
    if isinstance(found, Refused):
        raise found


def _own(ctx: Context, model: Model) -> Refused | None:
    for method, name in redefined(ctx, model.cls, _ACCOUNTED, of="django.db.models.base.Model"):
        if name in _NOTING | _COMPARED or method.startswith("_check_"):
            continue
        function = ctx.snapshot.functions.get(name)
        if method == "__init__" and function is not None and _only_keeps(function, model):
            continue
        return refuse(
            "model-load",
            name,
            "Django uses this of every object of the model by itself; Segue does not know what it changes.",
            place(ctx, name, model.where),
        )
    return None


def _told(ctx: Context, model: Model) -> Refused | None:
    family = {other.label for other in ctx.snapshot.models.values() if concrete(ctx, other.label) == model}
    family |= {ctx.snapshot.models[label].cls for label in family}
    for receiver in ctx.snapshot.receivers:
        if receiver.signal.rpartition(".")[2] not in _SIGNALS or receiver.sender not in ("", *family):
            continue
        if receiver.function.startswith("django.") or receiver.function in _NOTING:
            continue
        return refuse(
            "signals",
            receiver.function,
            f"It is called for every row of {model.label} that becomes an object.",
            receiver.where,
        )
    return None


def _fails(ctx: Context, model: Model) -> Refused | None:
    """A field of the project's own whose ``from_db_value`` raises: Django calls it for every row, whether the column is shown or not."""
    for item in model.fields:
        cls = ctx.snapshot.classes.get(item.cls)
        name = cls.methods.get("from_db_value", "") if cls is not None else ""
        function = ctx.snapshot.functions.get(name)
        if function is not None and re.search(r"^\s*raise\b", function.source, re.MULTILINE):
            return refuse(
                "model-load",
                name,
                f"It may fail for every row of {model.label} that Django loads, whether {item.name} is shown or not.",
                item.where,
            )
    return None


def _only_keeps(function: Function, model: Model) -> bool:
    """``super().__init__(*args, **kwargs)``, then attributes that are no fields, from what the object has."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef):
        return False
    fields = {name for f in model.fields for name in (f.name, f.attname)}
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if not body or not ast.unparse(body[0]).endswith(".__init__(*args, **kwargs)"):
        return False
    for statement in body[1:]:
        if not isinstance(statement, ast.Assign):
            return False
        for target in statement.targets:
            if not (
                isinstance(target, ast.Attribute)
                and isinstance(target.value, ast.Name)
                and target.value.id == "self"
                and target.attr not in fields
            ):
                return False
        if not all(isinstance(n, _QUIET) for n in ast.walk(statement.value)):
            return False
    return True


def check_base(ctx: Context, label: str) -> None:
    """Refuse to follow a relation to a model whose ``base_manager_name`` leaves rows out: Django looks the object up there."""
    from segue.translate.query.related_sets import shows_all

    check_no_proxy(ctx, label)
    model = ctx.model(label)
    if model.base_manager and not is_polymorphic(ctx.snapshot, model):
        shows_all(ctx, label, model.base_manager)


def check_no_proxy(ctx: Context, label: str) -> None:
    """Refuse objects of a proxy: its methods, signals, permissions and name are not those of the model behind it."""
    model = ctx.model(label)
    if model.proxy:
        raise refuse("proxy", label, "Proxy models are not translated.", model.where)
