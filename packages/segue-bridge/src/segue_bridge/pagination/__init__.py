"""DRF's pagination styles over Core selects (``rest_framework.pagination``).

Every style is a module-level object with the options of the project's subclass. Per request::

    page = await PAGES.page(call, query)
    rows = page.take(await article_rows(call.db, page.statement, {}))
    return page.body([present_article(row) for row in rows])
"""

from segue_bridge.pagination.cursor import Cursor, CursorSlice
from segue_bridge.pagination.envelopes import CursorPage, Page, PageBody
from segue_bridge.pagination.limit_offset import LimitOffset, LimitOffsetSlice
from segue_bridge.pagination.page_number import PageNumber, PageNumberSlice
from segue_bridge.pagination.slices import Slice, Unpaged, count_of

__all__ = [
    "Cursor",
    "CursorPage",
    "CursorSlice",
    "LimitOffset",
    "LimitOffsetSlice",
    "Page",
    "PageBody",
    "PageNumber",
    "PageNumberSlice",
    "Slice",
    "Unpaged",
    "count_of",
]
