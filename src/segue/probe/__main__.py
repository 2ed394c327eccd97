"""Start of the child process.

The probe's modules are called ``settings``, ``models``, ``urls``: names that projects use at
top level too. So this folder leaves ``sys.path`` before anything else is imported, and the
modules are loaded as one package under a name that no project has.
"""

import importlib.util
import os
import sys

PACKAGE = "_segue_probe"


def _load_package():
    folder = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.getcwd()) != folder]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    _load_package()
    main = importlib.import_module(PACKAGE + ".main")
    sys.exit(main.main(sys.argv[1:]))
