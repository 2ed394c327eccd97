"""What the service says in other languages: ``<package>/locale/<code>.po``, with the texts that it can say and no others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from segue.snapshot.model import Languages, Texts
from segue.translate.bridge_texts import PLURALS, TEXTS
from segue.translate.context import Context

SAID = ("language", "said")
_HEADER = """\
# What the service says in {code}. The left side is the text of the source, as the code has it.
msgid ""
msgstr ""
"Language: {locale}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {rule}\\n"
"""


def write(ctx: Context, languages: Languages, *, fixed: bool) -> None:
    """Add a file for each language that says anything otherwise than the source. ``fixed``: only the project's own is spoken."""
    said = dict.fromkeys((("", text) for text in TEXTS), "") | {("", one): more for one, more in PLURALS}
    said |= cast("dict[tuple[str, str], str]", ctx.memo.get(SAID, {}))
    for code, texts in sorted(languages.texts.items()):
        if fixed and code not in (languages.default, languages.project):
            continue
        # As Catalogues has it: these fall back to the source.
        last = code == languages.project or code.startswith("en")
        entries = list(_entries(texts, said, last=last))
        if entries:
            head = _HEADER.format(code=code, locale=_locale(code), rule=texts.rule)
            ctx.program.files[f"{ctx.program.package}/locale/{code}.po"] = "\n".join([head, *entries])


def odd(languages: Languages, text: str) -> bool:
    """Whether a language has plural forms of ``text`` that its file cannot have."""
    return any(text in texts.odd for texts in languages.texts.values())


def _entries(texts: Texts, said: Mapping[tuple[str, str], str], *, last: bool) -> Iterator[str]:
    """``last``: what is said as in the source need not be written down."""
    for (context, text), plural in sorted(said.items()):
        key = f"{context}\x04{text}" if context else text
        lines = [f"msgctxt {_quoted(context)}"] if context else []
        lines.append(f"msgid {_quoted(text)}")
        forms = texts.plurals.get(key)
        if plural and forms is not None and not (last and set(forms) <= {text, plural} and forms[0] == text):
            lines.append(f"msgid_plural {_quoted(plural)}")
            lines += [f"msgstr[{number}] {_quoted(form)}" for number, form in enumerate(forms)]
        elif key in texts.entries and not (last and texts.entries[key] == text):
            lines.append(f"msgstr {_quoted(texts.entries[key])}")
        else:
            continue
        yield "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    for plain, written in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t"), ("\r", "\\r")):
        text = text.replace(plain, written)
    return f'"{text}"'


def _locale(code: str) -> str:
    """``to_locale``: ``pt-br`` is ``pt_BR``, ``zh-hans`` is ``zh_Hans``."""
    language, _, territory = code.partition("-")
    return (
        f"{language}_{territory.title() if len(territory) > 2 else territory.upper()}"
        if territory
        else language
    )


__all__ = ["SAID", "odd", "write"]
