"""Facts about serializers and their fields, asked of the snapshot."""

from __future__ import annotations

import ast
import keyword
import textwrap
from collections.abc import Mapping

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, Function, Serializer, SerializerField, Value, Where
from segue.translate.context import Context
from segue.translate.load.models import snake
from segue.translate.redefined import redefined
from segue.translate.serializers.flex_fields import MIXIN, of_mixin, understood
from segue.translate.serializers.initial import optional_on_update
from segue.translate.serializers.own_arguments import check_arguments
from segue.translate.serializers.own_init import fixed_init
from segue.translate.serializers.untouched import HOOKS, changes_fields

# Overriding one of these changes which fields there are or how the whole is driven.
DRIVERS = frozenset(
    {
        "__init__",
        "__new__",
        "many_init",
        "get_fields",
        "fields",
        "_readable_fields",
        "_writable_fields",
        "get_field_names",
        "get_extra_kwargs",
        "get_uniqueness_extra_kwargs",
        "build_field",
        "build_standard_field",
        "build_relational_field",
        "build_nested_field",
        "build_property_field",
        "build_url_field",
        "build_unknown_field",
        "include_extra_kwargs",
        "get_attribute",
        "data",
    }
)
WRITE_DRIVERS = frozenset(
    {
        "to_internal_value",
        "run_validation",
        "run_validators",
        "run_child_validation",
        "get_validators",
        "get_unique_together_validators",
        "get_unique_for_date_validators",
        "validate_empty_values",
        "get_value",
        "is_valid",
        "errors",
        "validated_data",
        "set_value",
        "_read_only_defaults",
    }
)
_VALIDATORS = ("get_unique_together_validators", "get_unique_for_date_validators")
FIELD_INPUT = frozenset(
    {
        "__init__",
        "to_internal_value",
        "run_validation",
        "run_validators",
        "validate_empty_values",
        "get_value",
        "get_default",
        "get_validators",
        "get_queryset",
        "validate_precision",
        "quantize",
        "enforce_timezone",
        "run_child_validation",
        "fail",
        "bind",
        "default_timezone",
    }
)
FIELD_OUTPUT = frozenset(
    {
        "to_representation",
        "get_attribute",
        "use_pk_only_optimization",
        "get_default",
        "enforce_timezone",
        "quantize",
        "get_url",
        "bind",
        "default_timezone",
    }
)


def serializer_of(ctx: Context, name: str) -> Serializer:
    """The serializer called ``name``; refuses when the probe could not build it."""
    found = ctx.snapshot.serializers.get(name)
    if found is None:
        raise refuse("serializer-unknown", name, "The snapshot has no such serializer.", Where(name))
    if found.error:
        raise refuse("serializer-error", short(name), f"It could not be built: {found.error}.", found.where)
    return found


def class_of(ctx: Context, name: str) -> Class | None:
    """The class, when the snapshot has it."""
    return ctx.snapshot.classes.get(name)


def short(name: str) -> str:
    """Last part of a dotted name."""
    return name.rpartition(".")[2]


def framework(name: str) -> bool:
    """Is this DRF's or Django's own?"""
    return name.startswith(("rest_framework.", "django."))


def overridden(ctx: Context, cls: str, method: str) -> str:
    """Dotted name of the non-framework function that ``cls`` has as ``method``; empty when DRF's own.

    DRF's that have a source in the snapshot (``AuthTokenSerializer.validate``) are translated as the project's are.
    """
    found = class_of(ctx, cls)
    if found is None:
        return ""
    name = found.methods.get(method, "")
    if of_mixin(name) and understood(ctx):
        name = next((n for n in _behind(ctx, found, method, MIXIN)), "")
    return "" if framework(name) and name not in ctx.snapshot.functions else name


def _behind(ctx: Context, cls: Class, method: str, mixin: str) -> list[str]:
    """The definitions of ``method`` that come after ``mixin`` in the MRO."""
    after = cls.mro[cls.mro.index(mixin) + 1 :]
    known = (ctx.snapshot.classes.get(name) for name in after)
    return [c.methods[method] for c in known if c is not None and method in c.methods]


