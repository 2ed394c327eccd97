"""What each free name of a function *is*: the ``globals`` of a snapshot function."""

import ast
import builtins
import datetime
import enum
import importlib
import inspect
import re
import sys
import types

from .values import SECRET_NAME, opaque

_MISSING = object()
_LONGEST_TEXT = 20000
_MOST_ITEMS = 500


def free_names(node):
    """(names, chains): every ``Name`` read in ``node`` and every attribute chain rooted at one."""
    names, chains = set(), set()
    for child in ast.walk(node):
        if isinstance(child, ast.Name):
            names.add(child.id)
        elif isinstance(child, ast.Attribute):
            parts = [child.attr]
            inner = child.value
            while isinstance(inner, ast.Attribute):
                parts.append(inner.attr)
                inner = inner.value
            if isinstance(inner, ast.Name):
                parts.append(inner.id)
                chains.add(tuple(reversed(parts)))
    return names, chains


def _imports_in(node):
    """Import statements inside of a function, wherever they stand."""
    stack = [node]
    while stack:
        for child in ast.iter_child_nodes(stack.pop()):
            if isinstance(child, (ast.Import, ast.ImportFrom)):
                yield child
            elif isinstance(child, (ast.stmt, ast.excepthandler)) or hasattr(child, "body"):
                stack.append(child)


def local_imports(node, module_name):
    """Alias -> (object, dotted name) for import statements inside of a function."""
    found = {}
    package = getattr(sys.modules.get(module_name), "__package__", None) or module_name.rpartition(".")[0]
    for child in _imports_in(node):
        if isinstance(child, ast.ImportFrom):
            base = child.module or ""
            try:
                if child.level:
                    base = importlib.util.resolve_name("." * child.level + base, package)
                module = sys.modules.get(base) or importlib.import_module(base)
            except Exception:
                module = None
            for alias in child.names:
                name = alias.asname or alias.name
                dotted = "%s.%s" % (base, alias.name)
                thing = getattr(module, alias.name, sys.modules.get(dotted, _MISSING))
                if thing is _MISSING and module is not None and hasattr(module, "__path__"):
                    try:
                        thing = importlib.import_module(dotted)
                    except Exception:
                        thing = _MISSING
                found[name] = (thing, base, alias.name)
        elif isinstance(child, ast.Import):
            for alias in child.names:
                try:
                    module = sys.modules.get(alias.name) or importlib.import_module(alias.name)
                except Exception:
                    module = _MISSING
                if alias.asname:
                    found[alias.asname] = (module, alias.name, "")
                else:
                    top = alias.name.partition(".")[0]
                    found[top] = (sys.modules.get(top, _MISSING), top, "")
    return found


def _broken(value):
    """A lazy object that cannot be made, such as ``django.contrib.admin.site`` without the app ``admin``."""
    try:
        return value.__class__ is None
    except Exception:
        return True


def _is_django_settings(value):
    from django.conf import LazySettings

    return type(value) is LazySettings


# What packages call the object that holds their settings: LazySettings of djoser, APISettings of DRF, AppSettings, …
_SETTINGS_CLASS = re.compile(r"Settings$")


def _holds_settings(value, attribute):
    """Whether ``value.attribute`` is a setting of a package, read once for the life of the process.

    It is where an object of a class named for it keeps the attribute, which is in capitals, and where a dict (of such
    settings) gives its items as attributes. What is computed at each look (a property, settings in a database) is none.
    """
    if isinstance(value, dict) and type(value) is not dict and not attribute.startswith("_"):
        return attribute in value
    if isinstance(value, (type, types.ModuleType, types.FunctionType)) or not attribute.isupper():
        return False
    if not any(
        _SETTINGS_CLASS.search(cls.__name__) and not cls.__module__.startswith("django.")
        for cls in type(value).__mro__
    ):
        return False
    try:
        getattr(value, attribute)
        real = vars(value).get("_wrapped", value)
        kept = attribute in vars(real)
    except Exception:
        return False
    named = inspect.getattr_static(type(real), attribute, None)
    return kept or not (named is None or hasattr(type(named), "__get__"))


def _tells(value, attribute):
    """``Status.OPEN.value``, ``.name``, and ``.label`` of Django's choices: what a member of an enumeration says for ever."""
    if not isinstance(value, enum.Enum) or attribute not in ("value", "name", "label"):
        return False
    for cls in type(value).__mro__:
        if attribute in vars(cls):
            return cls.__module__ in ("enum", "django.db.models.enums")
    return False


def _is_plain(value):
    return value is None or isinstance(value, (bool, int, float, str, bytes))


