"""A model called like another import of the same module gets a local name of its own; all else stays."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

from segue.target.ir import Decl, Import, Program
from segue.translate.context import Context
from segue.translate.finishing.same_names import separate

BRIDGE = Import("segue_bridge.http.resource", "Resource")
MODEL = Import("app.lab.models", "Resource")


def test_the_model_is_renamed_where_it_is_used() -> None:
    program = Program("app")
    routes = program.module("app/lab/routes.py", "Routes.")
    routes.add(Decl("URL", "URL = Resource('/resources/', name='Resource List')", frozenset({BRIDGE}), 40))
    code = (
        "async def resource_destroy(db, resource: Resource) -> Resource:\n"
        "    if type(resource) is Resource:\n"
        "        return await db.get(Resource, Resource.id == 1, Resource=2)\n"
        "    return resource\n"
    )
    routes.add(Decl("resource_destroy", code, frozenset({MODEL}), 40))
    queries = program.module("app/lab/queries.py", "Queries.")
    queries.add(Decl("ALL", "ALL = select(Resource.id)", frozenset({MODEL}), 20))
    separate(cast(Context, SimpleNamespace(program=program)))
    assert routes.decls["URL"].code == "URL = Resource('/resources/', name='Resource List')"
    changed = routes.decls["resource_destroy"]
    assert changed.imports == {Import("app.lab.models", "Resource", "Resource_")}
    assert changed.code == (
        "async def resource_destroy(db, resource: Resource_) -> Resource_:\n"
        "    if type(resource) is Resource_:\n"
        "        return await db.get(Resource_, Resource_.id == 1, Resource=2)\n"
        "    return resource\n"
    )
    assert queries.decls["ALL"].imports == {MODEL}


def test_a_task_is_renamed_where_a_function_has_its_name() -> None:
    program = Program("app")
    routes = program.module("app/lab/routes.py", "Routes.")
    tell, other = Import("app.tasks", "tell"), Import("app.tasks", "other")
    code = "async def tell(call):\n    return await TASKS.apply(chain(tell.s(1), other.s(tell=2)))\n"
    routes.add(Decl("tell", code, frozenset({tell, other, Import("segue_bridge.tasks", "chain")}), 40))
    routes.add(Decl("CHAIN", "CHAIN = chain([])", frozenset({Import("itertools", "chain")}), 20))
    separate(cast(Context, SimpleNamespace(program=program)))
    assert routes.decls["tell"].code == (
        "async def tell(call):\n    return await TASKS.apply(chain_(tell_.s(1), other.s(tell=2)))\n"
    )
    assert routes.decls["tell"].imports == {
        Import("app.tasks", "tell", "tell_"), other, Import("segue_bridge.tasks", "chain", "chain_"),
    }  # fmt: skip
    assert routes.decls["CHAIN"].code == "CHAIN = chain([])"