def override_place(ctx: Context, function: str, fallback: Where) -> Where:
    """Where ``function`` stands."""
    found = ctx.snapshot.functions.get(function)
    return found.where if found is not None else fallback


def check_drivers(ctx: Context, serializer: Serializer, extra: frozenset[str] = frozenset()) -> None:
    """Refuse a serializer that changes how DRF drives it, but for what ``own_fields`` reads of its fields."""
    found = class_of(ctx, serializer.name)
    if found is None:
        raise refuse(
            "serializer-unknown", short(serializer.name), "The snapshot lacks its class.", serializer.where
        )
    check_arguments(ctx, serializer)
    for method in sorted(DRIVERS | extra):
        name = overridden(ctx, serializer.name, method)
        if method in _VALIDATORS and gives_none(ctx, name):
            continue  # the probe saw the serializer without them
        if method in HOOKS and changes_fields(ctx, serializer.name):
            continue  # ``own_fields`` reads it
        if name and not (
            method == "__init__"
            and (
                optional_on_update(ctx, serializer) is not None
                or fixed_init(ctx, serializer)
                # Who writes looks up what fields are given (``given_querysets``).
                or fixed_init(ctx, serializer, reading=True)
            )
        ):
            raise refuse(
                f"serializer-{method.strip('_').replace('_', '-')}",
                f"{short(serializer.name)}.{method}",
                "The serializer overrides how DRF drives its fields.",
                override_place(ctx, name, serializer.where),
            )

    for method, name in redefined(ctx, serializer.name, DRIVERS | WRITE_DRIVERS | _HANDLED):
        raise refuse(
            f"serializer-{method.strip('_').replace('_', '-')}",
            f"{short(serializer.name)}.{method}",
            "Segue does not know what it changes: DRF calls it by itself.",
            override_place(ctx, name, serializer.where),
        )


# What is translated, or only asked for by pages of forms.
_HANDLED = frozenset(
    {"create", "update", "save", "validate", "to_representation", "get_initial", "__iter__", "__getitem__"}
)


