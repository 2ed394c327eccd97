"""``for name, value in validated_data.items(): setattr(instance, name, value)``: the usual body of ``update()``."""

from __future__ import annotations

import ast
import textwrap

from segue.translate.interp.frame import Frame
from segue.translate.kinds import Instance, ValidatedData
from segue.translate.load.models import concrete, field_of


def setattr_loop(frame: Frame, node: ast.For) -> bool:
    """Emit ``assign(instance, validated_data)`` where the loop is just that; else False."""
    call = _setattr_call(node)
    if call is None:
        return False
    assert isinstance(node.iter, ast.Call)
    assert isinstance(node.iter.func, ast.Attribute)
    from segue.translate.rules.model_class import without_tags

    values = frame.eval(node.iter.func.value)
    instance = frame.eval(call.args[0])
    if (
        not isinstance(values.kind, ValidatedData)
        or not isinstance(instance.kind, Instance)
        or instance.kind.nullable
        or values.node is None
        or instance.node is None
    ):
        return False
    _check_keys(frame, values.kind, instance.kind, node)
    if instance.kind.mode == "row":
        instance.kind.site.written = True
    helper = frame.imported("segue_bridge.schema.related", "assign")
    given = ast.unparse(without_tags(frame, instance.kind.model, values))
    frame.emit(f"{ast.unparse(helper)}({instance.text}, {given})")
    for text in [t for t in frame.facts if t.startswith(instance.text + ".")]:
        del frame.facts[text]
    return True


def _setattr_call(node: ast.For) -> ast.Call | None:
    target, source = node.target, node.iter
    statement = node.body[0] if len(node.body) == 1 and not node.orelse else None
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not (
        isinstance(target, ast.Tuple)
        and len(target.elts) == 2
        and all(isinstance(e, ast.Name) for e in target.elts)
        and isinstance(source, ast.Call)
        and isinstance(source.func, ast.Attribute)
        and source.func.attr == "items"
        and not source.args
        and isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id == "setattr"
        and len(call.args) == 3
        and not call.keywords
    ):
        return None
    given = [ast.unparse(a) for a in call.args[1:]]
    return call if given == [ast.unparse(e) for e in target.elts] else None


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
