"""Fields with a ``to_internal_value`` of the project's own: lifted, with the field as ``self``.

``Field.run_validation`` of DRF deals with absent and null values itself (``CharField.run_validation`` with blank ones), calls
``field.to_internal_value(data)`` for all else with what was sent, and gives the result to the validators. The write model keeps
the input as it was sent (``as_sent=True``), the conversion stands in the validation function.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function, SerializerField
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance, Kind, ListOf, Scalar
from segue.translate.models.money import SERIALIZER_FIELD as MONEY
from segue.translate.rules import registry
from segue.translate.serializers.facts import (
    FIELD_INPUT,
    FIELD_OUTPUT,
    base_name,
    const,
    field_refusal,
    framework,
    function_of,
    overridden,
)
from segue.translate.serializers.own_field import parameters_of, self_of, stem_of
from segue.translate.serializers.phones import is_phone_field
from segue.translate.serializers.synthetic import call_lifted, in_validation

# Nothing of DRF's stands between the input and to_internal_value of these, but what CharField does to blank text.
_TEXTS = frozenset({"CharField", "EmailField", "URLField", "RegexField", "SlugField"})
CONVERTING = _TEXTS | frozenset(
    {
        "Field", "JSONField", "UUIDField", "IntegerField", "BigIntegerField", "FloatField", "DecimalField", "DateTimeField",
        "DateField", "TimeField", "DurationField",
    }
)  # fmt: skip
RELATED = frozenset({"PrimaryKeyRelatedField", "SlugRelatedField"})
# What a constructor may call besides classes: nothing whose result changes from one request to the next.
_STEADY = frozenset(
    {"str", "int", "bool", "tuple", "list", "dict", "set", "frozenset", "len", "sorted", "isinstance"}
)
_TRANSLATED = ("django.utils.translation.",)
_ON_KEYWORDS = frozenset(
    {"setdefault", "pop", "get", "update", "format", "append", "extend", "items", "keys", "copy"}
)


def converts_itself(ctx: Context, item: SerializerField) -> bool:
    """Whether the field's class says itself what the value of its input is, in a way that is followed here."""
    one = _one(item)
    if is_phone_field(ctx, one) or one.cls == MONEY:
        return False
    return base_name(one) in CONVERTING | RELATED and bool(overridden(ctx, one.cls, "to_internal_value"))


def _one(item: SerializerField) -> SerializerField:
    """The field that converts: of a relation to many its child, once for each item."""
    return item.child if base_name(item) == "ManyRelatedField" and item.child is not None else item


def converted_kind(ctx: Context, item: SerializerField) -> Kind:
    """What the validated value is. Raises ``Refused``."""
    lifted = _lifted(Frame(ctx, _function(ctx, item), app_of(ctx, _function(ctx, item))), item)
    found = lifted.returns
    if base_name(_one(item)) in RELATED:
        one = _one(item)
        if (
            not isinstance(found, Instance)
            or found.mode != "entity"
            or found.model != one.queryset_model
            or found.nullable
        ):
            raise field_refusal(
                item, "field-input", f"Segue does not see that it gives an object of {one.queryset_model}."
            )
        if item.default.kind != "empty":
            raise field_refusal(item, "field-input", "It has a default beside what it makes of its input.")
        return ListOf(found) if item.many else Instance(found.model, found.site, found.mode, item.allow_null)
    if isinstance(found, Instance):
        plain = (
            item.default.kind == "empty" and not item.allow_null and not _blank(item) and not found.nullable
        )
        return found if plain and found.mode == "entity" else Scalar("Any")
    if not isinstance(found, Scalar):
        return Scalar("Any")
    others = ["str"] if _blank(item) else []
    if item.default.kind in ("const", "lazy") and item.default.data is not None:
        others.append(type(item.default.data).__name__)
    elif item.default.kind not in ("empty", "const"):
        others.append(item.default.kind)
    null = found.nullable or item.allow_null or (item.default.kind == "const" and item.default.data is None)
    return Scalar(found.type, null) if all(other == found.type for other in others) else Scalar("Any")


def conversion_lines(frame: Frame, item: SerializerField) -> None:
    """``form["x"] = parse_x(form["x"])``. Raises ``Refused``."""
    lifted = _lifted(frame, item)
    target = f"form[{item.name!r}]"
    if base_name(item) == "ManyRelatedField":
        one = frame.fresh("item")
        text = f"[{call_lifted(frame, lifted, one)} for {one} in {target}]"
        frame.emit_block(f"with form.converted({item.name!r}):", [f"{target} = {text}"])
        return
    frame.emit_block(
        f"with form.converted({item.name!r}):", [f"{target} = {call_lifted(frame, lifted, target)}"]
    )
    if isinstance(lifted.returns, Instance) and base_name(item) in _TEXTS:
        _object_lines(frame, item, lifted.returns)


