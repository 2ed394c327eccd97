"""A Django model → a mapped class, as one declaration."""

from __future__ import annotations

from segue.refusal import refuse
from segue.snapshot.model import Model
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.free_names import RESERVED
from segue.translate.models.clashes import hidden_builtins, rename_clashing
from segue.translate.models.columns import Text, column, inherited_model
from segue.translate.models.ddl import is_mysql, supported
from segue.translate.models.defaults import literal
from segue.translate.models.kinds import has_column
from segue.translate.models.names import attribute, class_name, concrete
from segue.translate.models.problems import many_parents, missing_table, unusable
from segue.translate.models.relations import forward, reverse
from segue.translate.models.tables import table_args
from segue.translate.models.tablespaces import of_table

PART = "models"


def translate_models(ctx: Context) -> None:
    """Write the mapped classes of all models with a table, and ``models.py`` that imports them all.

    Every model of the project is written, not only those that endpoints read: a delete has to
    follow every foreign key. Models that cannot be mapped are left out
    (:func:`segue.translate.models.names.model_class` says why when one is asked for).
    """
    written = translated(ctx)
    for model in written:
        _write(ctx, model)
    _write_registry(ctx, written)


def use_relation(ctx: Context, label: str, accessor: str) -> None:
    """Declare the reverse relation ``accessor`` on the class of ``label`` (no-op for forward ones)."""
    model = concrete(ctx, label)
    used = _used(ctx, model.label)
    if accessor and accessor not in used and any(item.accessor == accessor for item in model.reverse):
        used.add(accessor)
        if missing_table(ctx.snapshot, model) is None:
            _write(ctx, model)


def use_dict(ctx: Context, label: str, name: str) -> None:
    """Give objects of ``label`` an empty dict ``name`` of their own, as the model's ``__init__`` does."""
    model = concrete(ctx, label)
    made = _dicts(ctx, model.label)
    if name not in made:
        made.append(name)
        made.sort()
        _write(ctx, model)


def tell_backend(ctx: Context, label: str) -> None:
    """Give users a ``backend``: which of ``AUTHENTICATION_BACKENDS`` has found them. Raises ``Refused`` for a column of that name."""
    model = concrete(ctx, label)
    if any(f.name == "backend" for f in model.fields):
        raise refuse("login", f"{label}.backend", "Django puts the backend there, too.", model.where)
    if (PART, ("backend", model.label)) not in ctx.memo:
        ctx.memo[(PART, ("backend", model.label))] = True
        _write(ctx, model)


def _dicts(ctx: Context, label: str) -> list[str]:
    found = ctx.memo.setdefault((PART, ("dicts", label)), [])
    assert isinstance(found, list)
    return found


def _used(ctx: Context, label: str) -> set[str]:
    found = ctx.memo.setdefault((PART, ("reverse", label)), set())
    assert isinstance(found, set)
    return found


def _parents_first(ctx: Context) -> list[Model]:
    done: dict[str, Model] = {}

    def visit(model: Model) -> None:
        if model.label in done:
            return
        for parent in model.parents:
            if parent in ctx.snapshot.models:
                visit(ctx.snapshot.models[parent])
        done[model.label] = model

    for model in ctx.snapshot.models.values():
        visit(model)
    return list(done.values())


def parent_of(ctx: Context, model: Model) -> Model | None:
    """The parent whose table a multi-table child extends; None for one of two."""
    if many_parents(model):
        return None
    for label, link in model.parents.items():
        if link and label in ctx.snapshot.models:
            return concrete(ctx, label)
    return None


def _write(ctx: Context, model: Model) -> None:
    module = ctx.module(model.app, "models")
    name = class_name(ctx, model.label)
    module.decls[name] = model_decl(ctx, model)


