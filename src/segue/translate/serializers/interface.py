"""What the serializer room hands to views and to the kernel: how to call what it emitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.target.ir import Import
from segue.translate.functions.lift import Lifted
from segue.translate.interp.scope import Scope
from segue.translate.kinds import Kind

if TYPE_CHECKING:
    from segue.translate.serializers.own_fields import OwnFields


@dataclass(frozen=True, slots=True)
class Presenter:
    """``present_x``. ``shape`` is the type it returns (a TypedDict), for ``response_model``.

    ``lifted`` tells its free state; ``shape_imports`` are for a module that names the shape. ``fields``: what says which fields
    a request is shown, if that is not always the same.
    """

    lifted: Lifted
    shape: str
    shape_imports: frozenset[Import]
    fields: OwnFields | None = None

    @property
    def imports(self) -> frozenset[Import]:
        """For a module that calls it."""
        return self.lifted.imports

    @property
    def is_async(self) -> bool:
        """Must it be awaited?"""
        return self.lifted.is_async

    @property
    def kind(self) -> Kind:
        """What it returns."""
        return self.lifted.returns

    def call(self, scope: Scope, instance: str) -> str:
        """The expression that presents ``instance`` (one object), awaited when needed."""
        return self.lifted.call(scope, instance)


@dataclass(frozen=True, slots=True)
class Writer:
    """``validate_x`` and ``XWrite`` (``model``, for the route's ``body=``).

    ``takes_instance``: whether the function has ``instance`` (the entity being updated, or
    ``None``); ``partial`` is always a keyword. ``leaves``: some requests are left to Django when it runs, so nothing may
    have been written by then.
    """

    lifted: Lifted
    model: str
    model_imports: frozenset[Import]
    takes_instance: bool
    leaves: bool = False

    @property
    def imports(self) -> frozenset[Import]:
        """For a module that calls it."""
        return self.lifted.imports

    def call(self, scope: Scope, data: str, *, instance: str = "", partial: str = "") -> str:
        """The validating call; ``instance`` and ``partial`` are expressions. Gives ``Values``."""
        named: dict[str, str] = {}
        if instance and self.takes_instance:
            named["instance"] = instance
        if partial and partial != "False":
            named["partial"] = partial
        return self.lifted.call(scope, data, **named)


@dataclass(frozen=True, slots=True)
class Saver:
    """``create_x`` or ``update_x``: writes the validated values, returns the entity."""

    lifted: Lifted
    model: str

    @property
    def imports(self) -> frozenset[Import]:
        """For a module that calls it."""
        return self.lifted.imports

    def call(self, scope: Scope, values: str, *, instance: str = "") -> str:
        """The call; ``instance`` is the entity to update (for ``update_x``)."""
        return self.lifted.call(scope, *([instance] if instance else []), values)