def _object_lines(frame: Frame, item: SerializerField, kind: Instance) -> None:
    """The validators of a text field look at the text of the object that its conversion gives."""
    if base_name(item) != "CharField" or len(item.validators) != 2:
        raise field_refusal(item, "field-input", "Its validators are given an object of a model.")
    local = frame.fresh(stem_of(item))
    frame.env[local] = Val(kind, name(local))
    with frame.capture() as captured:
        shown = frame.eval(ast.parse(f"str({local})", mode="eval").body)
        lines = list(captured)
    assert shown.node is not None
    frame.use(Import("segue_bridge.schema.validators", "NoNull"))
    target = f"form[{item.name!r}]"
    frame.emit_block(
        f"if form.parsed({item.name!r}):",
        [f"{local} = {target}", *lines, f"with form.check({item.name!r}):", f"    NoNull()({shown.text})"],
    )


def _function(ctx: Context, item: SerializerField) -> Function:
    item = _one(item)
    function = function_of(ctx, overridden(ctx, item.cls, "to_internal_value"))
    if function is None or len(parameters_of(function)) != 2:
        raise field_refusal(item, "field-input", "Segue cannot follow what it makes of its input.")
    return function


def _blank(item: SerializerField) -> bool:
    given = item.kwargs.get("allow_blank")
    return given is not None and given.data is not False


def _lifted(frame: Frame, item: SerializerField) -> Lifted:
    registry.discover()
    item = _one(item)
    function = _function(frame.ctx, item)
    with in_validation(frame.ctx):
        return lift(
            frame.ctx, function, self_kind=self_of(frame, item), arguments={parameters_of(function)[1]: Scalar("Any")},
            module_kind="validation", app=app_of(frame.ctx, function), name=f"parse_{stem_of(item)}",
        )  # fmt: skip


def steady_init(ctx: Context, item: SerializerField) -> bool:
    """Whether each ``__init__`` of the project's makes the same of the same arguments whenever DRF copies the field
    (``Field.__deepcopy__`` calls it again for every request), so that the field is what the probe saw."""
    known = ctx.snapshot.classes.get(item.cls)
    for cls in known.mro if known is not None else ():
        dotted = f"{cls}.__init__"
        if framework(cls) or (dotted not in ctx.snapshot.functions and not _defines(ctx, cls)):
            continue
        function = ctx.snapshot.functions.get(dotted)
        if function is None or not _is_steady(ctx, function):
            return False
    return True


def _defines(ctx: Context, cls: str) -> bool:
    other = ctx.snapshot.classes.get(cls)
    return other is not None and other.methods.get("__init__", "") == f"{cls}.__init__"


def _is_steady(ctx: Context, function: Function) -> bool:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return False
    own = tree.args.args[0].arg if tree.args.args else ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and not _steady_call(ctx, function, node):
            return False
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own:
            if node.attr in ("context", "parent", "root"):
                return False
            if isinstance(node.ctx, ast.Store) and node.attr in (FIELD_INPUT | FIELD_OUTPUT):
                return False
    return True


def _steady_call(ctx: Context, function: Function, node: ast.Call) -> bool:
    called = ast.unparse(node.func)
    if called.startswith("super("):
        return called.endswith(").__init__")
    if called == "super" or called in _STEADY:
        return True
    known = function.globals.get(called) or function.globals.get(called.partition(".")[0])
    if known is not None:
        dotted = known.name + (
            called[len(called.partition(".")[0]) :] if called not in function.globals else ""
        )
        return dotted.startswith(_TRANSLATED) or _class_name(dotted) or _steady_class(ctx, dotted)
    return isinstance(node.func, ast.Attribute) and node.func.attr in _ON_KEYWORDS


def _steady_class(ctx: Context, dotted: str) -> bool:
    """A class whose objects are made alike each time, as far as its constructors can be read; its methods are not."""
    known = ctx.snapshot.classes.get(dotted)
    if known is None or any(base.startswith("django.") for base in known.mro):
        return False
    key = ("steady class", dotted)
    if key not in ctx.memo:
        ctx.memo[key] = False  # until it is known: a constructor may reach itself
        made = [known.methods[name] for name in ("__new__", "__init__") if name in known.methods]
        functions = [ctx.snapshot.functions.get(name) for name in made]
        ctx.memo[key] = all(f is not None and _is_steady(ctx, f) for f in functions)
    return bool(ctx.memo[key])


def _class_name(dotted: str) -> bool:
    return (
        dotted.startswith(("django.core.validators.", "rest_framework."))
        and dotted.rpartition(".")[2][:1].isupper()
    )


def unfollowed(ctx: Context, item: SerializerField) -> frozenset[str]:
    """Methods that a field's class must leave to DRF."""
    followed = set()
    if converts_itself(ctx, item):
        followed.add("to_internal_value")
    if overridden(ctx, item.cls, "__init__") and steady_init(ctx, item):
        followed.add("__init__")
    if const(item.kwargs.get("queryset_by_class"), False):
        followed.add("get_queryset")  # every row of the model, as the probe saw it
    return FIELD_INPUT - followed


__all__ = ["CONVERTING", "conversion_lines", "converted_kind", "converts_itself", "steady_init", "unfollowed"]
