"""``__table_args__``: constraints and indexes that do not stand on one column."""

from __future__ import annotations

import hashlib

from segue.snapshot.model import Constraint, Index, Model, ModelField
from segue.translate.context import Context
from segue.translate.models import ddl, tablespaces
from segue.translate.models.columns import Text, index_tablespace, inherited_model, key_tablespace, kind
from segue.translate.models.kinds import base_name, has_column

USING = {
    "GinIndex": "gin",
    "GistIndex": "gist",
    "BrinIndex": "brin",
    "HashIndex": "hash",
    "SpGistIndex": "spgist",
}


def table_args(ctx: Context, model: Model, out: Text) -> list[str]:
    """Constructor calls for ``__table_args__``, in Django's order."""
    # Django takes the name of a foreign key's column for its field here (job_id for job).
    columns = {name: f.column for f in model.fields if has_column(f) for name in (f.attname, f.name)}
    own = [f for f in model.fields if has_column(f) and inherited_model(ctx, model, f) is None]
    result: list[str] = []
    for names in model.unique_together:
        out.use("sqlalchemy", "UniqueConstraint")
        result.append(f"UniqueConstraint({_columns(columns, names)})")
    for names in model.index_together:
        space = (
            "" if ddl.is_mysql(ctx.snapshot) else tablespaces.of_columns(model, [columns[n] for n in names])
        )
        result.append(
            _index(f"ix_{model.table}_{'_'.join(names)}", [repr(columns[n]) for n in names], _in(space), out)
        )
    for item in own:
        result.extend(_of_column(ctx, model, item, out))
    for index in model.indexes:
        result.extend(_meta_index(ctx, model, index, columns, out))
    for constraint in model.constraints:
        result.extend(_constraint(ctx, model, constraint, columns, out))
    return result


def _columns(columns: dict[str, str], names: tuple[str, ...]) -> str:
    return ", ".join(repr(columns[name]) for name in names)


def short(name: str) -> str:
    """An index name that every database takes (PostgreSQL cuts at 63)."""
    if len(name) <= 60:
        return name
    return f"{name[:51]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def constraint_name(name: str) -> str:
    """The name of a constraint as PostgreSQL has it, which cuts at 63 bytes without a word; SQLAlchemy refuses a longer one."""
    return name.encode()[:63].decode(errors="ignore")


def _index(name: str, parts: list[str], options: list[str], out: Text) -> str:
    out.use("sqlalchemy", "Index")
    return f"Index({', '.join([repr(short(name)), *parts, *options])})"


def _in(space: str) -> list[str]:
    return [f"postgresql_tablespace={space!r}"] if space else []


def _of_column(ctx: Context, model: Model, item: ModelField, out: Text) -> list[str]:
    result = []
    space = key_tablespace(ctx, model, item)
    if space:  # told to segue_bridge.db.tablespaces: SQLAlchemy has no option for it
        constraint = "PrimaryKeyConstraint" if item.primary_key else "UniqueConstraint"
        out.use("sqlalchemy", constraint)
        out.use("segue_bridge.db.tablespaces", "in_tablespace")
        result.append(f"{constraint}({item.column!r}, info=in_tablespace({space!r}))")
    space = index_tablespace(ctx, model, item)
    if space:
        result.append(_index(f"ix_{model.table}_{item.column}", [repr(item.column)], _in(space), out))
    found = kind(ctx, item)
    if ddl.is_mysql(ctx.snapshot):
        return []  # MariaDB checks a column of type json by itself, and LIKE needs no index of its own
    if base_name(item) == "JSONField" and found.code.startswith("Json"):
        quoted = f'"{item.column}"'
        text = f"(JSON_VALID({quoted}) OR {quoted} IS NULL)"  # whether NULL is allowed or not
        out.use("sqlalchemy", "CheckConstraint")
        result.append(f"CheckConstraint({text!r}).ddl_if(dialect='sqlite')")
    if (item.db_index or item.unique) and not item.collation:
        ops = "varchar_pattern_ops" if found.code.startswith("Varchar") else ""
        ops = "text_pattern_ops" if found.code.startswith("Text") else ops
        if ops:  # PostgreSQL needs it for LIKE 'x%' outside the C locale (_create_like_index_sql)
            name = f"{model.table}_{item.column}_like"
            options = [f"postgresql_ops={{{item.column!r}: {ops!r}}}"]
            options += _in(tablespaces.of_columns(model, [item.column], ops))
            result.append(_index(name, [repr(item.column)], options, out) + ".ddl_if(dialect='postgresql')")
    return result


def _where(sql: dict[str, str], options: list[str], out: Text) -> None:
    for vendor, text in sorted(sql.items()):
        code, used = ddl.expression(text)
        out.use("sqlalchemy", used)
        options.append(f"{vendor}_where={code}")


def _meta_index(ctx: Context, model: Model, index: Index, columns: dict[str, str], out: Text) -> list[str]:
    cls = index.cls.rpartition(".")[2]
    postgres_only = index.cls.startswith("django.contrib.postgres.")
    options: list[str] = []
    if ddl.is_mysql(ctx.snapshot):
        return _mysql_index(model, index, columns, out)
    if cls in USING:
        options.append(f"postgresql_using={USING[cls]!r}")
    if index.include:
        options.append(f"postgresql_include=[{_columns(columns, index.include)}]")
    options += _in(tablespaces.of_index(model, index.name))
    _where(ddl.per_vendor(ctx.snapshot, index.condition), options, out)
    if index.expressions:
        texts = ddl.per_vendor(ctx.snapshot, index.expressions)
        return _expressions(index.name, texts, False, options, out)
    names = [name.removeprefix("-") for name in index.fields]
    if index.opclasses:
        pairs = ", ".join(f"{columns[n]!r}: {o!r}" for n, o in zip(names, index.opclasses, strict=False))
        options.append(f"postgresql_ops={{{pairs}}}")
    parts = []
    for name in index.fields:
        if name.startswith("-"):
            out.use("sqlalchemy", "text")
            parts.append(f"text({_desc('sqlite', columns[name[1:]])!r})")
        else:
            parts.append(repr(columns[name]))
    made = _index(index.name, parts, options, out)
    return [f"{made}.ddl_if(dialect='postgresql')" if postgres_only else made]


