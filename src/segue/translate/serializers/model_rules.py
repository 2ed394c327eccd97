"""What ``full_clean`` is told of a model: a constant with the facts of its fields and which sets of them no two rows share.

Source: ``django.db.models.base.Model.clean_fields``, ``_get_unique_checks`` and ``get_constraints`` (Django 4.2 to 5.2).
"""

from __future__ import annotations

import ast

from segue.refusal import Refused, refuse
from segue.snapshot.model import Model, ModelField, SerializerField
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.lift import Lifted, app_of, lift
from segue.translate.interp.constants import value_of
from segue.translate.interp.frame import Frame
from segue.translate.kinds import Scalar
from segue.translate.language import BRIDGE, given, says, vary, written
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import column_kind, snake, target_field
from segue.translate.models.conversions import TEXTS, at_home, first_of, self_of_field
from segue.translate.models.countries import is_country
from segue.translate.models.money import is_currency, is_money
from segue.translate.models.phones import is_phone
from segue.translate.query.build import root_of
from segue.translate.query.compile import Compiler, repeats
from segue.translate.query.grouping import crosses
from segue.translate.query.ir import Query
from segue.translate.query.where import Leaf, Node
from segue.translate.rules.introspection import has_value
from segue.translate.serializers.code import Text, value_text
from segue.translate.serializers.facts import framework, overridden, override_place
from segue.translate.serializers.model_checks import check_text
from segue.translate.serializers.synthetic import in_validation
from segue.translate.serializers.validators import validator_of
from segue.translate.versions import since

MODULE = "segue_bridge.schema.cleaning"
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


def model_rules(frame: Frame, model: Model) -> Text:
    """The constant with what the model says of its fields. Raises ``Refused``."""
    ctx = frame.ctx
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
    imports = {Import(MODULE, "FieldRules"), Import(MODULE, "ModelRules")}
    lines = [
        _field(frame, model, item, imports)
        for item in model.fields
        if has_value(item) and not (item.primary_key and item.base.rpartition(".")[2] in _AUTO)
    ]
    constant = f"{snake(model.cls.rpartition('.')[2]).upper()}_RULES"
    label, needed = written(ctx, model.verbose_name, model.lazy_name, model.where, model.label)
    imports |= needed
    parts = [label, f"fields=({', '.join(lines)},)" if lines else "fields=()"]
    named = [*model.unique_together, *(item.fields for item in model.constraints)]
    columns = {name for names in named for name in names} - {f.name for f in model.fields}
    if columns:  # Django asks in other cases then: what is left out is told by the names of fields
        raise _refused(model, f"What is unique is named by a column ({', '.join(sorted(columns))}).")
    unique = [*model.unique_together, *((f.name,) for f in model.fields if _is_unique(f))]
    if unique:
        parts.append(f"unique={tuple(tuple(names) for names in unique)!r}")
    constraints = _constraints(ctx, model, imports)
    if constraints:
        parts.append(f"constraints=({', '.join(constraints)},)")
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


def _constraints(ctx: Context, model: Model, imports: set[Import]) -> list[str]:
    found = []
    for item in model.constraints:
        if item.kind == "check":
            text = check_text(ctx, model, item, lambda why: _refused(model, why))
            imports |= text.imports
            found.append(text.text)
            imports.add(Import(MODULE, "Check"))
            continue
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
        found.append(repr(tuple(item.fields)))
    return found


# What Django fills in, by the code of the message.
_FILLED = {
    "null": (),
    "blank": (),
    "invalid_choice": ("%(value)s", "%(value)r"),
    "unique": ("%(model_name)s", "%(field_label)s"),
}


def _messages(frame: Frame, model: Model, item: ModelField, imports: set[Import]) -> list[str]:
    """``"unique": "Taken."`` of ``error_messages``. Raises ``Refused`` for messages that stand for those of validators."""
    found = []
    own = item.options.get("error_messages")
    for key, value in own.pairs if own is not None else ():
        code = str(key.data)
        message = given(frame.ctx, value, "", item.where, item.name)
        rest = str(value.data)
        for part in _FILLED.get(code, ()):
            rest = rest.replace(part, "")
        if code not in _FILLED or message is None or (_FILLED[code] and "%" in rest):
            raise _refused(model, f"Segue does not use the message for {code} that {item.name} has.", item)
        imports |= message[1]
        found.append(f"{code!r}: {message[0]}")
    if own is not None and own.kind != "dict":
        raise _refused(model, f"The field {item.name} has error messages of its own.", item)
    return found


