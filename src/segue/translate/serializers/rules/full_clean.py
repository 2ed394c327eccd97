"""``instance.full_clean(exclude)``: Django's validation of a model, from the facts of its fields.

What ``full_clean`` does in order is the bridge's (:mod:`segue_bridge.schema.cleaning`); here stands what the model says of its
fields, and its own ``clean``. A foreign key's row is not asked for again: the database holds that it is there.
"""

from __future__ import annotations

import ast
import textwrap
from dataclasses import replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Function, Model, ModelField, SerializerField
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.invoke import lifted_call, receiver_name
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Const, Instance, Needs, Scalar
from segue.translate.load.models import column_kind, concrete, snake
from segue.translate.models.conversions import TEXTS, at_home, first_of, self_of_field
from segue.translate.rules.introspection import has_value
from segue.translate.rules.registry import method
from segue.translate.serializers.code import Text, value_text
from segue.translate.serializers.facts import framework, overridden, override_place
from segue.translate.serializers.synthetic import in_validation
from segue.translate.serializers.validators import validator_of

_MODULE = "segue_bridge.schema.cleaning"
_METHODS = (
    "full_clean", "clean_fields", "validate_constraints", "unique_error_message", "date_error_message",
    "_get_unique_checks", "_perform_unique_checks", "_perform_date_checks", "get_constraints", "serializable_value",
)  # fmt: skip
_FIELD_METHODS = ("clean", "validate", "run_validators", "to_python", "validators", "get_choices")
# Their values come out of ``to_python`` as they are; ``None`` stands for fields with no code of their own for a code ``invalid``.
_FIELDS = frozenset(
    {
        "CharField", "TextField", "SlugField", "EmailField", "URLField", "BooleanField", "IntegerField", "BigIntegerField",
        "SmallIntegerField", "PositiveIntegerField", "PositiveBigIntegerField", "PositiveSmallIntegerField", "FloatField",
        "DecimalField", "DateField", "DateTimeField", "TimeField", "DurationField", "UUIDField", "JSONField", "FileField",
        "ImageField", "ForeignKey", "OneToOneField", "FilePathField",
    }
)  # fmt: skip
_AUTO = frozenset({"AutoField", "BigAutoField", "SmallAutoField"})
# Fields whose own texts replace those of validators with the same code.
_INVALID = frozenset(_FIELDS - {"CharField", "TextField", "SlugField", "EmailField", "URLField", "FileField"})
_OWN_CODE = ("Matches(", "ValidEmail(", "ValidUrl(", "ValidIp(", "NoNull(")


@method(Instance, "full_clean")
def full_clean(frame: Frame, owner: Val, call: CallSite) -> Val | None:
    """``instance.full_clean(exclude, validate_unique, validate_constraints)``; a model's own is lifted as any method."""
    kind = owner.kind
    assert isinstance(kind, Instance)
    model = concrete(frame.ctx, kind.model)
    if overridden(frame.ctx, model.cls, "full_clean"):
        return None
    call.only("exclude", "validate_unique", "validate_constraints", at_most=3)
    if not isinstance(owner.node, ast.Name) or kind.nullable or kind.mode != "entity":
        raise frame.refuse(
            "full-clean", ast.unparse(call.node), "Segue does not know which object is cleaned.", call.node
        )
    if not frame.ctx.memo.get(("kernel", "in-validation")):
        raise frame.refuse(
            "full-clean", ast.unparse(call.node), "Its errors are answered by validation only.", call.node
        )
    rules = model_rules(frame.ctx, model)
    frame.use(*rules.imports)
    made = ast.Call(frame.imported(_MODULE, "clean_entity"), [frame.db, owner.node, name(rules.text)], [])
    exclude = call.argument(0, "exclude")
    if exclude is not None and not (isinstance(exclude.kind, Const) and exclude.kind.value is None):
        if exclude.node is None:
            raise frame.refuse(
                "full-clean", ast.unparse(call.node), "exclude= has no form in the generated code.", call.node
            )
        made.keywords.append(ast.keyword("exclude", exclude.node))
    for keyword, own in (("clean", _own_clean(frame, model)), ("validate_unique", _own_unique(frame, model))):
        if own is None:
            continue
        awaited = lifted_call(frame, own, [owner.node])
        pending = awaited.value if isinstance(awaited, ast.Await) else awaited
        nothing = ast.arguments([], [], None, [], [], None, [])
        made.keywords.append(ast.keyword(keyword, ast.Lambda(nothing, pending)))
    for position, (keyword, wanted) in enumerate(
        (("validate_unique", "unique"), ("validate_constraints", "constraints")), 1
    ):
        given = call.argument(position, keyword)
        if given is None:
            continue
        if not isinstance(given.kind, Const) or not isinstance(given.kind.value, bool):
            raise frame.refuse(
                "full-clean", ast.unparse(call.node), f"{keyword} is decided at run time.", call.node
            )
        if not given.kind.value:
            made.keywords.append(ast.keyword(wanted, ast.Constant(False)))
    frame.is_async = True
    frame.forget(owner.node.id)
    return Val(Const(None), ast.Await(made))