_WORD = re.compile(r"[a-z]+(_[a-z]+)*$")


def _names_only(value):
    """``SENSITIVE_KEYS = ["password", "api_key"]``: words that name secrets, as this very test knows them by."""
    if isinstance(value, (list, tuple, set, frozenset)) and len(value) > 1:
        return all(
            isinstance(item, str) and _WORD.match(item) is not None and SECRET_NAME.search(item) is not None
            for item in value
        )
    return False


# What stands beside the name of a secret where its value is told to people, or counts something.
_TOLD = re.compile(
    r"INVALID|EXPIRED|ERROR|MESSAGE|MSG|REQUIRED|MISSING|WRONG|WEAK|MISMATCH|SENT|RESET|CHANGED|SUCCESS|FAIL|NOT_|TOO_|HELP|LABEL|HINT",
    re.IGNORECASE,
)
_COUNTED = re.compile(
    r"LENGTH|LIFETIME|TIMEOUT|ATTEMPTS|AGE|EXPIR|MIN|MAX|DAYS|HOURS|SECONDS|LIMIT|COUNT|SIZE|ROUNDS|VERSION",
    re.IGNORECASE,
)
# Names of secrets themselves, whatever stands beside them.
_HARD = re.compile(
    r"SECRET|SALT|KEY|CREDENTIAL|PRIVATE|SIGNING|VERIFYING|DSN|PWD|PHRASE|PIN(_|$)", re.IGNORECASE
)
_SENTENCE = re.compile(r"[A-Z][^\W\d_]*('[a-z]+)?[,:;]?( [^\W\d_]+('[a-z]+)?[,:;]?)+[.!?]$")


def is_told(name, value):
    """``INVALID_TOKEN = "Invalid or expired token."``: what people are told, in words, of three at least."""
    if not isinstance(value, str) or _HARD.search(name) or not _TOLD.search(name):
        return False
    return value.count(" ") > 1 and _SENTENCE.match(value) is not None


def counts(name, value):
    """``MIN_PASSWORD_LENGTH = 8``, ``TOKEN_LIFETIME = timedelta(…)``, ``REQUIRE_TOKEN = True``: a switch, or a number that its name says
    to count something."""
    if value is None or isinstance(value, (bool, datetime.timedelta)):
        return True
    return isinstance(value, (int, float)) and _COUNTED.search(name) is not None and not _HARD.search(name)


def _harmless(value):
    """No text in it: classes, functions, switches and numbers are no secrets."""
    if value is None or isinstance(value, (bool, int, float, datetime.timedelta, type, types.FunctionType)):
        return True
    return isinstance(value, (list, tuple)) and all(map(_harmless, value))


