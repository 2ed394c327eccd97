"""Django's templates that the code names, as trees: Django itself has parsed them.

A node is ``[kind, line, …]``. What :data:`_NODES` does not know is ``["other", line, tag, class]``. An expression is
``{"path": [...]}`` or ``{"literal": …, "safe": bool}``, with ``"filters"``: name of the function, then its arguments.
"""

import re

_NAME = re.compile(r"[\w][\w./ -]*\.\w{2,10}")
_STRINGS = re.compile(r"""["']([\w][\w./ -]*\.\w{2,10})["']""")


def describe(collector):
    """Templates by name, with those that they extend and include; what keeps a template from being read is its ``problem``.

    Under ``""``: the functions that templates do not call (``alters_data``), in ``uncalled``.
    """
    engine = _engine()
    if engine is None:
        return {}
    found = {}
    queue = sorted(_names(collector))
    while queue:
        name = queue.pop(0)
        if name in found:
            continue
        one = _read(collector, engine, name)
        if one is None:
            continue
        found[name] = one
        queue.extend(one.pop("asks"))
    if not found:
        return {}
    return dict({"": {"uncalled": _uncalled(collector), "engine": _facts(engine)}}, **found)


def _engine():
    """The only engine, where it is Django's."""
    try:
        from django.template import engines

        known = engines.all()
    except Exception:
        return None
    if len(known) != 1 or type(known[0]).__module__ != "django.template.backends.django":
        return None
    return known[0].engine


def _facts(engine):
    return {
        "autoescape": bool(engine.autoescape),
        "string_if_invalid": str(engine.string_if_invalid),
        "loaders": sorted(_loaders(engine.template_loaders)),
        "processors": [str(path) for path in engine.context_processors],
    }


def _loaders(loaders):
    """Dotted names of the classes that find templates, those behind a cache included."""
    for loader in loaders:
        yield "%s.%s" % (type(loader).__module__, type(loader).__name__)
        yield from _loaders(getattr(loader, "loaders", ()))


def _names(collector):
    found = set()
    for function in collector.functions.values():
        found.update(_STRINGS.findall(function.get("source") or ""))
    for cls in collector.classes.values():
        for attribute in cls["attributes"].values():
            value = attribute.get("value") or {}
            if isinstance(value.get("data"), str) and _NAME.fullmatch(value["data"]):
                found.add(value["data"])
    return found


def _uncalled(collector):
    """Dotted names of methods that templates leave alone: ``alters_data`` and ``do_not_call_in_templates``."""
    found = set()
    for cls in collector._seen_classes.values():
        for name in list(vars(cls)):
            value = vars(cls)[name]
            if (
                getattr(value, "alters_data", False) is True
                or getattr(value, "do_not_call_in_templates", False) is True
            ):
                found.add("%s.%s" % (collector.names.cls(cls), name))
    return sorted(found)


def _read(collector, engine, name):
    from django.template import TemplateDoesNotExist

    try:
        template = engine.get_template(name)
    except TemplateDoesNotExist:
        return None
    except Exception as error:
        return {"problem": "%s: %s" % (type(error).__name__, error), "file": name, "nodes": [], "asks": []}
    reader = _Reader(name)
    nodes = reader.nodes(template.nodelist)
    return {
        "problem": "",
        "file": collector.names.origins.relative(str(template.origin.name)),
        "nodes": nodes,
        "asks": sorted(reader.asks),
    }


