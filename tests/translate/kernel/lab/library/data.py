"""Rows for every case: NULLs, ties, repeated matches, empty relations."""

import datetime as dt

from django.contrib.auth.models import User
from django.db.models import JSONField, Value

from library import sales
from library.clubs import Club, Member
from library.models import (
    Author,
    Book,
    Bottle,
    Category,
    Crate,
    Folder,
    Globe,
    Ladder,
    Lamp,
    Ledger,
    Note,
    Permit,
    Placement,
    Plan,
    Profile,
    Review,
    Room,
    Scan,
    Sheet,
    Shelf,
    Sticker,
    Tag,
)

UTC = dt.UTC


def fill():
    ann = User.objects.create(username="ann", is_staff=True)
    bob = User.objects.create(username="bob")
    User.objects.create(username="cid", is_active=False)
    a = Author.objects.create(name="Ada", age=70, country="UK")
    b = Author.objects.create(name="Bo", age=None, country="SE")
    c = Author.objects.create(name="Cy", age=30, country="")
    Profile.objects.create(author=a, city="London")
    Profile.objects.create(author=c, city="Rome")
    tags = [Tag.objects.create(label=label) for label in ("fun", "sad", "new", "100%_x")]
    rows = [
        (
            "Alpha",
            a,
            b,
            ann,
            "p",
            5,
            3,
            True,
            dt.date(2020, 1, 1),
            dt.datetime(2024, 1, 1, 3, 0, tzinfo=UTC),
            [0, 1],
        ),
        ("beta", a, None, bob, "d", 15, None, True, None, dt.datetime(2024, 6, 1, 12, 0, tzinfo=UTC), [0]),
        (
            "Gamma",
            b,
            a,
            None,
            "p",
            25,
            5,
            False,
            dt.date(2021, 5, 5),
            dt.datetime(2024, 6, 1, 12, 0, tzinfo=UTC),
            [1, 2],
        ),
        (
            "delta 100%",
            c,
            c,
            ann,
            "o",
            7,
            0,
            True,
            dt.date(2020, 12, 31),
            dt.datetime(2023, 12, 31, 23, 0, tzinfo=UTC),
            [],
        ),
        (
            "Epsilon",
            b,
            None,
            bob,
            "p",
            9,
            4,
            True,
            dt.date(2019, 2, 3),
            dt.datetime(2022, 2, 3, 4, 5, 6, tzinfo=UTC),
            [0, 1, 2, 3],
        ),
    ]
    books = []
    for title, author, editor, owner, status, price, rating, in_print, published, created, picked in rows:
        book = Book.objects.create(
            title=title,
            author=author,
            editor=editor,
            owner=owner,
            status=status,
            price=price,
            rating=rating,
            in_print=in_print,
            published=published,
            created=created,
        )
        book.tags.set([tags[i] for i in picked])
        books.append(book)
    Review.objects.create(book=books[0], user=ann, stars=5, text="great")
    Review.objects.create(book=books[0], user=bob, stars=1)
    Review.objects.create(book=books[2], user=bob, stars=3, text="so so")
    Ledger.objects.create(name="one", amount=2)
    Ledger.objects.create(name="two", amount=5, kind="odd", place=9)
    root = Category.objects.create(name="root")
    kid = Category.objects.create(name="kid", parent=root)
    leaf = Category.objects.create(name="leaf", parent=kid)
    for number, (category, book) in enumerate([(kid, books[0]), (leaf, books[0]), (leaf, books[2])]):
        Placement.objects.create(category=category, book=book, rank=number)
    for name, gone in (("open", False), ("hidden", True)):
        folder = Folder.objects.create(name=name, gone=gone, sheets=2)
        for sheet in ("first", "kept"):
            Sheet.objects.create(folder=folder, name=sheet if sheet == "kept" else f"{sheet} {name}")
    for name, bottles in (("red", ("r1", "r2")), ("white", ("w1", "glued")), ("empty", ())):
        crate = Crate.objects.create(name=name)
        Permit.objects.create(name=f"for {name}", crate=crate)
        for bottle in bottles:
            made = Bottle.objects.create(crate=crate, name=bottle)
            Sticker.objects.create(bottle=made, text="new")
    Scan.objects.create(
        name="both", paper="scans/a b.txt", picture="scans/p.png", permit=Permit.objects.get(name="FOR RED")
    )
    Scan.objects.create(name="paper", paper="scans/é.txt")
    Scan.objects.create(name="lost", paper="scans/lost.txt")
    Scan.objects.create(name="none")
    Plan.objects.create(name="kept")
    Plan.objects.create(name="one", paper="scans/\u00e9.txt")
    shelves = [Shelf.objects.create(name=name) for name in ("first", "globe", "lamp", "both", "ladder")]
    Globe.objects.create(shelf=shelves[1])
    room = Room.objects.create(shelf=shelves[3])
    Lamp.objects.create(shelf=shelves[2])
    Lamp.objects.create(shelf=shelves[3], room=room)
    Ladder.objects.create(shelf=shelves[4], spare=shelves[4], third=shelves[4], fourth=shelves[4])
    for name in ("Ada", "Bo", "Cy", "banned"):
        Member.objects.create(name=name)
    chess, _ = Club.objects.create(name="chess", size=2), Club.objects.create(name="poker")
    Club.members.through.objects.bulk_create(
        [Club.members.through(club=chess, member_id=key) for key in (1, 2)]
    )
    for data in (
        {"color": "red"},
        {"color": "Red", "size": 3, "on": True},
        {"color": None, "size": "3"},
        {"size": 10, "on": False, "list": [{"name": "x"}, 2]},
        {"size": 2.5, "numbers": [5, 1], "owner": "Ada"},
        [1, 2],
        "red",
        3,
        None,
        {},
        {"color": {"deep": "red"}, "numbers": [1]},
    ):
        Note.objects.create(data=data)
    Note.objects.create(data=Value(None, JSONField()))
    sales.fill()
