"""Generated presenters, validators and savers against Django and DRF on the same rows."""

from __future__ import annotations

from typing import Any

import pytest

READERS = [
    ("TagSerializer", [1, 2]),
    ("PublisherSerializer", [1, 2]),
    ("AuthorSerializer", [1, 2, 3]),
    ("ProfileSerializer", [1]),
    ("EverythingSerializer", [1, 2, 3]),
    ("EntrySerializer", [1]),
    ("ShownBookSerializer", [1, 2, 3]),
    ("WrittenBookSerializer", [1, 2]),
    ("LoudTagSerializer", [1]),
    ("NestedBookSerializer", [1, 2]),
    ("NoteSerializer", [1, 2]),
    ("CheckedNoteSerializer", [1, 2]),
    ("AuthorWithBooksSerializer", [1, 3]),
    ("MailingSerializer", [1, 2]),
    ("KeptMailingSerializer", [1, 2]),
    ("WholeAuthorSerializer", [1, 2, 3]),
]


def test_everything_is_translated(generated: Any) -> None:
    """Only what DRF itself cannot do is refused."""
    assert {key: str(refused.refusal.code) for key, refused in generated.refused.items()} == {
        ("NestedBookSerializer", "create"): "nested-write",
        ("NestedBookSerializer", "update"): "nested-write",
        ("NestedBookSerializer", "patch"): "nested-write",
    }


@pytest.mark.parametrize(("serializer", "keys"), READERS)
def test_reading(both: Any, serializer: str, keys: list[int]) -> None:
    for key in keys:
        assert both.run(serializer, "read", pk=key)[0] == "ok"


