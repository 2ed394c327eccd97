"""``for name, value in validated_data.items(): setattr(instance, name, value)``: the usual body of ``update()``."""

from __future__ import annotations

import ast
import copy
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.kinds import Const, Instance, ValidatedData
from segue.translate.load.models import concrete, field_of

# Longer bodies are nothing to read.
_MOST = 12


def setattr_loop(frame: Frame, node: ast.For) -> bool:
    """Emit ``assign(instance, validated_data)`` where the loop is just that, or go through the keys one by one; else False."""
    loop = _items_loop(frame, node)
    if loop is None:
        return False
    assert isinstance(loop.iter, ast.Call)
    assert isinstance(loop.iter.func, ast.Attribute)
    owner = loop.iter.func.value
    found = _setattr_call(loop)
    if found is None:
        return _key_by_key(frame, loop, owner)
    call, condition = found
    from segue.translate.rules.model_class import without_tags

    values = frame.eval(owner)
    instance = frame.eval(call.args[0])
    if (
        not isinstance(values.kind, ValidatedData)
        or not isinstance(instance.kind, Instance)
        or instance.kind.nullable
        or values.node is None
        or instance.node is None
    ):
        return False
    _check_keys(frame, values.kind, instance.kind, loop)
    if instance.kind.mode == "row":
        instance.kind.site.written = True
    helper = frame.imported("segue_bridge.schema.related", "assign")
    given = ast.unparse(without_tags(frame, instance.kind.model, values))
    if condition:
        name, value = (ast.unparse(part) for part in call.args[1:])
        given = f"{{{name}: {value} for {name}, {value} in {given}.items() if {condition}}}"
    frame.emit(f"{ast.unparse(helper)}({instance.text}, {given})")
    for text in [t for t in frame.facts if t.startswith(instance.text + ".")]:
        del frame.facts[text]
    return True


def set_by_name(frame: Frame, node: ast.expr) -> bool:
    """``setattr(obj, "name", value)`` is ``obj.name = value``; ``[setattr(…) for …]`` for its effect is a loop. False for all else."""
    match node:
        case ast.Call(ast.Name("setattr"), [owner, name, value], []) if "setattr" not in frame.env:
            known = frame.eval(name).kind
            if not (isinstance(known, Const) and isinstance(known.value, str) and known.value.isidentifier()):
                return False
            target = ast.copy_location(ast.Attribute(owner, known.value, ast.Store()), node)
            frame.run([ast.copy_location(ast.Assign([target], value), node)])
            return True
        case ast.ListComp(
            ast.Call(ast.Name("setattr")) as call, [ast.comprehension(target, over, conditions, 0)]
        ):
            body: ast.stmt = ast.copy_location(ast.Expr(call), node)
            for condition in reversed(conditions):
                body = ast.copy_location(ast.If(condition, [body], []), node)
            frame.run([ast.copy_location(ast.For(target, over, [body], []), node)])
            return True
    return False


def _items_loop(frame: Frame, node: ast.For) -> ast.For | None:
    """The loop with both variables: ``for name in data: setattr(obj, name, data[name])`` is one over ``data.items()``."""
    match node:
        case ast.For(
            ast.Tuple([ast.Name(), ast.Name()]), ast.Call(ast.Attribute(_, "items"), [], []), _, []
        ) if _sets(node):
            return node
        case ast.For(ast.Name(key), over, _, []) if _sets(node):
            match over:
                case ast.Call(ast.Attribute(owner, "keys"), [], []) | ast.Call(ast.Name("list"), [owner], []):
                    over = owner
            if not isinstance(over, ast.Name | ast.Attribute):
                return None
            value = frame.fresh(f"{key}_value")
            there = ast.unparse(ast.Subscript(over, ast.Name(key), ast.Load()))

            class Read(ast.NodeTransformer):
                def visit_Subscript(self, found: ast.Subscript) -> ast.expr:
                    if ast.unparse(found) == there and isinstance(found.ctx, ast.Load):
                        return ast.copy_location(ast.Name(value, ast.Load()), found)
                    self.generic_visit(found)
                    return found

            body = [Read().visit(copy.deepcopy(statement)) for statement in node.body]
            pair = ast.Tuple([ast.Name(key, ast.Store()), ast.Name(value, ast.Store())], ast.Store())
            items = ast.Call(ast.Attribute(over, "items", ast.Load()), [], [])
            made = ast.copy_location(ast.For(pair, items, body, []), node)
            return ast.fix_missing_locations(made)
    return None


def _sets(node: ast.For) -> bool:
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "setattr"
        for statement in node.body
        for n in ast.walk(statement)
    )


