"""The permissions of django-rules: what each name asks, as a tree of its predicates.

``rules.permissions.permissions`` is filled while models and ``rules.py`` modules are imported. A predicate that is made with
``&``, ``|``, ``^`` or ``~`` keeps its parts in the closure of a function of ``rules.predicates``.
"""

import sys
import types

_OPERATORS = {"AND": "&", "OR": "|", "XOR": "^", "INVERT": "~"}


def describe(collector):
    """Name of the permission → value; empty where the project does not use the package.

    An operator is a ``call`` of ``&``, ``|``, ``^`` or ``~``, a predicate of functions a ``call`` of ``rules.predicates.Predicate``
    with the function and how many arguments it takes (-1 for ``*args``), and any other is ``opaque``.
    """
    module = sys.modules.get("rules.permissions")
    found = getattr(module, "permissions", None)
    if not isinstance(found, dict):
        return {}
    return {name: _tree(collector, found[name]) for name in sorted(found) if isinstance(name, str)}


def _tree(collector, predicate):
    function = getattr(predicate, "fn", None)
    unknown = {"kind": "opaque", "data": type(predicate).__name__}
    if getattr(predicate, "bind", True) or not isinstance(function, types.FunctionType):
        return unknown
    if type(predicate).__module__ != "rules.predicates":
        return unknown
    operator = _OPERATORS.get(function.__name__)
    if function.__module__ == "rules.predicates" and "<locals>" in function.__qualname__ and operator:
        held = dict(zip(function.__code__.co_freevars, [c.cell_contents for c in function.__closure__ or ()]))
        names = ("self",) if operator == "~" else ("self", "other")
        if set(held) != set(names):
            return unknown
        return {"kind": "call", "name": operator, "items": [_tree(collector, held[n]) for n in names]}
    dotted = collector.meet_function(function)
    if not dotted:
        return unknown
    taken = -1 if predicate.var_args else predicate.num_args
    return {
        "kind": "call",
        "name": "rules.predicates.Predicate",
        "items": [{"kind": "ref", "name": dotted}],
        "pairs": [[{"kind": "const", "data": "num_args"}, {"kind": "const", "data": taken}]],
    }
