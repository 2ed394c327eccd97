"""Templates of the generated service: ``<package>/templates/…``, and ``rendering.py``, which shows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from segue.target.ir import Decl, Import
from segue.translate import language
from segue.translate.context import Context
from segue.translate.versions import since

MODULE = "rendering"
_TEXTS = ("templates", "texts")
_FORMATS = {
    "date": ("DATE_FORMAT", "N j, Y"), "datetime": ("DATETIME_FORMAT", "N j, Y, P"), "time": ("TIME_FORMAT", "P"),
    "decimal": ("DECIMAL_SEPARATOR", "."),
}  # fmt: skip

_LOADERS = frozenset(
    f"django.template.loaders.{name}.Loader" for name in ("app_directories", "cached", "filesystem")
)


def problem(ctx: Context) -> str:
    """Why no template of the project can be translated; '' if they can."""
    facts = ctx.snapshot.templates.get("")
    if not isinstance(facts, dict):
        return "The project has no templates that Segue finds, or another engine than Django's alone."
    engine = facts["engine"]
    assert isinstance(engine, dict)
    if not engine["autoescape"]:
        return "The engine does not escape (autoescape)."
    if engine["string_if_invalid"]:
        return "The engine shows a text for what is not known (string_if_invalid)."
    loaders = engine.get("loaders", [])
    assert isinstance(loaders, list)
    other = [one for one in loaders if one not in _LOADERS]
    if other:
        return f"Templates are found by {other[0]}, which may find others while the service runs."
    django = ctx.snapshot.versions.django
    if not since(django, 4, 2) or since(django, 6):
        return "Segue knows the templates of Django 4.2 to 5.2."
    return ""


def add(ctx: Context, name: str, files: dict[str, str], refuse: Callable[[str], Exception]) -> None:
    """Note the templates that showing ``name`` takes. Raises what ``refuse`` makes where one is known with another text."""
    known = cast("dict[str, dict[str, str]]", ctx.memo.setdefault(_TEXTS, {}))
    for others in known.values():
        for file, text in files.items():
            if others.get(file, text) != text:
                raise refuse(f"{file} is shown elsewhere with other things under the same names.")
    known[name] = dict(files)
    _declare(ctx)


def _declare(ctx: Context) -> None:
    package = ctx.program.package
    module = ctx.program.module(
        f"{package}/{MODULE}.py", "The templates of this service, which show what Django's show."
    )
    needed = {Import("pathlib", "Path"), Import("segue_bridge.templates.environment", "Templates")}
    formats = _formats(ctx, needed)
    code = f'TEMPLATES = Templates(Path(__file__).parent / "templates"{formats})'
    module.add(Decl("TEMPLATES", code, frozenset(needed), 20))


def _formats(ctx: Context, needed: set[Import]) -> str:
    """``, Formats(…)`` with what differs from English."""
    settings = ctx.snapshot.settings
    arguments: list[str] = []
    for argument, (name, usual) in _FORMATS.items():
        found = settings.formats.get(name)
        own = str(found.data) if found is not None else usual
        others: dict[str, str] = {}
        if settings.languages is not None and language.chosen_by_request(ctx.snapshot):
            others = {
                code: str(formats[name].data)
                for code, formats in settings.languages.formats.items()
                if name in formats
            }
        if any(text != own for text in others.values()):
            constant = language.format_by_language(ctx, name, own, others)
            needed.add(constant)
            arguments.append(f"{argument}={constant.name}")
        elif own != usual:
            arguments.append(f"{argument}={own!r}")
    if not arguments:
        return ""
    needed.add(Import("segue_bridge.templates.shown", "Formats"))
    return f", Formats({', '.join(arguments)})"


def write(ctx: Context) -> None:
    """Put the templates into the program that its code shows."""
    known = cast("dict[str, dict[str, str]]", ctx.memo.get(_TEXTS, {}))
    code = "\n".join(d.code for module in ctx.program.modules.values() for d in module.decls.values())
    for name, files in known.items():
        if f"TEMPLATES.render({name!r}" in code or f'TEMPLATES.render("{name}"' in code:
            for file, text in files.items():
                ctx.program.files[f"{ctx.program.package}/templates/{file}"] = text


__all__ = ["MODULE", "add", "problem", "write"]
