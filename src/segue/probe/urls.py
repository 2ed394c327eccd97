"""The URL map: one route per pattern after all includes, with Django's own regular expression."""

import re

_ROUTE_PARAMETER = re.compile(r"<(?:(?P<converter>[^>:]+):)?(?P<parameter>[^>]+)>")


class Pattern:
    """One endpoint pattern as walked: its full regex, template, parameters, callback."""

    def __init__(self, regex, path, parameters, callback, name, namespace, kwargs, resolver_module):
        self.regex = regex
        self.path = path
        self.parameters = parameters
        self.callback = callback
        self.name = name
        self.namespace = namespace
        self.kwargs = kwargs
        self.module = resolver_module
        self.suffix_regex = ""


def walk(collector):
    """All endpoint patterns in matching order, format-suffix twins folded into their base."""
    from django.conf import settings
    from django.urls import get_resolver

    resolver = get_resolver()
    patterns = list(_walk(resolver.url_patterns, "", "", (), [], {}, settings.ROOT_URLCONF, collector))
    return _fold_suffixes(patterns)


def _walk(entries, regex, path, parameters, namespaces, kwargs, module, collector):
    for entry in entries:
        try:
            part_regex, part_path, part_parameters = describe(entry.pattern)
        except Exception as error:
            collector.warn("URL pattern %r: %s: %s" % (entry, type(error).__name__, error))
            continue
        full_regex = regex + part_regex
        full_path = path + part_path
        full_parameters = parameters + part_parameters
        if hasattr(entry, "url_patterns"):
            try:
                inner = entry.url_patterns
            except Exception as error:
                collector.warn("included URLs at /%s: %s: %s" % (full_path, type(error).__name__, error))
                raise
            below = [*namespaces, entry.namespace] if entry.namespace else namespaces
            included = entry.urlconf_name
            inner_module = getattr(included, "__name__", None) or (
                included if isinstance(included, str) else module
            )
            merged = dict(kwargs, **(entry.default_kwargs or {}))
            for found in _walk(
                inner, full_regex, full_path, full_parameters, below, merged, inner_module, collector
            ):
                yield found
        else:
            defaults = dict(kwargs, **(entry.default_args or {}))
            named = [p for p in full_parameters if not p["name"].isdigit()]
            yield Pattern(
                "^/" + full_regex,
                "/" + full_path,
                named if named else list(full_parameters),
                entry.callback,
                entry.name or "",
                ":".join(namespaces),
                defaults,
                module,
            )


def describe(pattern):
    """(regex without its leading ^, template, parameters) of one pattern object.

    ``RoutePattern`` (``path()``), ``RegexPattern`` (``re_path()``, routers) and
    ``LocalePrefixPattern`` of django.urls.resolvers.
    """
    kind = type(pattern).__name__
    if kind == "LocalePrefixPattern":
        prefix = pattern.language_prefix
        return re.escape(prefix), prefix, ()
    route = getattr(pattern, "_route", None)
    if route is not None:
        return _describe_route(pattern, str(route))
    text = str(pattern._regex)
    regex = pattern.regex.pattern
    if regex.startswith("^"):
        regex = regex[1:]
    elif regex.startswith("\\A"):
        regex = regex[2:]
    elif regex and not _matches_whole(pattern):
        regex = r"[\s\S]*?" + regex  # Django searches when there is no anchor
    if _matches_whole(pattern):
        regex = (regex if regex.endswith("\\$") else regex[:-1]) + r"\Z"
    elif getattr(pattern, "_is_endpoint", False) and regex.endswith("$") and not regex.endswith("\\$"):
        regex = regex[:-1] + r"\Z"
    path, groups = template(text)
    parameters = tuple({"name": name, "converter": "regex", "regex": inner} for name, inner in groups)
    return regex, path, parameters


def _matches_whole(pattern):
    """Whether Django asks that all of the path be matched: releases that have ``fullmatch`` there, where an endpoint's pattern ends with
    ``$``, be it escaped or not, with ``^`` before it or without."""
    whole = "fullmatch" in type(pattern).match.__code__.co_names
    return whole and getattr(pattern, "_is_endpoint", False) and pattern.regex.pattern.endswith("$")


