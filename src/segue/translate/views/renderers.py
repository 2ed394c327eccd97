"""``renderer_classes`` → what a ``Resource`` negotiates.

Only JSON is rendered by the generated service. The other renderers of a view take part in negotiation with their
``format`` and ``media_type`` (``rest_framework.negotiation.DefaultContentNegotiation.select_renderer`` looks at
nothing else), so that exactly the requests that DRF would render otherwise are left to Django.
"""

from __future__ import annotations

from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.views import own_renderer

BROWSABLE = "rest_framework.renderers.BrowsableAPIRenderer"
JSON = "rest_framework.renderers.JSONRenderer"


def argument(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """``browsable=True``, ``renderers=(…)`` or '' (JSON alone) for the view's ``Resource``.

    Raises :class:`Refused` for a view without JSON and for a renderer whose format is not known.
    """
    parts = [_text(endpoint, v.name) for v in endpoint.policy("renderer_classes").items]
    if '"json"' not in parts:
        _refuse_changed(endpoint)
        names = ", ".join(v.name for v in endpoint.policy("renderer_classes").items)
        raise endpoint.refuse("renderer", names or "renderer_classes", "This view does not answer with JSON.")
    own, needed = _own(endpoint)
    if parts == ['"json"']:
        return ", ".join(own), needed
    if parts == ['"json"', '"api"']:
        return ", ".join([*own, "browsable=True"]), needed
    imports = needed | {
        Import("segue_bridge.http.negotiation", "LegacyRenderer")
        for p in parts
        if p.startswith("LegacyRenderer")
    }
    return ", ".join([*own, f"renderers=({', '.join(parts)})"]), imports


def _own(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """What the view's JSON renderer needs, where its ``render`` is the project's."""
    for value in endpoint.policy("renderer_classes").items:
        known = endpoint.ctx.snapshot.classes.get(value.name)
        if known is not None and _text(endpoint, value.name) == '"json"':
            return (
                own_renderer.arguments(endpoint, known)
                if own_renderer.own_render(endpoint, known)
                else ([], set())
            )
    return [], set()


def _refuse_changed(endpoint: Endpoint) -> None:
    """Name what a ``JSONRenderer`` of its own changes, where that is why the view does not answer with JSON here."""
    for value in endpoint.policy("renderer_classes").items:
        known = endpoint.ctx.snapshot.classes.get(value.name)
        if known is None or JSON not in known.mro:
            continue
        for name, given in sorted(known.attributes.items()):
            if not given.defined_in.startswith("rest_framework."):
                raise endpoint.refuse(
                    "renderer", f"{value.name}.{name}", f"Its {name} may write values otherwise than DRF's.", given.where
                )  # fmt: skip
        for name, dotted in sorted(known.methods.items()):
            if not dotted.startswith("rest_framework."):
                function = endpoint.ctx.snapshot.functions.get(dotted)
                raise endpoint.refuse(
                    "renderer",
                    dotted,
                    f"{value.name} overrides {name} in a way that is not translated.",
                    function.where if function is not None else known.where,
                )


def _text(endpoint: Endpoint, name: str) -> str:
    if name == JSON:
        return '"json"'
    if name == BROWSABLE:
        return '"api"'
    known = endpoint.ctx.snapshot.classes.get(name)
    if known is None:
        raise endpoint.refuse("renderer", name, "The snapshot does not know this renderer.")
    if JSON in known.mro and (_changes_nothing(known) or own_renderer.own_render(endpoint, known)):
        return '"json"'
    found = {}
    for attribute in ("media_type", "format"):
        given = known.attributes.get(attribute)
        if (
            attribute in known.methods
            or given is None
            or given.value.kind != "const"
            or not (isinstance(given.value.data, str) or (attribute == "format" and given.value.data is None))
        ):
            raise endpoint.refuse("renderer", f"{name}.{attribute}", "Its value is not known.", known.where)
        found[attribute] = given.value.data
    if BROWSABLE in known.mro and found == {"media_type": "text/html", "format": "api"}:
        return '"api"'
    return f"LegacyRenderer({found['format']!r}, {found['media_type']!r})"


def _changes_nothing(known: Class) -> bool:
    """Whether everything of the class is DRF's ``JSONRenderer``'s."""
    defined = [*known.methods.values(), *(a.defined_in + "." for a in known.attributes.values())]
    return all(d.startswith("rest_framework.renderers.") for d in defined)


__all__ = ["BROWSABLE", "JSON", "argument"]