def _asked_by_name(node):
    """``x`` and ``name`` of each ``getattr(x, "name", …)``."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "getattr":
            parts = call.args
            named = len(parts) > 1 and isinstance(parts[0], ast.Name) and isinstance(parts[1], ast.Constant)
            if named and isinstance(parts[1].value, str):
                yield parts[0].id, parts[1].value


class Bindings:
    """Resolves names of functions to ``GlobalRef``s."""

    def __init__(self, names, encoder, meet_class, meet_function):
        self.names = names
        self.encoder = encoder
        self.meet_class = meet_class
        self.meet_function = meet_function
        self._variables = {}
        self._encoded = {}
        self.used_settings = set()

    def of(self, function, node, depth):
        """The ``globals`` of ``function`` whose syntax tree is ``node``."""
        module = function.__globals__.get("__name__", function.__module__)
        names, chains = free_names(node)
        code = function.__code__
        local = set(code.co_varnames) | set(code.co_cellvars)
        cells = {}
        for name, cell in zip(code.co_freevars, function.__closure__ or ()):
            try:
                cells[name] = cell.cell_contents
            except ValueError:
                cells[name] = _MISSING
        imports = local_imports(node, module)
        # names that decorators, defaults and annotations use are looked up outside of the function
        outside = set()
        for part in _outside(node):
            outside |= free_names(part)[0]
        found, roots = {}, {}
        for name in sorted(names):
            if name in imports:
                value, base, attribute = imports[name]
                variable = self.variable(base, attribute) if attribute else base
            elif name in local and name not in outside:
                continue
            elif name in cells:
                value, variable = cells[name], "%s.%s.%s" % (module, function.__qualname__, name)
            elif name in function.__globals__:
                value, variable = function.__globals__[name], None
            elif hasattr(builtins, name):
                found[name] = {"kind": "builtin", "name": "builtins." + name}
                continue
            else:
                if name not in _comprehension_names(node):
                    found[name] = {"kind": "missing", "name": name}
                continue
            if variable is None:
                variable = self.variable(module, name)
            roots[name] = (value, variable)
            found[name] = self.reference(value, variable, name, depth)
        for chain in sorted(chains):
            if chain[0] in roots:
                self._chain(chain, roots[chain[0]], found, depth)
        for name, attribute in _asked_by_name(node):
            if name in roots and _is_django_settings(roots[name][0]):
                self._setting(attribute, "%s.%s" % (name, attribute), found)
        return found

    def in_class(self, cls, node):
        """The ``globals`` of an expression that stands in the body of ``cls``; what other names of that body are is not told."""
        found = sys.modules.get(cls.__module__)
        if found is None or "<locals>" in cls.__qualname__:
            return {}
        names = self.of(types.FunctionType((lambda: None).__code__, vars(found)), node, 0)
        source, _node = self.names.class_source(cls)
        own = set(vars(cls)).union(source.class_body(cls.__qualname__) if source else ())
        return {text: ref for text, ref in names.items() if text.partition(".")[0] not in own}

    def _chain(self, chain, root, found, depth):
        value, variable = root
        text = chain[0]
        for attribute in chain[1:]:
            if _broken(value):
                return
            is_settings = _is_django_settings(value)
            own = not is_settings and (_holds_settings(value, attribute) or _tells(value, attribute))
            if not (isinstance(value, types.ModuleType) or inspect.isclass(value) or is_settings or own):
                return
            text += "." + attribute
            if is_settings:
                self._setting(attribute, text, found)
                return
            parent = value
            try:
                value = getattr(parent, attribute)
            except Exception:
                found[text] = {"kind": "missing", "name": "%s.%s" % (variable, attribute)}
                return
            if isinstance(parent, types.ModuleType):
                variable = self.variable(parent.__name__, attribute)
            elif isinstance(parent, enum.Enum):
                variable = "%s.%s" % (variable, attribute)
                if text not in found:
                    found[text] = self.reference(value, variable, parent.name, depth)
                return
            elif own:
                variable = "%s.%s" % (variable, attribute)
                if text not in found:
                    found[text] = self._configured(value, variable, attribute, depth)
                continue
            else:
                variable = "%s.%s" % (self.names.cls(parent), attribute)
            if text not in found:
                found[text] = self.reference(value, variable, attribute, depth)

    def _setting(self, name, text, found):
        from django.conf import settings

        self.used_settings.add(name)
        value = getattr(settings, name, _MISSING)
        if value is _MISSING:
            found[text] = {"kind": "missing", "name": "django.conf.settings." + name}
            return
        reference = {"kind": "constant", "name": "django.conf.settings." + name}
        if not _scalar(value) or (SECRET_NAME.search(name) and not counts(name, value)):
            reference["value"] = opaque(value)
        else:
            reference["value"] = self.encoder.encode(value)
        found[text] = reference

    def _configured(self, value, variable, name, depth):
        """The ``GlobalRef`` of an attribute of a package's own settings; text may be a secret, switches are none."""
        # DRF's own settings hold no secrets; NON_FIELD_ERRORS_KEY is a name.
        known = variable.startswith("rest_framework.settings.")
        secret = not known and SECRET_NAME.search(name) is not None and not name.endswith("_URL")
        if secret and not _harmless(value):
            return {"kind": "instance", "name": variable, "value": opaque(value)}
        if isinstance(value, dict) and any(SECRET_NAME.search(str(key)) for key in value):
            return {"kind": "instance", "name": variable, "value": opaque(value)}
        if _is_plain(value) or type(value) in (list, tuple):
            encoded = self._limited(value)
            kind = "constant" if encoded["kind"] not in ("call", "opaque", "ref") else "instance"
            return {"kind": kind, "name": variable, "value": encoded}
        return self.reference(value, variable, "", depth)

    def reference(self, value, variable, name, depth):
        """The ``GlobalRef`` of ``value``; ``variable`` is the dotted path it was found at."""
        if value is _MISSING or _broken(value):
            return {"kind": "missing", "name": variable}
        if isinstance(value, types.ModuleType):
            return {"kind": "module", "name": value.__name__}
        if inspect.isclass(value):
            dotted = self.meet_class(value, depth)
            meta = getattr(value, "_meta", None)
            is_model = (
                meta is not None
                and hasattr(meta, "label")
                and hasattr(value, "_state") is False
                and _is_model(value)
            )
            return {"kind": "model" if is_model else "class", "name": dotted}
        if isinstance(value, types.FunctionType):
            return {"kind": "function", "name": self.meet_function(value, depth)}
        if isinstance(value, types.MethodType):
            function = value.__func__
            owner = _class_of(value)
            if owner is not None:
                self.meet_function(function, depth, role="classmethod", owner=self.meet_class(owner, depth))
            elif isinstance(function, types.FunctionType):
                self.meet_function(function, depth)
            return {"kind": "function", "name": variable}
        if isinstance(value, (types.BuiltinFunctionType, types.BuiltinMethodType)):
            return {
                "kind": "function",
                "name": "%s.%s" % (value.__module__ or "builtins", value.__qualname__),
            }
        inner = getattr(value, "__wrapped__", None)
        if isinstance(inner, types.FunctionType):
            self.meet_function(inner, depth)
        if _is_django_settings(value):
            return {"kind": "instance", "name": "django.conf.settings"}
        secret = SECRET_NAME.search(name) is not None and not (_names_only(value) or is_told(name, value))
        encoded = opaque(value) if secret and not counts(name, value) else self._limited(value)
        plain = encoded["kind"] not in ("call", "opaque", "ref") or isinstance(value, (bytes, str))
        kind = "instance" if not plain else "variable" if self._changes(variable) else "constant"
        return {"kind": kind, "name": variable, "value": encoded}

    def _changes(self, variable):
        module, _, name = variable.rpartition(".")
        source = self.names.sources.module(module)
        return source is not None and name in source.changed

    def _limited(self, value):
        known = self._encoded.get(id(value))
        if known is None:
            encoded = opaque(value) if _too_big(value) else self.encoder.encode(value, 2)
            known = self._encoded[id(value)] = (
                encoded,
                value,
            )  # holds the value, so that its id stays its own
        return known[0]

    def variable(self, module, name, depth=0):
        """Dotted path of the assignment behind ``module.name``, through ``from x import y``."""
        key = (module, name)
        known = self._variables.get(key)
        if known is not None:
            return known
        result = "%s.%s" % (module, name)
        source = self.names.sources.module(module)
        if source is not None and name in source.imports and depth < 20:
            base, original, level = source.imports[name]
            if level:
                package = getattr(sys.modules.get(module), "__package__", None) or module.rpartition(".")[0]
                try:
                    base = importlib.util.resolve_name("." * level + base, package)
                except (ImportError, ValueError):
                    base = ""
            if base and original != "*":
                dotted = "%s.%s" % (base, original)
                result = dotted if dotted in sys.modules else self.variable(base, original, depth + 1)
        self._variables[key] = result
        return result