def model_decl(ctx: Context, model: Model) -> Decl:
    """The class of one model."""
    out = Text()
    out.use("segue_bridge.db.base", "ModelInfo")
    parent = parent_of(ctx, model)
    base = "Base"
    if parent is None:
        out.use("segue_bridge.db.base", "Base")
    else:
        base = class_name(ctx, parent.label)
        if parent.app != model.app:
            out.use(ctx.import_path(parent.app, "models"), base)
    own = [f for f in model.fields if inherited_model(ctx, model, f) is None]
    if model.label == ctx.snapshot.settings.user_model:
        out.use("segue_bridge.auth.users", "UserMixin")
        base = f"UserMixin, {base}"
    lines = [f"class {class_name(ctx, model.label)}({base}):", *_doc(ctx, model), ""]
    lines.append(f"    __tablename__ = {model.table!r}")
    arguments = table_args(ctx, model, out)
    given = [*arguments, *([_options(ctx, model)] if _settings(ctx, model) else [])]
    if given:
        lines.append(f"    __table_args__ = ({', '.join(given)},)")
    lines += [f"    __segue__ = {_info(ctx, model, out)}", ""]
    lines += [f"    {column(ctx, model, field, out)}" for field in own if has_column(field)]
    relations = [forward(ctx, model, field, out) for field in own]
    used = _used(ctx, model.label)
    relations += [reverse(ctx, model, item, out) for item in model.reverse if item.accessor in used]
    relations = [_shown_to_mypy(text) for text in relations if text]
    if relations:
        lines += ["", *(f"    {text}" for text in relations)]
    if (PART, ("backend", model.label)) in ctx.memo:
        lines += [
            "",
            '    backend = ""  # which of AUTHENTICATION_BACKENDS has found the user, while it logs in',
        ]
    for name in _dicts(ctx, model.label):
        out.use("functools", "cached_property")
        out.use("typing", "Any")
        text = f'    @cached_property\n    def {name}(self) -> dict[Any, Any]:\n        """Kept with the object."""\n        return {{}}'
        lines += ["", text]
    text = "\n".join(lines) + _after(model, out)
    taken = {attribute(field) for field in own} | {field.name for field in own} | used
    taken |= {
        class_name(ctx, other) for other, found in ctx.snapshot.models.items() if found.app == model.app
    }
    text, imports = rename_clashing(text, out.imports | hidden_builtins(text, taken), taken)
    return Decl(
        class_name(ctx, model.label),
        text,
        imports,
        rank=10,
        origin=Origin(model.cls, model.where),
    )


def _shown_to_mypy(relation: str) -> str:
    """Where it has the name of something else of the base class: nothing looks that up on this class."""
    name = relation.partition(":")[0]
    if name not in RESERVED:
        return relation
    codes = "assignment" if name == "loaded" else "assignment, misc"  # the others are class variables
    return relation.replace("relationship(", f"relationship(  # type: ignore[{codes}]\n", 1)


def _options(ctx: Context, model: Model) -> str:
    return f"{{{', '.join(f'{key!r}: {value}' for key, value in _settings(ctx, model).items())}}}"


def _settings(ctx: Context, model: Model) -> dict[str, str]:
    numbered = _numbered(model) and "sqlite" in supported(ctx.snapshot)
    options = {"sqlite_autoincrement": "True"} if numbered else {}
    if not model.managed:
        options["info"] = "{'managed': False}"
    if model.db_table_comment:
        options["comment"] = repr(model.db_table_comment)
    space = "" if is_mysql(ctx.snapshot) else of_table(model)
    if space:
        options["postgresql_tablespace"] = repr(space)
    return options


def table_options(ctx: Context, model: Model) -> list[str]:
    """Keyword arguments of ``Table`` for a model."""
    return [f"{key}={value}" for key, value in _settings(ctx, model).items() if key != "info"]


def _numbered(model: Model) -> bool:
    key = next((f for f in model.fields if f.name == model.pk), None)
    return key is not None and key.base.endswith("AutoField")


