"""The project's factories (factory_boy, and recipes of model_bakery): the source of the modules that define or hand on some, and what their names are.

They are read, not imported: factory_boy may not be installed where the service runs, and a module of tests may do anything.
"""

import ast
import builtins
import enum
import importlib
import inspect
import os
import sys
import types

from .values import SECRET_NAME, opaque

_LEFT_OUT = {"node_modules", "site-packages", "dist-packages", "__pycache__", "migrations", "static", "media"}
_LARGEST = 400_000
_MISSING = object()
_FAKER = object()
USER_MODEL = "django.contrib.auth.get_user_model"


def describe(collector):
    """A list of ``{"name", "where", "source", "values"}``: see ``FactoryModule`` of the snapshot."""
    found = {}
    for path in _files(collector.names.origins.root):
        name = _module_name(path)
        text = _text(path)
        if name is None or text is None or name in found:
            continue
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            continue
        if _defines(tree) or _has_recipes(tree) or (path.endswith("__init__.py") and _hands_on(tree)):
            found[name] = (path, text, tree)
    return [
        {
            "name": name,
            "where": collector.names.place(path, 1),
            "source": text,
            "values": _Names(collector, name, path, tree, found).values(),
        }
        for name, (path, text, tree) in sorted(found.items())
    ]


def _files(root):
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            f
            for f in folders
            if f not in _LEFT_OUT
            and not f.startswith(".")
            and not os.path.exists(os.path.join(folder, f, "pyvenv.cfg"))
        )
        for file in sorted(files):
            if file.endswith(".py"):
                yield os.path.join(folder, file)


def _text(path):
    try:
        if os.path.getsize(path) > _LARGEST:
            return None
        with open(path, "rb") as file:
            data = file.read()
        return data.decode("utf-8") if b"Factory" in data or b"ecipe" in data else None
    except (OSError, UnicodeDecodeError):
        return None


def _module_name(path):
    """The dotted name by the longest entry of ``sys.path`` that holds the file; None where no import finds it by one."""
    entries = {os.path.abspath(entry or ".") for entry in sys.path}
    folder = os.path.dirname(path)
    while folder not in entries:
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    parts = os.path.relpath(path, folder)[: -len(".py")].split(os.sep)
    if parts[-1] == "__init__":
        parts.pop()
    return ".".join(parts) if parts and all(part.isidentifier() for part in parts) else None


def _defines(tree):
    """A class whose base is called ``…Factory``."""
    return any(
        isinstance(node, ast.ClassDef) and any(_last(base).endswith("Factory") for base in node.bases)
        for node in tree.body
    )


def _has_recipes(tree):
    """A name for ``Recipe(…)``, or for ``….extend(…)`` (of a list it gives nothing that one would name)."""
    return any(
        isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and _last(node.value.func) in ("Recipe", "extend")
        for node in tree.body
    )


def _hands_on(tree):
    return any(
        isinstance(node, ast.ImportFrom) and any(alias.name.endswith("Factory") for alias in node.names)
        for node in tree.body
    )


def _last(node):
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


