"""Named URLs as ``Link`` constants of the generated code (``rest_framework.reverse.reverse``)."""

from __future__ import annotations

import re

from segue.refusal import Refused, refuse
from segue.snapshot.model import Route, Where
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.serializers.facts import rest_setting

_OPTIONAL = re.compile(
    r"\(\?:(?P<before>[A-Za-z0-9_/-]*)\(\?P<(?P<name>\w+)>(?P<regex>[\w.|()-]+)\)(?P<after>[A-Za-z0-9_/-]*)\)\?"
)
_NUMBERS = {"int", "uuid"}


def link(ctx: Context, view_name: str, arguments: frozenset[str], where: Where) -> Import:
    """The ``Link`` constant of the URL ``view_name``, taking numbers and UUIDs as ``arguments``.

    Raises ``Refused`` where Django would look at more than one pattern, or write something else than the path.
    """
    found = [r for r in ctx.snapshot.routes if r.name == view_name and not r.namespace]
    if len(found) != 1:
        raise _refused(view_name, f"{len(found)} URLs have this name.", where)
    route = found[0]
    _check_surroundings(ctx, view_name, where)
    text = _constructor(route, view_name, arguments, where)
    kept = rest_setting(ctx, "URL_FORMAT_OVERRIDE", None)
    if kept != "format":
        text = f"{text[:-1]}, keeps={kept or ''!r})"
    label = next(
        (
            a.label
            for a in sorted(ctx.snapshot.apps, key=lambda a: -len(a.module))
            if route.view.startswith(a.module + ".")
        ),
        route.view.partition(".")[0],
    )
    constant = re.sub(r"\W+", "_", view_name).upper()
    module = ctx.module(label, "links")
    module.add(
        Decl(
            constant,
            f"{constant} = {text}",
            frozenset({Import("segue_bridge.http.links", "Link")}),
            0,
            Origin(route.view, route.where or where),
        )
    )
    prunable(ctx, module.path, constant)
    return Import(ctx.import_path(label, "links"), constant)


def _check_surroundings(ctx: Context, view_name: str, where: Where) -> None:
    """What would change addresses beyond the path: format suffixes, a script name, versions as namespaces."""
    if any(r.suffix_regex for r in ctx.snapshot.routes):
        raise _refused(view_name, "A request with a format suffix gets links with one.", where)
    script = ctx.snapshot.settings.values.get("FORCE_SCRIPT_NAME")
    if script is not None and script.data:
        raise _refused(view_name, "FORCE_SCRIPT_NAME is set.", where)
    for view in ctx.snapshot.views.values():
        policy = view.policies.get("versioning_class")
        known = ctx.snapshot.classes.get(policy.name) if policy is not None and policy.kind == "ref" else None
        if known is not None and "rest_framework.versioning.NamespaceVersioning" in known.mro:
            raise _refused(view_name, "Links between versions of a namespace are not translated.", where)


def _constructor(route: Route, view_name: str, arguments: frozenset[str], where: Where) -> str:
    shown = set(re.findall(r"\{(\w+)\}", route.path))
    if shown != arguments:
        raise _refused(
            view_name, f"The URL takes {sorted(shown)}, the link gives {sorted(arguments)}.", where
        )
    if "%" in route.path or re.search(r"[^A-Za-z0-9_/{}.-]", route.path):
        raise _refused(view_name, "The URL has characters that are quoted.", where)
    for parameter in route.parameters:
        if (
            parameter.name in shown
            and parameter.converter not in (*_NUMBERS, "str")
            and not _takes_numbers(parameter.regex)
        ):
            raise _refused(view_name, f"The URL takes {parameter.regex} as {parameter.name}.", where)
    rest = {p.name for p in route.parameters} - shown
    if not rest:
        return f"Link({route.path!r})"
    group = _OPTIONAL.search(route.regex)
    if group is None or rest != {group["name"]} or group["name"] != "version":
        raise _refused(view_name, "Its optional part is none that Segue knows.", where)
    start = route.regex[: group.start()].removeprefix("^")
    if not route.path.startswith(start) or re.search(r"[^A-Za-z0-9_/-]", start):
        raise _refused(view_name, "Its optional part is none that Segue knows.", where)
    versioned = f"{start}{group['before']}{{version}}{group['after']}{route.path[len(start) :]}"
    return f'Link({route.path!r}, versioned={versioned!r}, versions=r"{group["regex"]}")'


def _takes_numbers(regex: str) -> bool:
    return regex in ("[^/.]+", "[^/]+", r"\d+", "[0-9]+")


def _refused(view_name: str, why: str, where: Where) -> Refused:
    return refuse("hyperlink", view_name, why, where)


__all__ = ["link"]
