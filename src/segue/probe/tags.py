"""django-taggit's ``TaggableManager``: a many-to-many field that is none of Django's, through rows that may name any model.

Sources: ``taggit.managers.TaggableManager``, ``taggit.models`` (6.x).
"""

_MANAGER = ("taggit.managers", "TaggableManager")
_PLAIN = frozenset(["__module__", "__doc__", "__qualname__", "__firstlineno__", "__static_attributes__"])
_ASKED = ("tags_for", "lookup_kwargs", "tag_model", "tag_relname")


def relation(model, field):
    """What ``ModelField.tags`` holds; None for other fields, and where the project changes how tags are found."""
    classes = type(field).__mro__
    at = next((i for i, c in enumerate(classes) if (c.__module__, c.__name__) == _MANAGER), None)
    if at is None or any(set(vars(c)) - _PLAIN for c in classes[:at]):
        return None
    import taggit
    from taggit import managers, models

    through, meta = field.remote_field.through, model._meta
    if taggit.VERSION[0] != 6 or field.manager is not managers._TaggableManager or field.ordering is not None:
        return None
    if any(getattr(getattr(through, n), "__module__", "") != "taggit.models" for n in _ASKED) or meta.parents:
        return None
    if any(getattr(one, "parent_link", False) for one in meta.related_objects if one.one_to_one):
        return None  # rows of such a child are named by a content type of their own
    generic = issubclass(through, models.CommonGenericTaggedItemBase)
    names = {one.name: one for one in through._meta.get_fields()}
    source = names.get("object_id" if generic else "content_object")
    if generic:
        pair = names.get("content_object")
        if source is None or (getattr(pair, "ct_field", ""), getattr(pair, "fk_field", "")) != (
            "content_type",
            "object_id",
        ):
            return None
    elif source is None or source.remote_field is None or source.target_field is not meta.pk:
        return None
    tag = through.tag_model()
    if tag._default_manager.name != "objects":
        return None
    return {
        "to": tag._meta.label,
        "through": through._meta.label,
        "source": source.attname,
        "target": names["tag"].attname,
        "content_type": names["content_type"].attname if generic else "",
        "own": any(
            c.__module__ != "taggit.models" and {"save", "slugify"} & set(vars(c))
            for c in tag.__mro__[: tag.__mro__.index(models.TagBase)]
        ),
    }
