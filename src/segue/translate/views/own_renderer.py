"""A ``JSONRenderer`` of the project with a ``render`` of its own → a function in ``renderers.py``.

It is translated for each view, because what it does depends on attributes of the view (``Response.rendered_content``
passes the view in ``renderer_context``). Views for which it comes out the same share the function.
"""

from __future__ import annotations

import ast
import re
import textwrap

from segue.snapshot.model import Class, Function
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.lift import Body, interpret
from segue.translate.interp.scope import Scope
from segue.translate.kinds import AcceptedType, Object, RendererContext, Scalar
from segue.translate.load.models import snake
from segue.translate.specialise.endpoint import Endpoint

_FIXED = ("media_type", "format", "encoder_class", "ensure_ascii", "compact", "strict")
# The user may not be known yet and the body may not be readable when an error is rendered.
_SCOPE = Scope(
    names={"call": "call", "method": "call.method", "query": "call.query", "request": "call.request"}
)


def own_render(endpoint: Endpoint, known: Class) -> str:
    """The dotted ``render`` of a JSON renderer that differs from DRF's in nothing else; '' for any other."""
    json = "rest_framework.renderers.JSONRenderer"
    base = endpoint.ctx.snapshot.classes.get(json)
    if json not in known.mro or known.methods.get("render", "").startswith("rest_framework."):
        return ""
    for attribute in _FIXED:
        given = known.attributes.get(attribute)
        if given is not None and not given.defined_in.startswith("rest_framework."):
            standard = base.attributes.get(attribute) if base is not None else None
            if standard is None or standard.value != given.value:
                return ""
    others = [m for n, m in known.methods.items() if n != "render" and not m.startswith("rest_framework.")]
    # A helper of the class is lifted where render calls it; get_indent is called by DRF itself.
    if any(m.rpartition(".")[2] in ("get_indent", "__init__") for m in others):
        return ""
    return known.methods.get("render", "")


def arguments(endpoint: Endpoint, known: Class) -> tuple[list[str], set[Import]]:
    """``render=…`` and ``charset=…`` of the view's ``Resource``. Raises :class:`Refused`."""
    ctx = endpoint.ctx
    dotted = own_render(endpoint, known)
    found = ctx.snapshot.functions.get(dotted)
    if found is None:
        raise endpoint.refuse("renderer", known.name, "The snapshot has no source for it.", known.where)
    charset = known.attributes.get("charset")
    text = charset.value.data if charset is not None and charset.value.kind == "const" else None
    body = _body(endpoint, known, found)
    if body.state:
        raise endpoint.refuse(
            "renderer", f"{dotted}: {body.state[0].name}", "An error may be rendered before this is known.", found.where
        )  # fmt: skip
    kind = body.returns
    if not (isinstance(kind, Scalar) and kind.type in ("bytes", "Any")) or (
        isinstance(kind, Scalar) and kind.nullable
    ):
        raise endpoint.refuse("renderer", dotted, "It does not return bytes.", found.where)
    name = _function(ctx, endpoint, known, found, body)
    options = [f"render={name}"]
    if isinstance(text, str) and text:
        options.append(f"charset={text!r}")
    return options, {Import(ctx.import_path(_app(endpoint, found), "renderers"), name)}


def _body(endpoint: Endpoint, known: Class, found: Function) -> Body:
    definition = ast.parse(textwrap.dedent(found.source)).body[0]
    assert isinstance(definition, ast.FunctionDef)
    names = [a.arg for a in [*definition.args.posonlyargs, *definition.args.args]][1:]
    if not names or definition.args.vararg or definition.args.kwarg:
        raise endpoint.refuse(
            "renderer", found.name, "Its parameters are not those of DRF's render.", found.where
        )
    kinds = (Scalar("Any"), AcceptedType(), RendererContext(endpoint))
    return interpret(
        endpoint.ctx,
        found,
        self_kind=Object(known.name),
        arguments=dict(zip(names, kinds, strict=False)),
        scope=_SCOPE,
        app=_app(endpoint, found),
    )


def _app(endpoint: Endpoint, found: Function) -> str:
    from segue.translate.functions.lift import app_of

    return app_of(endpoint.ctx, found)


def _function(ctx: Context, endpoint: Endpoint, known: Class, found: Function, body: Body) -> str:
    """The name of the function with this body, written once."""
    written = ctx.memo.setdefault(("views", "renderers"), {})
    assert isinstance(written, dict)
    data = body.parameters[0].name
    # The variable holds one thing after another; what is returned is what json or DRF have made of it.
    returned = [re.sub(rf"^(\s*)return {data}$", rf"\1return bytes({data})", line) for line in body.lines]
    lines = [f"{data}: Any = response.data", *returned]
    key = (known.name, tuple(lines))
    if key in written:
        return str(written[key])
    about = (endpoint.cls or endpoint.view.function) if '"view"' in found.source else known.name
    stem = f"render_{snake(about.rpartition('.')[2])}"
    taken = {n for (c, _), n in written.items()}
    wish = stem
    name, number = wish, 1
    while name in taken:
        number += 1
        name = f"{wish}_{number}"
    written[key] = name
    text = "\n".join(f"    {line}" if line else "" for line in lines)
    code = (
        f"def {name}(call: Call, response: JSON) -> bytes:\n"
        f'    """{found.name} for {endpoint.cls or endpoint.view.function} ({found.where})."""\n{text}\n'
    )
    imports = {
        *body.imports, Import("segue_bridge.http.call", "Call"), Import("segue_bridge.http.responses", "JSON"),
        Import("typing", "Any"),
    }  # fmt: skip
    module = ctx.module(_app(endpoint, found), "renderers")
    module.add(Decl(name, code, frozenset(imports), 40, Origin(found.name, found.where)))
    return name
