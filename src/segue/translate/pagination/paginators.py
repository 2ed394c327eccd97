"""DRF's three paginators and subclasses that only set attributes."""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue.snapshot.model import Attribute, Class, Value
from segue.target.ir import Decl, Import, Origin
from segue.translate.interp.frame import Frame
from segue.translate.interp.value import Val
from segue.translate.kinds import QuerySet
from segue.translate.language import BRIDGE, given
from segue.translate.load.fetch import entity_type
from segue.translate.load.models import field_of, snake
from segue.translate.load.needs import column
from segue.translate.needs import Needs
from segue.translate.pagination.handed_over import hands_over
from segue.translate.specialise.endpoint import Endpoint
from segue.translate.specialise.fold import Ref, plain

_P = "rest_framework.pagination."
_ARGUMENTS = {
    "PageNumberPagination": {
        "page_size": "size",
        "page_query_param": "param",
        "page_size_query_param": "size_param",
        "max_page_size": "max_size",
        "last_page_strings": "last",
        "invalid_page_message": "invalid",
    },
    "LimitOffsetPagination": {
        "default_limit": "limit",
        "limit_query_param": "limit_param",
        "offset_query_param": "offset_param",
        "max_limit": "max_limit",
    },
    "CursorPagination": {
        "page_size": "size",
        "cursor_query_param": "param",
        "page_size_query_param": "size_param",
        "max_page_size": "max_size",
        "invalid_cursor_message": "invalid",
        "ordering": "ordering",
    },
}
_BRIDGE = {
    "PageNumberPagination": ("page_number", "PageNumber"),
    "LimitOffsetPagination": ("limit_offset", "LimitOffset"),
    "CursorPagination": ("cursor", "Cursor"),
}
_DEFAULTS = {
    "param": ("page", "cursor"),
    "last": (["last"],),
}
_INVALID = {"PageNumberPagination": "Invalid page.", "CursorPagination": "Invalid cursor"}
_COUNTING = "django.core.paginator.Paginator"


@dataclass(frozen=True, slots=True)
class Paginator:
    """A paginator constant. ``base`` is DRF's class; ``takes``: rows go through ``page.take``.

    ``envelope``: the ``get_paginated_response`` of the project's class ``cls``, '' for DRF's. ``always``: there is a page
    whatever the request says.
    """

    name: str
    imported: Import
    base: str
    ordering: tuple[str, ...] = ()
    envelope: str = ""
    cls: str = ""
    always: bool = False

    @property
    def takes(self) -> bool:
        """Whether the page reorders or cuts the rows."""
        return self.base == "CursorPagination"

    def page_arguments(self, frame: Frame, endpoint: Endpoint, objects: Val, needs: Needs) -> str:
        """Further arguments of ``page()``: the columns a cursor stands on."""
        if not self.takes:
            return ""
        assert isinstance(objects.kind, QuerySet)
        model = objects.kind.query.model
        cls, item = entity_type(frame.ctx, model)
        frame.use(item)
        parts = []
        for text in self.ordering:
            wanted = text.lstrip("-")
            found = field_of(frame.ctx.model(model), wanted)
            if found is None or not found.column:
                raise endpoint.refuse(
                    "cursor-ordering", text, "The cursor's ordering is no column of the model."
                )
            column(frame.ctx, needs, found.attname)
            parts.append(f"{wanted!r}: {cls}.{found.attname}")
        backends = plain(endpoint.policy("filter_backends")) or []
        if any(isinstance(b, Ref) and b.name.endswith(".OrderingFilter") for b in backends):
            raise endpoint.refuse(
                "cursor-ordering",
                "OrderingFilter",
                "A cursor beside an OrderingFilter is not translated yet.",
            )
        return f", columns={{{', '.join(parts)}}}"


def paginator_of(endpoint: Endpoint) -> Paginator | None:
    """The paginator of an endpoint; None when lists are whole. Raises ``Refused``."""
    found = plain(endpoint.policy("pagination_class"))
    if found is None:
        return None
    if not isinstance(found, Ref):
        raise endpoint.refuse("pagination", "pagination_class", "Segue does not know this paginator.")
    return paginator_named(endpoint, found.name)


