"""``tests/factories.py``: what is translated in an order in which each finds what it needs; the others are refused."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass, field

from segue.refusal import Refusal, Refused
from segue.target.ir import Decl, Import, Origin
from segue.translate.context import Context
from segue.translate.factories.code import Code
from segue.translate.factories.declarations import Declarations
from segue.translate.factories.found import Factories, Factory
from segue.translate.factories.recipes import refused_recipes
from segue.translate.factories.saving import saver, saving_lines
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import concrete

PATH = "tests/factories.py"
_DOC = "Factories of the tests (factory_boy), made from the project's own. They need the fixture `client`."
_REGISTERED = ("pytest_factoryboy.register",)
_QUOTES = '"""'


@dataclass
class _Made:
    factory: Factory
    code: str = ""
    imports: set[Import] = field(default_factory=set)
    needs: dict[str, Factory] = field(default_factory=dict)
    later: dict[str, Factory] = field(default_factory=dict)
    copied: dict[str, ast.expr] = field(default_factory=dict)
    alone: Refusal | None = None


def write_factories(ctx: Context) -> None:
    """Add the module where the project has factories; what is refused goes to ``program.factories_refused``."""
    if not ctx.snapshot.factories:
        return
    factories = Factories(ctx.snapshot)
    ctx.program.factories_refused |= refused_recipes(factories)
    _name(factories)
    made: dict[str, _Made] = {}
    for dotted, factory in factories.all.items():
        try:
            made[dotted] = _translate(ctx, factories, factory)
        except Refused as refused:
            ctx.program.factories_refused[factory.dotted] = refused.refusal
    _tell_apart(ctx, made)
    _settle(ctx, made)
    if not made:
        return
    module = ctx.program.module(PATH, _DOC)
    for one in _ordered(made):
        for name, value in one.copied.items():
            if name not in module.decls:
                module.add(Decl(name, f"{name} = {ast.unparse(value)}", frozenset(one.imports), rank=0))
        if one.alone is not None:
            ctx.program.factories_alone[one.factory.dotted] = one.alone
        origin = Origin(one.factory.dotted, one.factory.module.where(one.factory.node))
        module.add(Decl(one.factory.name, one.code, frozenset(one.imports), rank=10, origin=origin))


def _name(factories: Factories) -> None:
    """The class's own name; where several have it, with the package that it is in."""
    taken: dict[str, int] = {}
    for factory in factories.all.values():
        taken[factory.node.name] = taken.get(factory.node.name, 0) + 1
    used: set[str] = set()
    for factory in factories.all.values():
        name = factory.node.name
        if taken[name] > 1:
            parts = [
                p for p in factory.module.known.name.split(".") if p not in ("factories", "factory", "tests")
            ]
            name = "".join(w.capitalize() for w in "_".join(parts[-2:]).split("_")) + name
        while name in used:
            name = f"Other{name}"
        used.add(name)
        factory.name = name


