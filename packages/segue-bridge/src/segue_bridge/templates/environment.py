"""The templates of a service: Jinja2, with Django's filters, escapes and ways to show values.

What a template does not know is shown as nothing, whatever is asked of it. Filters are Django's where Django has one of
the name (``{{ name|default("nobody") }}`` is also for an empty name).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import ChainableUndefined, Environment, FileSystemLoader, Undefined, pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup

from segue_bridge import translation, zone
from segue_bridge.formats import date_format
from segue_bridge.templates import filters
from segue_bridge.templates.safe import SafeText, conditional_escape
from segue_bridge.templates.shown import Formats, shown


class Templates:
    """The templates in ``folder``.

    ``formats`` are how the project shows dates, times and numbers. Templates are read once and kept.
    """

    def __init__(self, folder: Path, formats: Formats | None = None) -> None:
        self.formats = formats or Formats()
        environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=True,
            auto_reload=False,
            cache_size=-1,
            optimized=False,  # what is made of constants may be said in several languages
            keep_trailing_newline=True,
            undefined=ChainableUndefined,
            finalize=self._finalize(),
        )
        environment.filters.update(
            {name: _known(function) for name, function in filters.FILTERS.items()}
            | {name: _escaping(function) for name, function in filters.ESCAPING.items()}
            | {name: _known(partial(function, self.formats)) for name, function in filters.FORMATTING.items()}
        )
        environment.globals.update(gettext=self._gettext, ngettext=self._ngettext, now=self._now, quote=quote)
        environment.globals["none_if_missing"] = none_if_missing
        self.environment = environment

    def render(self, name: str, context: Mapping[str, Any] | None = None, /, **more: Any) -> str:
        """The template ``name`` filled in (``render_to_string``): safe text. Raises what its expressions raise."""
        return SafeText(self.environment.get_template(name).render(context or {}, **more))

    def _finalize(self) -> Callable[[EvalContext, Any], Any]:
        @pass_eval_context
        def finalize(eval_context: EvalContext, value: Any) -> Any:
            if isinstance(value, Undefined):
                return ""
            if isinstance(value, Markup):  # what Jinja2 has made itself: super()
                return value
            text = shown(value, self.formats)
            return Markup(conditional_escape(text)) if eval_context.autoescape else text

        return finalize

    def _shown(self, value: Any, *, escapes: bool) -> str:
        if isinstance(value, Undefined):
            return ""
        text = shown(value, self.formats)
        return str(conditional_escape(text)) if escapes else text

    @property
    def _gettext(self) -> Callable[..., SafeText]:
        @pass_eval_context
        def gettext(eval_context: EvalContext, message: str, /, **values: Any) -> SafeText:
            """``{% blocktranslate %}``: the text of the language, with its ``%(name)s`` filled in and escaped."""
            return self._filled(
                translation.gettext(message), message, values, escapes=bool(eval_context.autoescape)
            )

        return gettext

    @property
    def _ngettext(self) -> Callable[..., SafeText]:
        @pass_eval_context
        def ngettext(
            eval_context: EvalContext, singular: str, plural: str, number: Any, /, **values: Any
        ) -> SafeText:
            """The same with ``{% plural %}``."""
            source = singular if number == 1 else plural
            found = translation.ngettext(singular, plural, number)
            return self._filled(found, source, values, escapes=bool(eval_context.autoescape))

        return ngettext

    def _filled(self, text: str, source: str, values: Mapping[str, Any], *, escapes: bool) -> SafeText:
        written = {name: self._shown(value, escapes=escapes) for name, value in values.items()}
        try:
            return SafeText(text % written)
        except (KeyError, ValueError):  # a translation with other names is passed over
            return SafeText(source % written)

    @staticmethod
    def _now(pattern: str) -> str:
        """``{% now "Y" %}``."""
        current = zone.current()
        moment = zone.wall_time() if current is None else datetime.now(current)
        return date_format(moment, pattern)


def none_if_missing(value: Any) -> Any:
    """What a condition compares: None for what the template does not know."""
    return None if isinstance(value, Undefined) else value


def _known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Filters are given an empty text for what the template does not know."""

    def applied(value: Any, *given: Any) -> Any:
        return function("" if isinstance(value, Undefined) else value, *given)

    return applied


def _escaping(function: Callable[..., Any]) -> Callable[..., Any]:
    @pass_eval_context
    def applied(eval_context: EvalContext, value: Any, *given: Any) -> Any:
        return function(bool(eval_context.autoescape), "" if isinstance(value, Undefined) else value, *given)

    return applied


__all__ = ["Templates", "none_if_missing"]
