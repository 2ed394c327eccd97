"""``segue init``: write ``segue.toml``."""

from __future__ import annotations

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
# python = ".venv/bin/python"              # the project's interpreter; detected when left out
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


def run(folder: Path, *, as_json: bool) -> int:
    """Write ``segue.toml`` in ``folder`` with what was detected; never overwrites one."""
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.", hint="Give the folder that holds manage.py.")
    file = folder.resolve() / FILE_NAME
    if file.exists():
        raise UsageError(f"{file} exists already.", hint="Edit it, or remove it first.")
    settings = detect_settings(folder.resolve())
    python = str(detect_python(folder.resolve()))
    write_atomic(file, _TEXT.format(settings=f'"{settings}"'))
    if as_json:
        print_json({"file": str(file), "settings": settings, "python": python})
    else:
        console.print(f"Wrote [bold]{file}[/] (settings {settings}, interpreter {python}).")
        console.print("Next: [bold]segue assess[/]")
    return 0