def _own_clean(frame: Frame, model: Model) -> Lifted | None:
    """The model's ``clean``, for an object whose related ones Django has in memory as somebody left them."""
    known = frame.ctx.snapshot.classes.get(model.cls)
    dotted = known.methods.get("clean", "") if known is not None else ""
    if not dotted or dotted == "django.db.models.base.Model.clean":
        return None
    function = frame.ctx.snapshot.functions.get(dotted)
    if function is None or framework(dotted):
        raise refuse("model-clean", dotted, "full_clean() calls it, and it is not translated.", model.where)
    return _lifted(frame, model, function, "clean")


def _own_unique(frame: Frame, model: Model) -> Lifted | None:
    """What a ``validate_unique`` of the model's does after ``super().validate_unique(exclude)``, which must be its first statement."""
    dotted = overridden(frame.ctx, model.cls, "validate_unique")
    if not dotted:
        return None
    function = frame.ctx.snapshot.functions.get(dotted)
    known = frame.ctx.snapshot.classes.get(model.cls)
    others = [
        cls
        for cls in (known.mro if known is not None else ())
        if f"{cls}.validate_unique" in frame.ctx.snapshot.functions and f"{cls}.validate_unique" != dotted
    ]
    rest = _after_super(function) if function is not None and not others else None
    if function is None or rest is None:
        raise refuse(
            "full-clean", dotted, "It does more than to go on from super().validate_unique(exclude).",
            function.where if function is not None else model.where,
        )  # fmt: skip
    return _lifted(frame, model, replace(function, source=rest), "validate_unique")


def _after_super(function: Function) -> str | None:
    """The source with ``pass`` in place of the call; None for any other form."""
    source = textwrap.dedent(function.source)
    tree = ast.parse(source).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or len(tree.args.args) != 2:
        return None
    exclude = tree.args.args[1].arg
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    if not body or ast.unparse(body[0]) not in (
        f"super().validate_unique({exclude})",
        f"super().validate_unique(exclude={exclude})",
    ):
        return None
    used = {n.id for statement in body[1:] for n in ast.walk(statement) if isinstance(n, ast.Name)}
    if used & {exclude, "super"}:
        return None
    lines = source.splitlines()
    first, last = body[0].lineno, body[0].end_lineno or body[0].lineno
    lines[first - 1 : last] = [" " * body[0].col_offset + "pass", *[""] * (last - first)]
    return "\n".join(lines)


def _lifted(frame: Frame, model: Model, function: Function, stem: str) -> Lifted:
    kind = Instance(
        model.label, Needs(model.label, written=True, told=function.where, live=True, copied=True), "entity"
    )
    receiver = Val(kind, name(receiver_name(frame, kind)))
    with in_validation(frame.ctx):
        return lift(
            frame.ctx, function, self_kind=receiver, module_kind="validation", app=model.app,
            name=f"{stem}_{snake(model.cls.rpartition('.')[2])}",
        )  # fmt: skip


