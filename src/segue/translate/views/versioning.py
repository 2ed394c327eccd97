"""``versioning_class``: DRF's schemes as the bridge's ``Versioning``, and URLs whose version is optional.

Sources: ``rest_framework.versioning`` and ``APIView.determine_version``.
"""

from __future__ import annotations

import re

from segue.snapshot.model import Attribute, Class, Route
from segue.target.ir import Import
from segue.translate.language import given
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import plain

_V = "rest_framework.versioning."
# The bridge's name of each scheme and DRF's message, which the bridge repeats.
SCHEMES = {
    "URLPathVersioning": ("path", "Invalid version in URL path."),
    "NamespaceVersioning": (
        "namespace",
        "Invalid version in URL path. Does not match any version namespace.",
    ),
    "AcceptHeaderVersioning": ("accept", 'Invalid version in "Accept" header.'),
    "HostNameVersioning": ("host", "Invalid version in hostname."),
    "QueryParameterVersioning": ("query", "Invalid version in query parameter."),
}
_OPTIONAL = re.compile(r"\(\?:(?P<inner>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)\?")
_PATTERN = re.compile(r"[A-Za-z0-9]")


def scheme(endpoint: Endpoint) -> str:
    """``path``, ``accept``, … for one of DRF's classes or a subclass that sets attributes; '' for none."""
    found = _scheme_class(endpoint)
    return SCHEMES[found[1]][0] if found is not None else ""


def check_versioning(endpoint: Endpoint) -> None:
    """Refuse versioning that is not DRF's own, and URLs with optional parts that are matched differently."""
    found = _scheme_class(endpoint)
    if found is not None:
        known, base = found
        message = known.attributes.get("invalid_version_message")
        if message is not None and given(
            endpoint.ctx, message.value, SCHEMES[base][1], message.where or known.where, known.name
        ):
            raise endpoint.refuse(
                "versioning", known.name, "A message of its own for invalid versions.", message.where
            )
    check_optional(endpoint)


def arguments(endpoint: Endpoint) -> tuple[list[str], set[Import]]:
    """``versioning=Versioning(…)`` and ``regex=…`` of the ``Resource``."""
    made: list[str] = []
    imports: set[Import] = set()
    found = _scheme_class(endpoint)
    if found is not None:
        known, base = found
        given = [repr(SCHEMES[base][0])]
        default = _constant(endpoint, known, "default_version", None)
        if default is not None:
            given.append(f"default={default!r}")
        allowed = _constant(endpoint, known, "allowed_versions", None)
        if allowed:
            given.append(f"allowed={_texts(endpoint, known, allowed)!r}")
        param = _constant(endpoint, known, "version_param", "version")
        if param != "version":
            given.append(f"param={param!r}")
        if base == "NamespaceVersioning" and endpoint.route.namespace:
            given.append(f"namespaces={tuple(endpoint.route.namespace.split(':'))!r}")
        made.append(f"versioning=Versioning({', '.join(given)})")
        imports.add(Import("segue_bridge.http.versioning", "Versioning"))
    regex = whole_regex(endpoint)
    if regex:
        made.append(f"regex={raw_text(regex)}")
    return made, imports


def whole_regex(endpoint: Endpoint) -> str:
    """The URL's regex where its ``path`` leaves out arguments or a slash at its end, which are optional then, where anything may
    follow (no ``$``), or where it has a dot for any character; else ''."""
    route = endpoint.route
    if route.regex.endswith(r"/?\Z") and not route.path.endswith("/"):
        return route.regex
    if not route.regex.endswith(r"\Z"):
        return route.regex
    shown = set(re.findall(r"\{(\w+)\}", route.path))
    loose = any(p.name not in shown for p in route.parameters)
    loose = loose or (_says_all(route, dots=True) and not _says_all(route))
    return route.regex if loose else ""


