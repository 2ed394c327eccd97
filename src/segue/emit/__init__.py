"""Target program → files in the user's repository."""

from segue.emit.render import render_module
from segue.emit.write import Change, Conflict, WriteResult, render_program, write

__all__ = ["Change", "Conflict", "WriteResult", "render_module", "render_program", "write"]
