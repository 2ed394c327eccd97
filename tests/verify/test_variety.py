"""What explore asks with: rows of every kind, bodies with every field tried, words of the code, rates used up.

Django and DRF judge: they delete, validate and throttle.
"""

from __future__ import annotations

import ast

import pytest
from bench.faults.invisible import Code, reason
from tests.verify.conftest import Shop
from tests.verify.test_joined import run

SCRIPT = """
from types import SimpleNamespace
from django.db.models import ProtectedError
from django.db.models.deletion import Collector
from django.test import RequestFactory
from accounts.models import Profile, User
from accounts.serializers import MeSerializer
from catalog.models import Book, Publisher, Review
from catalog.serializers import CategorySerializer
from catalog.views import BookViewSet
from rest_framework import serializers
from rest_framework.throttling import ScopedRateThrottle
from segue_joined import alike, dense, limits, literals, payloads
from segue_joined.furnishing import rows_for
from segue_joined.paths import chosen
from rest_framework.authentication import SessionAuthentication, TokenAuthentication
from segue_joined.personas import people_for, users
world.open()
people = users()
labels = ["accounts.User", "accounts.Profile", *(f"catalog.{n}" for n in ("Category", "Publisher", "Author", "Tag", "Book", "Review"))]
labels += ["orders.Order", "orders.OrderItem"]
similar = {"key": "similar", "path": "/api/books/{pk}/similar/", "method": "GET", "action": "similar", "model": "catalog.Book",
           "parameters": [{"name": "pk", "converter": "uuid"}]}
removal = {"key": "removal", "path": "/api/publishers/{pk}/", "method": "DELETE", "action": "destroy", "model": "catalog.Publisher",
           "parameters": [{"name": "pk", "converter": "str"}]}
rows_for({"models": labels, "operations": [removal, similar]}, people)
result = {}
result["reviews"] = [
    sorted(set(Review.objects.filter(book=key).values_list("is_public", flat=True))) for key in chosen(Book)[:3]
]
profiles = [Profile.objects.filter(user=p.user).values("bio", "birthday", "newsletter", "preferences").first() for p in people]
result["profiles differ"] = profiles[0] != profiles[1]
result["one without"] = None in profiles
result["kept by"] = []
for publisher in Publisher.objects.filter(pk__in=chosen(Publisher)):
    collector = Collector(using="default")
    try:
        collector.collect([publisher])
        result["kept by"].append("nothing")
    except ProtectedError as error:
        ordered = any(b.items.exists() for b in publisher.books.all())
        result["kept by"].append("books and orders" if ordered else "books")
serializer = CategorySerializer()
bodies = dict(dense.dense(serializer, {"name": "x", "slug": "x", "position": 1}, []))
def codes(what):
    checked = CategorySerializer(data=bodies[what])
    checked.is_valid()
    return {name: [e.code for e in errors] for name, errors in checked.errors.items()}
result["beyond"] = codes("one too long or great")
result["at"] = codes("as long and great as may be")
words = literals.literals_of([MeSerializer]).values()
result["refused"] = {
    MeSerializer(data={"display_name": w}, partial=True).is_valid() for w in words if isinstance(w, str)
} | {MeSerializer(data={"display_name": "harmless"}, partial=True).is_valid()}
result["refused"] = sorted(result["refused"])
class Throttle(ScopedRateThrottle):
    THROTTLE_RATES = {"orders": "1000/hour"}
def asks(but):
    throttle = Throttle()
    request = SimpleNamespace(user=people[0].user, META={"REMOTE_ADDR": "127.0.0.1"})
    with limits.used_up(but=but):
        allowed = throttle.allow_request(request, SimpleNamespace(throttle_scope="orders"))
        return [allowed, None if allowed else round(throttle.wait() / 3600, 2)]
heads = literals.literals_of([BookViewSet]).heads
result["heads"] = {m.__name__: [n, m._base_manager.count()] for m, n in heads.items()}
serializer, known = CategorySerializer(), {"name": "x", "slug": "x", "position": 1}
row = alike.held(serializer)[0]
bodies |= {what: alike.alike(serializer, {**known, **row}, change) for what, change in alike.ALIKE}
result["again"] = [codes("as it was").get("slug"), bodies["in capitals"]["name"] == row["name"].upper()]
result["full"], result["nearly"] = asks(0), asks(1)
class Keys(TokenAuthentication):
    @classmethod
    def get_model(cls):
        return SimpleNamespace(objects=SimpleNamespace(get_or_create=lambda user: [SimpleNamespace(key=f"k{user.pk}")]))
    def authenticate_credentials(self, key):
        return User.objects.filter(pk=key[1:]).first(), key
def by_key(left):
    asked = [p for p in people_for([SessionAuthentication(), Keys()], people, left) if p["user"] is not None]
    found = [Keys().authenticate(RequestFactory().get("/", headers=dict(p["headers"]))) for p in asked]
    return {str(who[0].pk) for who in found if who is not None} == {str(p.user.pk) for p in people}
result["by key"] = [by_key(False), by_key(True)]
class Whole(serializers.PrimaryKeyRelatedField):
    def get_queryset(self):
        return Publisher.objects.all()
    def to_representation(self, value):
        return {"id": value.pk, "for": self.context["request"].user.pk}
class Named(serializers.Serializer):
    publisher, publishers = Whole(), Whole(many=True)
drawn = [payloads.valid_of(Named(), number) for number in range(6)]
result["named"] = [Named(data=body).is_valid() for body in drawn] + [any(body["publishers"] for body in drawn)]
"""


