"""A model's own ``save``: what it does before ``super().save(...)`` becomes a function, called where Django would save, and so
does what it does behind it (:mod:`segue.translate.rules.save_behind`).

Only the shape that most have is followed: statements on ``self``, then ``super().save(...)`` with the arguments as they came,
exactly once and in no branch. An early ``return`` (nothing is saved) and a look at the arguments are refused.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Collection
from dataclasses import replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function
from segue.translate.context import Context
from segue.translate.functions.lift import lift
from segue.translate.functions.record import record_of
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call
from segue.translate.interp.value import Val, name, quote
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, field_of, snake
from segue.translate.models.polymorphic import SAVE, is_polymorphic
from segue.translate.models.time_stamps import keeps_a_switch
from segue.translate.needs import Needs
from segue.translate.rules.named_fields import saved_whole
from segue.translate.rules.own_attributes import is_own_attribute
from segue.translate.rules.quiet_save import does_nothing
from segue.translate.rules.replaced_files import emit as emit_watched
from segue.translate.rules.replaced_files import watched_columns
from segue.translate.rules.retried_save import emit as emit_leaving
from segue.translate.rules.retried_save import wanted_columns
from segue.translate.rules.save_behind import carried_over, hands_on

_ARGUMENTS = ("force_insert", "force_update", "using", "update_fields")
# AbstractBaseUser has a save as well: it tells validators of a new password, which is followed where one is set.
_DJANGO = "django."
_TAG = "taggit.models.TagBase"
_TOKEN_SAVE = "rest_framework.authtoken.models.Token.save"
GIVE_KEY = ("segue_bridge.auth.backend", "give_key")


def gives_key(ctx: Context, label: str) -> bool:
    """Is it DRF's ``Token``, whose ``save`` makes a key where there is none?"""
    known = ctx.snapshot.classes.get(ctx.model(label).cls)
    return known is not None and known.methods.get("save", "") == _TOKEN_SAVE


def saves_as_tag(ctx: Context, label: str) -> bool:
    """Is it a tag of django-taggit, whose ``save`` gives a new one its slug, and does nothing else?"""
    known = ctx.snapshot.classes.get(ctx.model(label).cls)
    strips = ctx.snapshot.settings.values.get("TAGGIT_STRIP_UNICODE_WHEN_SLUGIFYING")
    return (
        known is not None
        and known.methods.get("save", "") == f"{_TAG}.save"
        and known.methods.get("slugify", "") == f"{_TAG}.slugify"
        and (strips is None or not strips.data)
    )


def own_save(ctx: Context, label: str, *, stored: bool = False, files: bool = False) -> Function | None:
    """The body of the model's ``save`` up to ``super().save(...)``; None where ``save`` is Django's. Raises ``Refused``.

    ``stored``: the object has a row. ``files``: one that acts on replaced files is passed over, as :func:`before_save` sees to it.
    """
    known = ctx.snapshot.classes.get(ctx.model(label).cls)
    dotted = known.methods.get("save", "") if known is not None else ""
    if stored and saves_as_tag(ctx, label):
        return None
    if known is None or not dotted or dotted.startswith(_DJANGO) or dotted in (_TOKEN_SAVE, SAVE):
        return None
    function = _function(ctx, label, dotted)
    while function is not None and (
        _is_quiet(ctx, label, function) or (files and watched_columns(ctx, label, function, _goes_on))
    ):
        dotted = _next(ctx, list(known.mro), function.owner)
        if not dotted or dotted.startswith(_DJANGO) or dotted in (_TOKEN_SAVE, SAVE):
            return None
        function = _function(ctx, label, dotted)
    if function is None:
        raise refuse("model-save", dotted, "The snapshot has no source for it.", known.where)
    if files and watched_files(ctx, label):
        raise _refused(
            function, "Another save of the project's, which acts on replaced files, stands beside it."
        )
    behind = (
        list(known.mro)[list(known.mro).index(function.owner) + 1 :] if function.owner in known.mro else []
    )
    for cls in behind:
        other = ctx.snapshot.classes.get(cls)
        if (
            other is not None
            and other.methods.get("save", "") == f"{cls}.save"
            and not cls.startswith(_DJANGO)
            and not ((saved := _function(ctx, label, f"{cls}.save")) and _is_quiet(ctx, label, saved))
        ):
            raise _refused(function, f"It goes on to another save of the project's ({other.where}).")
    return replace(function, source=_body(ctx, label, function))


