"""A run with one difference of each sort that reports must show well."""

from __future__ import annotations

from pathlib import Path

from segue.verify.evidence import Difference, OperationResult, Report, Violation

GENERATED = '''\
"""Routes."""

from app.x import router


@router.get("/api/books/")
async def book_list(call):
    return "<b>"
'''
LEGACY = '''\
class BookViewSet(ModelViewSet):
    """Books & more."""

    def list(self, request):
        return Response([])
'''


def difference(**changes: object) -> Difference:
    given: dict[str, object] = {
        "what": "existing", "persona": "staff", "method": "GET", "path": "/api/books/", "query": "q=<script>alert(1)</script>",
        "headers": (("Authorization", "…"),), "body": "",
        "django": {"status": 200, "body": {"items": [{"id": 1, "title": "a\x00<b>"}]}, "effects": {
            "shop_book": {"inserted": [], "deleted": [4], "updated": [[3, {"status": ["draft", "sent"]}]]}}},
        "fastapi": {"status": 200, "body": {"items": [{"id": 1, "title": "c"}]}, "effects": {}},
        "paths": (("body.items[0].title", "a\x00<b>", "c"), ("effects.shop_book", {"deleted": [4]}, "(absent)")),
        "kind": "body.items[*].title",
    }  # fmt: skip
    return Difference(**{**given, **changes})  # type: ignore[arg-type]


def report(**changes: object) -> Report:
    operations = (
        OperationResult(
            "GET /api/books/", 20, 3, statuses={"200": 20}, differences=(difference(),), function="app.shop.routes.book_list",
            place="shop/views.py:4",
        ),
        OperationResult("POST /api/books/", 7, 0, statuses={"201": 7}, function="app.shop.routes.book_create"),
        OperationResult("PUT /api/books/{pk}/", 5, 0, violations=(
            Violation("PUT /api/books/1/", 200, "body.price", "1 is not of type 'string'"),)),
        OperationResult("DELETE /api/books/{pk}/", 0, 0),
    )  # fmt: skip
    return Report("explore", operations, 2.5, ("GET /api/books/: body.now",), ("a note",), **changes)  # type: ignore[arg-type]


def write_sources(folder: Path) -> tuple[Path, Path]:
    """The generated and the legacy project."""
    output, root = folder / "fastapi", folder / "legacy"
    for file, text in ((output / "app/shop/routes.py", GENERATED), (root / "shop/views.py", LEGACY)):
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")
    return output, root
