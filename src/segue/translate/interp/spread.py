"""``create_user(**validated_data)``: the callee keeps its signature, and Python binds the keys when it is called.

Which keys are there is known to the request only: fields that are not required may be missing, hooks may have taken some out,
``serializer.save(owner=…)`` may have put some in. So the generated function has the parameters, the defaults and the
``**rest`` of the legacy one, and a key too many or too few is the ``TypeError`` that it is there.
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate.functions.lift import Signature, app_of, lift
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.join import join, widen
from segue.translate.interp.value import Val
from segue.translate.kinds import Const, Kind, Scalar, Unknown, ValidatedData


def spread_call(
    frame: Frame, function: Function, site: CallSite, receiver: Val | None, module_kind: str
) -> Val | None:
    """The call, if it spreads validated data; else None. Raises ``Refused`` where a key has no sure kind."""
    from segue.translate.interp.invoke import lifted_call
    from segue.translate.serializers.added import never_there
    from segue.translate.serializers.values import kinds_by_source

    spread = _spread(frame, site)
    if spread is None or spread.node is None:
        return None
    assert isinstance(spread.kind, ValidatedData)
    serializer = frame.ctx.snapshot.serializers.get(spread.kind.serializer)
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if (
        serializer is None
        or not isinstance(tree, ast.FunctionDef)
        or tree.args.vararg
        or tree.args.posonlyargs
        or (receiver is not None and receiver.node is not None)
    ):
        return None
    bound = function.role in ("method", "classmethod")
    names = [a.arg for a in tree.args.args][1 if bound else 0 :]
    keywords = [a.arg for a in tree.args.kwonlyargs]
    explicit = {k.arg: frame.eval(k.value) for k in site.node.keywords if k.arg is not None}
    placed = dict(zip(names, site.args, strict=False))
    if len(site.args) > len(names) or any(k not in names + keywords for k in explicit):
        raise frame.refuse(
            "call-arguments", ast.unparse(site.node), f"{function.name} has no such parameter.", site.node
        )
    defaults = _defaults(frame, function, tree, site)
    kinds = kinds_by_source(frame.ctx, serializer)
    arguments: dict[str, Val] = {}
    left_out: set[str] = set()  # parameters that nobody gives: they are their defaults
    for key in [*names, *keywords]:
        given = placed.get(key, explicit.get(key))
        if given is not None:
            kind = _one_kind(frame, given.kind, key, site)
        elif key in defaults and never_there(frame.ctx, serializer.name, key):
            left_out.add(key)
            continue
        else:
            kind = kinds.get(key, Scalar("Any"))
            if key in defaults and kind != Scalar("Any"):
                kind = _one_kind(frame, join(kind, defaults[key].kind), key, site)
        arguments[key] = Val(kind)
    if tree.args.kwarg is not None:
        arguments[tree.args.kwarg.arg] = Val(spread.kind)
    lifted = lift(
        frame.ctx,
        function,
        self_kind=receiver,
        arguments=arguments,
        module_kind=module_kind,
        app=app_of(frame.ctx, function),
        hint=frame.hint,
        signature=Signature(
            tuple((k, ast.unparse(d.node)) for k, d in defaults.items() if d.node is not None)
        ),
    )
    rest = [f"**{tree.args.kwarg.arg}"] if tree.args.kwarg is not None else []
    wanted = [key for key in [*names, *keywords] if key not in left_out]
    if [*lifted.explicit] != [*wanted, *rest] or kinds.keys() & {s.name for s in lifted.state}:
        raise frame.refuse(
            "dynamic-keywords",
            ast.unparse(site.node),
            "The generated function needs another name for one of its parameters.",
            site.node,
        )
    made = lifted_call(frame, lifted, [])
    call = made.value if isinstance(made, ast.Await) else made
    assert isinstance(call, ast.Call)
    call.args += [_code(frame, value, site) for value in site.args]
    call.keywords = [
        ast.keyword(k.arg, spread.node if k.arg is None else _code(frame, explicit[k.arg], site))
        for k in site.node.keywords
    ]
    return Val(lifted.returns, made)


def _spread(frame: Frame, site: CallSite) -> Val | None:
    given = [k.value for k in site.node.keywords if k.arg is None]
    if len(given) != 1 or isinstance(given[0], ast.Dict) or site._kwargs is not None:
        return None
    value = frame.eval(given[0])
    return value if isinstance(value.kind, ValidatedData) else None


def _one_kind(frame: Frame, kind: Kind, key: str, site: CallSite) -> Kind:
    kind = widen(kind)
    if isinstance(kind, Const) and kind.value is None:
        return Scalar("Any")
    if isinstance(kind, Unknown):
        raise frame.refuse(
            "unknown-argument", key, kind.why or f"Segue does not know what {key} is.", site.node
        )
    return kind


def _code(frame: Frame, value: Val, site: CallSite) -> ast.expr:
    if value.node is None:
        raise frame.refuse(
            "argument", ast.unparse(site.node), "This has no form in the generated code.", site.node
        )
    return value.node


def _defaults(frame: Frame, function: Function, tree: ast.FunctionDef, site: CallSite) -> dict[str, Val]:
    """The default of each parameter that has one: constants, which Python keeps from one call to the next."""
    spec = tree.args
    found = dict(
        zip([a.arg for a in spec.args[len(spec.args) - len(spec.defaults) :]], spec.defaults, strict=True)
    )
    for argument, default in zip(spec.kwonlyargs, spec.kw_defaults, strict=True):
        if default is not None:
            found[argument.arg] = default
        elif found:
            raise frame.refuse(
                "call-arguments", function.name, "A parameter by keyword only has no default.", site.node
            )
    for key, default in found.items():
        if not isinstance(default, ast.Constant):
            raise frame.refuse(
                "call-arguments", f"{function.name}: {key}", "Its default is not a constant.", site.node
            )
    return {key: frame.eval(default) for key, default in found.items()}


__all__ = ["spread_call"]
