"""``rest_framework.filters.SearchFilter`` with plain and to-one fields."""

from __future__ import annotations

import ast
import re

from segue.target.ir import Decl, Import, Origin
from segue.translate.filters.backends import local, may_raise, names, ready
from segue.translate.filters.parameters import param
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val, literal, name, quote
from segue.translate.kinds import QuerySet
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete, field_of, pk_field, reverse_of, snake, target_field
from segue.translate.specialise.endpoint import Endpoint

_LOOKUPS = {"^": "istartswith", "=": "iexact", "@": "", "$": "iregex"}


_BACKEND = "rest_framework.filters.SearchFilter"


def search_param(endpoint: Endpoint) -> str:
    """The name of ``?search=`` in this project."""
    named = param(endpoint, _BACKEND, "search_param", "SEARCH_PARAM", "search")
    return str(getattr(named[0].value, "value", "search")) if named else "search"


def search(frame: Frame, endpoint: Endpoint, value: Val) -> Val:
    """``?search=`` over ``search_fields``; without them it is only looked at."""
    fields = names(endpoint.attribute("search_fields"))
    if endpoint.overridden("get_search_fields"):
        raise endpoint.refuse_method(
            "get_search_fields", "Search fields that are computed are not translated yet."
        )
    named = param(endpoint, _BACKEND, "search_param", "SEARCH_PARAM", "search")
    if not fields:
        if may_raise(value):
            value = local(frame, value, _node(value))
        check = frame.imported("segue_bridge.filters.search", "check_search")
        frame.emit(ast.unparse(ast.Call(check, [frame.state("call")], named)))
        return value
    value = ready(frame, value)
    assert isinstance(value.kind, QuerySet)
    if value.kind.query.sliced or value.kind.query.values is not None:
        raise endpoint.refuse("search", "search_fields", "A sliced or values() query is searched.")
    function = _function(frame, endpoint, value.kind.query.model, fields)
    call = quote("{0}().narrow({1}, {2})", function, _node(value), frame.state("call"))
    assert isinstance(call, ast.Call)
    call.keywords += named
    return local(frame, value, call)


def _function(frame: Frame, endpoint: Endpoint, model: str, fields: list[str]) -> ast.expr:
    """The function of ``filters.py`` that gives the view's search, imported: one for all its operations.

    It is cached, and no constant of the module, as an alias of a class needs all mapped classes to be known.
    """
    ctx = frame.ctx
    key = ("search", (endpoint.cls, model, tuple(fields)))
    known = ctx.memo.get(key)
    if not isinstance(known, Import):
        outer, frame.imports = frame.imports, set()
        try:
            with frame.capture() as lines:
                made = _made(frame, endpoint, model, fields)
            needed = frozenset({*frame.imports, Import("functools", "cache")})
        finally:
            frame.imports = outer
        module = ctx.module(endpoint.app, "filters")
        base = snake(re.sub(r"(ViewSet|APIView|View)$", "", endpoint.cls.rpartition(".")[2]) or "view")
        name_, number = f"{base}_search", 1
        while name_ in module.decls:
            number += 1
            name_ = f"{base}_search_{number}"
        body = [f'"""What ``?search=`` looks at in {endpoint.cls} ({endpoint.where})."""', *lines]
        text = "\n".join(f"    {line}" for line in [*body, f"return {ast.unparse(made)}"])
        code = f"@cache\ndef {name_}() -> Search:\n{text}\n"
        module.add(Decl(name_, code, needed, 30, Origin(endpoint.cls, endpoint.where)))
        known = ctx.memo[key] = Import(ctx.import_path(endpoint.app, "filters"), name_)
    frame.use(known)
    return name(known.name)


def _made(frame: Frame, endpoint: Endpoint, model: str, fields: list[str]) -> ast.Call:
    """``Search([(lookup, column), ...])``."""
    if any(_to_many(frame, endpoint, model, f.lstrip("^=@$")) for f in fields):
        return _through_many(frame, endpoint, model, fields)
    parts = [_plain(frame, endpoint, model, f) for f in fields]
    return ast.Call(
        frame.imported("segue_bridge.filters.search", "Search"), [ast.List(parts, ast.Load())], []
    )


_GENERIC = "Search over a generic relation is not translated."


def _node(value: Val) -> ast.expr:
    assert value.node is not None
    return value.node


