"""``__init__`` of a serializer that does the same whatever it is given: fields by settings, attributes by facts.

The probe made the serializer, so the fields are those of the snapshot. Followed is ``super().__init__(*args, **kwargs)``,
then statements that use nothing but ``self`` and what is constant in the process.
"""

from __future__ import annotations

import ast
import textwrap

from segue.refusal import Refused
from segue.snapshot.model import Function, Serializer, SerializerField, Value
from segue.translate.context import Context
from segue.translate.interp.carried import SCOPES
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Global
from segue.translate.rules.scopes import DISABLED
from segue.translate.serializers import from_context, own_arguments
from segue.translate.serializers.flex_fields import MIXIN, understood
from segue.translate.serializers.initial import _passes_on
from segue.translate.serializers.instance_sets import own_sets

_FRAMEWORK = ("rest_framework.", "django.")
# What of ``self`` may be read: nothing that an argument of the constructor decides.
_FIELDS = ("fields", "error_messages")
OF_SERIALIZERS = frozenset(
    {
        "instance", "initial_data", "partial", "fields", "context", "parent", "root", "validated_data", "errors", "data",
        "error_messages", "validators", "read_only", "write_only", "required", "default", "source", "label", "style",
        "allow_null", "field_name", "initial", "help_text", "source_attrs",
    }
)  # fmt: skip
# It adds the fields for the name and the password, by the user model's USERNAME_FIELD.
_SIMPLEJWT = "rest_framework_simplejwt.serializers.TokenObtainSerializer.__init__"


def fixed_init(ctx: Context, serializer: Serializer, *, reading: bool = False) -> bool:
    """Whether every ``__init__`` of the class that is not DRF's does the same each time.

    ``reading``: it may give fields other querysets, by which input is looked up and which output does not ask.
    """
    # Where scopes are disabled (django-scopes), more may be looked at.
    key = ("fixed-init", (serializer.name, reading, ctx.memo.get(SCOPES) == DISABLED))
    memo = ctx.memo.get(key)
    if isinstance(memo, bool):
        return memo
    functions = inits(ctx, serializer.name)
    names = frozenset(f.name for f in serializer.fields) if reading else frozenset()
    texts = frozenset(f.name for f in serializer.fields if reading and _chooses_texts(ctx, serializer, f))
    model = serializer.model if reading else ""
    made = functions is not None and all(_is_fixed(ctx, f, functions, names, texts, model) for f in functions)
    ctx.memo[key] = made
    return made


def _chooses_texts(ctx: Context, serializer: Serializer, item: SerializerField) -> bool:
    """Whether it is a ``ChoiceField`` of texts: what is shown is then what is stored, whichever texts may be chosen."""
    from segue.translate.load.models import field_of, python_type
    from segue.translate.serializers.facts import base_name

    given = item.kwargs.get("choices")
    model = ctx.snapshot.models.get(serializer.model)
    stored = field_of(model, item.source or item.name) if model is not None else None
    return (
        base_name(item) == "ChoiceField"
        and given is not None
        and stored is not None
        and python_type(ctx, stored) == "str"
        and all(len(pair.items) == 2 and _is_choice(*pair.items) for pair in given.items)
    )


def _is_choice(key: Value, label: Value) -> bool:
    return (
        key.kind == "const"
        and isinstance(key.data, str)
        and label.kind in ("const", "lazy")
        and isinstance(label.data, str)
    )


def own_attribute(frame: Frame, serializer: str, name: str) -> Val | None:
    """What a fixed ``__init__`` sets ``self.<name>`` to: a constant, or a class or function; else None."""
    functions = inits(frame.ctx, serializer)
    known = frame.ctx.snapshot.serializers.get(serializer)
    if not functions or known is None or not fixed_init(frame.ctx, known, reading=True):
        return None
    for function in functions:  # each begins with its parent's, so that the nearest one decides
        body = init_body(function)
        taken = from_context.all_taken(body)
        for index, statement in reversed(list(enumerate(body))):
            looked = taken.get(index)
            if looked is not None and looked[0] == name:
                return from_context.value(frame, function, serializer, name, looked[1])
            if isinstance(statement, ast.Assign) and any(_is_own(t, name) for t in statement.targets):
                return _constant(frame.ctx, function, statement.value)
    return None


def inits(ctx: Context, cls: str) -> list[Function] | None:
    """The constructors along the MRO, the class's own first; None where one has no source."""
    known = ctx.snapshot.classes.get(cls)
    if known is None:
        return None
    found: list[Function] = []
    for base in known.mro:
        if base.startswith(_FRAMEWORK) or (base == MIXIN and understood(ctx)):
            continue
        other = ctx.snapshot.classes.get(base)
        if other is None:
            return None
        dotted = other.methods.get("__init__", "")
        if dotted != f"{base}.__init__":
            continue
        function = ctx.snapshot.functions.get(dotted)
        if function is None:
            return None
        found.append(function)
    return found


