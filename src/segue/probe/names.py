"""Dotted names of classes, functions and instances, and the places they stand in."""

import functools
import sys
import types

from .origin import Origins
from .source import Sources

METHOD_DECORATOR = "django.utils.decorators.method_decorator"


class Names:
    """Names things by fact; two different things never get the same name."""

    def __init__(self, root):
        self.origins = Origins(root)
        self.sources = Sources()
        self._class_names = {}
        self._taken = {}
        self._origin_of_class = {}
        self._made = {}

    # -- classes ---------------------------------------------------------------------------

    def cls(self, cls):
        """Dotted name of a class. Classes made at run time with equal names get ``#2``."""
        known = self._class_names.get(id(cls))
        if known is not None:
            return known[0]
        qualname = cls.__qualname__
        if qualname in ("WrappedAPIView", "api_view.<locals>.decorator.<locals>.WrappedAPIView"):
            qualname = cls.__name__
        name = base = "%s.%s" % (cls.__module__, qualname)
        number = 1
        while name in self._taken and not (self._taken[name] and _same_shape(self._taken[name], cls)):
            number += 1
            name = "%s#%d" % (base, number)
        self._taken[name] = cls
        self._class_names[id(cls)] = (name, cls)  # keeps the class alive, so that ids stay its own
        return name

    def further(self, base):
        """A name for something that is nearly the class called ``base``: ``base#2``."""
        number = 2
        while "%s#%d" % (base, number) in self._taken:
            number += 1
        name = "%s#%d" % (base, number)
        self._taken[name] = None
        return name

    def class_origin(self, cls):
        """``own``, ``django``, ``drf``, ``stdlib`` or a distribution name."""
        known = self._origin_of_class.get(id(cls))
        if known is None:
            module = sys.modules.get(cls.__module__)
            known = self.origins.of_file(getattr(module, "__file__", None), cls.__module__)
            self._origin_of_class[id(cls)] = known
        return known

    def class_where(self, cls):
        """Place of a class definition; the file alone for a class made at run time."""
        module = sys.modules.get(cls.__module__)
        file = getattr(module, "__file__", None)
        if not file:
            return {"file": cls.__module__}
        source = self.sources.file(file)
        node = source.classes.get(cls.__qualname__) if source else None
        if node is None and source is not None and cls.__qualname__ == "WrappedAPIView":
            node = next((n for ns in source.functions.values() for n in ns if n.name == cls.__name__), None)
        return self.place(file, node.lineno if node is not None else 0)

    def place(self, file, line=0):
        """A ``Where``."""
        where = {"file": self.origins.relative(file)}
        if line:
            where["line"] = line
        return where

    def class_source(self, cls):
        """(SourceFile, class node) or (None, None)."""
        source = self.sources.module(cls.__module__)
        node = source.classes.get(cls.__qualname__) if source else None
        return (source, node) if node is not None else (None, None)

    def class_attribute(self, cls, name):
        """(defining class, SourceFile, statement node, value node) along the MRO, or None."""
        for base in cls.__mro__:
            if name in vars(base):
                source, _node = self.class_source(base)
                if source is not None:
                    body = source.class_body(base.__qualname__)
                    if name in body:
                        return (base, source) + body[name]
                return (base, None, None, None)
        return None

    def class_attribute_source(self, cls, name):
        """(SourceFile, value node) of the nearest ``name = ...`` in class bodies along the MRO.

        For attributes that a metaclass takes off the class, as DRF does with fields.
        """
        for base in cls.__mro__:
            source, _node = self.class_source(base)
            if source is not None:
                found = source.class_body(base.__qualname__).get(name)
                if found is not None and found[1] is not None:
                    return source, found[1]
        return None

    # -- functions -------------------------------------------------------------------------

    def function(self, function):
        """Dotted name of a plain function; lambdas and inner functions carry their line. Those that were made by the same
        lines and hold something else (``not_blank("name")``, ``not_blank("city")``) get ``#2``."""
        qualname = function.__qualname__
        module = function.__module__ or function.__globals__.get("__name__", "")
        name = "%s.%s" % (module, qualname)
        if "<" not in qualname:
            return name
        name += ":%d" % function.__code__.co_firstlineno
        made = self._made.setdefault(name, [])  # keeps them alive
        number = next((n for n, one in enumerate(made) if same_closure(one, function)), len(made))
        if number == len(made):
            made.append(function)
        return "%s#%d" % (name, number + 1) if number else name

    def function_origin(self, function):
        """Origin of the code of a function."""
        return self.origins.of_file(
            function.__code__.co_filename, function.__globals__.get("__name__", function.__module__ or "")
        )

    def function_where(self, function):
        """Place of a function: the line of its first decorator, as ``source`` starts there."""
        code = function.__code__
        return self.place(code.co_filename, code.co_firstlineno)

    def layer(self, wrapper):
        """Dotted name of the decorator that made ``wrapper``."""
        module = wrapper.__globals__.get("__name__", "")
        if module == "contextlib":
            cells = dict(zip(wrapper.__code__.co_freevars, wrapper.__closure__ or ()))
            if "self" in cells:
                manager = type(cells["self"].cell_contents)
                name = "%s.%s" % (manager.__module__, manager.__qualname__)
                return {"django.db.transaction.Atomic": "django.db.transaction.atomic"}.get(name, name)
        source = self.sources.file(wrapper.__code__.co_filename)
        outer = source.enclosing(wrapper.__code__.co_firstlineno) if source else ""
        if module == "django.utils.decorators" and outer == "_multi_decorate":
            return self._of_methods(wrapper) or METHOD_DECORATOR
        if module == "django.utils.decorators" and outer == "make_middleware_decorator":
            cells = dict(zip(wrapper.__code__.co_freevars, wrapper.__closure__ or ()))
            middleware = cells.get("middleware")
            if middleware is not None:
                kind = type(middleware.cell_contents)
                return "%s.%s" % (kind.__module__, kind.__qualname__)
        return "%s.%s" % (module, outer or wrapper.__code__.co_name)

    def _of_methods(self, wrapper):
        """The decorator of functions that ``method_decorator`` applies to a method; '' if it is not one alone, or no
        plain function: what it says is read off the function that made it."""
        cells = dict(zip(wrapper.__code__.co_freevars, wrapper.__closure__ or ()))
        held = cells["decorators"].cell_contents if "decorators" in cells else None
        if isinstance(held, (list, tuple)):
            held = held[0] if len(held) == 1 else None
        if getattr(held, "__code__", None) is None or getattr(held, "__wrapped__", None) is not None:
            return ""
        name = "%s.%s" % (held.__module__, held.__qualname__.partition(".<locals>")[0])
        return "" if "<" in name or held.__module__ == "django.utils.decorators" else name


