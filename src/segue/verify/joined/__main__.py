"""``python …/joined SPEC OUT``: run in the legacy interpreter.

The package is loaded by its place, under a name of its own: its folder must not be on the path, where its
modules would hide the project's.
"""

import importlib
import importlib.util
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
NAME = "segue_joined"

sys.path[:] = [p for p in sys.path if Path(p or ".").resolve() != HERE]
spec = importlib.util.spec_from_file_location(
    NAME, HERE / "__init__.py", submodule_search_locations=[str(HERE)]
)
assert spec is not None
assert spec.loader is not None
sys.modules[NAME] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules[NAME])
importlib.import_module(f"{NAME}.lowering").install(NAME, str(HERE))
importlib.import_module(f"{NAME}.main").main()
