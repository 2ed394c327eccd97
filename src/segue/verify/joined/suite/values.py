"""Values that cross between a test's mocks, which speak Django, and generated code."""

from __future__ import annotations

from typing import Any


class Values:
    """``models`` and ``rows`` are the manifest's: dotted Django model class → mapped class, row class → Django model class.

    ``resolve`` finds a generated name.
    """

    def __init__(self, models: dict[str, str], rows: dict[str, str], resolve: Any) -> None:
        from django.apps import apps

        known = {f"{m.__module__}.{m.__qualname__}": m for m in apps.get_models(include_auto_created=True)}
        self._django: dict[type, Any] = {}
        self._generated: dict[type, Any] = {}
        for legacy, generated in models.items():
            mapped = resolve(generated)
            if legacy in known and isinstance(mapped, type):
                self._django[mapped] = known[legacy]
                self._generated[known[legacy]] = mapped
        for generated, legacy in rows.items():
            row = resolve(generated)
            if legacy in known and isinstance(row, type):
                self._django[row] = known[legacy]

    def to_django(self, value: Any) -> Any:
        """Rows and entities as model instances (equal by key, as Django's are), anonymous users, and both within lists.

        Columns that a row lacks are deferred: Django reads them when they are asked for.
        """
        model = self._django.get(type(value))
        if model is not None:
            names = [f.attname for f in model._meta.concrete_fields if hasattr(value, f.attname)]
            return model.from_db("default", names, [getattr(value, name) for name in names])
        if type(value).__name__ == "AnonymousUser":
            from django.contrib.auth.models import AnonymousUser

            return AnonymousUser()
        if type(value) in (list, tuple):
            return type(value)(self.to_django(item) for item in value)
        if type(value).__name__ == "Values" or type(value) is dict:
            return {key: self.to_django(item) for key, item in dict(value).items()}
        return value

    def to_generated(self, value: Any) -> Any:
        """Model instances as entities, also within lists."""
        mapped = self._generated.get(type(value))
        if mapped is not None:
            return mapped(**{f.attname: getattr(value, f.attname) for f in value._meta.concrete_fields})
        if type(value) in (list, tuple):
            return type(value)(self.to_generated(item) for item in value)
        return value


def raised(error: BaseException) -> BaseException:
    """An exception that a mock raises, as the generated code's handlers know it; others stay what they are."""
    from rest_framework.exceptions import APIException

    from segue_bridge import errors

    if type(error).__module__ != APIException.__module__ or "detail" not in vars(error):
        return error
    if type(error).__name__ in ("MethodNotAllowed", "UnsupportedMediaType", "Throttled"):
        return error  # made from something else than their detail
    twin: Any = getattr(errors, type(error).__name__, None)
    if twin is None:
        return error
    made = twin(vars(error)["detail"])
    assert isinstance(made, BaseException)
    return made
