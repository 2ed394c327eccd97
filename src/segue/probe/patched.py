"""What the project changes in Django, DRF and the packages that Segue translates: methods, functions, classes and constants.

Such a change shows in no code that a view runs, so that it must be looked for. Left out is what no request of an API runs (the
admin, commands, tests, migrations). What other packages change is not looked for.
"""

import ast
import builtins
import inspect
import sys
import textwrap
import types

_PACKAGES = ("django", "rest_framework", "django_filters", "rest_framework_simplejwt")
_ASIDE = (
    "django.contrib.admin",
    "django.contrib.auth.forms",
    "django.contrib.auth.views",
    "django.contrib.gis",
    "django.contrib.staticfiles",
    "django.core.management",
    "django.db.migrations",
    "django.test",
    "django.views",
    "rest_framework.schemas",
    "rest_framework.templatetags",
    "rest_framework.test",
)
# Modules whose classes say by constants what is answered.
_TOLD = (
    "django.core.validators",
    "django.db.models.fields",
    "rest_framework.authentication",
    "rest_framework.exceptions",
    "rest_framework.fields",
    "rest_framework.filters",
    "rest_framework.pagination",
    "rest_framework.parsers",
    "rest_framework.permissions",
    "rest_framework.relations",
    "rest_framework.renderers",
    "rest_framework.serializers",
    "rest_framework.throttling",
    "rest_framework.validators",
    "rest_framework.versioning",
)
# DRF takes these from the settings, as classes of the project's own.
_FROM_SETTINGS = ("metadata_class", "versioning_class", "pagination_class", "content_negotiation_class")
_UNKNOWN = object()


def changed(collector):
    """``{"name": dotted, "file": shown, "line": n}`` of each, sorted by name; without a place for constants."""
    found = {}
    modules = [
        (name, module)
        for name, module in sorted(sys.modules.items())
        if module is not None and name.partition(".")[0] in _PACKAGES and not name.startswith(_ASIDE)
    ]
    for name, module in modules:
        for attribute, value in list(vars(module).items()):
            if issubclass(type(value), type):
                if value.__module__ == name:
                    _of_class(collector, value, found)
                elif not hasattr(value, "_meta") and _is_own_class(collector, value):
                    # (the user model is theirs to name)
                    found.setdefault("%s.%s" % (name, attribute), ("", 0))
            elif is_function(value) and _is_own(collector, value.__code__):
                found.setdefault("%s.%s" % (name, attribute), _place(collector, value.__code__))
    from django.utils import translation

    with translation.override(None):  # lazy texts as the source has them
        for name, module in modules:
            if name in _TOLD:
                for dotted in _other_constants(name, module):
                    found.setdefault(dotted, ("", 0))
    return [{"name": name, "file": file, "line": line} for name, (file, line) in sorted(found.items())]


def is_function(value):
    """Like ``isinstance``, which would wake lazy objects."""
    return issubclass(type(value), types.FunctionType)


def _of_class(collector, cls, found):
    for attribute, value in list(vars(cls).items()):
        code = _code(value)
        if code is not None:
            theirs = not _is_own(collector, code) or _as_before(cls, attribute, value)
        elif issubclass(type(value), type) and attribute not in _FROM_SETTINGS:
            theirs = not _is_own_class(collector, value)
        else:
            continue
        if not theirs and _was_there(cls, attribute):
            place = _place(collector, code) if code is not None else ("", 0)
            found.setdefault("%s.%s.%s" % (cls.__module__, cls.__qualname__, attribute), place)


def _code(value):
    kind = type(value)
    if issubclass(kind, (classmethod, staticmethod)):
        value = value.__func__
    elif issubclass(kind, property):
        value = value.fget or value.fset
    elif kind.__name__ == "cached_property":
        value = getattr(value, "func", None)
    return getattr(value, "__code__", None) if is_function(value) else None


def _is_own(collector, code):
    return not code.co_filename.startswith("<") and collector.names.origins.of_file(code.co_filename) == "own"


def _is_own_class(collector, cls):
    return collector.names.origins.of_module_name(cls.__module__) == "own"


def _place(collector, code):
    return collector.names.origins.relative(code.co_filename), code.co_firstlineno


