"""Validated input on its way: values and errors by field, as ``Serializer.run_validation`` keeps them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from segue_bridge.errors import Invalid, ValidationError, detail_of, details_of
from segue_bridge.schema.field_set import FieldSet
from segue_bridge.schema.unset import UNSET

Check = Callable[[Any], tuple[list[Any], list[Any]]]
"""Errors of a value: of the given validators, and of the built-in ones."""
Values = dict[str, Any]
"""Validated data by source name; related objects are entities."""


@dataclass(slots=True)
class _State:
    """One field: its value, the errors of given and of built-in validators, and the check still to come.

    ``parsed`` tells that the client sent something that was parsed, so that database
    validators apply; a default or a null skips them.
    """

    value: Any = UNSET
    parsed: bool = False
    first: list[Any] = field(default_factory=list)
    second: list[Any] = field(default_factory=list)
    fatal: Any = None
    check: Check | None = None

    @property
    def failed(self) -> bool:
        return self.fatal is not None or bool(self.first or self.second)


class Form(MutableMapping[str, Any]):
    """Values by field name, in the order of the serializer's fields.

    ``sources`` maps a field name to its dotted source where that differs. ``fields``: those that there are this time.
    """

    def __init__(
        self,
        order: tuple[str, ...],
        sources: Mapping[str, str],
        error_key: str,
        partial: bool = False,
        fields: FieldSet | None = None,
    ) -> None:
        self._order = order
        self._sources = dict(sources)
        self._states: dict[str, _State] = {}
        self._error_key = error_key
        self._non_field: list[Any] = []
        self.partial = partial
        self._fields = fields

    def __getitem__(self, name: str) -> Any:
        state = self._states.get(name)
        if state is None or state.value is UNSET:
            raise KeyError(name)
        return state.value

    def __setitem__(self, name: str, value: Any) -> None:
        self._states.setdefault(name, _State()).value = value

    def __delitem__(self, name: str) -> None:
        del self._states[name]

    def __iter__(self) -> Iterator[str]:
        return iter([name for name in self._sorted() if self._states[name].value is not UNSET])

    def __len__(self) -> int:
        return sum(state.value is not UNSET for state in self._states.values())

    def _sorted(self) -> list[str]:
        known = [name for name in self._order if name in self._states]
        return [*known, *(name for name in self._states if name not in self._order)]

    def record(
        self, name: str, value: Any, first: list[Any], second: list[Any], check: Check | None = None
    ) -> None:
        """A parsed value and what its validators said; ``check`` are validators that wait for its conversion."""
        self._states[name] = _State(value, True, first, second, check=check)

    def has(self, name: str) -> bool:
        """Is there a value, and no error so far? A default or null counts."""
        state = self._states.get(name)
        return state is not None and state.value is not UNSET and not state.failed

    def parsed(self, name: str) -> bool:
        """Was a value sent and parsed? Database validators then run, even beside other errors."""
        state = self._states.get(name)
        return state is not None and state.parsed and state.fatal is None

    def missing(self, name: str) -> bool:
        """Was nothing sent for a field that there is, no default taken and no error met?"""
        return name not in self._states and (self._fields is None or self._fields.reads(name))

    @contextmanager
    def field(self, name: str) -> Iterator[None]:
        """A ``ValidationError``, DRF's or Django's, inside becomes the field's error, in place of any other."""
        try:
            yield
        except (ValidationError, Invalid) as exc:
            self.add_error(name, detail_of(exc))

    @contextmanager
    def converted(self, name: str) -> Iterator[None]:
        """The field's own ``to_internal_value`` stands inside; its validators then look at what it gave."""
        with self.field(name):
            yield
            state = self._states[name]
            if state.check is not None:
                state.first, state.second = state.check(state.value)

    @contextmanager
    def check(self, name: str) -> Iterator[None]:
        """One more validator of the field: its errors come before those of built-in ones."""
        try:
            yield
        except ValidationError as exc:
            if isinstance(exc.detail, dict):
                self.add_error(name, exc.detail)
            else:
                self._states[name].first.extend(exc.detail)
        except Invalid as exc:
            self._states[name].first.extend(details_of(exc))

    @contextmanager
    def non_field(self) -> Iterator[None]:
        """Serializer validators and ``validate``: lists are collected, a dict ends validation."""
        try:
            yield
        except (ValidationError, Invalid) as exc:
            detail = detail_of(exc)
            if isinstance(detail, dict):
                raise ValidationError(serializer_errors(detail, self._error_key)) from None
            self._non_field.extend(detail)

    def add_error(self, name: str, detail: Any) -> None:
        """Replace the errors of a field."""
        self._states.setdefault(name, _State()).fatal = detail

    def raise_invalid(self) -> None:
        """Raise all errors so far: those of fields, else those of the whole."""
        errors: dict[str, Any] = {}
        for name in self._sorted():
            state = self._states[name]
            if state.failed:
                errors[name] = state.fatal if state.fatal is not None else [*state.first, *state.second]
        if not errors and self._non_field:
            errors[self._error_key] = self._non_field
        if errors:
            raise ValidationError(errors)

    @property
    def values(self) -> Values:  # type: ignore[override]
        """Values by source: dotted sources nest, ``*`` merges."""
        result: Values = {}
        for name in self:
            put(result, self._sources.get(name, name), self[name])
        return result


def put(target: dict[str, Any], source: str, value: Any) -> None:
    """``Serializer.set_value``."""
    if source == "*":
        target.update(value)
        return
    *parents, last = source.split(".")
    for parent in parents:
        target = target.setdefault(parent, {})
    target[last] = value


def serializer_errors(detail: Any, error_key: str = "non_field_errors") -> dict[str, Any]:
    """``as_serializer_error``: every value a list (or a dict), lists under the non-field key."""
    if isinstance(detail, Mapping):
        return {
            key: value if isinstance(value, (list, Mapping)) else [value] for key, value in detail.items()
        }
    return {error_key: detail if isinstance(detail, list) else [detail]}


async def checked(validation: Awaitable[Values]) -> tuple[Values, Any]:
    """``is_valid()`` without raising: the values and ``None``, or nothing and the errors."""
    try:
        return await validation, None
    except ValidationError as exc:
        return {}, exc.detail