def test_rows_bodies_words_and_rates(shop: Shop) -> None:
    found = run(shop, SCRIPT)
    assert found["reviews"] == [[False, True]] * 3, "a condition on is_public shows below each book asked for"
    assert found["profiles differ"]
    assert found["one without"]
    assert {"nothing", "books"} <= set(found["kept by"]), "PROTECT of this relation alone shows"
    assert found["beyond"]["name"] == ["max_length"]
    assert {"max_length"} < {c for codes in found["beyond"].values() for c in codes}, (
        "a number too great as well"
    )
    assert not {"max_length", "max_value"} & {c for codes in found["at"].values() for c in codes}
    assert found["refused"] == [False, True], "a word that the code looks for is among the values"
    assert found["heads"]["Book"][0] == 5, "the five similar ones"
    assert found["heads"]["Book"][1] >= 7, "and more than that there are"
    assert found["again"] == [["unique"], True]
    assert all(found["named"]), "a relation whose class says its rows, and shows more than their keys"
    assert found["by key"] == [False, True], (
        "where sessions are left to Django, everybody comes by another credential"
    )
    assert found["full"] == [False, 1.0]
    assert found["nearly"] == [True, None]


CODE = """
import ast
ALL = select(A.id).order_by(A.name)
KEYED = select(B.id).order_by(B.name)
class Loose(WriteModel):
    name: str = UNSET
class Strict(WriteModel):
    name: str
async def listing(call):
    return await rows(call.db, ALL)
async def one(call):
    with key():
        statement = KEYED.where(B.id == call.path["pk"])
    return found(await rows(call.db, statement), "B")
async def patch_loose(call):
    return Loose.collect(call.data, partial=True)
async def patch_strict(call):
    return Strict.collect(call.data, partial=True)
def validate_either(data, instance=None, partial=False):
    return Strict.collect(data, partial=partial, optional=("name",) if instance is not None else ())
def validate_few(data, instance=None, partial=False):
    return Strict.collect(data, partial=partial, optional=("other",) if instance is not None else ())
async def patch_either(call):
    return validate_either(call.data, instance=call.found, partial=True)
async def patch_few(call):
    return validate_few(call.data, instance=call.found, partial=True)
async def patch_new(call):
    return validate_either(call.data, partial=True)
def render_plain(call, response):
    data = call.settings.renderer.render(response.data)
    return bytes(data)
def render_wrapped(call, response):
    return call.settings.renderer.render({"data": response.data})
PLAIN_URL = Resource("/plain", render=render_plain)
WRAPPED_URL = Resource("/wrapped", render=render_wrapped)
"""


@pytest.mark.parametrize(
    ("kind", "name", "call", "hidden"),
    [
        ("order dropped", "ALL", "order_by", False),
        ("order dropped", "KEYED", "order_by", True),
        ("partial forgotten", "patch_loose", "collect", True),
        ("partial forgotten", "patch_strict", "collect", False),
        ("partial forgotten", "patch_either", "validate_either", True),
        ("partial forgotten", "patch_few", "validate_few", False),
        ("partial forgotten", "patch_new", "validate_either", False),
        ("header: renderer lost", "PLAIN_URL", "Resource", True),
        ("header: renderer lost", "WRAPPED_URL", "Resource", False),
    ],
)
def test_a_fault_is_left_out_only_where_nothing_can_show_it(
    kind: str, name: str, call: str, hidden: bool
) -> None:
    code = Code([ast.parse(CODE)], ["listing", "one", "patch_loose", "patch_strict"])
    stmt = code.statements[name][0]
    node = next(
        n for n in ast.walk(stmt)
        if isinstance(n, ast.Call) and ast.unparse(n.func).rpartition(".")[2] == call
    )  # fmt: skip
    assert bool(reason(kind, code, stmt, node)) is hidden