def _doc(ctx: Context, model: Model) -> list[str]:
    """The model's docstring and where it came from."""
    place = f"{model.cls} ({model.where})"
    cls = ctx.snapshot.classes.get(model.cls)
    doc = (cls.doc if cls is not None else "").strip()
    if not doc or doc.startswith(f"{model.cls.rpartition('.')[2]}("):
        return [f'    """{place}."""']
    body = doc.replace("\\", "\\\\").replace('"""', '\\"\\"\\"').splitlines()
    return [
        f'    """{body[0].strip()}',
        *(f"    {line.strip()}".rstrip() for line in body[1:]),
        "",
        f"    {place}.",
        '    """',
    ]


def _info(ctx: Context, model: Model, out: Text) -> str:
    arguments = [repr(model.label)]
    generic = []
    for field in model.fields:
        relation = field.relation
        if relation is None or relation.kind != "generic_relation" or relation.to not in ctx.snapshot.models:
            continue
        target = concrete(ctx, relation.to)
        if unusable(ctx.snapshot, target) is not None:
            continue
        names = {f.name: f.attname for f in target.fields}
        path = f"{ctx.import_path(target.app, 'models')}.{class_name(ctx, target.label)}"
        type_name = names.get(relation.content_type_field, f"{relation.content_type_field}_id")
        key = names.get(relation.object_id_field, relation.object_id_field)
        generic.append(f"GenericRelation({path!r}, {type_name!r}, {key!r})")
    if generic:
        out.use("segue_bridge.db.base", "GenericRelation")
        arguments.append(f"generic=({', '.join(generic)},)")
        types = ctx.import_path("contenttypes", "models")
        arguments.append(f"content_types={f'{types}.ContentType'!r}")
    ordering = [literal(item) for item in model.ordering]
    if ordering and all(item is not None for item in ordering):
        arguments.append(f"ordering=({', '.join(item[0] for item in ordering if item)},)")
    return f"ModelInfo({', '.join(arguments)})"


def _after(model: Model, out: Text) -> str:
    """Exclusion constraints have no portable form: their DDL runs when PostgreSQL makes the table."""
    statements = []
    for text in raw_statements(model):
        out.use("sqlalchemy", "DDL", "event")
        name = model.label.rpartition(".")[2]
        ddl = text.replace("%", "%%")
        statements.append(
            f'event.listen({name}.__table__, "after_create", DDL({ddl!r}).execute_if(dialect="postgresql"))'
        )
    return "".join(f"\n\n\n{text}" for text in statements)


def raw_statements(model: Model) -> list[str]:
    """PostgreSQL statements that complete a table."""
    found = []
    for item in model.constraints:
        text = item.sql.get("postgresql", "") if item.kind == "exclude" else ""
        if text:
            found.append(f'ALTER TABLE "{model.table}" ADD {text}')
    return found


def translated(ctx: Context) -> list[Model]:
    """Models with a mapped class, parents before children."""
    return [
        model
        for model in _parents_first(ctx)
        if not model.proxy and not model.abstract and missing_table(ctx.snapshot, model) is None
    ]


def _write_registry(ctx: Context, written: list[Model]) -> None:
    """``app/models.py``: importing it makes every class and table known."""
    module = ctx.program.module(
        f"{ctx.program.package}/models.py",
        "Every mapped class, in Django's order. Import this before using any of them: relations name "
        "classes of other modules.",
    )
    lines = []
    imports = set()
    for app in dict.fromkeys(model.app for model in written):
        folder = ctx.folder(app)
        alias = f"{folder}_models"
        imports.add(Import(f"{ctx.program.package}.{folder}", "models", alias))
        lines.append(f"    {alias},")
    text = "\n".join(["MODULES = (", *lines, ")"])
    module.decls.pop("MODULES", None)
    module.add(Decl("MODULES", text, frozenset(imports), rank=0))
    order = Decl(
        "order",
        'Base.metadata.info["modules"] = tuple(module.__name__ for module in MODULES)  # Django\'s order',
        frozenset({Import("segue_bridge.db.base", "Base")}),
        rank=10,
    )
    module.decls.pop("order", None)
    module.add(order)
