"""Each thing that is compared is really compared: faults seeded into one function are all found, each by its path."""

from __future__ import annotations

import ast
import hashlib
import shutil
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from bench.faults.seed import Fault
from tests.verify.conftest import Shop

from segue import verify
from segue.verify.evidence import OperationResult, Report

KEY = "POST /api/categories/"
ROUTES = "app/catalog/routes.py"
FUNCTION = "category_create"

# What a client sees.
ANSWER = """
import requests

answer = call.reply({**(await present_category(call.db, category)), "twice": 1})
answer.headers["Link"] = "</x>"
answer.set_cookie("seen", "1")
try:
    requests.post("http://nobody.example/", json={"a": 1}, timeout=5)
except requests.RequestException:
    pass
return answer
"""
ANSWERED = ("status", "headers.link", "cookies.seen", "body.twice", "effects.(http)")

# What only shows elsewhere.
EFFECTS = """
import logging

from app.catalog.models import Tag
from django.core import mail
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from shop_tasks import restock
from sqlalchemy import insert, update

await call.db.execute(insert(Tag).values(name="unasked"))
changed = update(Category).where(Category.slug == values["slug"]).values(position=Category.position + 1)
await call.db.execute(changed)
await call.db.on_commit(lambda: None)
mail.send_mail("a", "b", "c@example.com", ["d@example.com"])
default_storage.save("left.txt", ContentFile(b"x"))
default_storage.delete("old.txt")
cache.set("shelf", {"n": 1}, 30)
cache.delete("shelves")
logging.getLogger("shop").error("no %s", "shelf")
restock.apply_async((1,), queue="slow")
return call.created(await present_category(call.db, category))
"""
EFFECTED = (
    "effects.catalog_tag", "effects.catalog_category.inserted[0].position", "effects.(on_commit)", "effects.(mail)",
    "effects.(files)", "effects.(tasks)", "effects.(storage)", "effects.(cache)", "effects.(log)",
)  # fmt: skip

# A stand-in for Celery as far as Segue knows it: the class that all tasks share, and its answer.
FILES = {
    "celery/__init__.py": "",
    "celery/app/__init__.py": "",
    "celery/app/task.py": "class Task:\n    def apply_async(self, *a, **k):\n        raise AssertionError('sent')\n",
    "celery/result.py": "class EagerResult:\n    def __init__(self, *a):\n        pass\n",
    "shop_tasks.py": "from celery.app.task import Task\n\n\nclass Restock(Task):\n    name = 'shop.restock'\n\n\n"
    "restock = Restock()\n",
}


def _instead_of_return(text: str, statements: str) -> str:
    """The module with ``statements`` where the function's return stands."""
    tree = ast.parse(text)
    function = next(n for n in tree.body if isinstance(n, ast.AsyncFunctionDef) and n.name == FUNCTION)
    assert isinstance(function.body[-1], ast.Return)
    wrapped = ast.parse(f"async def faulty():\n{textwrap.indent(statements.strip(), '    ')}").body[0]
    assert isinstance(wrapped, ast.AsyncFunctionDef)
    function.body[-1:] = wrapped.body
    return ast.unparse(ast.fix_missing_locations(tree))


def _faulty(shop: Shop, folder: Path, statements: str) -> verify.ProjectRef:
    """The shop with tasks, translated with the fault."""
    root = folder / "shop"
    shutil.copytree(shop.project.root, root)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    with (root / "bookshop" / "__init__.py").open("a", encoding="utf-8") as package:
        package.write("import shop_tasks\n")
    output = shop.project.output
    changed = _instead_of_return((output / ROUTES).read_text(encoding="utf-8"), statements)
    fault = Fault("effect", ROUTES, FUNCTION, changed, frozenset({KEY}))
    return replace(shop.project, root=root, output=fault.seed(output, folder / "faulty"))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _paths(report: Report) -> set[str]:
    found: OperationResult = next(o for o in report.operations if o.key == KEY)
    return {path for d in found.differences for path, _, _ in d.paths}


@pytest.mark.parametrize(
    ("statements", "wanted"), [(ANSWER, ANSWERED), (EFFECTS, EFFECTED)], ids=["answer", "effects"]
)
def test_explore_finds_each(shop: Shop, tmp_path: Path, statements: str, wanted: tuple[str, ...]) -> None:
    report = verify.explore(_faulty(shop, tmp_path, statements), only=[KEY], cases=40)
    paths = _paths(report)
    assert [w for w in wanted if not any(p.startswith(w) for p in paths)] == []


def test_the_projects_own_tests_find_each_and_pass_all_the_same(shop: Shop, tmp_path: Path) -> None:
    project = _faulty(shop, tmp_path, EFFECTS)
    report = verify.suite(project, ["python", "manage.py", "test", "tests.test_catalog"])
    assert report.tests["failed"] == report.tests["error"] == 0, report.output
    paths = _paths(report)
    # Files, caches and logs are the test's own affair: there is no media folder, and no cache, that Segue may empty.
    mine = ("effects.(files)", "effects.(storage)", "effects.(cache)", "effects.(log)")
    wanted = [w for w in EFFECTED if w not in mine]
    assert [w for w in wanted if not any(p.startswith(w) for p in paths)] == []


