"""One (route, method, action) and what look-ups on its view give."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from segue.refusal import Refused, refuse
from segue.snapshot.model import Class, Route, Value, View, Where
from segue.translate.context import Context
from segue.translate.interp.scope import CALL, Scope
from segue.translate.kinds import Kind, Scalar

EMPTY = Value("const", None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """The serializer class that a view chose on one way through its ``get_serializer_class``; ``looked_up`` tells where the last
    step was a look-up under something of the request (:mod:`segue.translate.specialise.registered`)."""

    cls: str
    looked_up: Hashable = None


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """``method`` is '' where code serves several (permissions); ``action`` as the viewset has it then:
    None for a method that the URL does not offer, ``"metadata"`` for OPTIONS. ``rebound``: methods that the view's code has
    replaced on the object (``self.get_object = self.get_instance``), with the dotted names of what stands there now. ``chosen``: what
    ``get_serializer_class`` gives on the way that is translated, where requests decide. ``any_action``: the code serves all actions,
    so that ``action`` says nothing."""

    ctx: Context
    route: Route
    view: View
    method: str
    action: str | None
    rebound: tuple[tuple[str, str], ...] = ()
    chosen: Chosen | None = None
    any_action: bool = False

    @property
    def cls(self) -> str:
        """Dotted class of the view ('' for none)."""
        return self.view.cls

    @property
    def key(self) -> Hashable:
        """Endpoints with equal keys translate equally."""
        told = (self.method, self.action, self.any_action)
        return (self.view.key, self.route.id, *told, self.rebound, self.chosen)

    @property
    def app(self) -> str:
        """Label of the app that the view belongs to."""
        names = [self.view.function, self.view.cls, self.view.key]
        for wanted in names:
            for app in sorted(self.ctx.snapshot.apps, key=lambda a: -len(a.module)):
                if wanted.startswith(app.module + "."):
                    return app.label
        return next((n for n in names if n), "project").partition(".")[0]

    @property
    def where(self) -> Where:
        """Where the view stands."""
        return self.view.where

    @property
    def detail(self) -> bool | None:
        """``self.detail`` of a viewset."""
        found = self.view.initkwargs.get("detail")
        return bool(found.data) if found is not None and isinstance(found.data, bool) else None

    @property
    def url_arguments(self) -> dict[str, Kind]:
        """Kinds of ``self.kwargs``."""
        types = {"int": "int", "uuid": "UUID"}
        return {p.name: Scalar(types.get(p.converter, "str")) for p in self.route.parameters}

    def klass(self) -> Class | None:
        """The snapshot's record of the view class."""
        return self.ctx.snapshot.classes.get(self.cls)

    def attribute(self, name: str) -> Value:
        """:meth:`declared`, for what DRF asks of the view. Raises ``Refused`` where that is a property."""
        found = self.declared(name)
        if found is EMPTY:
            self._check_plain(name)
        return found

    def declared(self, name: str) -> Value:
        """Effective class attribute: argument of ``as_view`` (a router gives it those of ``@action``), else along the MRO."""
        given = self.view.initkwargs.get(name)
        if given is not None:
            return given
        known = self.klass()
        if known is not None and name in known.attributes:
            return known.attributes[name].value
        return EMPTY

    def fixed(self, name: str) -> Value:
        """:meth:`attribute`, of which no code of the view makes another one for some requests. Raises ``Refused``."""
        known = self.klass()
        for dotted in known.methods.values() if known is not None else ():
            function = self.ctx.snapshot.functions.get(dotted)
            if function is None or dotted.startswith(("rest_framework.", "django.")):
                continue
            if re.search(rf"\.{name}\s*(:[^=]+)?[-+|&*]?=(?!=)|\bsetattr\(\s*self\b", function.source):
                why = f"The view gives {name} another value for some requests: write it into the class."
                raise refuse("assign-attribute", f"self.{name}", why, function.where)
        return self.attribute(name)

    def policy(self, name: str) -> Value:
        """Effective policy (``permission_classes`` …): that of the object which ``as_view`` makes for this URL.

        What ``@action`` says is among the arguments of ``as_view`` only where a router has made the URL.
        """
        self._check_plain(name)
        return self.view.policies.get(name, EMPTY)

    def _check_plain(self, name: str) -> None:
        """Raise ``Refused`` for a property: what it gives without a request says nothing of what it gives to one."""
        known = self.klass()
        if known is not None and name in known.methods:
            raise self.refuse_method(
                name, f"It is computed for each request: make {name} an attribute of the class."
            )

    def method_of(self, name: str) -> str:
        """Dotted definition that look-up of method ``name`` finds; '' if there is none."""
        replaced = dict(self.rebound).get(name)
        if replaced is not None:
            return replaced
        known = self.klass()
        return known.methods.get(name, "") if known is not None else ""

    def rebind(self, name: str, dotted: str) -> Endpoint:
        """The same view after ``self.<name> = self.<method>``."""
        return replace(self, rebound=(*(r for r in self.rebound if r[0] != name), (name, dotted)))

    def overridden(self, name: str) -> str:
        """Dotted name of the project's (or a third party's) definition of ``name``; '' for DRF's own."""
        found = self.method_of(name)
        return "" if found.startswith(("rest_framework.", "django.")) else found

    def refuse(self, code: str, construct: str, why: str, where: Where | None = None) -> Refused:
        """A refusal at the view (or ``where``)."""
        return refuse(code, construct, why, where or self.view.where)

    def refuse_method(self, name: str, why: str) -> Refused:
        """A refusal of an overridden method, at its definition."""
        dotted = self.method_of(name)
        function = self.ctx.snapshot.functions.get(dotted)
        return refuse(
            f"override-{name.strip('_').replace('_', '-')}",
            dotted or name,
            why,
            function.where if function else self.where,
        )

    def choosing(self, chosen: Chosen) -> Endpoint:
        """The same view where ``get_serializer_class`` has given ``chosen``."""
        return replace(self, chosen=chosen)

    def for_action(self, action: str | None, method: str = "") -> Endpoint:
        """The same view under another action."""
        return replace(self, action=action, method=method, any_action=self.any_action and action is None)


@dataclass(frozen=True, slots=True)
class PathScope(Scope):
    """State of a path operation function: everything hangs on ``call``; URL arguments are converted as
    Django's path converters do."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)

    def url_argument(self, name: str) -> str | None:
        """``call.path[...]`` in the converter's type."""
        text = f'call.path["{name}"]'
        kind = self.kinds.get(name)
        if isinstance(kind, Scalar) and kind.type in ("int", "UUID"):
            return f"{kind.type}({text})"
        return text


def path_scope(endpoint: Endpoint) -> PathScope:
    """The scope of the endpoint's path operation function."""
    return PathScope(CALL.names, CALL.paths, endpoint.url_arguments)
