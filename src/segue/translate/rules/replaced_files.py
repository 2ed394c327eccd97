"""A ``save`` that looks up the stored row, and does something about the files that the object holds another one for.

    def save(self, *args, **kwargs):
        try:
            before = self.__class__.objects.get(pk=self.pk)
        except Exception:
            return super().save(*args, **kwargs)
        for field in self._file_fields:
            if old := getattr(before, field):
                new = getattr(self, field)
                if new and old.path != new.path:
                    clean_up.apply_async(...)
        return super().save(*args, **kwargs)

Where the row and the object name the same files it only goes on to the next ``save``. ``leave_replaced_files(db, …)`` before the statement
asks for that, with one query as Django does; all else is left to Django, which does the request from its start. Nothing may have been
written before it, which is known once the whole operation is (:mod:`segue.translate.views.left_saves`).
"""

from __future__ import annotations

import ast
import textwrap

from segue.snapshot.model import Function
from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import quote
from segue.translate.load.models import concrete, field_of
from segue.translate.rules.quiet_save import GoesOn, QuietSave
from segue.translate.rules.stored_files import is_file, storage_problem

LEFT = "leave_replaced_files("
_COMPARED = frozenset({"path", "name", "url"})
_OF_A_FILE = frozenset({"path", "url"})  # ``ValueError`` where there is none (``FieldFile._require_file``)


def watched_columns(ctx: Context, label: str, function: Function, goes_on: GoesOn) -> tuple[str, ...] | None:
    """The columns of files whose replacement ``function``, a ``save``, acts on, and on nothing else; None where it is another one."""
    tree = ast.parse(textwrap.dedent(function.source)).body[0]
    if not isinstance(tree, ast.FunctionDef) or tree.decorator_list or function.wrapped_by:
        return None
    model = concrete(ctx, label)
    run = _Watching(ctx, model, function, tree, goes_on)
    if model.parents or not run.ends(tree.body) or not run.columns:
        return None
    items = [field_of(model, name) for name in run.columns]
    plain = all(item is not None and is_file(item) and storage_problem(ctx, item) is None for item in items)
    return tuple(run.columns) if plain else None


class _Watching(QuietSave):
    """Follows loops over the columns of files as they run where the object names the files of its row."""

    stored = ""  # the local of the row
    columns: tuple[str, ...] = ()

    def quiet(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Assign(
                [ast.Name(local)],
                ast.Call(
                    ast.Attribute(owner, "get"), [], [ast.keyword("pk", ast.Attribute(ast.Name(own), "pk"))]
                ),
            ) if own == self.receiver and ast.unparse(owner) == f"{own}.__class__.objects":
                self.stored = local if self.reads(statement.value) else ""
                return bool(self.stored)
        return super().quiet(statement)

    def loops(self, target: ast.expr, prop: str, body: list[ast.stmt]) -> bool:
        files = self.files(prop)
        if not (files and self.stored and isinstance(target, ast.Name)):
            return False
        self.columns = (*self.columns, *(name for name in files if name not in self.columns))
        return self._same(body, target.id, {}, there=False)

    def _same(self, body: list[ast.stmt], field: str, held: dict[str, str], *, there: bool) -> bool:
        """Whether the statements only read where both objects name the same file; ``held``: whose file is in which local;
        ``there``: whether it is known that they name one at all."""
        for statement in body:
            match statement:
                case ast.Assign([ast.Name(local)], value) if side := self._side(value, field, held):
                    held[local] = side
                case ast.If(test, then, []) if self._plain(test, field, held, there=there):
                    there_then = there or self._there(test, field, held)
                    if not self._differs(test, field, held) and not self._same(
                        then, field, held, there=there_then
                    ):
                        return False
                case ast.Pass() | ast.Expr(ast.Constant()):
                    pass
                case _:
                    return False
        return True

    def _side(self, node: ast.expr, field: str, held: dict[str, str]) -> str:
        """Whose file ``node`` is: ``self.receiver``'s or ``self.stored``'s; '' where it is anything else."""
        match node:
            case ast.NamedExpr(ast.Name(local), value):
                held[local] = self._side(value, field, held)
                return held[local]
            case ast.Call(ast.Name("getattr"), [ast.Name(own), ast.Name(name), *rest], []) if (
                name == field
                and own in (self.receiver, self.stored)
                and [ast.unparse(r) for r in rest] in ([], ["None"])
            ):
                return own
            case ast.Name(local):
                return held.get(local, "")
        return ""

    def _plain(self, test: ast.expr, field: str, held: dict[str, str], *, there: bool) -> bool:
        """Whether the test asks for files and compares them, and nothing else, and cannot fail."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            for one in test.values:
                if not self._plain(one, field, held, there=there):
                    return False
                there = there or self._there(one, field, held)
            return True
        if any(isinstance(n, ast.Attribute) and n.attr in _OF_A_FILE for n in ast.walk(test)) and not there:
            return False
        return bool(self._side(test, field, held)) or self._differs(test, field, held)

    def _there(self, test: ast.expr, field: str, held: dict[str, str]) -> bool:
        """Whether the test holds only where one of both names a file, and so the other, which names the same."""
        if isinstance(test, ast.BoolOp):
            return isinstance(test.op, ast.And) and any(self._there(one, field, held) for one in test.values)
        return bool(self._side(test, field, held))

    def _differs(self, test: ast.expr, field: str, held: dict[str, str]) -> bool:
        """Whether the test holds only where one object names another file than the other."""
        match test:
            case ast.BoolOp(ast.And(), values):
                return any(self._differs(one, field, held) for one in values)
            case ast.Compare(ast.Attribute(a, asked), [ast.NotEq()], [ast.Attribute(b, other)]):
                if asked != other or asked not in _COMPARED:
                    return False
            case ast.Compare(a, [ast.NotEq()], [b]):
                pass
            case _:
                return False
        return {self._side(a, field, held), self._side(b, field, held)} == {self.receiver, self.stored}


def emit(frame: Frame, instance: ast.expr, columns: tuple[str, ...]) -> None:
    """Leave an object that is to hold other files than its row to Django."""
    frame.use(Import("segue_bridge.leaving", "leave_replaced_files"))
    names = [ast.Constant(column) for column in columns]
    call = ast.Call(ast.Name("leave_replaced_files", ast.Load()), [frame.db, instance, *names], [])
    frame.emit(ast.unparse(quote("await {0}", call)))


__all__ = ["LEFT", "emit", "watched_columns"]
