"""Serializers become read shapes, presenters, write models, validation and save functions.

What other rooms call (all raise :class:`segue.refusal.Refused`; calling twice emits once and only
registers the new fetch site's needs). ``name`` is the key into ``snapshot.serializers``; ``scope`` is
the kernel's :class:`~segue.translate.interp.scope.Scope` (``CALL`` in a path operation function):

``presenter(ctx, name, Instance(model, site)) -> Presenter``
    Registers what the serializer touches in ``site``, emits ``present_x`` (presenters.py) and the
    ``XRead`` TypedDict (schemas.py). ``Presenter.call(scope, "row")`` is the call expression, awaited
    when it must be; ``.shape``/``.shape_imports`` for ``response_model``, ``.imports`` for the caller.

``saved_presenter(ctx, name, model, partial=False) -> Presenter``
    ``partial=True`` for PATCH. For an entity that was just created or updated: loads what the presenter needs, then presents.

``writer(ctx, name) -> Writer``
    Emits ``XWrite`` (schemas.py; ``.model``/``.model_imports`` for ``body=``) and ``validate_x``
    (validation.py). ``Writer.call(scope, "data", instance="article", partial="True")`` validates; its
    value is ``Values`` (a dict by source name, relations are entities).

``creator(ctx, name) -> Saver``, ``updater(ctx, name) -> Saver``
    ``Saver.call(scope, "values")`` and ``Saver.call(scope, "values", instance="article")`` write and
    return the entity (of ``.model``). Keyword arguments of ``serializer.save(owner=user)`` are merged
    by the caller: ``{**values, "owner": call.user}``.

``actions(ctx, name) -> str``
    The literal dict of OPTIONS metadata (``actions["POST"]``).
"""

from __future__ import annotations

from segue.translate.serializers.interface import Presenter, Saver, Writer
from segue.translate.serializers.metadata import actions
from segue.translate.serializers.read import presenter
from segue.translate.serializers.save import creator, updater
from segue.translate.serializers.saved import half_prefetched, looks_further, saved_presenter, show_given
from segue.translate.serializers.write import writer

__all__ = [
    "Presenter",
    "Saver",
    "Writer",
    "actions",
    "creator",
    "half_prefetched",
    "looks_further",
    "presenter",
    "saved_presenter",
    "show_given",
    "updater",
    "writer",
]