def init_body(function: Function) -> list[ast.stmt]:
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    body = tree.body if isinstance(tree, ast.FunctionDef) else []
    return [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]


def _is_fixed(
    ctx: Context,
    function: Function,
    functions: list[Function],
    fields: frozenset[str] = frozenset(),
    choices: frozenset[str] = frozenset(),
    model: str = "",
) -> bool:
    if function.name == _SIMPLEJWT or own_arguments.taken(function):
        return True
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    body = init_body(function)
    # What is taken out of the context may come before or after, and so may constants; all else comes after DRF's own.
    taken = from_context.all_taken(body)
    looking = {name for name, _ in taken.values()}
    classes = frozenset(n for n, ref in function.globals.items() if ref.kind in ("class", "model"))
    sets = own_sets(ctx, function, model)
    body = [
        s
        for index, s in enumerate(body)
        if index not in taken
        and not from_context.sets_querysets(s, fields, classes, choices=choices, own_sets=sets)
    ]
    while len(body) > 1 and _is_constant(ctx, function, body[0]):
        del body[0]
    if not isinstance(tree, ast.FunctionDef) or not body or not _passes_on(body[0], tree.args):
        return False
    if looking & set(_FIELDS):
        return False
    own = {
        t.attr
        for f in functions
        for index, s in enumerate(init_body(f))
        if isinstance(s, ast.Assign) and index not in from_context.all_taken(init_body(f))
        for t in s.targets
        if isinstance(t, ast.Attribute)
    } - looking
    return all(_is_fixed_statement(ctx, function, s, tree.args.args[0].arg, own) for s in body[1:])


def _is_fixed_statement(ctx: Context, function: Function, node: ast.stmt, me: str, own: set[str]) -> bool:
    if isinstance(node, ast.If):
        # The probe made the serializer, so that the fields are those of the branch that every object takes.
        inner = [*node.body, *node.orelse]
        plain = not any(
            isinstance(s, ast.Assign) and isinstance(t, ast.Attribute) for s in inner for t in _targets(s)
        )
        return (
            plain
            and all(_is_fixed_part(ctx, function, part, me, own) for part in ast.walk(node.test))
            and all(_is_fixed_statement(ctx, function, s, me, own) for s in inner)
        )
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        targets = []
    else:
        return False
    for target in targets:
        base = target.value if isinstance(target, ast.Subscript) else target
        if not (isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name) and base.value.id == me):
            return False
        if isinstance(target, ast.Subscript) and base.attr != "fields":
            return False
    return all(_is_fixed_part(ctx, function, part, me, own) for part in ast.walk(node))


def _targets(node: ast.stmt) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else []


def _is_constant(ctx: Context, function: Function, node: ast.stmt) -> bool:
    """``self.limit = settings.LIMIT``: a name that DRF does not know, and a value that never changes."""
    match node:
        case ast.Assign([ast.Attribute(ast.Name("self"), name)], value):
            return name not in OF_SERIALIZERS and _constant(ctx, function, value) is not None
    return False


def _is_fixed_part(ctx: Context, function: Function, part: ast.AST, me: str, own: set[str]) -> bool:
    if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == me:
        return not isinstance(part.ctx, ast.Load) or part.attr in _FIELDS or part.attr in own
    if isinstance(part, ast.Name) and part.id != me:
        ref = function.globals.get(part.id)
        return ref is not None and ref.kind != "missing"
    if isinstance(part, ast.Call):
        text = ast.unparse(part.func)
        if text in (f"{me}.fields.pop", f"{me}.fields.update", f"{me}.fields.move_to_end"):
            return True
        ref = function.globals.get(text)
        if ref is not None and ref.name.startswith("rest_framework.") and ref.kind == "class":
            return True
        return _constant(ctx, function, part) is not None
    return not isinstance(part, ast.Lambda | ast.Await | ast.Yield | ast.NamedExpr | ast.comprehension)


def _constant(ctx: Context, function: Function, node: ast.expr) -> Val | None:
    """The value of an expression of the constructor where it is known before any request."""
    frame = Frame(ctx, function, "")
    try:
        made = frame.eval(node)
    except Refused:
        return None
    if frame.lines or frame.state_used or not isinstance(made.kind, Const | Global):
        return None
    return made


def _is_own(target: ast.expr, name: str) -> bool:
    return (
        isinstance(target, ast.Attribute)
        and isinstance(target.value, ast.Name)
        and target.value.id == "self"
        and target.attr == name
    )
