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
from segue.translate.kinds import AcceptedType, Const, Maybe, Object, RendererContext, Scalar
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
    _check_state(endpoint, dotted, body, found)
    kind = body.returns
    encoded = text if kind == Scalar("str") and isinstance(text, str) and text else ""
    if not encoded and (
        not (isinstance(kind, Scalar) and kind.type in ("bytes", "Any"))
        or (isinstance(kind, Scalar) and kind.nullable)
    ):
        raise endpoint.refuse("renderer", dotted, "It does not return bytes.", found.where)
    name = _function(ctx, endpoint, known, found, body, encoded)
    options = [f"render={name}"]
    if isinstance(text, str) and text:
        options.append(f"charset={text!r}")
    return options, {Import(ctx.import_path(_app(endpoint, found), "renderers"), name)}


def entry(endpoint: Endpoint, known: Class, form: str | None, media: str) -> tuple[str, set[Import]]:
    """``OwnRenderer(…)`` for a class of the project that renders something else than JSON. Raises :class:`Refused`."""
    ctx = endpoint.ctx
    dotted = known.methods.get("render", "")
    found = ctx.snapshot.functions.get(dotted)
    if found is None or dotted.startswith("rest_framework."):
        raise endpoint.refuse(
            "renderer", known.name, "The snapshot has no source for its render.", known.where
        )
    if any(m in known.methods for m in ("__init__", "media_type", "format", "charset")):
        raise endpoint.refuse(
            "renderer", known.name, "Its attributes are made when it is called.", known.where
        )
    charset = known.attributes.get("charset")
    text = charset.value.data if charset is not None and charset.value.kind == "const" else ...
    if not (text is None or isinstance(text, str)):
        raise endpoint.refuse("renderer", f"{known.name}.charset", "Its value is not known.", known.where)
    body = _body(endpoint, known, found)
    _check_state(endpoint, dotted, body, found)
    kind = body.returns.kind if isinstance(body.returns, Maybe) else body.returns
    constant = isinstance(kind, Const) and (kind.value is None or isinstance(kind.value, str))
    if not constant and not (isinstance(kind, Scalar) and kind.type in ("str", "bytes", "Any")):
        raise endpoint.refuse(
            "renderer", dotted, "Segue does not see that it returns text or bytes.", found.where
        )
    name = _function(ctx, endpoint, known, found, body, anything=True)
    needed = {
        Import(ctx.import_path(_app(endpoint, found), "renderers"), name),
        Import("segue_bridge.http.negotiation", "OwnRenderer"),
    }
    parts = [repr(form), repr(media), name, *([repr(text)] if text else [])]
    return f"OwnRenderer({', '.join(parts)})", needed


def _check_state(endpoint: Endpoint, dotted: str, body: Body, found: Function) -> None:
    if body.state:
        raise endpoint.refuse(
            "renderer", f"{dotted}: {body.state[0].name}", "An error may be rendered before this is known.", found.where
        )  # fmt: skip


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


def _function(
    ctx: Context,
    endpoint: Endpoint,
    known: Class,
    found: Function,
    body: Body,
    encoded: str = "",
    *,
    anything: bool = False,
) -> str:
    """The name of the function with this body, written once.

    ``encoded``: what it returns is text, which DRF encodes so. ``anything``: what it returns is looked at when it is there.
    """
    written = ctx.memo.setdefault(("views", "renderers"), {})
    assert isinstance(written, dict)
    data = body.parameters[0].name
    # The variable holds one thing after another; what is returned is what json or DRF have made of it.
    returned = list(body.lines)
    if encoded:
        pattern, text = r"^(\s*)return (.+)$", rf"\1return (\2).encode({encoded!r})"
        returned = [re.sub(pattern, text, line) for line in returned]
    elif not anything:
        returned = [re.sub(rf"^(\s*)return {data}$", rf"\1return bytes({data})", line) for line in returned]
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
    shown = "\n".join(f"    {line}" if line else "" for line in lines)
    code = (
        f"def {name}(call: Call, response: JSON) -> {'Any' if anything else 'bytes'}:\n"
        f'    """{found.name} for {endpoint.cls or endpoint.view.function} ({found.where})."""\n{shown}\n'
    )
    imports = {
        *body.imports, Import("segue_bridge.http.call", "Call"), Import("segue_bridge.http.responses", "JSON"),
        Import("typing", "Any"),
    }  # fmt: skip
    module = ctx.module(_app(endpoint, found), "renderers")
    module.add(Decl(name, code, frozenset(imports), 40, Origin(found.name, found.where)))
    return name
