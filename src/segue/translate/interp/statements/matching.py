"""``match``: the same as a chain of ``if``, for cases that compare the whole value."""

from __future__ import annotations

import ast

from segue.translate.interp.frame import Frame
from segue.translate.rules.registry import statement


@statement(ast.Match)
def match(frame: Frame, node: ast.Match) -> None:
    """``case "a" | "b":``, ``case None:``, ``case Kind.LONG:``, ``case str():``, ``case text if text.isdigit():``, ``case _:``."""
    before: list[ast.stmt] = []
    subject: ast.expr = node.subject
    if not isinstance(subject, ast.Name):
        local = frame.fresh("matched")
        before.append(ast.Assign([ast.Name(local, ast.Store())], subject))
        subject = ast.Name(local, ast.Load())
    body: list[ast.stmt] = []
    for case in reversed(node.cases):
        body = _case(frame, subject, case, body)
    for made in (*before, *body):
        for part in ast.walk(made):
            if isinstance(part, ast.expr | ast.stmt) and not hasattr(part, "lineno"):
                ast.copy_location(part, node)
    frame.run([*before, *body])


def _case(frame: Frame, subject: ast.expr, case: ast.match_case, rest: list[ast.stmt]) -> list[ast.stmt]:
    """The case as an ``if`` whose ``else`` are those behind it."""
    bound: list[ast.stmt] = []
    test: ast.expr | None
    if isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None:
        test = None
        if case.pattern.name is not None:
            bound.append(ast.Assign([ast.Name(case.pattern.name, ast.Store())], subject))
    else:
        test = _test(frame, subject, case.pattern)
    if case.guard is not None:
        test = case.guard if test is None else ast.BoolOp(ast.And(), [test, case.guard])
    if test is None:
        return [*bound, *case.body]
    made = ast.If(test, case.body, rest)
    return [*bound, ast.copy_location(made, case.body[0])]


def _test(frame: Frame, subject: ast.expr, pattern: ast.pattern) -> ast.expr:
    match pattern:
        case ast.MatchValue(value):
            return ast.Compare(subject, [ast.Eq()], [value])
        case ast.MatchSingleton(value):
            return ast.Compare(subject, [ast.Is()], [ast.Constant(value)])
        case ast.MatchOr(patterns):
            return ast.BoolOp(ast.Or(), [_test(frame, subject, one) for one in patterns])
        case ast.MatchClass(cls, [], [], []):
            return ast.Call(ast.Name("isinstance", ast.Load()), [subject, cls], [])
    raise frame.refuse(
        "statement",
        f"case {ast.unparse(pattern)}",
        "Only cases that compare the whole value are translated.",
        pattern,
    )
