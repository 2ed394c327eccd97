"""``renderer_classes`` → what a ``Resource`` negotiates.

A view with JSON among its renderers is answered in JSON alone; one with a single renderer of the project's own by that. The other renderers of a view take part in negotiation with their
``format`` and ``media_type`` (``rest_framework.negotiation.DefaultContentNegotiation.select_renderer`` looks at
nothing else), so that exactly the requests that DRF would render otherwise are left to Django.
"""

from __future__ import annotations

from segue.snapshot.model import Class
from segue.target.ir import Import
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Made, call_method
from segue.translate.views import own_encoder, own_renderer

BROWSABLE = "rest_framework.renderers.BrowsableAPIRenderer"
JSON = "rest_framework.renderers.JSONRenderer"


def argument(endpoint: Endpoint) -> tuple[str, set[Import]]:
    """``browsable=True``, ``renderers=(…)`` or '' (JSON alone) for the view's ``Resource``.

    Raises :class:`Refused` for a view without JSON and for a renderer whose format is not known.
    """
    chosen = _classes(endpoint)
    parts = [_text(endpoint, name) for name in chosen]
    if '"json"' not in parts:
        _refuse_changed(endpoint)
        if len(chosen) != 1 or not parts[0].startswith("LegacyRenderer"):
            names = ", ".join(chosen)
            raise endpoint.refuse(
                "renderer", names or "renderer_classes", "This view does not answer with JSON."
            )
        known = endpoint.ctx.snapshot.classes[chosen[0]]
        form, media = (known.attributes[name].value.data for name in ("format", "media_type"))
        assert form is None or isinstance(form, str)
        entry, needed = own_renderer.entry(endpoint, known, form, str(media))
        return f"renderers=({entry},)", needed
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


def _classes(endpoint: Endpoint) -> list[str]:
    """Dotted names of the classes that ``get_renderers()`` makes, in its order.

    OPTIONS lists the media types of ``renderer_classes`` all the same (``SimpleMetadata.determine_metadata``), so an
    override that offers other ones is refused, and one whose choice differs between the actions.
    """
    given = [v.name for v in endpoint.policy("renderer_classes").items]
    if not endpoint.overridden("get_renderers"):
        return given
    served = [(o.action or None, o.method) for o in endpoint.route.operations]
    # A method that the URL does not offer has no action.
    choices = {_made(endpoint.for_action(*at)) for at in [*served, ("metadata", "OPTIONS"), (None, "TRACE")]}
    chosen = list(choices.pop())
    if choices or [_text(endpoint, n) for n in chosen] != [_text(endpoint, n) for n in given]:
        raise endpoint.refuse_method(
            "get_renderers", "It chooses other media types than renderer_classes, or other ones by action."
        )
    return chosen


def json_renderer(endpoint: Endpoint) -> str:
    """The one class that renders JSON for this view; '' where there are several or none."""
    found = [name for name in _classes(endpoint) if _text(endpoint, name) == '"json"']
    return found[0] if len(found) == 1 else ""


def _made(endpoint: Endpoint) -> tuple[str, ...]:
    found = call_method(endpoint, "get_renderers")
    if not isinstance(found, list) or not all(isinstance(m, Made) and not m.parts for m in found):
        raise endpoint.refuse_method("get_renderers", "It does not give a list of renderers.")
    return tuple(m.cls for m in found)


def _own(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """What the view's JSON renderer needs, where its ``render`` is the project's."""
    for name in _classes(endpoint):
        known = endpoint.ctx.snapshot.classes.get(name)
        if known is not None and _text(endpoint, name) == '"json"':
            return (
                own_renderer.arguments(endpoint, known)
                if own_renderer.own_render(endpoint, known)
                else ([], set())
            )
    return [], set()


def _refuse_changed(endpoint: Endpoint) -> None:
    """Name what a ``JSONRenderer`` of its own changes, where that is why the view does not answer with JSON here."""
    for renderer in _classes(endpoint):
        known = endpoint.ctx.snapshot.classes.get(renderer)
        if known is None or JSON not in known.mro:
            continue
        for name, given in sorted(known.attributes.items()):
            if name == "encoder_class" and own_encoder.plain(endpoint.ctx.snapshot, given.value.name):
                continue
            if not given.defined_in.startswith("rest_framework."):
                raise endpoint.refuse(
                    "renderer", f"{renderer}.{name}", f"Its {name} may write values otherwise than DRF's.", given.where
                )  # fmt: skip
        for name, dotted in sorted(known.methods.items()):
            if not dotted.startswith("rest_framework."):
                function = endpoint.ctx.snapshot.functions.get(dotted)
                raise endpoint.refuse(
                    "renderer",
                    dotted,
                    f"{renderer} overrides {name} in a way that is not translated.",
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
    if JSON in known.mro and (_changes_nothing(endpoint, known) or own_renderer.own_render(endpoint, known)):
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


def _changes_nothing(endpoint: Endpoint, known: Class) -> bool:
    """Whether everything of the class is DRF's ``JSONRenderer``'s, or an encoder that writes what the service answers as DRF's."""
    encoder = known.attributes.get("encoder_class")
    same = encoder is not None and own_encoder.plain(endpoint.ctx.snapshot, encoder.value.name)
    given = [a.defined_in + "." for n, a in known.attributes.items() if n != "encoder_class" or not same]
    return all(d.startswith("rest_framework.renderers.") for d in [*known.methods.values(), *given])


__all__ = ["BROWSABLE", "JSON", "argument", "json_renderer"]
