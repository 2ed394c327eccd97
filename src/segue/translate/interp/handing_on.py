"""``def authenticate(self, **kwargs): return authenticate(self.request, **kwargs)``: written as what it calls."""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.translate.interp.callsite import CallSite
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import KeywordDict
from segue.translate.trees import parsed


def handed_on(frame: Frame, function: Function, site: CallSite, receiver: Val | None) -> Val | None:
    """The call that ``function`` consists of, with the keywords of ``site``; None for a function that does anything else."""
    from segue.translate.interp.inline import inline_call

    tree = parsed(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.args.kwarg is None or tree.args.vararg is not None:
        return None
    if site.args or any(k.arg is None for k in site.node.keywords) or not _only_calls(tree):
        return None
    names = {a.arg for a in [*tree.args.args, *tree.args.kwonlyargs]}
    given = dict(site.kwargs)
    rest = tuple((key, value) for key, value in given.items() if key not in names)
    if not rest or any(value.node is None for _, value in rest):
        return None
    arguments = {key: value for key, value in given.items() if key in names}
    arguments[tree.args.kwarg.arg] = Val(KeywordDict(rest))
    return inline_call(frame, function, arguments, receiver, site.node)


def _only_calls(tree: ast.FunctionDef) -> bool:
    """Whether the body is one call, which spreads the keywords and does nothing else with them."""
    assert tree.args.kwarg is not None
    match tree.body[1:] if ast.get_docstring(tree) is not None else tree.body:
        case [ast.Return(ast.Call() as call)]:
            spread = [k.value for k in call.keywords if k.arg is None]
            uses = [n for n in ast.walk(call) if isinstance(n, ast.Name) and n.id == tree.args.kwarg.arg]
            return len(uses) == 1 and any(s is uses[0] for s in spread)
    return False