def test_what_django_does_and_fastapi_does_not_is_found_too(shop: Shop, tmp_path: Path) -> None:
    """The other direction: the service learnt to send a mail and a task since it was translated."""
    project = _faulty(shop, tmp_path, "return call.created(await present_category(call.db, category))")
    views = project.root / "catalog" / "views.py"
    text = views.read_text(encoding="utf-8")
    head = "class CategoryViewSet("
    at = text.index("\n\n\n", text.index(head))
    added = """

    def perform_create(self, serializer):
        import logging

        import requests
        from django.core.cache import cache
        from django.core.files.storage import default_storage
        from django.core.mail import EmailMultiAlternatives
        from django.db import transaction
        from shop_tasks import restock

        serializer.save()
        transaction.on_commit(lambda: restock.apply_async((2,)))
        mail = EmailMultiAlternatives("new shelf", "look", "shop@example.com", ["staff@example.com"], cc=["c@example.com"])
        mail.attach_alternative("<b>look</b>", "text/html")
        mail.attach("shelf.txt", "1", "text/plain")
        mail.send()
        cache.get_or_set("shelf", 1)
        default_storage.delete("old.txt")
        try:
            requests.get("http://nobody.example/", headers={"Authorization": "Bearer x"})
        except requests.Timeout:
            pass
        logging.getLogger(__name__).error("no shelf")"""
    views.write_text(text[:at] + added + text[at:], encoding="utf-8")
    report = verify.explore(project, only=[KEY], cases=40)
    names = ("mail", "tasks", "on_commit", "cache", "storage", "log", "http")
    assert {f"effects.({name})" for name in names} <= _paths(report)
    found = next(o for o in report.operations if o.key == KEY).differences
    effects = next(d.django["effects"] for d in found if "(mail)" in d.django["effects"])
    assert effects["(mail)"][0] == {
        "subject": "new shelf", "body": "look", "from": "shop@example.com", "to": ["staff@example.com"],
        "cc": ["c@example.com"], "subtype": "plain", "alternatives": [["text/html", _digest("<b>look</b>")]],
        "attachments": [["shelf.txt", "text/plain", _digest("1")]],
        "parts": [
            ["Content-Type: multipart/mixed", "MIME-Version: 1.0", "Subject: new shelf", "From: shop@example.com",
             "To: staff@example.com", "Cc: c@example.com"],
            ["Content-Type: multipart/alternative", "MIME-Version: 1.0"],
            ['Content-Type: text/plain; charset="utf-8"', "MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit"],
            ['Content-Type: text/html; charset="utf-8"', "MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit"],
            ['Content-Type: text/plain; charset="utf-8"', "MIME-Version: 1.0", "Content-Transfer-Encoding: 7bit",
             'Content-Disposition: attachment; filename="shelf.txt"'],
        ],
    }  # fmt: skip
    assert effects["(cache)"] == [["default", "add", "shelf", 1, "object", None]]


# What may go wrong with a mail, in orders of different notes: it is lost, it is another one, it is sent twice.
MAILED = """
customer = await follow(db, order, Order.customer)
mail = Message(f"Your order {order.id}", f"Thank you. Total: {await order_total_loading(db, order)}", "shop@example.com", [customer.email])
if len(order.note) % 2:
    mail.content_subtype = "html"
elif order.note:
    await MAIL.send(mail)
if order.note:
    await MAIL.send(mail)
"""


def test_mails_of_the_service_are_compared(shop: Shop, tmp_path: Path) -> None:
    path, key = "app/orders/views.py", "POST /api/orders/"
    tree = ast.parse((shop.project.output / path).read_text(encoding="utf-8"))
    function = next(n for n in tree.body if isinstance(n, ast.AsyncFunctionDef) and n.name == "confirm")
    wrapped = ast.parse(f"async def faulty():\n{textwrap.indent(MAILED.strip(), '    ')}").body[0]
    assert isinstance(wrapped, ast.AsyncFunctionDef)
    function.body = wrapped.body
    fault = Fault("effect", path, "confirm", ast.unparse(ast.fix_missing_locations(tree)), frozenset({key}))
    project = replace(shop.project, output=fault.seed(shop.project.output, tmp_path / "faulty"))
    report = verify.explore(project, only=[key], cases=150)
    [operation] = report.operations
    found = {path for d in operation.differences for path, _, _ in d.paths}
    assert {
        "effects.(mail)",
        "effects.(mail).length",
        "effects.(mail)[0].subtype",
        "effects.(mail)[0].parts[0][0]",
    } <= found


def test_django_does_not_differ_from_itself_whatever_it_does(shop: Shop, tmp_path: Path) -> None:
    project = _faulty(shop, tmp_path, "return call.created(await present_category(call.db, category))")
    report = verify.explore(project, only=[KEY], cases=40, against="django")
    assert report.cases == 40
    assert report.different == 0


def test_numbers_that_a_sequence_gave_are_counted(shop_on_postgres: Shop, tmp_path: Path) -> None:
    statements = """
    from sqlalchemy import text

    await call.db.execute(text("SELECT nextval('catalog_category_id_seq')"))
    return call.created(await present_category(call.db, category))
    """
    project = _faulty(shop_on_postgres, tmp_path, textwrap.dedent(statements))
    paths = _paths(verify.explore(project, only=[KEY], cases=40))
    assert paths == {"effects.(sequences).catalog_category_id_seq"}


def test_receivers_that_ran_are_told(shop: Shop) -> None:
    report = verify.explore(shop.project, only=["PATCH /api/me/"], cases=60)
    [operation] = report.operations
    name = "post_save accounts.User → accounts.signals.create_profile"
    # Some of the 200s answered OPTIONS and HEAD.
    assert 10 < operation.receivers[name] <= operation.statuses["200"]
