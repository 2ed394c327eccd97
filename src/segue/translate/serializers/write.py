"""Input of a serializer: the write model and its ``validate_x`` function.

The order is DRF's (``Serializer.run_validation``): per field shape, look-ups, validators,
``validate_<field>``; errors of fields end it; then the serializer's validators; then ``validate``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.refusal import refuse
from segue.snapshot.model import Serializer, SerializerField, Value
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.interp.frame import Frame, Parameter
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Instance, Kind, SerializerSelf, ValidatedData
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, snake
from segue.translate.models.polymorphic import is_polymorphic
from segue.translate.serializers.by_view import own_context, view_key, view_of
from segue.translate.serializers.checks import serializer_checks
from segue.translate.serializers.defaults import computed_default, model_default
from segue.translate.serializers.facts import (
    FIELD_INPUT,
    WRITE_DRIVERS,
    app_label,
    base_name,
    check_drivers,
    check_field,
    error_key,
    field_refusal,
    identifier,
    rest_setting,
    serializer_of,
    short,
    stem,
)
from segue.translate.serializers.hooks import field_hook, whole_hook
from segue.translate.serializers.initial import optional_on_update
from segue.translate.serializers.interface import Writer
from segue.translate.serializers.left_fields import left_fields, why_left
from segue.translate.serializers.lookups import lookup_lines, unique_lines
from segue.translate.serializers.made import as_a_field
from segue.translate.serializers.own_driving import DRIVEN, finish, finishes, overrides, prepare
from segue.translate.serializers.own_fields import OwnFields, field_set, own_fields
from segue.translate.serializers.own_input import conversion_lines, converts_itself
from segue.translate.serializers.own_list import check_list_class, method_of
from segue.translate.serializers.polymorphic import chooses_by_class
from segue.translate.serializers.polymorphic_write import polymorphic_writer
from segue.translate.serializers.rules_text import Rules, add_validators, rules_of
from segue.translate.serializers.show import NESTED
from segue.translate.serializers.synthetic import Recipe, call_lifted, compose
from segue.translate.serializers.use import Use
from segue.translate.serializers.validators import Validators, validators_of
from segue.translate.serializers.values import value_kind, written

UNSET = Import("segue_bridge.schema.unset", "UNSET")
# Names that Pydantic's BaseModel and WriteModel use themselves.
RESERVED = frozenset(
    {
        "collect",
        "error_key",
        "invalid_text",
        "bound_fields",
        "copy",
        "json",
        "dict",
        "schema",
        "schema_json",
        "construct",
        "validate",
        "parse_obj",
        "parse_raw",
        "parse_file",
        "from_orm",
        "update_forward_refs",
        "model_config",
        "model_fields",
        "model_computed_fields",
        "model_extra",
        "model_fields_set",
        "model_construct",
        "model_copy",
        "model_dump",
        "model_dump_json",
        "model_json_schema",
        "model_parametrized_name",
        "model_post_init",
        "model_rebuild",
        "model_validate",
        "model_validate_json",
        "model_validate_strings",
    }
)


def writer(ctx: Context, serializer_name: str) -> Writer:
    """Emit the write model and the validation function. Raises ``Refused``."""
    key = (serializer_name, view_key(ctx, serializer_name))
    memo = ctx.memo.get(("writer", key))
    if isinstance(memo, Writer):
        return memo
    serializer = serializer_of(ctx, serializer_name)
    if chooses_by_class(ctx, serializer_name):
        chosen = ctx.memo[("writer", key)] = polymorphic_writer(ctx, serializer, writer)
        return chosen
    check_drivers(ctx, serializer, WRITE_DRIVERS - set(DRIVEN))
    builder = _Builder(ctx, serializer, app_label(ctx, serializer))
    made = builder.run()
    ctx.memo[("writer", key)] = made
    return made


@dataclass(slots=True)
class _Field:
    item: SerializerField
    rules: Rules | None
    validators: Validators
    nested: Writer | None = None


@dataclass(slots=True)
class _Builder:
    ctx: Context
    serializer: Serializer
    app: str
    fields: list[_Field] = field(default_factory=list)

    @property
    def model_name(self) -> str:
        return f"{stem(self.ctx, self.serializer)}Write"

    def run(self) -> Writer:
        self.fields = [self._field(item) for item in self.serializer.fields if not item.read_only]
        self._declare()
        model = Import(self.ctx.import_path(self.app, "schemas"), self.model_name)
        lifted = compose(
            self.ctx,
            Recipe(
                legacy=self.serializer.name,
                where=self.serializer.where,
                app=self.app,
                module_kind="validation",
                name=f"validate_{snake(stem(self.ctx, self.serializer))}",
                doc=f"Validate input of {short(self.serializer.name)}; the values by source name.",
                build=self._build,
            ),
        )
        leaves = bool(left_fields(self.ctx, self.serializer)) or any(
            f.nested and f.nested.leaves for f in self.fields
        )
        return Writer(lifted, self.model_name, frozenset({model}), bool(self.serializer.model), leaves)

    # the write model ---------------------------------------------------------------------

    def _field(self, item: SerializerField) -> _Field:
        base = base_name(item)
        if base == "HiddenField":
            check_field(self.ctx, item, FIELD_INPUT, "field-input")
            if item.validators:
                raise field_refusal(item, "hidden-validator", "A hidden field has validators of its own.")
            return _Field(item, None, Validators())
        if base in NESTED or base == "ListSerializer":
            return self._nested(item, many=base == "ListSerializer")
        kind = value_kind(self.ctx, item)
        found = validators_of(self.ctx, item, kind)
        rules = rules_of(self.ctx, self.app, self.serializer.name, item)
        related = isinstance(kind, Instance) or base == "ManyRelatedField"
        if related and (found.plain or found.lifted or (item.child and item.child.validators)):
            raise field_refusal(item, "relation-validator", "A relation has validators of its own.")
        add_validators(rules, found.plain)
        return _Field(item, rules, found)

    def _nested(self, item: SerializerField, *, many: bool) -> _Field:
        if item.validators or (item.child is not None and item.child.validators):
            raise field_refusal(
                item, "nested-validator", "The nested serializer has validators of its own here."
            )
        if many:
            check_list_class(self.ctx, item.cls, item.where)
            if method_of(self.ctx, item.cls, "validate") is not None:
                raise field_refusal(
                    item, "list-serializer", "Its list serializer validates all items together."
                )
        with as_a_field(self.ctx):
            nested = writer(self.ctx, item.serializer)
        if overrides(self.ctx, serializer_of(self.ctx, item.serializer), "run_validation"):
            # DRF runs it for input that is not there as well.
            raise field_refusal(
                item, "serializer-run-validation", "The nested serializer overrides run_validation."
            )
        if any(state.name == "kept" for state in nested.lifted.state):
            raise field_refusal(item, "serializer-state", "The nested serializer keeps something on itself.")
        rules = Rules("Any", "NestedList" if many else "Nested", [nested.model])
        own = self.ctx.import_path(self.app, "schemas")
        rules.imports |= {imported for imported in nested.model_imports if imported.module != own}
        rules.imports |= {Import("segue_bridge.schema.fields", rules.name), Import("typing", "Any")}
        if many:
            from segue.translate.serializers.rules_text import _add

            _add(rules, item, "empty", "allow_empty", True)
            _add(rules, item, "max_length", "max_length")
            _add(rules, item, "min_length", "min_length")
            if error_key(self.ctx) != "non_field_errors":
                rules.arguments.append(f"error_key={error_key(self.ctx)!r}")
        if item.allow_null:
            rules.arguments.append("null=True")
        return _Field(item, rules, Validators(), nested)

    def _declare(self) -> None:
        lines = [f"class {self.model_name}(WriteModel):"]
        lines += [f'    """Input of {short(self.serializer.name)} ({self.serializer.where})."""', ""]
        imports = {Import("segue_bridge.schema.model", "WriteModel")}
        if error_key(self.ctx) != "non_field_errors":
            imports.add(Import("typing", "ClassVar"))
            lines += [f"    error_key: ClassVar[str] = {error_key(self.ctx)!r}", ""]
        for entry in self.fields:
            if entry.rules is None:
                continue
            lines.append(f"    {self._line(entry, imports)}")
        module = self.ctx.module(self.app, "schemas")
        code = "\n".join(lines)
        origin = Origin(self.serializer.name, self.serializer.where)
        module.add(Decl(self.model_name, code, frozenset(imports), 10, origin))
        prunable(self.ctx, module.path, self.model_name)

    def _line(self, entry: _Field, imports: set[Import]) -> str:
        item, rules = entry.item, entry.rules
        assert rules is not None
        attribute = identifier(item.name, RESERVED)
        if item.source != item.name:
            rules.arguments.append(f"source={item.source!r}")
        if attribute != item.name:
            rules.arguments.append(f"name={item.name!r}")
        if item.help_text:
            rules.arguments.append(f"help={item.help_text!r}")
        imports |= rules.imports
        imports.add(Import("typing", "Annotated"))
        head = f"{attribute}: Annotated[{rules.type}, {rules.text()}]"
        if item.required:
            return head
        default = model_default(self.ctx, item)
        if default is None:
            imports.add(UNSET)
            return f"{head} = UNSET"
        imports |= default.imports
        return f"{head} = {default.text}"

    # the validation function -------------------------------------------------------------

    def _build(self, frame: Frame) -> tuple[Kind, list[Parameter]]:
        self._locals(frame)
        frame.is_async = True  # also when nothing is asked of the database: callers need not know
        frame.use(Import(self.ctx.import_path(self.app, "schemas"), self.model_name))
        optional = optional_on_update(self.ctx, self.serializer) if self.serializer.model else None
        relaxed = ""
        if optional:
            # The constructor has made these optional for an update.
            relaxed = f", optional={optional!r} if instance is not None else ()"
        own = own_fields(self.ctx, self.serializer, writing=True)
        self._check_touched(own)
        if own.lifted is not None:
            relaxed = f", fields={field_set(frame, own, 'instance is not None' if self.serializer.model else 'False')}"
        given = prepare(frame, self.serializer, self._use())
        frame.emit(f"form = {self.model_name}.collect({given}, partial=partial{relaxed})")
        left = left_fields(self.ctx, self.serializer)
        for item in left:
            frame.use(Import("segue_bridge.errors", "Unserved"))
            frame.emit_block(
                f"if form.has({item.name!r}):",
                [f"raise Unserved({why_left(self.ctx, self.serializer, item)!r})  # {item.where}"],
            )
        for entry in self.fields:
            if entry.item not in left:
                self._field_lines(frame, entry)
        frame.emit("form.raise_invalid()")
        finishes_input = finishes(self.ctx, self.serializer, "to_internal_value")
        before = len(frame.lines)
        serializer_checks(frame, self.serializer, SerializerSelf(self.serializer.name, self._use()))
        if finishes_input and len(frame.lines) > before:
            raise refuse(
                "serializer-to-internal-value",
                short(self.serializer.name),
                "Validators of the serializer look at what its to_internal_value has made of the values.",
                self.serializer.where,
            )
        frame.emit("values = form.values")
        finish(frame, self.serializer, self._use(), "to_internal_value")
        whole_hook(frame, self.serializer, self._use())
        finish(frame, self.serializer, self._use(), "run_validation")
        frame.emit("return values")
        frame.use(Import("segue_bridge.schema.form", "Values"))
        parameters = [Parameter("data", lambda: "object")]
        if self.serializer.model:
            cls, imported = entity_type(self.ctx, self.serializer.model)
            frame.use(imported)
            parameters.append(Parameter("instance", lambda: f"{cls} | None", "None"))
        parameters.append(Parameter("partial", lambda: "bool", "False"))
        for given in ("instance", "partial", "data"):
            frame.state_used.pop(given, None)
        return ValidatedData(self.serializer.name), parameters

    def _check_touched(self, own: OwnFields) -> None:
        """Refuse validators of the whole that look at fields which may not be there: DRF leaves some out then."""
        named = {name for value in self.serializer.validators for name in _texts(value)}
        if named & own.touched:
            raise refuse(
                "serializer-validator",
                short(self.serializer.name),
                f"Its own code changes {', '.join(sorted(named & own.touched))}, which a validator of the serializer looks at.",
                self.serializer.where,
            )

    def _use(self) -> Use:
        model = self.serializer.model
        instance: Kind = Const(None)
        if model:
            site = written(model)
            site.whole = is_polymorphic(self.ctx.snapshot, concrete(self.ctx, model))
            instance = Instance(model, site, "entity", True)
        view = view_of(self.ctx, self.serializer.name)
        return Use(self.serializer.name, "write", instance, view=view, own=own_context(self.ctx))

    def _locals(self, frame: Frame) -> None:
        for local in ("form", "data", "values", "partial", "instance"):
            frame.locals_seen.add(local)
        frame.env["self"] = Val(SerializerSelf(self.serializer.name, self._use()))

    def _field_lines(self, frame: Frame, entry: _Field) -> None:
        item = entry.item
        computed = computed_default(
            frame, self.serializer.name, item, self._use(), has_instance=bool(self.serializer.model)
        )
        if computed is not None:
            frame.emit_block(f"if {computed.condition}:", list(computed.lines))
        lines: list[str] = []
        with frame.capture() as captured:
            if entry.nested is not None:
                self._nested_lines(frame, entry)
            if converts_itself(self.ctx, item):
                conversion_lines(frame, item)
            lookup_lines(frame, item)
            unique_lines(frame, self.serializer, item, entry.validators.unique)
            for lifted in entry.validators.lifted:
                call = call_lifted(frame, lifted, f"form[{item.name!r}]")
                frame.emit_block(f"with form.check({item.name!r}):", [call])
            lines = captured
        if lines:
            frame.emit_block(f"if form.parsed({item.name!r}):", list(lines))
        field_hook(frame, self.serializer, item, self._use())

    def _nested_lines(self, frame: Frame, entry: _Field) -> None:
        item, nested = entry.item, entry.nested
        assert nested is not None
        target = f"form[{item.name!r}]"
        if base_name(item) == "ListSerializer":
            frame.use(Import("segue_bridge.schema.nested", "each"))
            one = frame.fresh("item")
            call = call_lifted(frame, nested.lifted, one, "partial=partial").removeprefix("await ")
            old = "" if errors_as_dict(self.ctx) else ", errors_as_dict=False"
            text = f"await each({target}, lambda {one}: {call}{old})"
        else:
            text = call_lifted(frame, nested.lifted, target, "partial=partial")
        frame.emit_block(f"with form.field({item.name!r}):", [f"{target} = {text}"])


def _texts(value: Value) -> set[str]:
    """All texts among the arguments of a validator."""
    parts = [*value.items, *(part for pair in value.pairs for part in pair)]
    own = {value.data} if isinstance(value.data, str) else set()
    return own.union(*map(_texts, parts))


def errors_as_dict(ctx: Context) -> bool:
    """``LIST_SERIALIZER_ERRORS_AS_DICT``; releases before 3.18 do not know it and give a list."""
    return bool(rest_setting(ctx, "LIST_SERIALIZER_ERRORS_AS_DICT", False))