def _too_big(value):
    """True for data rather than configuration: no translation writes these into code."""
    if isinstance(value, (str, bytes)):
        return len(value) > _LONGEST_TEXT
    left, stack = _MOST_ITEMS, [value]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple, set, frozenset)):
            stack.extend(item)
        left -= 1
        if left < 0 or len(stack) > _MOST_ITEMS:
            return True
    return False


def _is_model(value):
    from django.db import models

    return issubclass(value, models.Model)


def _scalar(value):
    import datetime

    return (
        value is None
        or isinstance(value, (bool, int, float, str, datetime.timedelta))
        or (isinstance(value, (list, tuple)) and all(isinstance(v, (bool, int, float, str)) for v in value))
    )


def _outside(node):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        arguments = node.args
        parts = list(node.decorator_list) + list(arguments.defaults) + [d for d in arguments.kw_defaults if d]
        everything = arguments.args + arguments.kwonlyargs + getattr(arguments, "posonlyargs", [])
        everything += [a for a in (arguments.vararg, arguments.kwarg) if a]
        parts += [a.annotation for a in everything if a.annotation]
        if node.returns:
            parts.append(node.returns)
        return parts
    return []


def _comprehension_names(node):
    """Names bound in scopes inside of the function: comprehensions, lambdas, inner functions."""
    known = getattr(node, "segue_inner", None)
    if known is None:
        known = set()
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
                known.add(child.id)
            elif isinstance(child, ast.arg):
                known.add(child.arg)
            elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
                known.add(child.name)  # None for a handler without "as"
        node.segue_inner = known
    return known


def _class_of(method):
    """The class in which a class method stands that its class, or an heir, has handed out; None for any other method."""
    if not isinstance(method.__self__, type) or not isinstance(method.__func__, types.FunctionType):
        return None
    inner = method.__func__
    for base in method.__self__.__mro__:
        found = vars(base).get(inner.__name__)
        if isinstance(found, classmethod) and found.__func__ is inner:
            own = inner.__qualname__ == "%s.%s" % (base.__qualname__, inner.__name__)
            return base if own and inner.__module__ == base.__module__ else None
    return None