BOOK = {"title": "New", "author": 1, "price": "3.50"}
CREATED: list[tuple[str, Any]] = [
    ("TagSerializer", {"label": "new"}),
    ("TagSerializer", {"label": "art"}),
    ("TagSerializer", {"label": "a b"}),
    ("TagSerializer", {}),
    ("TagSerializer", None),
    ("TagSerializer", []),
    ("PublisherSerializer", {"name": "Ace"}),
    ("PublisherSerializer", {"name": "Ace" * 11, "city": None}),
    ("PublisherSerializer", {"name": "Cee", "city": ""}),
    ("AuthorSerializer", {"name": "Dee", "publisher": 1, "email": None}),
    ("AuthorSerializer", {"name": "Dee", "publisher": None}),
    ("AuthorSerializer", {"name": "Dee", "publisher": ""}),
    ("AuthorSerializer", {"name": "Dee", "publisher": 99}),
    ("AuthorSerializer", {"name": "Dee", "publisher": "x", "email": "y"}),
    ("AuthorSerializer", {"name": "Dee", "publisher": [1]}),
    ("AuthorSerializer", {"name": "Dee", "publisher": True}),
    ("AuthorSerializer", {"name": "Dee", "publisher": 1.5}),
    ("AuthorSerializer", {"name": "Dee", "publisher": " 1 "}),
    ("AuthorSerializer", {"name": "Dee", "publisher": 2**70}),
    ("ProfileSerializer", {"author": 1, "motto": "x"}),
    ("ProfileSerializer", {"author": 2, "motto": "x"}),
    ("EverythingSerializer", {"title": "Notes", "author": 1}),
    ("EverythingSerializer", {"title": "Else", "author": 1}),
    ("EverythingSerializer", {"title": "x<", "author": 7, "tags": [1, 9, "x"], "state": "zzz"}),
    ("EverythingSerializer", {"title": "Else", "author": 1, "state": "out", "published": "2024-03-01"}),
    ("EverythingSerializer", {"title": "Else", "author": 1, "state": "draft", "published": "2024-03-01"}),
    ("EverythingSerializer", {"title": "Else", "author": 2, "isbn": "111"}),
    ("EverythingSerializer", {"title": "Else", "author": 2, "isbn": "1111111111111111"}),
    (
        "EverythingSerializer",
        {
            "title": "Full",
            "author": 3,
            "editor": 1,
            "tags": [3, 1],
            "price": "10.10",
            "pages": 7,
            "rating": 2,
            "published": "2025-01-01",
            "sold_out": "yes",
            "reading_time": "01:00:00",
            "extra": {"b": 1},
            "isbn": "",
        },
    ),
    ("EverythingSerializer", {"title": "Pages", "author": 2, "pages": 5001, "price": "10000.001"}),
    ("EntrySerializer", {"slug": "one", "day": "2024-05-20"}),
    (
        "EntrySerializer",
        {"slug": "one", "day": "2024-06-20", "at": "10:00", "address": "1.2.3.4", "level": "2"},
    ),
    ("EntrySerializer", {"slug": "two", "day": "x", "link": "x", "big": 2**63, "when": "x"}),
    (
        "EntrySerializer",
        {"slug": "two", "day": "2024-05-06", "when": "2024-05-06T07:08:09.123456Z", "text": " a "},
    ),
    ("EntrySerializer", {"slug": "two", "day": "2024-05-06", "level": 2, "address": "::1"}),
    ("EntrySerializer", {"slug": "two", "day": "2024-05-06", "level": 1}),
    ("ShownBookSerializer", {"name": "No author"}),
    ("WrittenBookSerializer", {**BOOK, "tags": ["art", "zoo"]}),
    ("WrittenBookSerializer", {**BOOK, "tags": ["art", "nope"]}),
    ("WrittenBookSerializer", {**BOOK, "tags": "art"}),
    ("WrittenBookSerializer", {**BOOK, "title": "the New."}),
    ("WrittenBookSerializer", {**BOOK, "title": "New."}),
    ("WrittenBookSerializer", {**BOOK, "editor": 1}),
    ("WrittenBookSerializer", {**BOOK, "editor": 2}),
    ("WrittenBookSerializer", {**BOOK, "pages": 13}),
    ("WrittenBookSerializer", {**BOOK, "price": "-1"}),
    ("WrittenBookSerializer", {"title": "Notes", "author": 1, "price": 1}),
    ("LoudTagSerializer", {"label": "LOUD"}),
    ("NoteSerializer", {"code": "cd"}),
    ("NoteSerializer", {"code": "ab"}),
    ("NoteSerializer", {"code": "odd"}),
    ("NoteSerializer", {"code": "odd is too long", "owner": 2, "text": "t", "kind": "k"}),
    ("CheckedNoteSerializer", {"code": "xy", "text": "xy"}),
    ("CheckedNoteSerializer", {"code": "xy", "text": "z"}),
    ("AuthorWithBooksSerializer", {"name": "New", "written": [{"code": "a"}, {"code": "b", "text": "c"}]}),
    ("AuthorWithBooksSerializer", {"name": "New", "publisher": 1, "written": [{"code": "a"}, {"code": "a"}]}),
    ("AuthorWithBooksSerializer", {"name": "New", "written": [{"code": "abcde"}, 3]}),
    ("CleanedNoteSerializer", {"owner": 1, "code": "new"}),
    ("CleanedNoteSerializer", {"owner": 1, "code": "ab", "kind": "none"}),
    ("CleanedNoteSerializer", {"owner": 1, "code": "same", "text": "same"}),
    ("CleanedTagSerializer", {"label": "art", "books": []}),
    ("CleanedTagSerializer", {"label": "a b", "books": [1]}),
    ("CleanedTagSerializer", {"label": "fresh", "books": [1]}),
    ("CleanedEventSerializer", {"slug": "first", "code": "abc", "when": None, "big": 10}),
    ("CleanedEventSerializer", {"slug": "first", "code": "A1", "level": 2}),
    ("CleanedEventSerializer", {"slug": "x y", "code": ""}),
    ("CleanedEventSerializer", {"slug": "new", "code": "X"}),
    ("CleanedEventSerializer", {"slug": "new", "code": "x", "when": "2024-05-02T00:00:00Z", "level": 2}),
    ("CleanedWordSerializer", {"name": "one", "text": "new"}),
    ("CleanedWordSerializer", {"name": "one", "lang": "de", "text": "second"}),
    ("CleanedWordSerializer", {"name": "three", "lang": "de", "text": "second"}),
    ("CleanedWordSerializer", {"name": "Three", "text": "third"}),
    ("CleanedWordSerializer", {"name": "three", "text": "third"}),
    ("CleanedWordSerializer", {"name": "", "text": "third"}),
    ("CleanedBadgeSerializer", {"label": "fresh"}),
    ("CleanedBadgeSerializer", {"id": "6ba7b812-9dad-11d1-80b4-00c04fd430c8", "label": "fresh"}),
    ("CleanedBadgeSerializer", {"id": "6ba7b812-9dad-11d1-80b4-00c04fd430c8", "label": "new"}),
    ("CleanedBadgeSerializer", {"id": "6ba7b812-9dad-11d1-80b4-00c04fd430c9", "label": "fresh"}),
    ("CleanedDeskSerializer", {"author": 1, "label": "small"}),
    ("CleanedDeskSerializer", {"author": 2, "label": "small"}),
    *(
        (serializer, {"shelf": shelf, "publisher": publisher, "author": author, **rest})
        for serializer in ("LeaseSerializer", "CleanedLotSerializer")
        for shelf, publisher, author, rest in (
            (1, 1, 2, {"start": 1, "end": 2}),
            (1, 1, 2, {"start": 15, "end": 25}),
            (1, 1, 2, {"start": 20, "end": None}),
            (1, 1, 1, {"start": 30, "end": 40}),
            (2, 1, 1, {"start": 30, "end": 40}),
            (2, 2, 1, {"start": 30, "end": 40}),
            (2, 2, 3, {"start": -1, "end": -2}),
            (2, 1, 3, {"start": 5, "end": 91, "kind": "odd"}),
            (2, 1, 3, {"start": 5, "end": None, "kind": "odd"}),
            (2, 1, 3, {"start": 4, "end": None, "kind": "odd"}),
            (1, 1, 2, {"start": 40, "end": 50, "kind": "old"}),
            (2, 1, 2, {"start": 41, "end": 50, "kind": "old"}),
            (1, 1, 2, {"start": 40, "end": 30, "kind": "Old"}),
            (None, 1, 2, {"start": 40, "end": 50}),
        )
    ),
    ("FailingTagSerializer", {"label": "no"}),
    ("FailingTagSerializer", {"label": "yes"}),
    ("FoundAuthorSerializer", {"name": " dee ", "publisher": "Ace"}),
    ("FoundAuthorSerializer", {"name": "bob", "publisher": "Bee"}),
    ("FoundAuthorSerializer", {"name": "Bob", "publisher": "Cee"}),
    ("FoundAuthorSerializer", {"name": "one too many", "publisher": "Cee"}),
    ("FoundAuthorSerializer", {"name": "Dee", "publisher": "C\0"}),
    ("FoundAuthorSerializer", {"name": "D\0", "publisher": " "}),
    ("FoundAuthorSerializer", {"name": 1, "publisher": "Cee"}),
    ("KeptNoteSerializer", {"owner": 1, "code": "ab", "text": "other"}),
    ("KeptNoteSerializer", {"owner": 1, "code": "new", "text": "other"}),
    ("KeptNoteSerializer", {"owner": 1, "code": "ab"}),
    ("TaggedBookSerializer", {"title": "Tagged", "author": 1, "tags": ["art", "made", "art"]}),
    ("TaggedBookSerializer", {"title": "x", "author": 1, "tags": ["made", 3]}),
    ("TaggedBookSerializer", {"title": "Tagged", "author": 1, "tags": [{"a": 1}, ["b"], True]}),
    ("TaggedBookSerializer", {"title": "Tagged", "author": 1, "tags": "art"}),
    ("TaggedBookSerializer", {"title": "Tagged", "author": 1, "tags": []}),
    ("TaggedBookSerializer", {"title": "Tagged", "author": 1}),
    ("PublishedAuthorSerializer", {"name": "Dee", "publisher": "Ace"}),
    ("PublishedAuthorSerializer", {"name": "Dee", "publisher": "None"}),
    ("PublishedAuthorSerializer", {"name": "Dee", "publisher": {"a": 1}}),
    ("PublishedAuthorSerializer", {"name": "Dee", "publisher": ""}),
    ("PublishedAuthorSerializer", {"name": "Dee"}),
    (
        "MailingSerializer",
        {"name": "New", "addresses": "c@c.it, d@d.it", "copies": "e@e.it;f@f.it", "needed": "a@a.it"},
    ),
    (
        "MailingSerializer",
        {"name": "new", "addresses": None, "copies": "", "needed": "a@a.it, b@b.it, c@c.it"},
    ),
    ("MailingSerializer", {"name": "First", "addresses": "x", "copies": "e@e.it,f@f.it", "needed": ","}),
    ("MailingSerializer", {"name": "a b", "addresses": "a@a.it," * 30, "needed": ""}),
    ("MailingSerializer", {"name": "new", "addresses": 3, "needed": "a@a.it"}),
    ("KeptMailingSerializer", {"name": "New", "addresses": ["c@c.it", 3], "copies": "e@e.it"}),
    ("KeptMailingSerializer", {"name": "new", "addresses": None, "copies": {"a": 1}}),
    ("KeptMailingSerializer", {"name": "New", "addresses": [], "copies": 3}),
    ("DrivenAuthorSerializer", {"name": "dee", "email": "", "publisher": 1}),
    ("DrivenAuthorSerializer", {"name": "dee", "email": "x", "publisher": None}),
    ("DrivenAuthorSerializer", {"name": "both", "email": "a@a.it", "publisher": None}),
    ("DrivenAuthorSerializer", {"name": "nobody", "publisher": 9}),
    ("DrivenAuthorSerializer", {"name": "", "publisher": 9}),
    ("DrivenAuthorSerializer", {"publisher": 1}),
    ("DrivenAuthorSerializer", {"name": "dee"}),
    ("DrivenAuthorSerializer", {"name": ["dee"], "publisher": 1}),
    ("DrivenAuthorSerializer", ["name"]),
    ("DrivenAuthorSerializer", []),
    ("DrivenAuthorSerializer", "name"),
    ("DrivenAuthorSerializer", 3),
    ("DrivenAuthorSerializer", None),
    ("ShelfSerializer", {"publisher": 1, "tags": [2], "author": 3}),
    ("ShelfSerializer", {"publisher": 2, "tags": [2, 1], "author": 2}),
    ("ShelfSerializer", {"publisher": 9, "tags": [3], "author": None}),
    ("ShelfSerializer", {"publisher": "x", "tags": [2, 2], "author": 1}),
    ("WholeAuthorSerializer", {"name": "New", "publisher": 2}),
    ("WholeAuthorSerializer", {"name": "New", "publisher": None}),
    ("WholeAuthorSerializer", {"name": "New", "publisher": 9}),
    ("WholeAuthorSerializer", {"name": "New", "publisher": {"id": 2}}),
    ("DerivedShelfSerializer", {"author": 3}),
    ("DerivedShelfSerializer", {"author": 2}),
    ("DerivedShelfSerializer", {}),
]


