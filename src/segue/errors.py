"""Errors that end a command: one plain sentence with what, where and what to do next."""

from __future__ import annotations


class SegueError(Exception):
    """Base of every error shown to the user without a traceback.

    ``message`` is one sentence; ``hint`` says what to do next; ``detail`` is longer text
    (the project's own traceback, Envoy's message) printed before them. Exit code 2.
    """

    exit_code = 2

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail


class UsageError(SegueError):
    """The command line or ``segue.toml`` asks for something that does not exist."""


class EnvironmentProblem(SegueError):
    """The machine, the project's interpreter or a service is not as needed."""


class DamagedFile(SegueError):
    """A state file cannot be read; it is left as it is."""


def of_system(error: OSError) -> EnvironmentProblem:
    """What the operating system refused (a full disk, no permission, too many open files), where no
    better sentence was made."""
    place = f"{error.filename}: " if error.filename else ""
    reason = error.strerror or str(error) or type(error).__name__
    return EnvironmentProblem(
        f"The operating system refused: {place}{reason}.",
        hint="Check free space and permissions, also of the folder for temporary files, then try again.",
    )