def _translate(ctx: Context, factories: Factories, factory: Factory) -> _Made:
    module, node = factory.module, factory.node
    for decorator in node.decorator_list:
        if module.dotted(decorator) not in _REGISTERED:
            raise module.refuse(
                f"@{ast.unparse(decorator)}", "Segue has no equal of this decorator.", decorator
            )
    if odd := factory.not_plain:
        why = "Meta and Params are read where they have no base and hold names with their values only."
        raise module.refuse(ast.unparse(odd).splitlines()[0], why, odd)
    if len(node.bases) > 1 or node.keywords:
        raise module.refuse(f"class {node.name}", "It has several bases, or a metaclass.", node)
    option = factory.option("model")
    abstract = "abstract" in factory.meta
    code = Code(ctx, factories, factory)
    label, cls = "", "Any"
    if option is not None:
        label = _label(ctx, factories, factory)
        if label not in ctx.snapshot.models:
            raise module.refuse(ast.unparse(option[0]), "Segue does not know this model.", node)
        cls, imported = entity_type(ctx, label)
        code.imports.add(imported)
        code.model = concrete(ctx, label)
    elif not abstract:
        raise module.refuse(f"class {node.name}", "It names no model.", node)
    else:
        code.imports.add(Import("typing", "Any"))
    lifted, alone = saver(ctx, factory, label, factory.declared()) if label else (None, None)
    above = _label(ctx, factories, factory.base) if factory.base is not None else ""
    if (
        factory.base is not None
        and lifted is None
        and above not in ("", label)
        and saver(ctx, factory.base, above, factory.base.declared())[0] is not None
    ):
        why = f"It would save by what saves {above}, the model of {factory.base.node.name}."
        raise module.refuse(f"class {node.name}", why, node)
    lines = Declarations(code, factories, factory, code.model, cls).lines()
    if alone is not None:
        told = f"Writes the row alone: what Django does besides is not translated ({alone.place})."
        if lines and lines[0].startswith(_QUOTES):
            lines[0] = f"{lines[0].removesuffix(_QUOTES)}\n\n{told}\n{_QUOTES}"
        else:
            lines = [f"{_QUOTES}{told}{_QUOTES}", "", *lines]
    if lifted is not None:
        if code.saves:
            raise module.refuse("self.save()", "Saving does more than writing the row.", node)
        if above != label:
            lines += ["", *saving_lines(lifted, cls)]
            code.imports |= {*lifted.imports, Import("segue_bridge.db.session", "Session", type_only=True)}
    base = f"ModelFactory[{cls}]"
    if factory.base is not None:
        base = factory.base.name
        code.needs[factory.base.dotted] = factory.base
    else:
        code.imports.add(Import("segue_bridge.testing.factories", "ModelFactory"))
    text = f"class {factory.name}({base}):\n" + textwrap.indent(
        "\n".join(lines).strip("\n") or "pass", "    "
    )
    code.needs.pop(factory.dotted, None)
    return _Made(factory, text, code.imports, code.needs, code.later, code.copied, alone)


def _label(ctx: Context, factories: Factories, factory: Factory) -> str:
    """The label of its model; '' for none, and for what is not known."""
    option = factory.option("model")
    if option is None:
        return ""
    named = Code(ctx, factories, factory)
    named.module = option[1]
    return named.label(option[0])


def _tell_apart(ctx: Context, made: dict[str, _Made]) -> None:
    """Refuse what gives a name another meaning than a factory before it: all stand in one module."""
    known: dict[str, object] = {one.factory.name: one.factory.dotted for one in made.values()}
    for dotted, one in list(made.items()):
        own: dict[str, object] = {}
        names = [(i.alias or i.name or i.module.partition(".")[0], i) for i in sorted(one.imports)]
        meant = [(name, f"{i.module}:{i.name}" if i.name or i.alias else name) for name, i in names]
        meant += [(name, ast.unparse(value)) for name, value in one.copied.items()]
        clash = next(
            (
                name
                for name, what in meant
                if {**known, **own}.get(name, what) != what or own.setdefault(name, what) != what
            ),
            "",
        )
        if clash:
            where = one.factory.module.where(one.factory.node)
            why = f"{clash} means one thing here, and another for a factory beside it in tests/factories.py."
            ctx.program.factories_refused[dotted] = Refusal("factory", clash, why, where.file, where.line)
            del made[dotted]
        else:
            known |= own


def _settle(ctx: Context, made: dict[str, _Made]) -> None:
    """Refuse what needs something that is refused, until nothing does."""
    while True:
        lost = [
            (dotted, other)
            for dotted, one in made.items()
            for other in (*one.needs.values(), *one.later.values())
            if other.dotted not in made
        ]
        if not lost:
            return
        for dotted, other in lost:
            one = made.pop(dotted, None)
            if one is not None:
                where = one.factory.module.where(one.factory.node)
                why = f"It needs {other.node.name}, which is not translated."
                ctx.program.factories_refused[dotted] = Refusal(
                    "factory", one.factory.node.name, why, where.file, where.line
                )


def _ordered(made: dict[str, _Made]) -> list[_Made]:
    """Those that are named first; a circle is left as it comes, for functions that name each other only when they run."""
    found: dict[str, _Made] = {}

    def place(one: _Made, seen: tuple[str, ...]) -> None:
        if one.factory.dotted in found or one.factory.dotted in seen:
            return
        for dotted in one.needs:
            place(made[dotted], (*seen, one.factory.dotted))
        found[one.factory.dotted] = one

    for one in made.values():
        place(one, ())
    return list(found.values())