def _steps(frame: Frame, endpoint: Endpoint, model: str, path: str) -> tuple[list[str], str, str]:
    """(relation names, column attribute, lookup) of a search field. Raises ``Refused``."""
    parts = path.split("__")
    relations: list[str] = []
    current = model
    for index, part in enumerate(parts):
        found = field_of(frame.ctx.model(current), part) if part != "pk" else pk_field(frame.ctx, current)
        if found is None:
            reverse = reverse_of(frame.ctx.model(current), part) or next(
                (r for r in frame.ctx.model(current).reverse if r.query_name == part), None
            )
            if reverse is not None:
                back = field_of(frame.ctx.model(reverse.model), reverse.field)
                if (
                    back is not None
                    and back.relation is not None
                    and back.relation.kind == "generic_relation"
                ):
                    raise endpoint.refuse("search", path, _GENERIC)
                relations.append(part)
                current = reverse.model
                continue
            if index == len(parts) - 1 and part in (
                "icontains",
                "iexact",
                "istartswith",
                "contains",
                "startswith",
                "exact",
            ):
                raise endpoint.refuse("search", path, "A lookup in a search field is not translated yet.")
            raise endpoint.refuse("search", path, "Segue does not find this search field.")
        if found.relation is not None and found.relation.kind in ("generic_fk", "generic_relation"):
            raise endpoint.refuse("search", path, _GENERIC)
        if found.relation is not None:
            relations.append(part)
            current = found.relation.to
            continue
        if index != len(parts) - 1:
            raise endpoint.refuse("search", path, "Something follows the column of this search field.")
        return relations, found.attname, current
    raise endpoint.refuse("search", path, "This search field names a relation.")


def _to_many(frame: Frame, endpoint: Endpoint, model: str, path: str) -> bool:
    current = model
    for part in path.split("__"):
        found = field_of(frame.ctx.model(current), part) if part != "pk" else pk_field(frame.ctx, current)
        if found is None:
            return True
        if found.relation is None:
            return False
        if found.relation.kind == "m2m":
            return True
        current = found.relation.to
    return False


def _plain(frame: Frame, endpoint: Endpoint, model: str, field: str) -> ast.expr:
    """``(lookup, column)``; a column behind to-one relations is a scalar subquery."""
    prefix = field[0] if field[0] in _LOOKUPS else ""
    lookup = _LOOKUPS[prefix] if prefix else "icontains"
    if not lookup:
        raise endpoint.refuse("search", field, "Full text search is not translated yet.")
    relations, attname, last = _steps(frame, endpoint, model, field.lstrip("^=@$"))
    cls, item = entity_type(frame.ctx, model)
    frame.use(item)
    helper = frame.imported("segue_bridge.db.query", lookup)
    if not relations:
        return ast.Tuple([helper, name(f"{cls}.{attname}")], ast.Load())
    return ast.Tuple([helper, scalar(frame, endpoint, model, relations, attname, last)], ast.Load())


def scalar(
    frame: Frame, endpoint: Endpoint, model: str, relations: list[str], attname: str, last: str
) -> ast.expr:
    """``select(Last.column).where(...).scalar_subquery()`` along foreign keys: NULL where one of them leads to nothing."""
    cls, item = entity_type(frame.ctx, model)
    frame.use(item)
    met, links = {concrete(frame.ctx, model).label}, []
    near, label = cls, model
    for relation in relations:
        link = field_of(frame.ctx.model(label), relation)
        assert link is not None
        assert link.relation is not None
        label = link.relation.to
        if concrete(frame.ctx, label).label in met:
            raise endpoint.refuse(
                "search", relation, "A relation to a model that is on the way already is not translated yet."
            )
        met.add(concrete(frame.ctx, label).label)
        target, other = entity_type(frame.ctx, label)
        frame.use(other)
        links.append((target, f"{target}.{target_field(frame.ctx, link).attname} == {near}.{link.attname}"))
        near = target
    (first, condition), *joins = links
    chain = quote("{0}({1})", frame.imported("sqlalchemy", "select"), name(f"{near}.{attname}"))
    if joins:
        chain = quote("{0}.select_from({1})", chain, name(first))
    for target, on in joins:
        chain = quote("{0}.join({1}, {2})", chain, name(target), name(on))
    return quote("{0}.where({1}).correlate({2}).scalar_subquery()", chain, name(condition), name(cls))