@pytest.mark.parametrize("case", CREATED, ids=lambda case: f"{case[0]}-{str(case[1])[:50]}")
def test_creating(both: Any, case: tuple[str, Any]) -> None:
    both.run(case[0], "create", data=case[1])


UPDATED: list[tuple[str, int | str, Any]] = [
    ("TagSerializer", 1, {"label": "art"}),
    ("TagSerializer", 1, {"label": "code"}),
    ("TagSerializer", 1, {}),
    ("AuthorSerializer", 1, {"name": "Renamed", "publisher": 2}),
    ("AuthorSerializer", 1, {"name": "Renamed"}),
    ("AuthorSerializer", 1, {"publisher": None}),
    ("EverythingSerializer", 1, {"title": "More notes"}),
    ("EverythingSerializer", 1, {"title": "More notes", "author": 1}),
    ("EverythingSerializer", 1, {"title": "Fine", "author": 1, "tags": [2]}),
    ("EverythingSerializer", 1, {"tags": []}),
    ("EverythingSerializer", 2, {"state": "out", "published": "2024-03-01"}),
    ("EverythingSerializer", 2, {"price": None, "pages": "x"}),
    ("EntrySerializer", 1, {"slug": "one", "day": "2024-05-07"}),
    ("EntrySerializer", 1, {"slug": "other"}),
    ("EntrySerializer", 1, {"slug": "other", "day": "2024-05-07", "address": None, "level": 2}),
    ("ShownBookSerializer", 1, {"name": "Shown"}),
    ("WrittenBookSerializer", 3, {"title": "Plain", "author": 2, "price": "2", "tags": []}),
    ("WrittenBookSerializer", 3, {"editor": 2}),
    ("LoudTagSerializer", 3, {"label": "Zoo2"}),
    ("NoteSerializer", 1, {"code": "cd"}),
    ("NoteSerializer", 1, {"text": "new"}),
    ("NoteSerializer", 2, {"code": "ab"}),
    ("CheckedNoteSerializer", 1, {"code": "ab", "text": "again"}),
    ("CheckedNoteSerializer", 1, {"code": "zz", "text": "again"}),
    ("AuthorWithBooksSerializer", 1, {"name": "Changed", "written": [{"code": "x"}]}),
    ("AuthorWithBooksSerializer", 1, {"name": "Changed"}),
    ("CleanedNoteSerializer", 1, {"code": "cd", "text": "cd"}),
    ("CleanedNoteSerializer", 1, {"kind": "none"}),
    ("CleanedNoteSerializer", 2, {"code": "ab", "owner": 1, "text": "other"}),
    ("CleanedTagSerializer", 1, {"label": "art"}),
    ("CleanedTagSerializer", 1, {"label": "code", "books": [2]}),
    ("CleanedEventSerializer", 2, {"slug": "second"}),
    ("CleanedEventSerializer", 2, {"slug": "first", "level": 2, "code": "", "when": "2024-05-02T00:00:00Z"}),
    ("CleanedEventSerializer", 1, {"slug": "third", "big": 100}),
    ("CleanedEventSerializer", 1, {"slug": "first", "level": 2, "when": "2024-05-02T00:00:00Z"}),
    ("CleanedWordSerializer", "one", {"name": "one", "lang": "en", "text": "new"}),
    ("CleanedWordSerializer", "one", {"name": "three", "lang": "en", "text": "first"}),
    ("CleanedWordSerializer", "one", {"name": "three", "lang": "en", "text": "third"}),
    ("CleanedWordSerializer", "one", {"name": "two", "lang": "de", "text": "second"}),
    ("CleanedWordSerializer", "one", {"name": "one", "lang": "de", "text": "second"}),
    ("CleanedWordSerializer", "one", {"name": "One", "text": ""}),
    ("CleanedBadgeSerializer", "6ba7b8129dad11d180b400c04fd430c8", {"label": "old"}),
    (
        "CleanedBadgeSerializer",
        "6ba7b8129dad11d180b400c04fd430c8",
        {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "label": "new"},
    ),
    (
        "CleanedBadgeSerializer",
        "6ba7b8129dad11d180b400c04fd430c8",
        {"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c9", "label": "odd"},
    ),
    ("CleanedDeskSerializer", 1, {"label": "small"}),
    ("CleanedDeskSerializer", 1, {"author": 2, "label": "small"}),
    *(
        (serializer, key, data)
        for serializer in ("LeaseSerializer", "CleanedLotSerializer")
        for key, data in (
            (1, {"start": 11}),
            (1, {"author": 3, "start": 12}),
            (1, {"author": 1}),
            (1, {"publisher": 2}),
            (2, {"start": 3}),
            (2, {"kind": "plain", "start": -3}),
            (2, {"shelf": 2, "end": 5, "start": 6}),
            (1, {"shelf": 1, "publisher": 1, "author": 1, "start": 1}),
        )
    ),
    ("MailingSerializer", 1, {"addresses": "z@z.it", "name": "FIRST"}),
    ("MailingSerializer", 2, {"copies": "a@a.it", "needed": "b@b.it", "name": "First"}),
    ("KeptMailingSerializer", 2, {"name": "Other", "addresses": None, "copies": []}),
    ("DrivenAuthorSerializer", 1, {"name": "ann", "email": "", "publisher": 2}),
    ("DrivenAuthorSerializer", 1, {"name": "ann"}),
    ("DrivenAuthorSerializer", 1, {"email": "b@b.it"}),
    ("FoundAuthorSerializer", 1, {"publisher": "New"}),
    ("WholeAuthorSerializer", 1, {"publisher": 2}),
    ("TaggedBookSerializer", 1, {"tags": ["made", "code"]}),
    ("PublishedAuthorSerializer", 1, {"publisher": "Bee"}),
    ("FoundAuthorSerializer", 1, {"name": "dee", "publisher": "Bee"}),
]


