"""What takes the place of a generated function while the legacy name it came from is patched."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

from .around import Patch
from .callstyle import Style
from .values import Values, raised


@dataclass(frozen=True, slots=True)
class Twin:
    """A generated ``function`` of ``legacy``; ``parameters`` has the legacy name of each of its parameters."""

    legacy: str
    function: Any
    parameters: tuple[str, ...]
    folded: Mapping[str, Any] = field(default_factory=dict)


def stand_in(
    twin: Twin,
    patch: Patch,
    rest: tuple[str, ...],
    role: str,
    style: Style | None,
    values: Values,
    troubles: list[tuple[Patch, str]],
) -> Any:
    """A function with the twin's signature that asks what the test has put in place of the legacy name.

    ``rest`` is what follows the patched name where the legacy code uses it (``timezone`` patched, ``timezone.now()`` called).
    What a replacement cannot work with is added to ``troubles``.
    It is a coroutine function where the twin is one, as :class:`unittest.mock.AsyncMock` would be.
    """
    signature = inspect.signature(twin.function)
    names = list(signature.parameters)

    def answer(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        bound = signature.bind(*args, **kwargs)
        given = dict(twin.folded)
        for legacy, own in zip(twin.parameters, names, strict=False):
            if legacy and own in bound.arguments:
                given[legacy] = values.to_django(bound.arguments[own])
        try:
            result = _ask(patch, rest, role, style, given)
        except (AttributeError, TypeError) as error:
            why = f"it cannot take what generated code passes ({type(error).__name__}: {error})"
            troubles.append((patch, why))
            raise
        except Exception as error:
            known = raised(error)
            if known is error:
                raise
            raise known from error
        return values.to_generated(result)

    if inspect.iscoroutinefunction(twin.function):

        async def later(*args: Any, **kwargs: Any) -> Any:
            result = answer(args, kwargs)
            return await result if inspect.isawaitable(result) else result

        return later
    return lambda *args, **kwargs: answer(args, kwargs)


def _ask(patch: Patch, rest: tuple[str, ...], role: str, style: Style | None, given: dict[str, Any]) -> Any:
    target = patch.new
    parameters = _parameters(patch.original if not rest else None)
    if isinstance(patch.owner, type):
        own = parameters.pop(0).name if parameters and role != "staticmethod" else ""
        # Looked up as an attribute of the object, as Django's side does: functions bind, mocks do not.
        if isinstance(target, staticmethod):
            target = target.__func__
        elif hasattr(type(target), "__get__"):
            target = target.__get__(given.get(own, mock.ANY), patch.owner)
        given.pop(own, None)
        if role in ("property", "cached_property"):
            return target
    for name in rest:
        target = getattr(target, name)
    args, kwargs = arranged(given, parameters, style)
    return target(*args, **kwargs)


def _parameters(original: Any) -> list[inspect.Parameter]:
    if isinstance(original, property):
        original = original.fget
    original = (
        getattr(original, "func", original) if type(original).__name__ == "cached_property" else original
    )
    if isinstance(original, staticmethod | classmethod):
        original = original.__func__
    try:
        return list(inspect.signature(original).parameters.values()) if callable(original) else []
    except (TypeError, ValueError):
        return []


def arranged(
    given: Mapping[str, Any], parameters: list[inspect.Parameter], style: Style | None
) -> tuple[list[Any], dict[str, Any]]:
    """Arguments as the legacy code passes them. What generated code does not have (the request) equals anything."""
    order = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if not order:
        return list(given.values()), {}
    if style is not None and style.positional <= len(order):
        first = [given.get(name, mock.ANY) for name in order[: style.positional]]
        return first, {name: given.get(name, mock.ANY) for name in style.keywords}
    optional = {p.name for p in parameters if p.default is not p.empty}
    args: list[Any] = []
    kwargs: dict[str, Any] = {}
    for name in order:
        if name in given or name not in optional:
            if kwargs or len(args) < order.index(name):
                kwargs[name] = given.get(name, mock.ANY)
            else:
                args.append(given.get(name, mock.ANY))
    kwargs |= {name: value for name, value in given.items() if name not in order}
    return args, kwargs


def bound_to(original: Any, *, without_self: bool) -> Callable[..., inspect.BoundArguments] | None:
    """Binds the arguments of a recorded call to the legacy signature, so that style does not count."""
    parameters = _parameters(original)
    if not parameters:
        return None
    if without_self:
        parameters = parameters[1:]
    return inspect.Signature(parameters).bind