def _same_shape(first, second):
    """Two classes made by the same code at run time that differ in nothing."""
    if "<locals>" not in first.__qualname__ or first.__bases__ != second.__bases__:
        return False
    one, other = vars(first), vars(second)
    if set(one) != set(other):
        return False
    return not any(
        callable(value) or isinstance(value, (classmethod, staticmethod, property)) for value in one.values()
    )


def same_closure(first, second):
    """Two functions made by the same code at run time that hold the same: one object, or plain values that are equal."""
    if first is second:
        return True
    if first.__code__ is not second.__code__ or first.__globals__ is not second.__globals__:
        return False
    return _alike(_held(first), _held(second))


def _held(function):
    """What the code of ``function`` does not say: its cells and its defaults."""
    return (
        tuple(_content(cell) for cell in function.__closure__ or ()),
        function.__defaults__,
        tuple(sorted((function.__kwdefaults__ or {}).items())),
    )


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # it has not been filled
        return cell


def _alike(first, second):
    if first is second:
        return True
    if type(first) is not type(second):
        return False
    if isinstance(first, tuple):
        return len(first) == len(second) and all(map(_alike, first, second))
    return isinstance(first, (str, bytes, int, float)) and first == second


def unwrap(function):
    """(innermost function, wrappers outermost first), following ``__wrapped__`` through functions."""
    layers = []
    seen = {id(function)}
    while True:
        inner = getattr(function, "__wrapped__", None)
        if not isinstance(inner, types.FunctionType) or id(inner) in seen:
            return function, layers
        layers.append(function)
        seen.add(id(inner))
        function = inner


def as_function(value):
    """(function, role) of a class-dict entry or module-level value, or (None, '')."""
    if isinstance(value, types.FunctionType):
        return value, "method"
    if isinstance(value, classmethod):
        return (
            (value.__func__, "classmethod") if isinstance(value.__func__, types.FunctionType) else (None, "")
        )
    if isinstance(value, staticmethod):
        return (
            (value.__func__, "staticmethod") if isinstance(value.__func__, types.FunctionType) else (None, "")
        )
    if isinstance(value, property):
        return (value.fget, "property") if isinstance(value.fget, types.FunctionType) else (None, "")
    if isinstance(value, functools.partialmethod):
        return (value.func, "method") if isinstance(value.func, types.FunctionType) else (None, "")
    kind = type(value).__name__
    if kind == "cached_property":
        function = getattr(value, "real_func", None) or getattr(value, "func", None)
        return (function, "cached_property") if isinstance(function, types.FunctionType) else (None, "")
    return None, ""