def _through_many(frame: Frame, endpoint: Endpoint, model: str, fields: list[str]) -> ast.Call:
    """All terms must match in one joined row: a correlated select over an alias of the model."""
    root, root_import = entity_type(frame.ctx, model)
    frame.use(root_import)
    aliased = frame.imported("sqlalchemy.orm", "aliased")
    select = frame.imported("sqlalchemy", "select")
    pk = pk_field(frame.ctx, model).attname
    own = frame.fresh("searched")
    frame.emit(f"{own} = {ast.unparse(aliased)}({root})")
    chain = quote(
        "{0}({1}).where({1} == {2}).correlate({3})",
        select,
        name(f"{own}.{pk}"),
        name(f"{root}.{pk}"),
        name(root),
    )
    joined: dict[str, tuple[str, str]] = {}
    parts: list[ast.expr] = []
    for field in fields:
        prefix = field[0] if field[0] in _LOOKUPS else ""
        lookup = _LOOKUPS[prefix] if prefix else "icontains"
        if not lookup:
            raise endpoint.refuse("search", field, "Full text search is not translated yet.")
        relations, attname, _ = _steps(frame, endpoint, model, field.lstrip("^=@$"))
        helper = frame.imported("segue_bridge.db.query", lookup)
        at, current, path = own, model, ""
        for relation in relations:
            path = f"{path}__{relation}" if path else relation
            if path not in joined:
                chain, alias, current_model = _join(frame, endpoint, chain, at, current, relation)
                joined[path] = (alias, current_model)
            at, current = joined[path]
        parts.append(ast.Tuple([helper, name(f"{at}.{attname}")], ast.Load()))
    within = frame.fresh("rows")
    frame.emit(f"{within} = {ast.unparse(chain)}")
    return ast.Call(
        frame.imported("segue_bridge.filters.search", "Search"),
        [ast.List(parts, ast.Load())],
        [ast.keyword("within", name(within))],
    )


def _join(
    frame: Frame, endpoint: Endpoint, chain: ast.expr, at: str, model: str, relation: str
) -> tuple[ast.expr, str, str]:
    """``chain.outerjoin(alias, on)`` over one relation; the alias and its model."""
    item = field_of(frame.ctx.model(model), relation)
    if item is not None and item.relation is not None and item.relation.kind in ("fk", "o2o"):
        other, near = item.relation.to, item.attname
        far = pk_field(frame.ctx, other).attname
        return (*_outer(frame, chain, other, relation, f"{at}.{near}", far), other)
    if item is not None and item.relation is not None and item.relation.kind == "m2m":
        through, other = item.relation.through, item.relation.to
        back = field_of(frame.ctx.model(through), item.relation.through_source)
        forth = field_of(frame.ctx.model(through), item.relation.through_target)
        assert back is not None
        assert forth is not None
        pk = pk_field(frame.ctx, model).attname
        chain, middle = _outer(frame, chain, through, f"{relation}_link", f"{at}.{pk}", back.attname)
        far = pk_field(frame.ctx, other).attname
        return (*_outer(frame, chain, other, relation, f"{middle}.{forth.attname}", far), other)
    reverse = next(
        (r for r in frame.ctx.model(model).reverse if relation in (r.query_name, r.accessor)), None
    )
    if reverse is None:
        raise endpoint.refuse("search", relation, "Segue does not find this relation.")
    back = field_of(frame.ctx.model(reverse.model), reverse.field)
    assert back is not None
    pk = pk_field(frame.ctx, model).attname
    if reverse.kind != "m2m":
        return (*_outer(frame, chain, reverse.model, relation, f"{at}.{pk}", back.attname), reverse.model)
    assert back.relation is not None
    through = back.relation.through
    mine = field_of(frame.ctx.model(through), back.relation.through_target)
    theirs = field_of(frame.ctx.model(through), back.relation.through_source)
    assert mine is not None
    assert theirs is not None
    chain, middle = _outer(frame, chain, through, f"{relation}_link", f"{at}.{pk}", mine.attname)
    far = pk_field(frame.ctx, reverse.model).attname
    return (*_outer(frame, chain, reverse.model, relation, f"{middle}.{theirs.attname}", far), reverse.model)


def _outer(frame: Frame, chain: ast.expr, model: str, stem: str, near: str, far: str) -> tuple[ast.expr, str]:
    cls, item = entity_type(frame.ctx, model)
    frame.use(item)
    alias = frame.fresh(stem)
    frame.emit(f"{alias} = {ast.unparse(frame.imported('sqlalchemy.orm', 'aliased'))}({cls})")
    return quote(
        "{0}.outerjoin({1}, {2} == {3})", chain, name(alias), name(f"{alias}.{far}"), name(near)
    ), alias


__all__ = ["literal", "scalar", "search", "search_param"]