def _desc(vendor: str, column: str) -> str:
    return f"{ddl.quoted(vendor, column)} DESC"


def _mysql_index(model: Model, index: Index, columns: dict[str, str], out: Text) -> list[str]:
    """An index as Django makes it on MySQL: without conditions and covered columns, which it has not; one over expressions on
    MySQL alone."""
    made = ddl.made_by_mysql(model, index.name)
    if not made:
        return []
    if index.expressions:
        return [
            _on_mysql(part, made, out)
            for part in _expressions(index.name, {"mysql": index.expressions["mysql"]}, False, [], out)
        ]
    parts = []
    for name in index.fields:
        if name.startswith("-"):
            out.use("sqlalchemy", "text")
            parts.append(f"text({_desc('mysql', columns[name[1:]])!r})")
        else:
            parts.append(repr(columns[name]))
    return [_on_mysql(_index(index.name, parts, [], out), made, out)]


def _on_mysql(code: str, made: frozenset[str], out: Text) -> str:
    """``code`` where Django makes it on both; else for the one that it makes it on."""
    if len(made) > 1:
        return code
    (name,) = made
    out.use("segue_bridge.db.mysql", f"on_{name}")
    return f"{code}.ddl_if(callable_=on_{name})"


def _expressions(name: str, sql: dict[str, str], unique: bool, options: list[str], out: Text) -> list[str]:
    """An index over expressions: their text is taken from Django's CREATE INDEX."""
    result = []
    texts = {}
    for vendor, statement in sorted(sql.items()):
        start = statement.index("(", statement.index(" ON "))
        texts[vendor] = tuple(ddl.split_top(ddl.parenthesised(statement, start)))
    same = len(set(texts.values())) == 1 and (len(texts) > 1 or "mysql" in texts)
    for vendor, parts in texts.items():
        given = ["unique=True", *options] if unique else list(options)
        written = [ddl.expression(part) for part in parts]
        for _, used in written:
            out.use("sqlalchemy", used)
        made = _index(name, [code for code, _ in written], given, out)
        result.append(made if same else f"{made}.ddl_if(dialect={vendor!r})")
        if same:
            break
    return result


def _checked(text: str, out: Text) -> str:
    code, used = ddl.expression(text)
    if code == f"text({text!r})":
        return repr(text)
    out.use("sqlalchemy", used)
    return code


def _constraint(
    ctx: Context, model: Model, item: Constraint, columns: dict[str, str], out: Text
) -> list[str]:
    if ddl.is_mysql(ctx.snapshot):
        return _mysql_constraint(model, item, columns, out)
    sql = ddl.per_vendor(ctx.snapshot, item.sql)
    if item.kind == "check":
        out.use("sqlalchemy", "CheckConstraint")
        if len(sql) > 1 and len(set(sql.values())) == 1:
            return [
                f"CheckConstraint({_checked(next(iter(sql.values())), out)}, name={constraint_name(item.name)!r})"
            ]
        return [
            f"CheckConstraint({_checked(text, out)}, name={constraint_name(item.name)!r}).ddl_if(dialect={vendor!r})"
            for vendor, text in sorted(sql.items())
        ]
    if item.kind == "exclude":
        return []  # written as DDL behind the class, see classes.py
    options: list[str] = []
    if item.include:
        options.append(f"postgresql_include=[{_columns(columns, item.include)}]")
    if item.nulls_distinct is not None:
        options.append(f"postgresql_nulls_not_distinct={not item.nulls_distinct}")
    if item.expressions:
        _where(sql, options, out)
        texts = ddl.per_vendor(ctx.snapshot, item.expressions)
        return _expressions(item.name, texts, True, options, out)
    if sql or item.include or item.condition is not None:
        _where(sql, options, out)
        parts = [repr(columns[name]) for name in item.fields]
        return [_index(item.name, parts, ["unique=True", *options], out)]
    if item.deferrable:
        options.append(f"deferrable=True, initially={item.deferrable!r}")
    out.use("sqlalchemy", "UniqueConstraint")
    return [
        f"UniqueConstraint({', '.join([_columns(columns, item.fields), f'name={constraint_name(item.name)!r}', *options])})"
    ]


def _mysql_constraint(model: Model, item: Constraint, columns: dict[str, str], out: Text) -> list[str]:
    """A constraint as Django makes it on MySQL: it leaves out what MySQL has not (conditions, covered columns, deferring, and on
    MariaDB expressions)."""
    made = ddl.made_by_mysql(model, item.name)
    if not made:
        return []
    if item.kind == "check":
        out.use("sqlalchemy", "CheckConstraint")
        code = f"CheckConstraint({_checked(item.sql['mysql'], out)}, name={constraint_name(item.name)!r})"
    elif item.expressions:
        (code,) = _expressions(item.name, {"mysql": item.expressions["mysql"]}, True, [], out)
    else:
        out.use("sqlalchemy", "UniqueConstraint")
        code = f"UniqueConstraint({_columns(columns, item.fields)}, name={constraint_name(item.name)!r})"
    return [_on_mysql(code, made, out)]
