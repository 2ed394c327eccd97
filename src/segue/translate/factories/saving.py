"""What saving an object of a factory does: ``Model.save`` with the project's own, and its receivers."""

from __future__ import annotations

from collections.abc import Collection

from segue.refusal import Refusal, Refused
from segue.snapshot.model import Class, Function, Model
from segue.target.ir import Program
from segue.translate.context import Context
from segue.translate.factories.found import Factory
from segue.translate.functions.lift import Lifted, lift
from segue.translate.interp.scope import Scope
from segue.translate.interp.value import Val, name
from segue.translate.kinds import Instance
from segue.translate.load.models import concrete, snake
from segue.translate.models import translate_models
from segue.translate.models.kinds import base_name, has_column, is_text
from segue.translate.models.polymorphic import is_polymorphic
from segue.translate.models.writing import save_problem
from segue.translate.needs import Needs
from segue.translate.rules.own_save import gives_key, own_save, saves_as_tag
from segue.translate.rules.receivers import saved_by

_SCOPE = Scope(names={"db": "db"})


_ROW = frozenset({"proxy", "base-manager"})  # problems of what is done besides, not of the row


def saver(
    ctx: Context, factory: Factory, label: str, given: Collection[str]
) -> tuple[Lifted | None, Refusal | None]:
    """The function that saves an object, None where ``db.save`` is all; and why it writes the row alone, where what Django does besides
    is not translated.

    ``given``: what each object is given. Raises ``Refused`` for objects whose rows are not known.
    """
    model = concrete(ctx, label)
    if is_polymorphic(ctx.snapshot, model):
        raise factory.module.refuse(label, "The row says its class (django-polymorphic).", factory.node)
    manager = _manager(ctx, model)
    rows = manager.methods.get("get_queryset", "") if manager is not None else ""
    if factory.option("django_get_or_create") is not None and rows and not rows.startswith("django."):
        raise factory.module.refuse(
            rows, "Django looks among these rows for one that is there.", factory.node
        )
    problem = save_problem(ctx, model.label, given)
    if problem is not None and problem.code not in _ROW:
        raise Refused(problem)
    try:
        if _is_plain(ctx, factory, label, model):
            return None, None
        # What is refused on the way leaves names taken and texts told: in a program of its own.
        _saver(_scratch(ctx), factory, label, model)
        return _saver(ctx, factory, label, model), None
    except Refused as refused:
        missing = _left_to_saving(ctx, model, given)
        if missing is not None:
            raise factory.module.refuse(
                f"{model.label}.{missing}",
                f"It has no value before Django saves the object, which is not translated ({refused.refusal.place}).",
                factory.node,
            ) from None
        return None, refused.refusal


def _is_plain(ctx: Context, factory: Factory, label: str, model: Model) -> bool:
    """Whether ``db.save`` is all. Raises ``Refused`` where that cannot be told."""
    manager = _manager(ctx, model)
    for made in ("create", "get_or_create"):
        place = manager.methods.get(made, "") if manager is not None else ""
        if place and not place.startswith("django."):
            raise factory.module.refuse(place, "Factories make objects by it on Django.", factory.node)
    plain = own_save(ctx, label) is None and not gives_key(ctx, label) and not saves_as_tag(ctx, label)
    return plain and not saved_by(ctx, label)


def _manager(ctx: Context, model: Model) -> Class | None:
    """The class of the manager that factories ask."""
    return ctx.snapshot.classes.get(model.managers.get(model.default_manager or "objects", ""))


def _left_to_saving(ctx: Context, model: Model, given: Collection[str]) -> str | None:
    """A column that has to have a value and gets none but by what saving does."""
    for item in model.fields:
        if (
            not has_column(item)
            or item.null
            or item.auto_now
            or item.auto_now_add
            or {item.name, item.attname} & set(given)
        ):
            continue
        key = item.primary_key and base_name(item).endswith("AutoField")
        link = item.relation is not None and item.relation.parent_link
        if (
            not key
            and not link
            and item.default.kind == "empty"
            and item.db_default.kind == "empty"
            and not is_text(item)
        ):
            return item.name
    return None


def _scratch(ctx: Context) -> Context:
    key = ("factories", "scratch")
    found = ctx.memo.get(key)
    if not isinstance(found, Context):
        found = Context(
            ctx.snapshot,
            Program(ctx.program.package),
            accepted_middleware=ctx.accepted_middleware,
            pure=ctx.pure,
        )
        translate_models(found)
        ctx.memo[key] = found
    return found


def _saver(ctx: Context, factory: Factory, label: str, model: Model) -> Lifted:
    """The lifted function."""
    where = factory.module.where(factory.node)
    problem = save_problem(ctx, label)
    if problem is not None:
        raise Refused(problem)
    short = snake(model.cls.rpartition(".")[2])
    source = f"def save_{short}({short}):\n    {short}.save()\n"
    function = Function(f"{factory.dotted}._create", where, source, "function", {})
    kind = Instance(model.label, Needs(model.label, written=True, keyless=True), "entity")
    lifted = lift(
        ctx, function, arguments={short: Val(kind, name(short))}, module_kind="services", app=model.app, name=f"save_{short}"
    )  # fmt: skip
    missing = [item.name for item in lifted.state if _SCOPE.get(item.name) is None]
    if missing:
        raise factory.module.refuse(
            f"{model.label}.save", f"Saving looks at the request ({', '.join(missing)}).", factory.node
        )
    return lifted


def saving_lines(lifted: Lifted, cls: str, entity: str = "entity") -> list[str]:
    """``_save`` of the factory."""
    return [
        "@classmethod",
        f"async def _save(cls, db: Session, entity: {cls}) -> None:",
        f"    {lifted.call(_SCOPE, entity)}",
    ]
