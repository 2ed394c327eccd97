"""The models that django-imagekit's receivers are about: they listen to every model, and turn the others away.

``ModelSignalRouter`` (``imagekit.specs.sourcegroups``, from version 3 on) asks its source groups, which fields with specifications and the
project's ``imagegenerators`` modules add to it.
"""

_ROUTER = ("imagekit.specs.sourcegroups", "ModelSignalRouter")


def models_of(collector, receiver):
    """The models whose signals ``receiver`` does something about; None where that is not for a router of imagekit to say."""
    router = getattr(receiver, "__self__", None)
    if not any((c.__module__, c.__name__) == _ROUTER for c in type(router).__mro__):
        return None
    from django.apps import apps as registry

    try:
        from imagekit.utils import autodiscover

        autodiscover()
        classes = tuple({group.model_class for group in router._source_groups})
        models = registry.get_models(include_auto_created=True)
        return [model for model in models if issubclass(model, classes)]
    except Exception as error:
        collector.warn("imagekit: %s: %s" % (type(error).__name__, error))
        return None
