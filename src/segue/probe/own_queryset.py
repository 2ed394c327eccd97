"""``get_queryset`` of a relation field's class that gives every row of a model, whatever the request."""

import ast
import inspect
import textwrap


def queryset_by_class(field):
    """What ``return <model>.<manager>.all()`` gives; None where the class says anything else.

    ``<model>`` is reached from the class of the field or the module's names, and the manager's ``get_queryset`` is
    Django's or only makes a queryset of another class, so that each request is given the same.
    """
    from django.db.models import Model
    from django.db.models.manager import BaseManager

    try:
        function = inspect.unwrap(type(field).get_queryset)
        if function is not type(field).get_queryset:
            return None
        owner = _owner(function, field)
        if owner is None:
            return None
        model, name = owner
        manager = getattr(model, name)
        steady = (
            inspect.isclass(model)
            and issubclass(model, Model)
            and isinstance(manager, BaseManager)
            and _gives_all(type(manager))
            and type(manager).all is BaseManager.all
        )
        return field.get_queryset() if steady else None
    except Exception:
        return None


def _gives_all(manager):
    """``get_queryset`` of Django, or ``return ItemQuerySet(self.model, using=self._db)``."""
    from django.db.models.manager import BaseManager

    function = manager.get_queryset
    if function is BaseManager.get_queryset:
        return True
    returned = _returned(function)
    if not isinstance(returned, ast.Call) or not isinstance(returned.func, ast.Name):
        return False
    own = next(iter(inspect.signature(function).parameters))
    given = [ast.dump(a) for a in returned.args]
    named = {k.arg: ast.dump(k.value) for k in returned.keywords}
    return (
        inspect.isclass(function.__globals__.get(returned.func.id))
        and given == [_dumped(own, "model")]
        and set(named) <= {"using", "hints"}
        and named.get("using", _dumped(own, "db")) in (_dumped(own, "db"), _dumped(own, "_db"))
        and named.get("hints", _dumped(own, "_hints")) == _dumped(own, "_hints")
    )


def _dumped(own, attribute):
    return ast.dump(ast.parse("%s.%s" % (own, attribute), mode="eval").body)


def _returned(function):
    """What a function of one ``return`` gives back; None for another function, and for a decorated one."""
    made = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    if made.decorator_list or hasattr(function, "__wrapped__"):
        return None
    body = [s for s in made.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    return body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None


def _owner(function, field):
    """The object before ``.<manager>.all()``, and the manager's name."""
    call = _returned(function)
    if not isinstance(call, ast.Call) or call.args or call.keywords:
        return None
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "all":
        return None
    manager = call.func.value
    return (
        (_reached(function, field, manager.value), manager.attr)
        if isinstance(manager, ast.Attribute)
        else None
    )


def _reached(function, field, node):
    names = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    names.reverse()
    own = next(iter(inspect.signature(function).parameters))
    if node.id != own:
        found = function.__globals__[node.id]
    elif names and names[0] not in vars(field):
        found = type(field)
    else:
        return None
    for name in names:
        found = getattr(found, name)
    return found
