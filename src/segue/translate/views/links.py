"""Named URLs as ``Link`` constants of the generated code (``rest_framework.reverse.reverse``)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from segue.refusal import Refused, refuse
from segue.snapshot.model import Route, Where
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.functions.finish import prunable
from segue.translate.functions.record import reached
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
    label = _label(ctx, route)
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
    made = Import(ctx.import_path(label, "links"), constant)
    _made(ctx).add(made)
    return made


def shows_links(ctx: Context, lines: Sequence[str], imports: Collection[Import]) -> bool:
    """Whether code writes links as DRF's hyperlinked fields do, down to the last function called. Where the address of a request has a
    format suffix theirs have one too (``HyperlinkedRelatedField.to_representation``), so that such requests are Django's."""
    links = _made(ctx)
    called = reached(ctx, lines)
    return not links.isdisjoint(imports) or any(r is None or not links.isdisjoint(r.imports) for r in called)


def _made(ctx: Context) -> set[Import]:
    found = ctx.memo.setdefault(("links", "made"), set())
    assert isinstance(found, set)
    return found


def pattern(
    ctx: Context, view_name: str, arguments: frozenset[str] | int, where: Where
) -> tuple[Import, list[str]]:
    """The ``UrlPattern`` constant that ``django.urls.reverse`` finds for these arguments (names, or how many), and their
    names in order.

    Raises ``Refused`` where it might be another, or writes something else than the path.
    """
    namespace, _, short = view_name.rpartition(":")
    found = []
    for route in ctx.snapshot.routes:
        if route.name != short or route.namespace != namespace:
            continue
        names = re.findall(r"\{(\w+)\}", route.path)
        if (set(names) == arguments) if isinstance(arguments, frozenset) else len(names) == arguments:
            found.append((route, names))
    if len(found) != 1:
        raise _refused(view_name, f"{len(found)} URLs have this name and these arguments.", where)
    route, names = found[0]
    script = ctx.snapshot.settings.values.get("FORCE_SCRIPT_NAME")
    language = ctx.snapshot.settings.values.get("LANGUAGE_CODE")
    if script is not None and script.data:
        raise _refused(view_name, "FORCE_SCRIPT_NAME is set.", where)
    if language is not None and language.data and route.path.startswith(f"/{str(language.data).lower()}/"):
        raise _refused(view_name, "The URL may begin with the language of the request.", where)
    if route.default_kwargs or re.search(r"[^A-Za-z0-9_/{}.-]", route.path):
        raise _refused(view_name, "The URL has defaults, or characters that are quoted.", where)
    for parameter in route.parameters:
        if parameter.converter not in ("str", "int", "slug", "uuid", "path", "regex", ""):
            raise _refused(view_name, f"The URL takes {parameter.name} by a converter of its own.", where)
    label = _label(ctx, route)
    # The resources of routes.py are called ``NOTE_LINKS_URL``.
    constant = re.sub(r"\W+", "_", view_name).upper() + "_PATH"
    module = ctx.module(label, "links")
    module.add(
        Decl(
            constant,
            f"{constant} = UrlPattern({route.path!r}, {_raw(route.regex)})",
            frozenset({Import("segue_bridge.http.links", "UrlPattern")}),
            0,
            Origin(route.view, route.where or where),
        )
    )
    prunable(ctx, module.path, constant)
    return Import(ctx.import_path(label, "links"), constant), names


def _raw(text: str) -> str:
    return f'r"{text}"' if '"' not in text and not text.endswith("\\") else repr(text)


def _label(ctx: Context, route: Route) -> str:
    """The app that the URL's view is of."""
    apps = sorted(ctx.snapshot.apps, key=lambda a: -len(a.module))
    found = next((a.label for a in apps if route.view.startswith(a.module + ".")), "")
    return found or route.view.partition(".")[0]


def _check_surroundings(ctx: Context, view_name: str, where: Where) -> None:
    """What would change addresses beyond the path and its suffix: a script name, versions as namespaces."""
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


__all__ = ["link", "pattern", "shows_links"]
