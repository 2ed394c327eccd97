"""Runs the examples of ``docs/bridge``: ``python docs_child.py PAGES`` tells as JSON what each page's raised, None where nothing did."""

from __future__ import annotations

import ast
import asyncio
import inspect
import json
import os
import re
import sys
import traceback
from pathlib import Path

BLOCK = re.compile(r"^```python run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MODULE = re.compile(r"\A# app/(\w+)\.py\n")


def main(pages: Path) -> None:
    texts = {page.stem: BLOCK.findall(page.read_text()) for page in sorted(pages.glob("*.md"))}
    Path("app").mkdir()
    for blocks in texts.values():
        for block in blocks:
            if found := MODULE.match(block):
                Path("app", f"{found[1]}.py").write_text(block)
    sys.path.insert(0, os.getcwd())
    told: dict[str, list[str | None]] = {name: [] for name in texts}
    for name, blocks in texts.items():
        for block in blocks:
            if not MODULE.match(block):
                told[name].append(run(name, block))
    sys.stdout.write(json.dumps(told))


def run(name: str, block: str) -> str | None:
    code = compile(block, name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    module = type(sys)(f"example_of_{name.replace('-', '_')}")
    sys.modules[module.__name__] = module  # annotations of classes are looked up there

    async def go() -> None:
        found = eval(code, vars(module))
        if inspect.iscoroutine(found):
            await found

    try:
        asyncio.run(go())
    except Exception:  # noqa: BLE001
        return traceback.format_exc()
    return None


if __name__ == "__main__":
    main(Path(sys.argv[1]))
