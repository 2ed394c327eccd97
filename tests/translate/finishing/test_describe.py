"""The statuses in a decorator are those that the function answers with when it runs."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from segue.target.ir import Decl, Import, Program
from segue.translate.context import Context
from segue.translate.finishing.describe import describe_operations

HELPERS = {
    "creating": "async def creating(call, bad):\n    if bad:\n        answer = call.reply({}, 409)\n    else:\n        answer = call.created({})\n    return answer",
    "outer": "async def outer(call, bad):\n    return await creating(call, bad)",
    "endless": "async def endless(call, bad):\n    return call.no_content() if not bad else await endless(call, False)",
    "told": "async def told(call, bad):\n    return call.reply({}, int('202'))",
}  # fmt: skip
CASES = {
    "    return call.reply({}, 409) if bad else call.created({})": "status=201, answers=(409,)",
    "    answer = call.created({})\n    if bad:\n        answer = call.reply({}, 418)\n    return answer": "status=201, answers=(418,)",
    "    return await outer(call, bad)": "status=201, answers=(409,)",
    "    return await endless(call, bad)": "status=204",
    "    return call.reply({})": "",
    "    return await told(call, bad)": "",
}


class Call:
    def reply(self, body: Any, status: int = 200) -> int:
        return status

    def created(self, body: Any) -> int:
        return 201

    def no_content(self) -> int:
        return 204


@pytest.mark.parametrize(("body", "told"), CASES.items())
def test_what_is_answered_is_documented(body: str, told: str) -> None:
    program = Program("app")
    helpers = program.module("app/lab/services.py", "Services.")
    for name, code in HELPERS.items():
        helpers.add(Decl(name, code, frozenset(), 40))
    function = f"async def thing(call, bad):\n{body}"
    imports = frozenset(Import("app.lab.services", name) for name in HELPERS)
    routes = program.module("app/lab/routes.py", "Routes.")
    routes.add(Decl("thing", f"@router.post(THING_URL)\n{function}", imports, 40))
    operation = SimpleNamespace(module="app.lab.routes", function="thing")
    found = SimpleNamespace(native=[operation], modules=program.modules, module=program.module)
    describe_operations(cast(Context, SimpleNamespace(program=found)))
    line = routes.decls["thing"].code.partition("\n")[0]
    assert line == f"@router.post({', '.join(['THING_URL', told] if told else ['THING_URL'])})"
    space: dict[str, Any] = {}
    exec("\n".join([*HELPERS.values(), function]), space)
    for bad in (False, True):
        status = asyncio.run(space["thing"](Call(), bad))
        assert str(status) in line or status == 200 or "told" in body