class _Names:
    """What the names of one module are, without importing any of ``factories``."""

    def __init__(self, collector, name, path, tree, factories):
        self.collector, self.tree, self.factories = collector, tree, factories
        self.package = name if path.endswith("__init__.py") else name.rpartition(".")[0]
        self.roots = {}
        for node in _outermost(tree.body):
            if isinstance(node, ast.ImportFrom):
                self._import_from(node)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    top = alias.name.partition(".")[0]
                    self.roots[alias.asname or top] = self._module(alias.name if alias.asname else top)
            elif isinstance(node, ast.Assign) and self._is_user_model(node.value):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.roots[target.id] = self._user_model()

    def values(self):
        """Dotted text → ``Value``, for what is neither a factory nor unknown."""
        found = {}
        for node in ast.walk(self.tree):
            text, parts = _chain(node)
            if not parts or text in found:
                continue
            value = self._follow(parts)
            if value is not _MISSING:
                found[text] = self._encoded(parts[-1], value)
        return {text: value for text, value in sorted(found.items()) if value is not None}

    def _follow(self, parts):
        if parts[0] == "get_user_model()":
            value = self._user_model() if self._calls_user_model() else _MISSING
        else:
            value = self.roots.get(parts[0], _MISSING)
        for part in parts[1:]:
            if value is _MISSING or not (
                isinstance(value, types.ModuleType) or inspect.isclass(value) or _is_settings(value)
            ):
                return _MISSING
            if isinstance(value, types.ModuleType) and "%s.%s" % (value.__name__, part) in self.factories:
                return _MISSING
            try:
                value = getattr(value, part)
            except Exception:
                return _MISSING
        return value

    def _encoded(self, name, value):
        """None for what says nothing: modules, objects."""
        if value is _FAKER:
            return {"kind": "call", "name": "faker.Faker"}
        if isinstance(value, types.ModuleType) or _is_settings(value):
            return None
        if inspect.isclass(value):
            if issubclass(value, enum.Enum):
                items = [self.collector.encoder.encode(member) for member in value]
                return {"kind": "list", "name": "enum", "items": items}
            meta = getattr(value, "_meta", None)
            if meta is not None and hasattr(meta, "label") and not getattr(meta, "abstract", False):
                return {"kind": "ref", "name": "model:%s" % meta.label}
            return {"kind": "ref", "name": "%s.%s" % (value.__module__, value.__qualname__)}
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType, types.MethodType)):
            return {"kind": "ref", "name": "%s.%s" % (value.__module__, value.__qualname__)}
        if SECRET_NAME.search(name) and not isinstance(value, enum.Enum):
            return opaque(value)
        encoded = self.collector.encoder.encode(value)
        plain = encoded["kind"] in (
            "const",
            "list",
            "tuple",
            "set",
            "dict",
            "decimal",
            "timedelta",
            "date",
            "datetime",
        )
        return encoded if plain else None

    def _import_from(self, node):
        base = node.module or ""
        if node.level:
            try:
                base = importlib.util.resolve_name("." * node.level + base, self.package)
            except (ImportError, ValueError):
                return
        module = self._module(base)
        for alias in node.names:
            dotted = "%s.%s" % (base, alias.name)
            if base in self.factories or dotted in self.factories:
                continue
            value = _MISSING
            if module is not _MISSING:
                try:
                    value = getattr(module, alias.name)
                except Exception:
                    value = self._module(dotted)
            if value is _MISSING and self._makes_faker(base, alias.name):
                value = _FAKER
            self.roots[alias.asname or alias.name] = value

    def _makes_faker(self, base, name):
        """``fake = Faker()`` of a module of the project's that is not loaded."""
        parent, _, last = base.rpartition(".")
        for folder in getattr(sys.modules.get(parent), "__path__", ()):
            for file in (os.path.join(folder, last + ".py"), os.path.join(folder, last, "__init__.py")):
                if not os.path.exists(file):
                    continue
                with open(file, "rb") as source:
                    tree = ast.parse(source.read())
                text = ast.dump(ast.parse("%s = Faker()" % name).body[0])
                imported = ast.dump(ast.parse("from faker import Faker").body[0])
                lines = [ast.dump(node) for node in tree.body]
                return text in lines and imported in lines
        return False

    def _module(self, name):
        """A module that is loaded, or one of the standard library."""
        if name in self.factories:
            return _MISSING
        if name in sys.modules:
            return sys.modules[name]
        if name.partition(".")[0] in getattr(sys, "stdlib_module_names", ()):
            try:
                return importlib.import_module(name)
            except Exception:
                return _MISSING
        return _MISSING

    def _is_user_model(self, node):
        return (
            isinstance(node, ast.Call)
            and not node.args
            and not node.keywords
            and _last(node.func) == "get_user_model"
            and self._calls_user_model()
        )

    def _calls_user_model(self):
        from django.contrib import auth

        return self.roots.get("get_user_model") is auth.get_user_model

    def _user_model(self):
        from django.contrib.auth import get_user_model

        try:
            return get_user_model()
        except Exception:
            return _MISSING


def _outermost(body):
    """Statements of a module, those of ``try`` before what its ``except`` does instead."""
    for node in body:
        if isinstance(node, ast.Try):
            for part in [handler.body for handler in node.handlers] + [node.body, node.orelse]:
                yield from _outermost(part)
        else:
            yield node


def _is_settings(value):
    from django.conf import LazySettings

    return type(value) is LazySettings


def _chain(node):
    """(text, parts) of ``a.b.c`` and ``get_user_model().b``; no parts for anything else, and for names of Python itself."""
    parts, inner = [], node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if isinstance(inner, ast.Call) and parts and _last(inner.func) == "get_user_model" and not inner.args:
        parts.append("get_user_model()")
    elif isinstance(inner, ast.Name) and not (not parts and hasattr(builtins, inner.id)):
        parts.append(inner.id)
    else:
        return "", ()
    parts.reverse()
    return ".".join(parts), tuple(parts)