def model_rules(ctx: Context, model: Model) -> Text:
    """The constant with what the model says of its fields. Raises ``Refused``."""
    memo = ctx.memo.get(("model-rules", model.label))
    if isinstance(memo, Text):
        return memo
    for item in _METHODS:
        found = overridden(ctx, model.cls, item)
        if found:
            raise refuse(
                "full-clean", found, "The model changes how Django validates it.", override_place(ctx, found, model.where)
            )  # fmt: skip
    if model.parents:
        raise _refused(model, "Models of several tables are not validated here.")
    manager = model.managers.get(model.default_manager, "")
    if manager and overridden(ctx, manager, "get_queryset"):
        raise _refused(model, "Its default manager chooses which rows are asked for the same values.")
    imports = {Import(_MODULE, "FieldRules"), Import(_MODULE, "ModelRules")}
    lines = [
        _field(ctx, model, item, imports)
        for item in model.fields
        if has_value(item) and not (item.primary_key and item.base.rpartition(".")[2] in _AUTO)
    ]
    constant = f"{snake(model.cls.rpartition('.')[2]).upper()}_RULES"
    parts = [repr(model.verbose_name), f"fields=({', '.join(lines)},)" if lines else "fields=()"]
    unique = [*model.unique_together, *((f.name,) for f in model.fields if _is_unique(f))]
    if unique:
        parts.append(f"unique={tuple(tuple(names) for names in unique)!r}")
    constraints = _constraints(model)
    if constraints:
        parts.append(f"constraints={constraints!r}")
    module = ctx.module(model.app, "schemas")
    code = f"{constant} = ModelRules({', '.join(parts)})"
    module.add(Decl(constant, code, frozenset(imports), 5, Origin(model.cls, model.where)))
    prunable(ctx, module.path, constant)
    made = Text(constant, {Import(ctx.import_path(model.app, "schemas"), constant)})
    ctx.memo[("model-rules", model.label)] = made
    return made


def _is_unique(item: ModelField) -> bool:
    """Is the field asked for by itself? A key that the database numbers is never given, and always left out by Django as None."""
    numbered = item.primary_key and item.base.rpartition(".")[2] in _AUTO
    return has_value(item) and item.unique and not numbered


def _constraints(model: Model) -> tuple[tuple[str, ...], ...]:
    found = []
    for item in model.constraints:
        if (
            item.kind != "unique"
            or item.condition is not None
            or item.sql
            or item.expressions
            or not item.fields
        ):
            raise _refused(model, f"Its constraint {item.name} is more than a set of unique columns.")
        if item.message or item.nulls_distinct is False:
            raise _refused(model, f"Its constraint {item.name} has a message or NULLs of its own.")
        found.append(tuple(item.fields))
    return tuple(found)