def paginator_named(endpoint: Endpoint, name: str) -> Paginator | None:
    """The paginator of the class ``name``; None where it never pages. Raises ``Refused``."""
    known = endpoint.ctx.snapshot.classes.get(name)
    if known is None:
        raise endpoint.refuse("pagination", name, "The snapshot does not know this paginator.")
    base = next((m.removeprefix(_P) for m in known.mro if m.removeprefix(_P) in _ARGUMENTS), "")
    if not base:
        raise endpoint.refuse("pagination", name, "It is none of DRF's paginators.", known.where)
    handed_over = hands_over(endpoint, known, f"{_P}{base}")
    for method, dotted in known.methods.items():
        if (
            not handed_over
            and not dotted.startswith("rest_framework.")
            and not method.startswith("get_paginated_response_schema")
            and not own_envelope(known, base, method)
        ):
            function = endpoint.ctx.snapshot.functions.get(dotted)
            raise endpoint.refuse(
                "pagination", dotted, "A paginator with methods of its own is not translated yet.",
                function.where if function else known.where,
            )  # fmt: skip
    counting = known.attributes.get("django_paginator_class")
    if base == "PageNumberPagination" and counting is not None and counting.value.name != _COUNTING:
        raise endpoint.refuse(
            "pagination", counting.value.name or "django_paginator_class",
            "Another class than Django's Paginator counts rows and cuts pages in its own way.", known.where,
        )  # fmt: skip
    arguments, ordering = _arguments(endpoint, known, base)
    if base != "CursorPagination" and "size" in _ARGUMENTS[base].values():
        size = known.attributes.get("page_size")
        if (size is None or size.value.data is None) and "page_size_query_param" not in arguments:
            return None
    made = _declare(endpoint, known, base, arguments, ordering)
    size = known.attributes.get("default_limit" if base == "LimitOffsetPagination" else "page_size")
    always = size is not None and isinstance(size.value.data, int) and size.value.data > 0
    return replace(made, envelope="" if handed_over else _envelope(known), cls=known.name, always=always)


# What ``paginate_queryset`` asks: with one of these overridden the page itself would be another.
_PAGING = frozenset(
    {
        "paginate_queryset",
        "get_page_size",
        "get_page_number",
        "to_html",
        "get_results",
        "__init__",
        "get_limit",
        "get_offset",
        "get_count",
    }
)


def own_envelope(known: Class, base: str, method: str) -> bool:
    """Whether ``method`` only serves an overridden ``get_paginated_response``, which is translated."""
    return (
        base in ("PageNumberPagination", "LimitOffsetPagination")
        and bool(_envelope(known))
        and method not in _PAGING
    )


def _envelope(known: Class) -> str:
    found = known.methods.get("get_paginated_response", "")
    return "" if found.startswith("rest_framework.") else found


def _arguments(endpoint: Endpoint, known: Class, base: str) -> tuple[dict[str, str], tuple[str, ...]]:
    arguments: dict[str, str] = {}
    ordering: tuple[str, ...] = ()
    for attribute, keyword in _ARGUMENTS[base].items():
        found: Attribute | None = known.attributes.get(attribute)
        value = found.value if found is not None else Value("const", None)
        data = plain(value)
        if attribute == "ordering":
            names = [data] if isinstance(data, str) else data
            if not isinstance(names, list) or not all(isinstance(n, str) and "__" not in n for n in names):
                raise endpoint.refuse(
                    "cursor-ordering", repr(data), "The cursor's ordering is no list of columns."
                )
            ordering = tuple(names)
            arguments["ordering"] = repr(ordering)
        elif keyword in ("size", "limit"):
            arguments[keyword] = repr(data)
        elif keyword == "invalid":
            said = given(endpoint.ctx, value, _INVALID[base], known.where, attribute)
            if said is not None:
                arguments[keyword] = said[0]
        elif data is None or data in _DEFAULTS.get(keyword, ()) or [keyword, data] in _SAME:
            continue
        else:
            arguments[keyword] = repr(tuple(data) if isinstance(data, list) else data)
    return arguments, ordering


_SAME = [["limit_param", "limit"], ["offset_param", "offset"]]


def _declare(
    endpoint: Endpoint, known: Class, base: str, arguments: dict[str, str], ordering: tuple[str, ...]
) -> Paginator:
    ctx = endpoint.ctx
    app = endpoint.app
    for candidate in ctx.snapshot.apps:
        if known.name.startswith(candidate.module + "."):
            app = candidate.label
    if known.origin == "own" and not known.name.startswith(tuple(a.module + "." for a in ctx.snapshot.apps)):
        app = known.name.partition(".")[0]
    module, cls = _BRIDGE[base]
    stem = known.name.rpartition(".")[2].removesuffix("Pagination") or base.removesuffix("Pagination")
    constant = f"{snake(stem).upper()}_PAGES"
    text = f"{constant} = {cls}({', '.join(f'{k}={v}' for k, v in arguments.items())})"
    target = ctx.module(app, "pagination")
    target.add(
        Decl(
            constant,
            text,
            frozenset(
                {Import(f"segue_bridge.pagination.{module}", cls)}
                | {Import(BRIDGE, n) for n in ("gettext_lazy", "pgettext_lazy") if n in text}
            ),
            0,
            Origin(known.name, known.where),
        )
    )
    from segue.translate.functions.finish import prunable

    prunable(ctx, target.path, constant)
    return Paginator(constant, Import(ctx.import_path(app, "pagination"), constant), base, ordering)
