"""Which edits of generated code make which evidence stale."""

from __future__ import annotations

import pytest

from segue.ledger import closure

CODE = {
    "app": '"""The service."""',
    "app.main": "from app.shop.routes import router\n\ndef create_app():\n    return router\n",
    "app.access": "AUTHENTICATION = Authentication()\n",
    "app.settings": "settings = Settings()\n",
    "app.shop": "",
    "app.shop.models": "class Book(Base):\n    title: str\n",
    "app.shop.queries": (
        "from app.shop.models import Book\n\nBOOKS = select(Book)\nTAGS = select(Tag)\n\n"
        "async def book_rows(db):\n    return await db.all(BOOKS)\n\n"
        "async def tag_rows(db):\n    return await db.all(TAGS)\n"
    ),
    "app.shop.rules": "async def may(call):\n    return True\n",
    "app.shop.routes": (
        "from segue_bridge.http.router import Router\n"
        "from app.shop.queries import book_rows, tag_rows as tags\nfrom app.shop.rules import may\n\n"
        'router = Router(tags=["shop"])\n'
        'BOOKS_URL = Resource("/api/books/", name="Books")\n'
        'TAGS_URL = Resource("/api/tags/", name="Tags")\n\n'
        "@BOOKS_URL.access\nasync def books_access(call):\n    call.require(await may(call))\n\n"
        "@router.get(BOOKS_URL)\nasync def book_list(call):\n    return await book_rows(call.db)\n\n"
        "@router.get(TAGS_URL)\nasync def tag_list(call):\n    return await tags(call.db)\n"
    ),
}
BOOKS, TAGS = "app.shop.routes.book_list", "app.shop.routes.tag_list"


def stale(module: str, old: str, new: str) -> set[str]:
    """Functions whose digest changes by an edit."""
    assert old in CODE[module]
    edited = {**CODE, module: CODE[module].replace(old, new)}
    before, after = (closure.of_texts(texts, "app", [BOOKS, TAGS]) for texts in (CODE, edited))
    return {name.rpartition(".")[2] for name in before if before[name] != after[name]}


@pytest.mark.parametrize(
    ("module", "old", "new", "changed"),
    [
        ("app.shop.queries", "BOOKS = select(Book)", "BOOKS = select(Book).limit(3)", {"book_list"}),
        ("app.shop.queries", "db.all(TAGS)", "db.all(TAGS)[:1]", {"tag_list"}),
        ("app.shop.rules", "return True", "return False", {"book_list"}),  # by @BOOKS_URL.access
        ("app.shop.routes", 'name="Tags"', 'name="Labels"', {"tag_list"}),
        ("app.shop.routes", "await tags(call.db)", "[]", {"tag_list"}),
        ("app.shop.routes", 'router = Router(tags=["shop"])', "router = Router()", {"book_list", "tag_list"}),
        ("app.shop.routes", '"/api/tags/"', '"/api/{any}/"', {"book_list", "tag_list"}),  # it may take the other's URL
        ("app.shop.routes", "segue_bridge.http.router", "own.router", {"book_list", "tag_list"}),
        ("app.access", "Authentication()", "Authentication(strict=True)", {"book_list", "tag_list"}),
        ("app.settings", "Settings()", "Settings(1)", {"book_list", "tag_list"}),
        ("app.main", "return router", "return wrap(router)", {"book_list", "tag_list"}),
        ("app.shop.models", "title: str", "title: int", {"book_list", "tag_list"}),
        ("app.shop.rules", "async def may", "Book.listen(print)\n\nasync def may", {"book_list", "tag_list"}),
        ("app.shop.rules", "async def may", "@event.listens_for(Book)\ndef seen(): ...\n\nasync def may", {"book_list", "tag_list"}),
        ("app.shop.rules", "return True", "return getattr(call, 'x')", {"book_list", "tag_list"}),  # nothing is sure any longer
        ("app.shop.rules", "return True", "return", {"book_list"}),
        ("app.shop.rules", "async def may(call):", "# why\nasync  def  may( call ) :", set()),
        ("app.shop.rules", "async def may", "def unused(): ...\n\nasync def may", set()),
        ("app.shop.rules", "return True", "return (", {"book_list", "tag_list"}),  # it does not even load
    ],
)  # fmt: skip
def test_an_edit_reaches_the_operations_that_run_it(
    module: str, old: str, new: str, changed: set[str]
) -> None:
    assert stale(module, old, new) == changed


def test_a_function_that_is_gone_has_no_digest() -> None:
    assert closure.of_texts(CODE, "app", ["app.shop.routes.gone", BOOKS]).keys() == {BOOKS}