def _as_before(cls, attribute, value):
    """Whether the method says what the source of the class has there, name by name: a fix that the release has by now."""
    mine, theirs = _method(value), _method_of(cls, attribute)
    if mine is None or theirs is None or _written(mine) != _written(theirs) or value.__closure__:
        return False
    if any(not isinstance(default, ast.Constant) for default in mine.args.defaults + mine.args.kw_defaults):
        return False
    there = vars(sys.modules[cls.__module__])
    names = {node.id for node in ast.walk(mine) if isinstance(node, ast.Name)}
    attributes = {node.attr for node in ast.walk(mine) if isinstance(node, ast.Attribute)}
    if any(name.startswith("__") and not name.endswith("__") for name in names | attributes):
        return False  # means another name in a class
    return all(
        _named(name, value.__globals__) is _named(name, there)
        for name in names.difference(value.__code__.co_varnames)
    )


def _method(value):
    """The definition of a plain function without decorators, else None."""
    if not is_function(value):
        return None
    try:
        node = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    return node if isinstance(node, ast.FunctionDef) and not node.decorator_list else None


def _method_of(cls, attribute):
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body
    except (OSError, TypeError, SyntaxError, AttributeError, IndexError):
        return None
    found = [n for n in body if attribute in _defined(n)]
    if len(found) != 1 or not isinstance(found[0], ast.FunctionDef) or found[0].decorator_list:
        return None
    return found[0]


def _written(function):
    """Its parameters and statements; the docstring says nothing to Python."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return [ast.dump(function.args), *(ast.dump(statement) for statement in body)]


def _named(name, names):
    return names[name] if name in names else getattr(builtins, name, _UNKNOWN)


def _was_there(cls, attribute):
    """Whether the class had ``attribute``, so that Django or DRF may call it; a new name is only what its caller says."""
    if any(attribute in vars(base) for base in cls.__mro__[1:]):
        return True
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0].body
    except (OSError, TypeError, SyntaxError, AttributeError):
        return True
    return attribute in {name for statement in body for name in _defined(statement)}


def _defined(statement):
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _other_constants(name, module):
    """Dotted names of constants that the source of a class has otherwise."""
    try:
        with open(module.__file__, encoding="utf-8") as file:
            tree = ast.parse(file.read())
    except (OSError, TypeError, SyntaxError, AttributeError, ValueError):
        return
    for node in tree.body:
        cls = vars(module).get(node.name) if isinstance(node, ast.ClassDef) else None
        if cls is None or not issubclass(type(cls), type) or cls.__module__ != name:
            continue
        names = [n for statement in node.body for n in _defined(statement)]
        for statement in node.body:
            for attribute in _defined(statement):
                if attribute.startswith("_") or "counter" in attribute or names.count(attribute) > 1:
                    continue
                said = _said(statement, module)
                if said is _UNKNOWN or attribute not in vars(cls):
                    continue
                if not _same(said, vars(cls)[attribute]):
                    yield "%s.%s.%s" % (name, node.name, attribute)


def _said(statement, module):
    value = getattr(statement, "value", None) if isinstance(statement, ast.Assign) else None
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):  # status.HTTP_404_NOT_FOUND
        found = getattr(vars(module).get(value.value.id), value.attr, None)
        return found if type(found) is int else _UNKNOWN
    return _literal(value) if value is not None else _UNKNOWN


def _literal(node):
    """The value of a literal in which texts may be marked for translation; ``_UNKNOWN`` otherwise, and for what is filled later."""
    if isinstance(node, ast.Call):
        marks = isinstance(node.func, ast.Name) and node.func.id in ("_", "gettext_lazy")
        return _literal(node.args[0]) if marks and len(node.args) == 1 and not node.keywords else _UNKNOWN
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        parts = [_literal(part) for part in node.elts]
        if not parts or any(part is _UNKNOWN for part in parts):
            return _UNKNOWN
        return {ast.Tuple: tuple, ast.List: list, ast.Set: set}[type(node)](parts)
    if isinstance(node, ast.Dict):
        keys = [_literal(key) if key is not None else _UNKNOWN for key in node.keys]
        values = [_literal(value) for value in node.values]
        if not keys or any(part is _UNKNOWN for part in keys + values):
            return _UNKNOWN
        return dict(zip(keys, values))
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return _UNKNOWN


def _same(said, live):
    if isinstance(said, str):
        return (issubclass(type(live), str) or type(live).__name__ == "__proxy__") and str(live) == said
    if isinstance(said, dict):
        return (
            issubclass(type(live), dict)
            and set(said) == set(live)
            and all(_same(said[key], live[key]) for key in said)
        )
    if isinstance(said, (list, tuple)):
        return (
            type(live) is type(said)
            and len(said) == len(live)
            and all(_same(one, other) for one, other in zip(said, live))
        )
    return type(live) is type(said) and live == said