def _describe_route(pattern, route):
    from django.urls.converters import DEFAULT_CONVERTERS

    builtin = {type(converter): name for name, converter in DEFAULT_CONVERTERS.items()}
    parameters = []
    for match in _ROUTE_PARAMETER.finditer(route):
        name = match.group("parameter")
        converter = pattern.converters[name]
        cls = type(converter)
        known = builtin.get(cls) or "%s.%s" % (cls.__module__, cls.__qualname__)
        parameters.append({"name": name, "converter": known, "regex": converter.regex})
    path = _ROUTE_PARAMETER.sub(lambda match: "{%s}" % match.group("parameter"), route)
    regex = pattern.regex.pattern
    regex = regex[1:] if regex.startswith("^") else regex
    if regex.endswith("$") and not regex.endswith("\\$"):
        regex = regex[:-1] + r"\Z"
    return regex, path, tuple(parameters)


def template(regex):
    """(path template, [(group, its regex)]) of a regular expression.

    Capturing groups become ``{name}``; anchors go; an optional single character (``/?``) is
    kept out, so ``^a/?$`` is ``a``.
    """
    text, groups, index, position = [], [], 0, 0
    while index < len(regex):
        char = regex[index]
        if char == "\\" and index + 1 < len(regex):
            following = regex[index + 1]
            if following not in "AZzbB":
                text.append(following if not following.isalnum() else "\\" + following)
            index += 2
        elif char in "^$":
            index += 1
        elif char == "(":
            end = _closing(regex, index)
            inner = regex[index + 1 : end]
            index = end + 1
            named = re.match(r"\?P<(\w+)>", inner)
            if named:
                groups.append((named.group(1), inner[named.end() :]))
                text.append("{%s}" % named.group(1))
            elif inner.startswith("?:"):
                nested, nested_groups = template(inner[2:])
                if index < len(regex) and regex[index] in "?*" and not nested_groups:
                    nested = ""
                text.append(nested)
                groups.extend(nested_groups)
            elif not inner.startswith("?"):
                groups.append((str(position), inner))
                text.append("{%d}" % position)
                position += 1
        elif char == "?":
            if text and not text[-1].endswith("}"):
                text.pop()
            index += 1
        elif char in "*+":
            index += 1
        else:
            text.append(char)
            index += 1
    return "".join(text), groups


def _closing(regex, start):
    depth, index, in_class = 0, start, False
    while index < len(regex):
        char = regex[index]
        if char == "\\":
            index += 2
            continue
        if in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
            if regex[index + 1 : index + 2] == "]":
                index += 1
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if depth == 0:
                return index
        index += 1
    return len(regex)


def _fold_suffixes(patterns):
    """Fold what ``rest_framework.urlpatterns.format_suffix_patterns`` added into its base."""
    bases = {}
    result = []
    for pattern in patterns:
        name = _suffix_parameter(pattern)
        if name is not None:
            stem = pattern.path[: -len(".{%s}" % name)]
            base = bases.get((id(pattern.callback), stem.rstrip("/"), pattern.namespace))
            if base is not None and not base.suffix_regex:
                base.suffix_regex = pattern.regex
                continue
        else:
            bases[(id(pattern.callback), pattern.path.rstrip("/"), pattern.namespace)] = pattern
        result.append(pattern)
    return result


def _suffix_parameter(pattern):
    """Name of the last parameter when the template ends in ``.{name}``; the parameter of a
    ``path()`` suffix (``<drf_format_suffix:format>``) has the dot inside its converter."""
    if not pattern.parameters:
        return None
    last = pattern.parameters[-1]
    name = last["name"]
    if last["converter"].rpartition(".")[2].startswith("FormatSuffixConverter"):
        if pattern.path.endswith("{%s}" % name):
            pattern.path = pattern.path[: -len("{%s}" % name)] + ".{%s}" % name
            return name
        return None
    if pattern.path.endswith(".{%s}" % name) and last["converter"] == "regex":
        return name
    return None
