"""How each side is started."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Sequence
from pathlib import Path

KEEP_ALIVE_SECONDS = 75  # longer than Envoy's idle time-out, so that no side closes a connection in use


def django_command(python: str, root: Path, configured: Sequence[str], port: int) -> list[str]:
    """The configured command with ``{port}`` filled in; else gunicorn if the project has it, else
    Django's own ``runserver`` (fit for trying things, not for production)."""
    if configured:
        return [part.replace("{port}", str(port)) for part in configured]
    application = wsgi_application(root)
    if application and _can_import(python, "gunicorn"):
        return [
            python, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}",
            "--worker-class", "gthread", "--threads", "8", "--keep-alive", str(KEEP_ALIVE_SECONDS),
            "--log-level", "warning",
        ]  # fmt: skip
    return [python, "manage.py", "runserver", f"127.0.0.1:{port}", "--noreload"]


def fastapi_command(python: str, package: str, configured: Sequence[str], port: int) -> list[str]:
    """The configured command, else one uvicorn worker."""
    if configured:
        return [part.replace("{port}", str(port)) for part in configured]
    return [
        python, "-m", "uvicorn", "--factory", f"{package}.main:create_app", "--host", "127.0.0.1",
        "--port", str(port), "--timeout-keep-alive", str(KEEP_ALIVE_SECONDS), "--log-level", "warning",
        "--no-proxy-headers", "--no-server-header",
    ]  # fmt: skip


def wsgi_application(root: Path) -> str:
    """``package.wsgi:application`` if the project has exactly one such module, else ''."""
    found = []
    for file in sorted(root.glob("*/wsgi.py")):
        try:
            tree = ast.parse(file.read_text(encoding="utf-8"))
        except (OSError, SyntaxError, UnicodeDecodeError):
            continue
        names = {
            t.id for n in tree.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)
        }
        if "application" in names:
            found.append(f"{file.parent.name}.wsgi:application")
    return found[0] if len(found) == 1 else ""


def _can_import(python: str, module: str) -> bool:
    done = subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False)
    return done.returncode == 0
