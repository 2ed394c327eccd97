"""A lifted function before its text is final."""

from __future__ import annotations

from dataclasses import dataclass, field

from segue.snapshot.model import Where
from segue.target.ir import Import
from segue.translate.interp.frame import Parameter
from segue.translate.kinds import Kind


@dataclass(slots=True, eq=False)
class FunctionRecord:
    """What :mod:`segue.translate.functions.finish` renders. ``final`` is the name it ends up with.

    ``kept``: written even if no other generated function calls it. ``folded`` are the legacy arguments
    that are constants of this translation.
    """

    token: str
    base_name: str
    app: str
    module_kind: str
    parameters: list[Parameter]
    lines: list[str]
    imports: frozenset[Import]
    is_async: bool
    returns: Kind
    doc: str
    legacy: str
    where: Where
    final: str = ""
    kept: bool = False
    folded: tuple[tuple[str, object], ...] = ()
    members: list[FunctionRecord] = field(default_factory=list)