def _field(frame: Frame, model: Model, item: ModelField, imports: set[Import]) -> str:
    ctx = frame.ctx
    base = item.base.rpartition(".")[2]
    if base not in _FIELDS or not item.base.startswith("django.db.models."):
        raise _refused(model, f"Segue does not know how {item.name} ({base}) validates its values.", item)
    if is_phone(ctx, item) or is_country(ctx, item) or is_money(item) or is_currency(item):
        raise _refused(model, f"Segue does not know how {item.name} validates its values here.", item)
    if not framework(item.cls):
        for method_name in _FIELD_METHODS:
            if method_name not in ("to_python", "validate") and overridden(ctx, item.cls, method_name):
                raise _refused(model, f"The field {item.name} validates its values itself.", item)
    dated = [key for key in item.options if key.startswith("unique_for_")]
    if dated or item.db_default.kind != "empty":
        raise _refused(model, f"Segue does not know how Django validates {item.name}.", item)
    if item.relation is not None and item.default.kind not in ("empty", "const"):
        raise _refused(model, f"The default of {item.name} may be a row that is not there.", item)
    if base == "DecimalField" and item.default.kind == "const" and item.default.data is not None:
        raise _refused(model, f"The default of {item.name} is no Decimal.", item)
    label, needed = written(ctx, item.verbose_name, item.lazy_name, item.where, item.name)
    imports |= needed
    parts = [repr(item.name), label]
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
    messages = _messages(frame, model, item, imports)
    if messages and not framework(item.cls) and overridden(ctx, item.cls, "validate"):
        raise _refused(model, f"The field {item.name} has error messages of its own.", item)
    if messages:
        parts.append(f"messages={{{', '.join(messages)}}}")
    if item.relation is not None:
        parts.append(f"row={_row(frame, model, item, imports)}")
    for keyword, method_name in (("convert", "to_python"), ("validate", "validate")):
        dotted = "" if framework(item.cls) else overridden(ctx, item.cls, method_name)
        if dotted:
            lifted = _own_method(ctx, model, item, dotted)
            imports |= lifted.imports
            parts.append(f"{keyword}={lifted.name}")
    return f"FieldRules({', '.join(parts)})"


def _row(frame: Frame, model: Model, item: ModelField, imports: set[Import]) -> str:
    """``Row(Tool.id, "…", limit)``. Raises ``Refused``."""
    ctx = frame.ctx
    assert item.relation is not None
    target = ctx.model(item.relation.to)
    if target.base_manager or target.proxy:
        raise _refused(
            model, f"The manager that looks for the row behind {item.name} may leave rows out.", item
        )
    saved, frame.imports = frame.imports, set()
    try:
        limit = _limit(frame, model, item)
        cls, imported = entity_type(ctx, target.label)
        imports |= {*frame.imports, imported, Import(MODULE, "Row")}
    finally:
        frame.imports = saved
    key = target_field(ctx, item)
    # Another text since Django 5.2.
    said = "is not a valid choice" if since(ctx.snapshot.versions.django, 5, 2) else "does not exist"
    text = f"%(model)s instance with %(field)s %(value)r {said}."
    if vary(ctx):
        if "{" in target.verbose_name or "}" in target.verbose_name:
            raise _refused(model, "The name of a related model has braces.", item)
        label, needed = written(ctx, target.verbose_name, target.lazy_name, target.where, target.label)
        imports |= needed | {Import(BRIDGE, "gettext_lazy"), Import(MODULE, "VALUE")}
        code = f"gettext_lazy({says(ctx, text)!r}).filled(model={label}, field={key.name!r}, value=VALUE)"
    else:
        missing = f"{target.verbose_name} instance with {key.name} {{}} {said}."
        code = repr(missing.replace("{", "{{").replace("}", "}}").replace("{{}}", "{}"))
    parts = [f"{cls}.{key.attname}", code]
    return f"Row({', '.join([*parts, *([limit] if limit else [])])})"


def _limit(frame: Frame, model: Model, item: ModelField) -> str:
    """The condition of ``limit_choices_to``; '' for none. Only on columns of the related model itself."""
    given = item.options.get("limit_choices_to")
    if given is None or (given.kind == "dict" and not given.pairs):
        return ""
    assert item.relation is not None
    label = item.relation.to
    if given.kind != "dict":
        raise _refused(
            model, f"Segue cannot write down what the rows behind {item.name} are limited to.", item
        )
    leaves = []
    for key, value in given.pairs:
        found = value_of(frame, value)
        if found is None or not isinstance(key.data, str):
            raise _refused(
                model, f"Segue cannot write down what the rows behind {item.name} are limited to.", item
            )
        leaves.append(Leaf(key.data, found, ast.Pass(lineno=1, col_offset=0)))
    tree = Node("AND", tuple(leaves))
    if crosses(frame, label, tree) or repeats(frame, label, tree):
        raise _refused(model, f"The rows behind {item.name} are limited by related objects.", item)
    condition = Compiler(frame, Query(label), root_of(frame, label)).tree(tree)
    return "" if condition is None else ast.unparse(condition)


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


__all__ = ["MODULE", "model_rules"]
