"""Cases that were written down, asked again."""

from __future__ import annotations

from typing import Any

from .laboratory import Laboratory

Case = dict[str, Any]


def written(case: Case) -> Case:
    """``case`` as JSON can carry it, without the persona's credentials: those are made again from her name."""
    if "steps" in case:
        return {"key": case["key"], "steps": [written(step) for step in case["steps"]]}
    own = case["own"]
    try:
        body: Any = case["body"].decode("utf-8")
    except UnicodeDecodeError:
        body = {"hex": case["body"].hex()}
    return {
        "key": case["key"], "persona": case["persona"], "method": case["method"], "path": case["path"],
        "query": case["query"], "headers": [list(h) for h in case["headers"][own:]], "body": body,
        **({"busy": case["busy"]} if case.get("busy") else {}),
    }  # fmt: skip


def read(asked: dict[str, Any], people: Any) -> Case:
    """The case that :func:`written` wrote; ``people`` finds an operation's personas by its key.

    Raises :class:`LookupError` for a persona that the operation no longer has.
    """
    if "steps" in asked:
        steps = [read(step, people) for step in asked["steps"]]
        return {**steps[-1], "key": asked["key"], "steps": steps}
    person = next((p for p in people(asked["key"]) if p["name"] == asked["persona"]), None)
    if person is None:
        raise LookupError(f"{asked['key']} has no persona {asked['persona']!r} any more")
    body = asked["body"]
    return {
        **asked,
        "what": "written case",
        "headers": [*person["headers"], *((k, v) for k, v in asked["headers"])],
        "own": len(person["headers"]),
        "busy": "full" if asked.get("busy") is True else asked.get("busy", ""),
        "body": bytes.fromhex(body["hex"]) if isinstance(body, dict) else body.encode(),
    }


def rerun(spec: dict[str, Any], laboratory: Laboratory) -> dict[str, Any]:
    """``{"django", "fastapi", "differences": [[path, Django's, FastAPI's]…], "unserved", "errors"}`` of
    ``spec["case"]``, where the tables of ``spec["rows"]`` hold just those rows. ``problem`` says why not."""
    from .rows import put_back

    try:
        case = read(spec["case"], laboratory.generator.people_of)
        put_back(laboratory.world, spec["rows"])
    except LookupError as error:
        return {"problem": str(error)}
    found = laboratory.pair.run(case)
    return {k: found[k] for k in ("django", "fastapi", "unserved", "errors")} | {
        "differences": [list(d) for d in found["differences"]],
        "problem": "",
    }
