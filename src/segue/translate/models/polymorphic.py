"""django-polymorphic: a queryset over a model gives objects of its multi-table children.

Reads of what the parent has itself are the same whichever class an object is; what a child defines anew is not.
Behaviour: ``polymorphic.query.PolymorphicQuerySet._get_real_instances``.
"""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator
from pathlib import PurePosixPath

from segue.refusal import Refusal
from segue.snapshot.model import Model, Snapshot
from segue.translate.versions import since

BASE = "polymorphic.models.PolymorphicModel"
MANAGER = "polymorphic.managers.PolymorphicManager"
# It sets the content type of a new object, then goes on to Django's.
SAVE = f"{BASE}.save"
# It replaces accessors of its parents and children, once.
INIT = f"{BASE}.__init__"


def is_polymorphic(snapshot: Snapshot, model: Model) -> bool:
    """Whether the model's class comes from django-polymorphic."""
    known = snapshot.classes.get(model.cls)
    return known is not None and BASE in known.mro


def children(snapshot: Snapshot, model: Model) -> list[Model]:
    """The models below ``model`` whose objects its queryset may give; none for models that are not polymorphic."""
    if not is_polymorphic(snapshot, model):
        return []
    found = []
    for other in snapshot.models.values():
        known = snapshot.classes.get(other.cls)
        if other.cls != model.cls and known is not None and model.cls in known.mro:
            found.append(other)
    return found


def definer(snapshot: Snapshot, model: Model, name: str) -> Model | None:
    """A child that gives ``name`` a meaning of its own: then it depends on the row what an object's ``name`` is."""
    mine = snapshot.classes.get(model.cls)
    for child in children(snapshot, model):
        known = snapshot.classes[child.cls]
        assert mine is not None
        if known.methods.get(name) != mine.methods.get(name):
            return child
        theirs, ours = known.attributes.get(name), mine.attributes.get(name)
        if theirs is not None and (ours is None or theirs.defined_in != ours.defined_in):
            return child
        fields = {n for f in model.fields for n in (f.name, f.attname)} | {"pk"}
        if name not in fields and any(name in (f.name, f.attname) for f in child.fields):
            return child
    return None


def drops_missing(snapshot: Snapshot) -> bool | None:
    """Whether objects whose row in the table of their class is missing are left out; None for a release not known."""
    found = snapshot.versions.packages.get("django-polymorphic", "")
    if not found:
        return None
    return True if not since(found, 4) else False if since(found, 4, 11) else None


def gives_parents(snapshot: Snapshot, model: Model) -> bool:
    """Whether some code of the project may hold an object of a child as one of ``model``: what ``select_related`` joins, what
    ``non_polymorphic``, ``raw`` and the accessors to parents give is of the class that was asked for."""
    labels = family(snapshot, model)
    names = {
        f.name for m in snapshot.models.values() for f in m.fields if f.relation and f.relation.to in labels
    }
    for source, owner in _sources(snapshot):
        if re.search(r"non_polymorphic|base_objects|_base_manager|\.raw\(|\w_ptr\b", source):
            return True
        if "select_related" in source and any(
            given is None or names & set(given.split("__")) for given in _joined(snapshot, source, owner)
        ):
            return True
    return False


def _joined(snapshot: Snapshot, source: str, owner: str) -> Iterator[str | None]:
    """The paths that the calls of ``select_related`` in ``source``, of the class ``owner``, join; None for one that is not known."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except SyntaxError:
        yield None
        return
    calls = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call) and getattr(n.func, "attr", "") == "select_related"
    ]
    if len(calls) != source.count("select_related") or any(not c.args for c in calls):
        yield None
    for argument in (a for c in calls for a in c.args):
        match argument:
            case ast.Constant(value=str() as path):
                yield path
            case ast.Constant(value=None):
                pass
            case ast.Starred(value=ast.Attribute(ast.Name("self"), name)):
                known = [c for c in snapshot.classes.values() if owner in c.mro]
                values = [v for c in known if (v := c.attributes.get(name)) is not None]
                if not values or not known:
                    yield None
                for value in values:
                    plain = value.value.kind in ("list", "tuple")
                    yield from (
                        (str(i.data) if i.kind == "const" else None for i in value.value.items)
                        if plain
                        else (None,)
                    )
            case _:
                yield None


def _sources(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """The project's own code with the class that it stands in: its files are shown relative to its root."""
    for function in snapshot.functions.values():
        if not PurePosixPath(function.where.file).is_absolute():
            yield function.source, function.owner
    for known in snapshot.classes.values():
        if known.origin == "own":
            yield from ((a.source, known.name) for a in known.attributes.values())


def family(snapshot: Snapshot, model: Model) -> set[str]:
    """Labels of a polymorphic model, of those above it and of those below it; none for one that is not polymorphic."""
    if not is_polymorphic(snapshot, model):
        return set()
    above = {label for label, link in model.parents.items() if link}
    return {model.label, *above, *(child.label for child in children(snapshot, model))}


def plain_managers(snapshot: Snapshot, model: Model) -> bool:
    """Whether a polymorphic model is saved through django-polymorphic's own manager, which leaves no row out."""
    return model.base_manager == "" or model.managers.get(model.base_manager) == MANAGER


def write_problem(snapshot: Snapshot, model: Model) -> Refusal | None:
    """Why objects of a polymorphic model are not written where Segue does not see which class each of them has."""
    if not is_polymorphic(snapshot, model):
        return None
    return Refusal(
        "polymorphic",
        model.label,
        "django-polymorphic keeps its objects in the tables of its children as well; such a write is not translated here.",
        model.where.file,
        model.where.line,
    )