def _function(ctx: Context, label: str, dotted: str) -> Function | None:
    """A ``save`` as it is run for an object that is saved whole."""
    function = ctx.snapshot.functions.get(dotted)
    return None if function is None else saved_whole(ctx, label, function)


def _is_quiet(ctx: Context, label: str, function: Function) -> bool:
    """Whether it only goes on to the next ``save``."""
    return does_nothing(ctx, label, function, _goes_on) or keeps_a_switch(ctx, function)


def watched_files(ctx: Context, label: str) -> list[tuple[str, ...]]:
    """The columns of files of each ``save`` in the model's MRO that acts on their replacement."""
    known = ctx.snapshot.classes.get(ctx.model(label).cls)
    saves = [_function(ctx, label, f"{cls}.save") for cls in (known.mro if known is not None else ())]
    return [
        columns
        for one in saves
        if one is not None and (columns := watched_columns(ctx, label, one, _goes_on)) is not None
    ]


def tried_again(ctx: Context, label: str) -> tuple[str, ...] | None:
    """``retried_save.wanted_columns``: None where the model's ``save`` does not try again. Saves of serializers alone follow it."""
    if is_polymorphic(ctx.snapshot, concrete(ctx, label)):
        return None
    return wanted_columns(ctx, label, _goes_on)


def _next(ctx: Context, mro: list[str], owner: str) -> str:
    """The definition of ``save`` behind the class ``owner``; '' where the snapshot has none of the project's or a package's."""
    for cls in mro[mro.index(owner) + 1 :] if owner in mro else []:
        known = ctx.snapshot.classes.get(cls)
        if f"{cls}.save" in ctx.snapshot.functions or (
            known is not None and known.methods.get("save") == f"{cls}.save"
        ):
            return f"{cls}.save"
    return ""


def before_save(
    frame: Frame, label: str, instance: ast.expr, *, adding: bool, uploads: Collection[str] = ()
) -> None:
    """Emit the call of what the model's ``save`` does first. ``adding``: the object may have no row yet."""
    columns = tried_again(frame.ctx, label)
    if columns is not None:
        emit_leaving(frame, label, instance, columns)
        return
    for watched in watched_files(frame.ctx, label):
        emit_watched(frame, instance, watched)
    function = own_save(frame.ctx, label, stored=not adding, files=True)
    if adding and is_polymorphic(frame.ctx.snapshot, concrete(frame.ctx, label)):
        _give_class(frame, label, instance)
    if gives_key(frame.ctx, label):
        frame.emit(ast.unparse(quote("{0}({1})", frame.imported(*GIVE_KEY), instance)))
        return
    if function is None:
        return
    if adding:
        _check_unsaved(frame.ctx, label, function)
    model = concrete(frame.ctx, label)
    short = snake(model.cls.rpartition(".")[2])
    kind = Instance(
        label, Needs(label, written=True, told=function.where, live=True, unsaved=set(uploads)), "entity"
    )
    lifted = lift(
        frame.ctx, function, self_kind=Val(kind, name(short)), module_kind="services", app=model.app,
        name=f"prepare_{short}",
    )  # fmt: skip
    lines = record_of(frame.ctx, lifted).lines
    if hands_on(frame, label, lifted, instance):
        return
    if all(line.strip() in ("", "pass", "return", "return None") for line in lines):
        return
    frame.emit(ast.unparse(lifted_call(frame, lifted, [instance])))
    if isinstance(instance, ast.Name):
        frame.forget(instance.id)