class _Reader:
    def __init__(self, name):
        self.name = name
        self.asks = set()

    def nodes(self, nodelist):
        found = []
        for node in nodelist or ():
            one = self.node(node)
            if one is not None:
                found.append(one)
        return found

    def node(self, node):
        kind = "%s.%s" % (type(node).__module__, type(node).__name__)
        token = getattr(node, "token", None)
        line = getattr(token, "lineno", None) or 0
        method = _NODES.get(kind)
        if method is None:
            return ["other", line, str(getattr(token, "contents", "")).split(" ")[0], kind]
        made = getattr(self, "_" + method)(node)
        return None if made is None else [method, line, *made]

    # -- expressions -------------------------------------------------------------------------

    def expression(self, found):
        from django.template.base import Variable

        one = self._variable(found.var) if isinstance(found.var, Variable) else self._literal(found.var)
        one["filters"] = []
        for function, arguments in found.filters:
            inner = getattr(function, "_decorated_function", function)  # before Django 4.0
            while hasattr(inner, "__wrapped__"):
                inner = inner.__wrapped__
            written = [
                self._variable(argument) if lookup else self._literal(argument)
                for lookup, argument in arguments
            ]
            one["filters"].append(["%s.%s" % (inner.__module__, inner.__qualname__), written])
        return one

    @staticmethod
    def _literal(value):
        from django.utils.functional import Promise

        if value is None:
            return {"path": ["None"]}
        if isinstance(value, Promise):
            return {"odd": "a translated text"}
        return {"literal": str(value) if isinstance(value, str) else value, "safe": isinstance(value, str)}

    def _variable(self, variable):
        if variable.translate:
            return {"odd": "a translated text"}
        if variable.lookups is None:
            return self._literal(variable.literal)
        return {"path": list(variable.lookups)}

    def _named(self, mapping):
        return [[str(key), self.expression(value)] for key, value in mapping.items()]

    def _constant(self, found):
        """The name of another template, None for one that is computed."""
        if found.filters or not isinstance(found.var, str):
            return None
        from django.template.loader_tags import construct_relative_path

        name = construct_relative_path(self.name, str(found.var))
        self.asks.add(name)
        return name

    # -- nodes -------------------------------------------------------------------------------

    def _text(self, node):
        return [str(node.s)]

    def _verbatim(self, node):
        return [str(node.content)]

    def _templatetag(self, node):
        return [str(node.mapping.get(node.tagtype, ""))]

    def _var(self, node):
        return [self.expression(node.filter_expression)]

    def _if(self, node):
        return [
            [None if condition is None else self._condition(condition), self.nodes(body)]
            for condition, body in node.conditions_nodelists
        ]

    def _condition(self, token):
        if token.first is None:
            return {"value": self.expression(token.value)}
        parts = [self._condition(part) for part in (token.first, token.second) if part is not None]
        return {"operator": str(token.id), "parts": parts}

    def _for(self, node):
        return [
            [str(name) for name in node.loopvars],
            self.expression(node.sequence),
            bool(node.is_reversed),
            self.nodes(node.nodelist_loop),
            self.nodes(node.nodelist_empty),
        ]

    def _with(self, node):
        return [self._named(node.extra_context), self.nodes(node.nodelist)]

    def _include(self, node):
        return [self._constant(node.template), self._named(node.extra_context), bool(node.isolated_context)]

    def _block(self, node):
        return [str(node.name), self.nodes(node.nodelist)]

    def _extends(self, node):
        return [self._constant(node.parent_name), self.nodes(node.nodelist)]

    def _trans(self, node):
        if node.message_context is not None or node.asvar:
            return ["", False, "a context or a name"]
        found = node.filter_expression
        var = found.var
        text = getattr(var, "literal", None)
        if found.filters or not isinstance(text, str):
            return ["", False, "a computed text or a filter"]
        return [str(text), bool(node.noop), ""]

    def _blocktrans(self, node):
        if node.message_context is not None or node.asvar:
            return [[], None, None, "a context or a name"]
        singular = node.render_token_list(node.singular)
        plural = node.render_token_list(node.plural) if node.plural else None
        names = list(singular[1]) + (list(plural[1]) if plural else [])
        counter = [str(node.countervar), self.expression(node.counter)] if node.plural else None
        texts = [str(singular[0])] + ([str(plural[0])] if plural else [])
        return [self._named(node.extra_context), texts, [names, counter], ""]

    def _url(self, node):
        return [
            self.expression(node.view_name),
            [self.expression(argument) for argument in node.args],
            self._named(node.kwargs),
            str(node.asvar or ""),
        ]

    def _autoescape(self, node):
        return [bool(node.setting), self.nodes(node.nodelist)]

    def _now(self, node):
        return [str(node.format_string), str(node.asvar or "")]

    def _static(self, node):
        return [self.expression(node.path), str(node.varname or "")]

    def _nothing(self, node):
        return None


_NODES = {
    "django.template.base.TextNode": "text",
    "django.template.base.VariableNode": "var",
    "django.template.defaulttags.VerbatimNode": "verbatim",
    "django.template.defaulttags.TemplateTagNode": "templatetag",
    "django.template.defaulttags.IfNode": "if",
    "django.template.defaulttags.ForNode": "for",
    "django.template.defaulttags.WithNode": "with",
    "django.template.defaulttags.AutoEscapeControlNode": "autoescape",
    "django.template.defaulttags.CommentNode": "nothing",
    "django.template.defaulttags.LoadNode": "nothing",
    "django.template.defaulttags.NowNode": "now",
    "django.template.defaulttags.URLNode": "url",
    "django.template.loader_tags.BlockNode": "block",
    "django.template.loader_tags.ExtendsNode": "extends",
    "django.template.loader_tags.IncludeNode": "include",
    "django.templatetags.i18n.TranslateNode": "trans",
    "django.templatetags.i18n.BlockTranslateNode": "blocktrans",
    "django.templatetags.static.StaticNode": "static",
    "django.contrib.staticfiles.templatetags.staticfiles.StaticFilesNode": "static",
}