def _field(ctx: Context, model: Model, item: ModelField, imports: set[Import]) -> str:
    base = item.base.rpartition(".")[2]
    if base not in _FIELDS or not item.base.startswith("django.db.models."):
        raise _refused(model, f"Segue does not know how {item.name} ({base}) validates its values.", item)
    if not framework(item.cls):
        for method_name in _FIELD_METHODS:
            if method_name not in ("to_python", "validate") and overridden(ctx, item.cls, method_name):
                raise _refused(model, f"The field {item.name} validates its values itself.", item)
    if "error_messages" in item.options:
        raise _refused(model, f"The field {item.name} has error messages of its own.", item)
    dated = [key for key in item.options if key.startswith("unique_for_")]
    if dated or item.db_default.kind != "empty":
        raise _refused(model, f"Segue does not know how Django validates {item.name}.", item)
    if item.relation is not None and ("limit_choices_to" in item.options or not item.relation.db_constraint):
        raise _refused(model, f"Django asks for the row behind {item.name} again, under a condition.", item)
    if item.relation is not None and item.default.kind not in ("empty", "const"):
        raise _refused(model, f"The default of {item.name} may be a row that is not there.", item)
    if base == "DecimalField" and item.default.kind == "const" and item.default.data is not None:
        raise _refused(model, f"The default of {item.name} is no Decimal.", item)
    parts = [repr(item.name), repr(item.verbose_name)]
    if item.attname != item.name:
        parts.append(f"column={item.attname!r}")
    parts += [f"{key}=True" for key in ("blank", "null") if getattr(item, key)]
    if not item.editable:
        parts.append("editable=False")
    if item.choices:
        parts.append(f"choices={_choices(model, item, imports)}")
    elif "choices" in item.options:
        raise _refused(model, f"The choices of {item.name} are not known.", item)
    validators = _validators(ctx, model, item, base, imports)
    if validators:
        parts.append(f"validators=({', '.join(validators)},)")
    for keyword, method_name in (("convert", "to_python"), ("validate", "validate")):
        dotted = "" if framework(item.cls) else overridden(ctx, item.cls, method_name)
        if dotted:
            lifted = _own_method(ctx, model, item, dotted)
            imports |= lifted.imports
            parts.append(f"{keyword}={lifted.name}")
    return f"FieldRules({', '.join(parts)})"


def _own_method(ctx: Context, model: Model, item: ModelField, dotted: str) -> Lifted:
    """``to_python`` or ``validate`` of the field's own class, as a function of the value."""
    function = ctx.snapshot.functions.get(dotted)
    if (
        function is None
        or (item.choices and dotted.endswith(".validate"))
        or item.base.rpartition(".")[2] not in TEXTS
    ):
        raise _refused(model, f"The field {item.name} validates its values itself.", item)
    with in_validation(ctx), at_home(ctx, "validators"):
        lifted = lift(
            ctx, function, self_kind=self_of_field(ctx, item), arguments={first_of(function, item): Scalar("Any")},
            module_kind="validators", app=app_of(ctx, function),
            name=f"{snake(item.cls.rpartition('.')[2])}_{dotted.rpartition('.')[2]}",
        )  # fmt: skip
    if lifted.state or lifted.is_async or len(lifted.explicit) != 1:
        raise _refused(model, f"The field {item.name} asks for more than the value.", item)
    return lifted


def _choices(model: Model, item: ModelField, imports: set[Import]) -> str:
    texts = []
    for key, shown in item.choices:
        if shown.kind in ("list", "tuple"):
            raise _refused(model, f"The choices of {item.name} stand in groups.", item)
        found = value_text(key, item.where, item.name)
        imports |= found.imports
        texts.append(found.text)
    return f"({', '.join(texts)},)"


def _validators(ctx: Context, model: Model, item: ModelField, base: str, imports: set[Import]) -> list[str]:
    kind = column_kind(ctx, item)
    given = SerializerField(item.name, item.cls, item.base, item.name, item.where)
    texts: list[str] = []
    for value in item.validators:
        made = validator_of(ctx, given, value, kind)
        if isinstance(made, Lifted):
            if made.state or made.is_async:
                raise _refused(model, f"A validator of {item.name} asks for more than the value.", item)
            imports |= made.imports
            texts.append(made.name)
            continue
        if base in _INVALID and made.text.startswith(_OWN_CODE):
            raise _refused(model, f"The field {item.name} replaces the text of its validator.", item)
        imports |= made.imports
        texts.append(made.text)
    if texts and base in ("FileField", "ImageField"):
        raise _refused(model, f"The validators of {item.name} look at stored files.", item)
    return texts


def _refused(model: Model, why: str, item: ModelField | None = None) -> Refused:
    return refuse(
        "full-clean", f"{model.cls.rpartition('.')[2]}.full_clean", why, item.where if item else model.where
    )


__all__ = ["full_clean", "model_rules"]
