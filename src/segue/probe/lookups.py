"""Lookups of Django that a project or package puts its own in the place of."""


def replaced():
    """``Class.name: lookup`` of each, sorted; ``Field.register_lookup`` takes any name. Those of a field class from outside Django are
    left out: they are about its own columns (:func:`of_field`)."""
    from django.db.models import Field
    from django.db.models.lookups import Transform
    from django.db.models.query_utils import RegisterLookupMixin

    found, classes, left = [], set(), [RegisterLookupMixin, Transform]
    while left:
        cls = left.pop()
        if cls in classes:
            continue
        classes.add(cls)
        left.extend(cls.__subclasses__())
        if not issubclass(cls, Field) or cls.__module__.startswith("django."):
            found.extend(_of_class(cls))
    return sorted(found)


def of_field(cls):
    """The same of a field's class, as far as it is not Django's; sorted."""
    found = [_of_class(base) for base in cls.__mro__ if not base.__module__.startswith("django.")]
    return sorted(name for names in found for name in names)


def _of_class(cls):
    from django.db.models import Field

    # Those of Django alone: a project may register new names at the same place.
    known = {name for name, lookup in Field.class_lookups.items() if lookup.__module__.startswith("django.")}
    known |= {"contained_by", "overlap", "search", "unaccent", "trigram_similar"}
    for name, lookup in vars(cls).get("class_lookups", {}).items():
        if lookup is None or lookup.__module__.startswith("django."):
            continue
        theirs = any(
            name in vars(base).get("class_lookups", {})
            for base in cls.__mro__[1:]
            if base.__module__.startswith("django.")
        )
        if theirs or name in known or _date_part(name):
            yield "%s.%s: %s.%s" % (cls.__name__, name, lookup.__module__, lookup.__name__)


def _date_part(name):
    from django.db.models import DateField, DateTimeField, TimeField

    registered = set()
    for cls in (DateField, DateTimeField, TimeField):
        registered.update(
            n
            for n, found in vars(cls).get("class_lookups", {}).items()
            if found.__module__.startswith("django.")
        )
    return name in registered
