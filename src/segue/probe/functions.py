"""Classes and functions: collected by need, until nothing new is reached."""

import ast
import enum
import inspect
import types

from .bindings import Bindings
from .dataclass_shapes import dataclass_shape
from .names import METHOD_DECORATOR, Names, as_function, unwrap
from .packages import FOLLOWED
from .values import Encoder

# Third-party code is followed this many calls deep from the project's own code.
THIRD_PARTY_DEPTH = 2
_SKIP_ATTRIBUTES = {
    "_meta",
    "DoesNotExist",
    "MultipleObjectsReturned",
    "NotUpdated",
    "_declared_fields",
    "_abc_impl",
    "_abc_data",
    "base_fields",
    "declared_fields",
    "base_filters",
    "declared_filters",
    "_creation_counter",
    "__slots__",
}
_FRAMEWORK = ("django", "drf", "stdlib")
# Methods of DRF that are written as a project would write them: their source is read like a project's.
_WRITTEN_LIKE_OWN = {
    ("rest_framework.authtoken.views", "post"),
    ("rest_framework.authtoken.serializers", "validate"),
}


class Collector:
    """Meets classes and functions, and writes them down with everything that they reach.

    ``meet_class`` and ``meet_function`` return dotted names at once and queue the work;
    :meth:`drain` does it. ``classes`` and ``functions`` are the results by name.
    """

    def __init__(self, root):
        self.names = Names(root)
        self.encoder = Encoder(self.names, self.meet_class, self.meet_function)
        self.bindings = Bindings(self.names, self.encoder, self.meet_class, self.meet_function)
        self.classes = {}
        self.functions = {}
        self.warnings = []
        self._depths = {}
        self._class_queue = []
        self._function_queue = []
        self._seen_classes = {}
        self._seen_functions = {}
        self._current_depth = 0
        self._bodies = {}

    def warn(self, text):
        """Add a warning once."""
        if text not in self.warnings:
            self.warnings.append(text)

    # -- meeting ---------------------------------------------------------------------------

    def meet_class(self, cls, depth=None):
        """Name of ``cls``; queues it unless it is of the standard library."""
        name = self.names.cls(cls)
        if id(cls) in self._seen_classes:
            return name
        origin = self.names.class_origin(cls)
        depth = self._current_depth if depth is None else depth
        if origin == "stdlib":
            return name
        if origin == "own" or origin in FOLLOWED:
            depth = 0
        elif origin not in _FRAMEWORK:
            depth += 1
            if depth > self._limit(origin):
                return name
        self._seen_classes[id(cls)] = cls
        self._class_queue.append((cls, name, origin, depth))
        return name

    def meet_function(self, function, depth=None, alias=None, role="function", owner=None):
        """Name of ``function`` after unwrapping; queues own and third-party ones.

        ``alias`` is the name where it was found when that is not the place of its ``def``
        (a wrapped or re-bound function).
        """
        inner, layers = unwrap(function)
        name = alias or self.names.function(inner)
        depth = self._current_depth if depth is None else depth
        origin = self.names.function_origin(inner)
        if alias is None and origin in _FRAMEWORK:
            return name
        if origin == "own" or origin in FOLLOWED:
            depth = 0
        elif alias is None:
            depth += 1
            if depth > self._limit(origin):
                return name
        if name in self._seen_functions:
            return name
        self._seen_functions[name] = True
        self._function_queue.append((name, inner, layers, role, owner, depth))
        return name

    def _limit(self, origin):
        return THIRD_PARTY_DEPTH if self.names.origins.knows_django(origin) else 1

    def drain(self):
        """Work until both queues are empty."""
        while self._class_queue or self._function_queue:
            while self._class_queue:
                cls, name, origin, depth = self._class_queue.pop(0)
                self._current_depth = depth
                self.classes[name] = self._class(cls, name, origin, depth)
            if self._function_queue:
                name, function, layers, role, owner, depth = self._function_queue.pop(0)
                self._current_depth = depth
                self.functions[name] = self._function(name, function, layers, role, owner, depth)
        self._current_depth = 0

    # -- classes ---------------------------------------------------------------------------

    def _class(self, cls, name, origin, depth):
        mro = [base for base in cls.__mro__ if base is not object]
        for base in mro[1:]:
            self.meet_class(base, depth)
        methods, attributes = {}, {}
        keep_attributes = origin == "own" or origin not in _FRAMEWORK or _is_policy(cls)
        policy = any(
            _is_policy(base) for base in mro
        )  # a parser of a library that is not for Django alone, say
        if origin not in ("own", *_FRAMEWORK) and not policy and not self.names.origins.knows_django(origin):
            mro_only = [self.names.cls(base) for base in mro]
            return {
                "name": name,
                "where": self.names.class_where(cls),
                "mro": mro_only,
                "origin": origin,
                "methods": {},
                "attributes": {},
                "doc": "",
            }
        hidden = set()  # names of nearer classes, whatever they are there
        for base in mro:
            own_methods, own_attributes, every = self._body(base, depth, keep_attributes)
            for key, method in own_methods.items():
                if key.partition(".")[0] not in hidden:
                    methods[key] = method
            for key, attribute in own_attributes.items():
                if key not in hidden:
                    attributes[key] = attribute
            hidden.update(every)
        return {
            "name": name,
            "where": self.names.class_where(cls),
            "mro": [self.names.cls(base) for base in mro],
            "origin": origin,
            "methods": methods,
            "attributes": attributes,
            "doc": inspect.cleandoc(cls.__doc__) if isinstance(cls.__doc__, str) else "",
        }

    def _body(self, base, depth, keep_attributes):
        """(methods, attributes, all names) that ``base`` itself defines; the same for all its heirs."""
        cache = (id(base), keep_attributes)
        known = self._bodies.get(cache)
        if known is not None:
            return known
        methods, attributes = {}, {}
        base_own = self.names.class_origin(base) not in _FRAMEWORK
        for key, value in list(vars(base).items()):
            function, role = as_function(value)
            if function is not None:
                if key.startswith("__") and not base_own:
                    continue
                methods[key] = self._method(base, key, function, role, depth)
                if role == "property" and isinstance(value.fset, types.FunctionType):
                    methods[key + ".setter"] = self._method(base, key + ".setter", value.fset, role, depth)
            elif keep_attributes and self._is_attribute(key, value):
                attributes[key] = self._attribute(base, key, value)
        if keep_attributes and isinstance(base, enum.EnumMeta):
            labels = member_labels(base)
            if labels is not None:
                kept = {"value": self.encoder.encode(labels), "defined_in": self.names.cls(base)}
                attributes["__member_labels__"] = kept
        if keep_attributes and "__dataclass_fields__" in vars(base):
            kept = {"value": dataclass_shape(self.encoder, base), "defined_in": self.names.cls(base)}
            attributes["__dataclass_fields__"] = kept
        known = self._bodies[cache] = (methods, attributes, set(vars(base)))
        return known

    def _method(self, base, key, function, role, depth):
        inner, layers = unwrap(function)
        owner = self.names.cls(base)
        found_at = "%s.%s" % (owner, key)
        base_origin = self.names.class_origin(base)
        layers = [
            layer for layer in layers if layer.__globals__.get("__name__") != "django.db.models.manager"
        ]
        if function.__globals__.get("__name__") == "django.db.models.manager" and inner is function:
            # before Django wrapped these with functools.wraps
            queryset = getattr(base, "_queryset_class", None)
            real = inspect.getattr_static(queryset, key, None) if queryset is not None else None
            if isinstance(real, types.FunctionType):
                inner, layers = unwrap(real)
        if inner.__module__ == base.__module__ and inner.__qualname__ == "%s.%s" % (
            base.__qualname__,
            key.partition(".")[0],
        ):
            if base_origin in _FRAMEWORK and (base.__module__, key) not in _WRITTEN_LIKE_OWN:
                return found_at
            function = layers[0] if layers else inner
            return self.meet_function(function, depth, alias=found_at, role=role, owner=owner)
        if layers or (base_origin not in _FRAMEWORK and "<locals>" in inner.__qualname__):
            if base_origin in _FRAMEWORK:
                return found_at
            return self.meet_function(
                layers[0] if layers else inner, depth, alias=found_at, role=role, owner=owner
            )
        return self.meet_function(inner, depth, role=role)

    def _is_attribute(self, key, value):
        if key in _SKIP_ATTRIBUTES or (key.startswith("__") and key.endswith("__")):
            return False
        module = type(value).__module__
        if module in ("django.db.models.query_utils", "django.db.models.manager") or module.startswith(
            "django.db.models.fields"
        ):
            return False
        return not isinstance(
            value,
            (
                types.BuiltinFunctionType,
                types.GetSetDescriptorType,
                types.MemberDescriptorType,
                classmethod,
                staticmethod,
            ),
        )

    def _attribute(self, base, key, value):
        if key == "http_method_names" and base.__qualname__.endswith("WrappedAPIView"):
            from .views import ordered_methods

            value = ordered_methods(value)
        attribute = {"value": self._attribute_value(value), "defined_in": self.names.cls(base)}
        source, _node = self.names.class_source(base)
        if source is not None:
            found = source.class_body(base.__qualname__).get(key)
            if found is not None:
                statement, expression = found
                if expression is not None:
                    attribute["source"] = source.segment(expression)
                    if _gives_rows(value):
                        attribute["globals"] = self.bindings.in_class(base, expression)
                attribute["where"] = self.names.place(source.file, statement.lineno)
        return attribute

    def _attribute_value(self, value):
        module = type(value).__module__
        if module.startswith("rest_framework.") and type(value).__name__.endswith(("Field", "Serializer")):
            self.meet_class(type(value))
            return {"kind": "call", "name": self.names.cls(type(value))}
        if _is_serializer_field(value):
            self.meet_class(type(value))
            return {"kind": "call", "name": self.names.cls(type(value))}
        return self.encoder.encode(value)

    # -- functions -------------------------------------------------------------------------

    def _function(self, name, function, layers, role, owner, depth):
        code = function.__code__
        source = self.names.sources.file(code.co_filename)
        node = source.function_node(code) if source is not None else None
        module = function.__globals__.get("__name__", function.__module__)
        result = {
            "name": name,
            "where": self.names.function_where(function),
            "source": "",
            "role": role if owner or role != "method" else "method",
            "globals": {},
            "is_async": bool(code.co_flags & inspect.CO_COROUTINE),
            "wrapped_by": [],
            "owner": owner or "",
        }
        if node is None:
            if not code.co_filename.startswith("<"):
                self.warn("no source for function %s" % name)
            return result
        result["source"] = source.segment(node)
        result["globals"] = self.bindings.of(function, node, depth)
        decorators = self._decorators(node, function, module)
        modules = {d.rpartition(".")[0] for d in decorators}
        extra = []
        for layer in layers:
            made_by = self.names.layer(layer)
            if decorators and (made_by in decorators or made_by.rpartition(".")[0] in modules):
                continue
            if decorators and not _layers_exceed(layers, decorators):
                continue
            extra.append(made_by)
        result["wrapped_by"] = extra + decorators
        return result

    def _decorators(self, node, function, module):
        found = []
        for decorator in getattr(node, "decorator_list", []):
            name = self._decorator(decorator, function, module)
            if name == METHOD_DECORATOR and len(decorator.args) == 1 and not decorator.keywords:
                inner = decorator.args[0]
                made = self._decorator(inner, function, module)
                # atomic(...) with arguments is read off the decorator itself, which stands deeper here.
                if made != "<expression>" and not (isinstance(inner, ast.Call) and made.endswith(".atomic")):
                    name = made
            found.append(name)
        return found

    def _decorator(self, node, function, module):
        target = node.func if isinstance(node, ast.Call) else node
        parts = []
        while isinstance(target, ast.Attribute):
            parts.append(target.attr)
            target = target.value
        if not isinstance(target, ast.Name):
            return "<expression>"
        parts.append(target.id)
        parts.reverse()
        return self._dotted(parts, function.__globals__, module)

    def _dotted(self, parts, namespace, module):
        import builtins

        first = parts[0]
        if first in namespace:
            value = namespace[first]
            dotted = self.bindings.variable(module, first)
        elif hasattr(builtins, first):
            return ".".join(["builtins", *parts])
        else:
            return ".".join(parts)
        for part in parts[1:]:
            if isinstance(value, types.ModuleType):
                dotted = self.bindings.variable(value.__name__, part)
            else:
                dotted = "%s.%s" % (dotted, part)
            value = getattr(value, part, None)
        if inspect.isclass(value):
            return self.names.cls(value)
        if isinstance(value, types.FunctionType):
            return self.names.function(unwrap(value)[0])
        return dotted


def member_labels(cls):
    """What the members of an enumeration say of themselves to people, by name; None where they say nothing, or fail."""
    try:
        return {member.name: member.label for member in cls} or None
    except Exception:
        return None


def _layers_exceed(layers, decorators):
    return len(layers) > len(decorators)


def _is_policy(cls):
    """Framework classes whose attributes decide behaviour: everything of DRF and django-filter."""
    return cls.__module__.startswith(("rest_framework", "django_filters", "django.contrib.auth"))


def _gives_rows(value):
    return any(
        c.__module__.startswith("django.db.models.") and c.__name__ in ("QuerySet", "BaseManager")
        for c in type(value).__mro__
    )


def _is_serializer_field(value):
    return any(c.__module__ == "rest_framework.fields" and c.__name__ == "Field" for c in type(value).__mro__)
