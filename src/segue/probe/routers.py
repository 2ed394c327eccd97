"""What ``DATABASE_ROUTERS`` say, where they say the same of every model: reads go to one place, writes to another.

Sources: ``django.db.utils.ConnectionRouter`` (the first router that answers counts; without an answer it is the database of the
``instance`` hint, else ``default``) and the examples of Django's documentation on multiple databases.
"""

import ast
import inspect
import textwrap

NAME = "SEGUE_ROUTERS"
"""The setting that the snapshot has of it: ``{"replica": alias or "", "problem": text}``."""
_DEFAULT = "default"


class Undeclared(Exception):
    """It is code that decides."""


def describe(settings):
    """None where there is no choice, else the value of :data:`NAME`."""
    if not settings.DATABASE_ROUTERS or len(settings.DATABASES) < 2:
        return None
    from django.db import router

    try:
        reads = _first(router.routers, "db_for_read", _aliases)
        writes = _first(router.routers, "db_for_write", _aliases)
        read = sorted(reads or {_DEFAULT})
        if any(alias not in settings.DATABASES for alias in read):
            raise Undeclared("db_for_read names %s, which DATABASES does not have." % read[0])
        if read == [_DEFAULT]:
            if writes not in (None, {_DEFAULT}):
                raise Undeclared("db_for_write does not always name 'default'.")
            return {"replica": "", "problem": ""}
        if writes != {_DEFAULT}:
            raise Undeclared("db_for_write does not always name 'default'.")
        if _first(router.routers, "allow_relation", _related(set(read) | {_DEFAULT})) is None:
            raise Undeclared("allow_relation refuses a row of the one with a row of the other.")
    except Undeclared as why:
        return {"replica": "", "problem": str(why)}
    except Exception as error:  # a router that cannot be made or read
        return {"replica": "", "problem": "Its routers cannot be read (%s)." % type(error).__name__}
    others = [alias for alias in read if alias != _DEFAULT]
    return {"replica": others[0], "problem": ""}


def _first(routers, name, judge):
    """The answer of the first router that has one; None where none has."""
    for one in routers:
        if not hasattr(one, name):
            continue
        found = judge(_definition(one, name))
        if found is not None:
            return found
    return None


def _definition(router, name):
    cls = type(router)
    if name in vars(router) if hasattr(router, "__dict__") else False:
        raise Undeclared("%s of %s is set on the object." % (name, cls.__name__))
    function = inspect.getattr_static(cls, name)
    if isinstance(function, (staticmethod, classmethod)):
        function = function.__func__
    if not inspect.isfunction(function) or hasattr(function, "__wrapped__"):
        raise Undeclared("%s.%s is no plain function." % (cls.__name__, name))
    tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    found = tree[0] if tree else None
    if not isinstance(found, ast.FunctionDef) or found.name != function.__name__:
        raise Undeclared("The source of %s.%s is not one function." % (cls.__name__, name))
    if [d for d in found.decorator_list if not _is_name(d, "staticmethod", "classmethod")]:
        raise Undeclared("%s.%s is decorated." % (cls.__name__, name))
    body = found.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return "%s.%s" % (cls.__name__, name), body, function.__globals__


def _aliases(given):
    """The aliases that a method always returns one of; None where it always leaves the question to others."""
    name, body, scope = given
    if all(isinstance(line, ast.Pass) for line in body):
        return None
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else ast.Name("", ast.Load())
    if value is None or (isinstance(value, ast.Constant) and value.value is None):
        return None
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return {value.value}
    if _chooses(value, scope):
        found = {item.value for item in value.args[0].elts if isinstance(item, ast.Constant)}
        if len(value.args[0].elts) and all(isinstance(alias, str) for alias in found):
            return found
    raise Undeclared("%s decides by more than one constant name." % name)


def _chooses(value, scope):
    """``random.choice([...])`` of constants."""
    import random

    called = isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords
    if not called or not isinstance(value.args[0], (ast.List, ast.Tuple)):
        return False
    if not all(isinstance(item, ast.Constant) for item in value.args[0].elts):
        return False
    function = value.func
    if (
        isinstance(function, ast.Attribute)
        and function.attr == "choice"
        and _is_name(function.value, "random")
    ):
        return scope.get("random") is random
    return _is_name(function, "choice") and scope.get("choice") == random.choice


def _related(aliases):
    """Judge of ``allow_relation``: True for all of ``aliases`` (``return True``, or the documentation's look at a set)."""

    def judge(given):
        name, body, _ = given
        named, answers = {}, False
        for line in body:
            if (
                isinstance(line, ast.Assign)
                and len(line.targets) == 1
                and isinstance(line.targets[0], ast.Name)
            ):
                named[line.targets[0].id] = line.value
            elif isinstance(line, ast.Return) and _is_true(line.value):
                return True
            elif (
                isinstance(line, ast.If)
                and not line.orelse
                and len(line.body) == 1
                and _both_in(line.test, named, aliases)
            ):
                if not (isinstance(line.body[0], ast.Return) and _is_true(line.body[0].value)):
                    raise Undeclared("%s decides." % name)
                answers = True
            elif not (isinstance(line, ast.Return) and _is_none(line.value)) and not isinstance(
                line, ast.Pass
            ):
                raise Undeclared("%s decides." % name)
            elif isinstance(line, ast.Return):
                break
        return True if answers else None

    return judge


def _both_in(test, named, aliases):
    """``obj1._state.db in SET and obj2._state.db in SET``, where SET has all of ``aliases``."""
    if not isinstance(test, ast.BoolOp) or not isinstance(test.op, ast.And) or len(test.values) != 2:
        return False
    for part in test.values:
        if not isinstance(part, ast.Compare) or len(part.ops) != 1 or not isinstance(part.ops[0], ast.In):
            return False
        left, right = part.left, part.comparators[0]
        if isinstance(right, ast.Name):
            right = named.get(right.id)
        state = left.value if isinstance(left, ast.Attribute) and left.attr == "db" else None
        if (
            not isinstance(state, ast.Attribute)
            or state.attr != "_state"
            or not isinstance(state.value, ast.Name)
        ):
            return False
        if not isinstance(right, (ast.Set, ast.List, ast.Tuple)):
            return False
        if not aliases <= {item.value for item in right.elts if isinstance(item, ast.Constant)}:
            return False
    return True


def _is_name(node, *names):
    return isinstance(node, ast.Name) and node.id in names


def _is_true(node):
    return isinstance(node, ast.Constant) and node.value is True


def _is_none(node):
    return node is None or (isinstance(node, ast.Constant) and node.value is None)