RAISED = [
    *({"name": name} for name in ("coded", "list", "tuple", "dict", "django", "Bee", "fine")),
    *(
        {"name": "fine", "city": city}
        for city in ("dict", "nested", "django", "django dict", "django list", "input", "coded", "x")
    ),
]


@pytest.mark.parametrize("data", RAISED, ids=str)
def test_errors_in_every_form(both: Any, data: Any) -> None:
    both.run("RaisingSerializer", "create", data=data)
    both.run("RaisingSerializer", "update", pk=2, data=data, partial=True)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("case", UPDATED, ids=lambda case: f"{case[0]}-{str(case[2])[:50]}")
def test_updating(both: Any, case: tuple[str, int | str, Any], partial: bool) -> None:
    both.run(case[0], "update", pk=case[1], data=case[2], partial=partial)


KEYWORDS: list[Any] = [
    {"words": "a, b"},
    {"words": "a,b,c", "more": "a;b"},
    {"words": "a,b,c,d", "more": "", "half": "7"},
    {"words": "A", "more": " ", "half": "x"},
    {"words": "", "more": None, "half": None},
    {"words": None, "half": [1]},
    {"words": 3},
    {"words": ["a"]},
    {},
]


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("data", KEYWORDS, ids=str)
def test_fields_that_convert_their_input(both: Any, data: Any, partial: bool) -> None:
    both.run("KeywordsSerializer", "validate", data=data, partial=partial)


ORDERS: list[Any] = [
    {"email": "a@example.com", "items": [{"label": "x"}]},
    {"email": "a@example.com", "items": []},
    {"email": "a@example.com", "items": [{"label": "art"}, {"label": "y"}, {}, None, 3]},
    {"email": "a@example.com", "items": {"label": "x"}},
    {"email": "a@example.com", "items": None, "first": None},
    {"email": "x", "items": [{"label": "x"}], "first": {"label": "a b"}, "note": ""},
    {"email": "a@example.com", "items": [{"label": "x"}], "first": {"label": "z"}, "note": "n"},
]


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize("data", ORDERS, ids=str)
def test_nested_input(both: Any, data: Any, partial: bool) -> None:
    both.run("OrderSerializer", "validate", data=data, partial=partial)


@pytest.mark.parametrize("partial", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        {"since": "2024-01-01T00:00:00Z"},
        {"since": "x", "words": ["ab", "abcd", "abc", None], "place": {"k": "1"}},
        {"since": "2024-01-01", "words": [], "place": {"k": "x"}},
    ],
    ids=str,
)
def test_defaults_lists_and_merged_sources(both: Any, data: Any, partial: bool) -> None:
    both.run("SinceSerializer", "validate", data=data, partial=partial)