def _scheme_class(endpoint: Endpoint) -> tuple[Class, str] | None:
    policy = endpoint.policy("versioning_class")
    if policy.kind != "ref":
        if plain(policy) is not None:
            raise endpoint.refuse("versioning", "versioning_class", "Segue does not know this versioning.")
        return None
    known = endpoint.ctx.snapshot.classes.get(policy.name)
    if known is None:
        raise endpoint.refuse("versioning", policy.name, "The snapshot does not know this class.")
    base = next((m.removeprefix(_V) for m in known.mro if m.removeprefix(_V) in SCHEMES), "")
    if not base:
        raise endpoint.refuse("versioning", known.name, "It is none of DRF's schemes.", known.where)
    for dotted in known.methods.values():
        if not dotted.startswith(_V):
            function = endpoint.ctx.snapshot.functions.get(dotted)
            raise endpoint.refuse(
                "versioning", dotted, "A versioning class with methods of its own is not translated.",
                function.where if function else known.where,
            )  # fmt: skip
    if "hostname_regex" in known.attributes and not known.attributes["hostname_regex"].defined_in.startswith(
        _V
    ):
        raise endpoint.refuse("versioning", known.name, "It has a hostname_regex of its own.", known.where)
    return known, base


def _constant(endpoint: Endpoint, known: Class, name: str, default: object) -> object:
    found: Attribute | None = known.attributes.get(name)
    if found is None:
        return default
    value = plain(found.value)
    if value is not None and not isinstance(value, str | list):
        raise endpoint.refuse("versioning", f"{known.name}.{name}", "It is no text.", found.where)
    return value


def _texts(endpoint: Endpoint, known: Class, value: object) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return tuple(value)
    raise endpoint.refuse("versioning", f"{known.name}.allowed_versions", "It is no list of texts.")


def check_optional(endpoint: Endpoint) -> None:
    """Refuse what is optional in a URL in a way that one regex cannot say. Django commits to what an optional part of an ``include`` took; the joined regex could go back on it.

    It cannot where fixed text follows that the optional part does not begin with.
    """
    regex = whole_regex(endpoint)
    if not regex:
        if not _says_all(endpoint.route):
            why = "The URL is a regular expression that says more than a path with arguments can: Segue's routes are paths."
            raise endpoint.refuse("url-regex", endpoint.route.regex, why)
        return
    groups = list(_OPTIONAL.finditer(regex))
    named = {n for g in groups for n in re.findall(r"\(\?P<(\w+)>", g["inner"])}
    shown = set(re.findall(r"\{(\w+)\}", endpoint.route.path))
    missing = {p.name for p in endpoint.route.parameters} - shown
    if missing != named:
        raise endpoint.refuse(
            "url-regex", regex, "Parts of this URL are optional in a way Segue does not know."
        )
    for group in groups:
        rest = regex[group.end() :]
        fixed = re.match(r"[A-Za-z0-9_/-]*", rest)
        literal = fixed[0] if fixed else ""
        ends = rest in (r"\Z", "$")
        if not ends and (not _PATTERN.match(rest) or re.match(group["inner"], literal)):
            raise endpoint.refuse("url-regex", regex, "What follows its optional part could be taken for it.")


def _says_all(route: Route, *, dots: bool = False) -> bool:
    """Whether ``path`` and the regexes of its arguments say what the URL's regex does (``^(?:.*)$`` is ``/.`` as a path). ``dots``: but
    for dots, which are any character in the regex."""
    regexes = {p.name: p.regex for p in route.parameters}
    rest = route.regex.removeprefix("^")
    for part in re.split(r"(\{\w+\})", route.path):
        name = part[1:-1] if part.startswith("{") else ""
        # As they may be written: an argument with its regex, a character as it is or behind a backslash.
        ways = (
            [(f"(?P<{name}>{regexes[name]})",)]
            if name in regexes
            else [
                (
                    "\\" + char if not char.isalnum() else char,
                    *([char] if char not in _META or (dots and char == ".") else []),
                )
                for char in part
            ]
        )
        for texts in ways:
            said = next((text for text in texts if rest.startswith(text)), None)
            if said is None:
                return False
            rest = rest.removeprefix(said)
    return rest == r"\Z"


_META = frozenset(r".^$*+?{}[]\|()")


def raw_text(text: str) -> str:
    """``text`` as a raw string literal, where that can hold it."""
    return f'r"{text}"' if '"' not in text and not text.endswith("\\") else repr(text)


__all__ = ["SCHEMES", "arguments", "check_optional", "check_versioning", "raw_text", "scheme", "whole_regex"]