def gives_none(ctx: Context, name: str) -> bool:
    """Whether the function ``name`` is ``return []``."""
    function = ctx.snapshot.functions.get(name)
    tree = ast.parse(textwrap.dedent(function.source)).body[0] if function is not None else None
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list:
        return False
    body = [s for s in tree.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return (
        len(body) == 1
        and isinstance(body[0], ast.Return)
        and ast.unparse(body[0]) in ("return []", "return ()")
    )


def check_field(ctx: Context, item: SerializerField, methods: frozenset[str], code: str) -> None:
    """Refuse a field class of the project's or a third party's that overrides one of ``methods``."""
    if framework(item.cls):
        return
    if class_of(ctx, item.cls) is None:
        raise refuse(code, short(item.cls), "The snapshot lacks the field's class.", item.where)
    for method in sorted(methods):
        name = overridden(ctx, item.cls, method)
        if name:
            raise refuse(
                code,
                f"{short(item.cls)}.{method}",
                f"Field {item.name or 'child'} has a class of its own that overrides this.",
                override_place(ctx, name, item.where),
            )
    # What drives a nested serializer is looked at by ``check_drivers``.
    known = _FIELD_ACCOUNTED | DRIVERS | WRITE_DRIVERS | _HANDLED if item.serializer else _FIELD_ACCOUNTED
    for method, name in redefined(ctx, item.cls, known):
        raise refuse(
            code,
            f"{short(item.cls)}.{method}",
            f"Field {item.name or 'child'} has a class of its own that overrides this.",
            override_place(ctx, name, item.where),
        )


# What does not change how a value is read or shown, beside what ``check_field`` is asked about.
_FIELD_ACCOUNTED = (
    FIELD_INPUT
    | FIELD_OUTPUT
    | {"get_initial", "iter_options", "__deepcopy__", "get_choices", "choices.setter"}
)


def field_refusal(item: SerializerField, code: str, why: str) -> Refused:
    """A refusal placed at the field."""
    return refuse(code, f"{item.name or 'child'} = {short(item.cls)}(…)", why, item.where)


def base_name(item: SerializerField) -> str:
    """``CharField``, ``ModelSerializer``, …: the nearest class of DRF."""
    return short(item.base)


def const(value: Value | None, default: object = None) -> object:
    """The constant that ``value`` is; ``default`` for anything else."""
    if value is None:
        return default
    if value.kind in ("const", "lazy"):
        return value.data
    return default


def option(item: SerializerField, name: str, default: object = None) -> object:
    """A constant keyword of the field."""
    return const(item.kwargs.get(name), default)


def rest_setting(ctx: Context, name: str, default: object = None) -> object:
    """An effective constant of ``REST_FRAMEWORK``."""
    return const(rest_value(ctx, name), default)


def rest_value(ctx: Context, name: str) -> Value | None:
    """An effective item of ``REST_FRAMEWORK`` as the probe saw it."""
    settings = ctx.snapshot.settings.values.get("REST_FRAMEWORK")
    if settings is None:
        return None
    for key, value in settings.pairs:
        if key.data == name:
            return value
    return None


def error_key(ctx: Context) -> str:
    """``NON_FIELD_ERRORS_KEY``."""
    return str(rest_setting(ctx, "NON_FIELD_ERRORS_KEY", "non_field_errors"))


def app_label(ctx: Context, serializer: Serializer) -> str:
    """The app whose modules receive what comes of the serializer."""
    best = max(
        (a for a in ctx.snapshot.apps if serializer.name.startswith(a.module + ".")),
        key=lambda a: len(a.module),
        default=None,
    )
    if best is not None:
        return best.label
    if serializer.model:
        return ctx.model(serializer.model).app
    return serializer.name.partition(".")[0]


def stem(ctx: Context, serializer: Serializer) -> str:
    """``Article`` for ``ArticleSerializer``; equal stems of one app are told apart by more of the name."""
    table = ctx.memo.setdefault(("serializers", "stems"), {})
    assert isinstance(table, dict)
    app = app_label(ctx, serializer)
    for candidate in _candidates(serializer.name):
        owner = table.setdefault((app, candidate), serializer.name)
        if owner == serializer.name:
            return candidate
    raise refuse("names", short(serializer.name), "No free name is left for it.", serializer.where)


def _candidates(name: str) -> list[str]:
    # A class made in a function (``serializer.<locals>.Serializer#2``) is known by its own name and its number.
    dotted, _, number = name.partition("#")
    parts = [p for p in dotted.split(".") if p.isidentifier()]
    own = parts[-1].lstrip("_")
    base = own[: -len("Serializer")] if own.endswith("Serializer") and own != "Serializer" else own
    base += number.replace("#", "_")
    camel = ["".join(word.capitalize() for word in part.split("_")) for part in parts[:-1]]
    return [base, *("".join(camel[-count:]) + base for count in range(1, len(camel) + 1))]


def identifier(name: str, taken: frozenset[str] = frozenset()) -> str:
    """A Python name for a field."""
    safe = "".join(char if char.isalnum() or char == "_" else "_" for char in name)
    if not safe or safe[0].isdigit():
        safe = f"f_{safe}"
    while keyword.iskeyword(safe) or safe.startswith("_") or safe in taken:
        safe = f"{safe.lstrip('_')}_" if not safe.startswith("_") else safe.lstrip("_") or "f"
    return safe


def function_of(ctx: Context, name: str) -> Function | None:
    """The function of that dotted name, when its source is in the snapshot."""
    return ctx.snapshot.functions.get(name)


def local_name(model: str, taken: Mapping[str, object]) -> str:
    """Parameter name of an instance of ``model`` (label), apart from ``taken`` names."""
    found = snake(model.rpartition(".")[2]) if model else "instance"
    if keyword.iskeyword(found) or found in taken:
        return "instance"
    return found