def _give_class(frame: Frame, label: str, instance: ast.expr) -> None:
    """``PolymorphicModel.pre_save_polymorphic`` of a new object."""
    from segue.translate.rules.content_types import of_model

    value = ast.Attribute(of_model(frame, label), "id", ast.Load())
    frame.emit(f"{ast.unparse(instance)}.polymorphic_ctype_id = {ast.unparse(value)}")


def _body(ctx: Context, label: str, function: Function) -> str:
    """The source without the call at its end. Raises ``Refused``."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        raise _refused(function, "It is no plain method.")
    *first, last = alive(ctx, label, tree)
    carried: tuple[str, ...] = ()
    if not _goes_on(tree, last):
        at = place_of(tree)
        if at is None:
            raise _refused(function, "It does not call super().save(...) with the arguments as they came.")
        first, last = tree.body[:at], tree.body[at]
        carried = carried_over(function, first, tree.body[at + 1 :])
    given = arguments_of(tree)
    for node in (n for statement in first for n in ast.walk(statement)):
        if isinstance(node, ast.Return):
            raise _refused(function, "It may return before anything is saved.")
        if isinstance(node, ast.Name) and node.id in given:
            raise _refused(function, f"It looks at its argument {node.id}.")
        if isinstance(node, ast.Name) and node.id == "super":
            raise _refused(function, "It calls super() more than once.")
        if isinstance(node, ast.Attribute) and node.attr in ("save", "save_base"):
            raise _refused(function, "It saves something itself.")
    return _cut(function, tree, last, carried)


def alive(ctx: Context, label: str, tree: ast.FunctionDef) -> list[ast.stmt]:
    """The body up to ``super().save(...)``, where what stands behind is done only for objects that code has put an attribute of
    its own on: nothing that is translated does."""
    at = place_of(tree)
    if at is None or at == len(tree.body) - 1:
        return tree.body
    rest, receiver = tree.body[at + 1 :], tree.args.args[0].arg
    held: dict[str, str] = {}
    for statement in rest:
        match statement:
            case ast.Assign([ast.Name(local)], value) if name := _asked(value, receiver):
                held[local] = name
            case ast.If(ast.Name(local), _, []) if local in held:
                if not is_own_attribute(ctx, label, held[local]):
                    return tree.body
            case ast.If(value, _, []) if name := _asked(value, receiver):
                if not is_own_attribute(ctx, label, name):
                    return tree.body
            case _:
                return tree.body
    return tree.body[: at + 1]


def _asked(node: ast.expr, receiver: str) -> str:
    """The attribute that ``getattr(self, "_x", None)`` or ``hasattr(self, "_x")`` asks for; '' for anything else."""
    match node:
        case ast.Call(
            ast.Name("getattr"), [ast.Name(own), ast.Constant(str() as name), ast.Constant(None | False)], []
        ):
            return name if own == receiver else ""
        case ast.Call(ast.Name("hasattr"), [ast.Name(own), ast.Constant(str() as name)], []):
            return name if own == receiver else ""
    return ""


def arguments_of(tree: ast.FunctionDef) -> set[str]:
    """The names of what ``save`` is given besides the object."""
    spec = tree.args
    given = {a.arg for a in [*spec.posonlyargs, *spec.args, *spec.kwonlyargs][1:]}
    return given | {a.arg for a in (spec.vararg, spec.kwarg) if a is not None}


def place_of(tree: ast.FunctionDef) -> int | None:
    """Where ``super().save(...)`` stands as a statement of its own among those of the body."""
    return next((i for i, s in enumerate(tree.body) if isinstance(s, ast.Expr) and _goes_on(tree, s)), None)


def _cut(function: Function, tree: ast.FunctionDef, last: ast.stmt, carried: tuple[str, ...]) -> str:
    """``def save(self):`` with the statements before ``last``, their comments and their line numbers; it gives what is
    ``carried`` over."""
    lines = textwrap.dedent(function.source).splitlines()
    spec = tree.args
    given = [a for a in (*spec.args, *spec.kwonlyargs, spec.vararg, spec.kwarg) if a is not None]
    end = max([tree.lineno, *(a.end_lineno or 0 for a in given)])
    while not lines[end - 1].partition("#")[0].rstrip().endswith(":"):
        end += 1
        if end >= tree.body[0].lineno:
            raise _refused(function, "Its body stands on the line of its name.")
    indent = " " * last.col_offset
    return "\n".join(
        [
            f"def save({spec.args[0].arg}):",
            *[""] * (end - 1),
            *lines[end : last.lineno - 1],
            f"{indent}return {', '.join(carried)}"
            if carried
            else f"{indent}pass"
            if tree.body[0] is last
            else "",
        ]
    )


def _goes_on(tree: ast.FunctionDef, last: ast.stmt) -> bool:
    """Whether ``last`` is ``super().save(...)`` with just what ``save`` itself was given."""
    call = last.value if isinstance(last, ast.Return | ast.Expr) else None
    spec = tree.args
    if not (
        isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "save"
        and isinstance(call.func.value, ast.Call)
        and isinstance(call.func.value.func, ast.Name)
        and call.func.value.func.id == "super"
        and spec.args
    ):
        return False
    named = [a.arg for a in [*spec.args[1:], *spec.kwonlyargs]]
    if any(n not in _ARGUMENTS for n in named):
        return False
    positional = [
        a.value.id for a in call.args if isinstance(a, ast.Starred) and isinstance(a.value, ast.Name)
    ]
    plain = [a.id for a in call.args if isinstance(a, ast.Name)]
    keywords = {k.arg: k.value.id for k in call.keywords if isinstance(k.value, ast.Name)}
    if len(positional) + len(plain) != len(call.args) or len(keywords) != len(call.keywords):
        return False
    spread = keywords.pop(None, None)
    if positional != ([spec.vararg.arg] if spec.vararg else []) or spread != (
        spec.kwarg.arg if spec.kwarg else None
    ):
        return False
    return (
        all(k == v for k, v in keywords.items())
        and plain == list(_ARGUMENTS[: len(plain)])
        and sorted([*plain, *map(str, keywords)]) == sorted(named)
    )


def _check_unsaved(ctx: Context, label: str, function: Function) -> None:
    """Before the INSERT there is no key, nor what the database or a field computes as it is saved."""
    model = concrete(ctx, label)
    plain = {
        text
        for item in model.fields
        if not (item.auto_now or item.auto_now_add) and item.db_default.kind == "empty" and item.name != model.pk
        for text in (item.name, item.attname)
    }  # fmt: skip
    plain |= _asked_for_row(ctx, label)
    tree = ast.parse(function.source).body[0]
    assert isinstance(tree, ast.FunctionDef)
    receiver = tree.args.args[0].arg
    # full_clean() is for objects that may have no row.
    read = {
        id(n.value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and isinstance(n.value, ast.Name) and n.attr in {*plain, "full_clean"}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == receiver and id(node) not in read:
            raise _refused(function, "It uses more of an object without a row than its columns.")


def _asked_for_row(ctx: Context, label: str) -> set[str]:
    """What tells whether the object has a row: its key, None until then, and ``_state``."""
    model = concrete(ctx, label)
    key = field_of(model, model.pk)
    if key is None or key.relation is not None or key.db_default.kind != "empty":
        return {"_state"}
    return {"_state", "pk", key.name, key.attname}


def _refused(function: Function, why: str) -> Refused:
    owner = function.owner.rpartition(".")[2]
    return refuse("model-save", f"{owner}.save", f"Saving the model runs it. {why}", function.where)


__all__ = ["before_save", "own_save", "saves_as_tag", "tried_again", "watched_files"]
