"""``segue init``: write ``segue.toml``."""

from __future__ import annotations

import json
from pathlib import Path

from segue.commands.common import console, print_json
from segue.config import FILE_NAME
from segue.errors import UsageError
from segue.files import write_atomic
from segue.snapshot.detect import detect_python, detect_settings

_TEXT = """\
# What Segue needs to know about this project. Every key may be left out.

[project]
root = "."
settings = {settings}
{python}  # the project's interpreter; detected when left out
# environment = {{ DJANGO_ENV = "dev" }}   # for every process Segue starts for the project
# seed_command = ["seed"]                  # management command that fills an empty database for `verify explore`
# accepted_middleware = []                 # middleware whose effect on responses you checked yourselves
# pure = []                                # modules of other packages that only compute: the generated code calls them as well

[output]
folder = "fastapi"
package = "app"

[gateway]
port = 8080
"""


def run(folder: Path, *, python: str = "", settings: str = "", as_json: bool) -> int:
    """Write ``segue.toml`` in ``folder`` with what was given or detected; never overwrites one."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give the folder that holds manage.py.")
    file = folder.resolve() / FILE_NAME
    if file.exists():
        raise UsageError(f"{file} exists already.", hint="Edit it, or remove it first.")
    module = detect_settings(folder.resolve(), settings or None)
    interpreter = str(detect_python(folder.resolve(), python or None))
    if (
        python
        and Path(python).expanduser().exists()
        and Path(python).absolute() != folder.absolute() / python
    ):
        python = interpreter  # it was named from here, and is read from there
    given = f"python = {_quoted(python)}" if python else '# python = ".venv/bin/python"            '
    write_atomic(file, _TEXT.format(settings=_quoted(module), python=given))
    if as_json:
        print_json({"file": str(file), "settings": module, "python": interpreter})
    else:
        console.print(f"Wrote [bold]{file}[/] (settings {module}, interpreter {interpreter}).")
        console.print("Next: [bold]segue assess[/]")
    return 0


def _quoted(text: str) -> str:
    """A basic string of TOML."""
    return json.dumps(text, ensure_ascii=False)