def _setattr_call(node: ast.For) -> tuple[ast.Call, str] | None:
    """The call, where it is all that the loop does, and under which condition of the value."""
    assert isinstance(node.target, ast.Tuple)
    names = [ast.unparse(e) for e in node.target.elts]
    statement = node.body[0] if len(node.body) == 1 else None
    condition = ""
    if isinstance(statement, ast.If) and len(statement.body) == 1 and not statement.orelse:
        condition = ast.unparse(statement.test)
        statement = statement.body[0]
    match statement:
        case ast.Expr(ast.Call(ast.Name("setattr"), [owner, *given], []) as call) if [
            ast.unparse(a) for a in given
        ] == names:
            if condition == f"hasattr({ast.unparse(owner)}, {names[0]})":
                condition = ""  # every key is a column
            return (call, condition) if condition in ("", names[1], f"{names[1]} is not None") else None
    return None


def _key_by_key(frame: Frame, node: ast.For, owner: ast.expr) -> bool:
    """The body once for each key that the validated data may have: ``if "title" in data: value = data["title"] …``."""
    values = frame.eval(owner)
    if not isinstance(values.kind, ValidatedData) or values.node is None:
        return False
    keys = _keys(frame, values.kind, owner)
    assert isinstance(node.target, ast.Tuple)
    key, value = (e.id for e in node.target.elts if isinstance(e, ast.Name))
    if keys is None or any(
        isinstance(n, ast.Break | ast.Continue | ast.Return)
        or (isinstance(n, ast.Name) and n.id == key and not isinstance(n.ctx, ast.Load))
        for statement in node.body
        for n in ast.walk(statement)
    ):
        return False

    class Named(ast.NodeTransformer):
        def __init__(self, name: str) -> None:
            self.name = name

        def visit_Name(self, found: ast.Name) -> ast.expr:
            return ast.copy_location(ast.Constant(self.name), found) if found.id == key else found

    made: list[ast.stmt] = []
    for name in keys:
        read = ast.Subscript(owner, ast.Constant(name), ast.Load())
        first = ast.Assign([ast.Name(value, ast.Store())], read)
        body = [first, *(Named(name).visit(copy.deepcopy(statement)) for statement in node.body)]
        there = ast.Compare(ast.Constant(name), [ast.In()], [owner])
        made.append(ast.copy_location(ast.If(there, body, []), node))
    frame.run([ast.fix_missing_locations(statement) for statement in made])
    return True


def _keys(frame: Frame, values: ValidatedData, owner: ast.expr) -> list[str] | None:
    """The keys that may be there; None where that is not known, or there are too many to write each down."""
    from segue.translate.serializers.added import only_fields
    from segue.translate.serializers.values import kinds_by_source

    serializer = frame.ctx.snapshot.serializers.get(values.serializer)
    if serializer is None:
        return None
    found = kinds_by_source(frame.ctx, serializer)
    plain = all(item.read_only or item.source in found for item in serializer.fields)
    taken = _popped(frame, ast.unparse(owner)) | values.taken
    taken |= {key for held, key in frame.taken if held == frame.eval(owner).text}
    keys = [key for key in found if key not in taken]
    if not plain or len(keys) > _MOST or not only_fields(frame.ctx, values.serializer):
        return None
    return keys


def _check_keys(frame: Frame, values: ValidatedData, instance: Instance, node: ast.For) -> None:
    """Every key is a column that takes the value as it is, or was taken out before."""
    from segue.translate.rules.model_class import check_column, held_tags
    from segue.translate.serializers.values import kinds_by_source

    serializer = frame.ctx.snapshot.serializers.get(values.serializer)
    if serializer is None:
        raise frame.refuse("dynamic-attributes", ast.unparse(node.iter), "The keys are not known.", node)
    assert isinstance(node.iter, ast.Call)
    assert isinstance(node.iter.func, ast.Attribute)
    taken = _popped(frame, ast.unparse(node.iter.func.value))
    taken |= {key for owner, key in frame.taken if owner == frame.eval(node.iter.func.value).text}
    model = concrete(frame.ctx, instance.model)
    for key, kind in kinds_by_source(frame.ctx, serializer).items():
        if key in taken | values.taken:
            continue
        item = field_of(model, key)
        if item is not None and item.tags is not None:
            held_tags(frame, key, instance.site)
            continue
        if item is None or (item.relation is not None and item.relation.kind not in ("fk", "o2o")):
            raise frame.refuse(
                "dynamic-attributes",
                f"{model.label}.{key}",
                "This key of the validated data is no column.",
                node,
            )
        check_column(frame, model.label, item, key, kind, node, instance.site)


def _popped(frame: Frame, owner: str) -> set[str]:
    """Keys that the function takes out of ``owner`` wherever it goes: ``owner.pop("key", …)`` at its top level."""
    found = set()
    body = ast.parse(textwrap.dedent(frame.function.source)).body[0]
    for statement in getattr(body, "body", []):
        for part in ast.walk(statement) if isinstance(statement, ast.Assign | ast.Expr) else ():
            if (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and part.func.attr == "pop"
                and ast.unparse(part.func.value) == owner
                and part.args
                and isinstance(part.args[0], ast.Constant)
            ):
                found.add(str(part.args[0].value))
    return found
