"""Found by every interpreter that the test command starts; waits for Django's test client to be imported."""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).resolve().parent
NAME = "segue_joined"
WAITED_FOR = "django.test.client"


class Waiting(importlib.abc.MetaPathFinder):
    """Runs :func:`hook` once the test client's module has been executed."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Only for the one module, only once."""
        if name != WAITED_FOR:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        loader: Any = spec.loader
        run = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            hook(module)

        loader.exec_module = exec_module
        return spec


def joined() -> None:
    """Load the package by its place: its folder is not on the path."""
    if NAME in sys.modules:
        return
    folder = HERE.parent
    spec = importlib.util.spec_from_file_location(
        NAME, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    if spec is None or spec.loader is None:
        return
    sys.modules[NAME] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[NAME])


def hook(client: ModuleType) -> None:
    """Let the package patch the client."""
    joined()
    importlib.import_module(f"{NAME}.suite.install").install(client)


def next_one() -> None:
    """The ``sitecustomize`` that this one hides, if there is one."""
    rest = [p for p in sys.path if Path(p or ".").resolve() != HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", rest)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


next_one()
if os.environ.get("SEGUE_SUITE_SPEC"):
    sys.meta_path.insert(0, Waiting())
