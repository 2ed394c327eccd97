"""What code does every day beside asking the database: loops that are left, enumerations, objects that keep things, the standard library."""

import enum
import time
from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from functools import reduce
from itertools import chain, groupby, islice, product, zip_longest
from operator import attrgetter, itemgetter

from django.db import models
from rest_framework.views import APIView

from library.models import Author, Book


class Kind(models.TextChoices):
    SHORT = "s", "Short one"
    LONG = "l", "Long one"


class Level(models.IntegerChoices):
    LOW = 1
    HIGH = 5


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"

    @property
    def hot(self):
        return self is Color.RED

    def mixed(self, other):
        return f"{self.value}-{other.value}"

    @classmethod
    def parse(cls, text):
        for color in cls:
            if color.value == text:
                return color
        return None


class Letter(str, enum.Enum):  # noqa: UP042
    A = "a"
    B = "b"


class Number(enum.IntEnum):
    ONE = 1
    TWO = 2


class Missing(models.TextChoices):
    A = "a"

    @classmethod
    def _missing_(cls, value):
        return cls.A


WEIGHTS = {Kind.SHORT: 1, Kind.LONG: 10}
NUMBERED = {1: "one", 2: "two"}
PRICES = {Color.RED: 3, Color.BLUE: 4}


@dataclass
class Seen:
    title: str
    rating: int | None = None
    size: int = 0

    def grow(self, n):
        self.size += n
        return self


class Shelf:
    def __init__(self, author):
        self.author = author
        self.titles = []

    def fill(self):
        for book in self.author.books.order_by("id"):
            self.titles.append(book.title)
        return len(self.titles)

    def rename(self, name):
        self.author.name = name
        self.author.save()


class Everyday(APIView):
    """The cases."""

    def case_found_in_a_loop_that_breaks(self):
        found = None
        for book in Book.objects.order_by("id"):
            if book.title.startswith("T"):
                found = book.title
                break
        if found is None:
            return "none"
        return found

    def case_object_found_in_a_loop(self):
        found = None
        for book in Book.objects.order_by("id"):
            if book.title:
                found = book
                break
        return found.title if found else None

    def case_none_put_in_a_loop_that_breaks(self):
        kind = "a"
        for book in Book.objects.order_by("id"):
            if book.title:
                kind = None
                break
        return kind is None

    def case_put_before_continue(self):
        last = None
        for book in Book.objects.order_by("id"):
            if book.title:
                last = book.title
                continue
            last = None
        return [last is None, last or "none"]

    def case_else_of_a_loop(self):
        found = []
        for wanted in ("T", "nothing"):
            for book in Book.objects.order_by("id"):
                if book.title.startswith(wanted):
                    hit = book.title
                    break
            else:
                hit = None
            found.append(["none" if hit is None else hit, hit is None])
        return found

    def case_else_of_while(self):
        found = []
        for most in (2, 9):
            n = 0
            while n < most:
                n += 1
                if n == 4:
                    word = "left"
                    break
            else:
                word = None
            found.append([n, word, word is None])
        return found

    def case_break_in_a_try(self):
        found = None
        for text in ("x", "3", "4"):
            try:
                found = int(text)
            except ValueError:
                found = "bad"
                continue
            break
        return [found is None, found == "bad", found]

    def case_members_of_texts(self):
        return [list(Kind), [k.value for k in Kind if k != Kind.LONG], list(Level), len(Kind)]

    def case_members_with_names_and_labels(self):
        found = {}
        for kind in Kind:
            found[kind.value] = f"{kind.name}: {kind.label}"
        return [found, [[n.name, n.value, n.label] for n in Level], {k: k.label for k in Kind}]

    def case_members_asked_of_the_database(self):
        return {k.label: Book.objects.filter(title__istartswith=k).count() for k in Kind}

    def case_members_of_other_enumerations(self):
        return [
            [c.value for c in Color], [c.mixed(Color.BLUE) for c in Color], [c.name for c in Color if c.hot], len(Color),
            [c.value for c in Letter], [n + 1 for n in Number],
        ]  # fmt: skip

    def case_member_by_its_value(self):
        found = []
        for text in ("red", "s", "no"):
            try:
                found.append(Color(text).name)
            except ValueError:
                found.append("no color")
            try:
                found.append(Kind(text))
            except ValueError:
                found.append("no kind")
        return [found, Kind("l"), Level(5), Color.parse("blue").name if Color.parse("blue") else None]

    def case_member_by_its_name(self):
        found = []
        for name in ("RED", "SHORT", "ONE"):
            try:
                found.append(Color[name].value)
            except KeyError:
                found.append("no color")
            try:
                found.append(Kind[name])
            except KeyError:
                found.append("no kind")
        return [found, Kind["LONG"], Color["RED"].hot]

    def case_dicts_by_members(self):
        return [WEIGHTS[Kind.LONG], PRICES[Color.RED], [PRICES[c] for c in Color], [c.name for c in PRICES]]

    def case_keys_that_are_numbers(self):
        by_pk, made = {}, {1: "x"}
        for book in Book.objects.order_by("id"):
            by_pk[book.pk] = book.title
            made[book.pk + 1] = book.title
        told = {book.pk: book.title for book in Book.objects.order_by("id")}
        found = [
            [str(k) for k, _ in by_pk.items()],
            [str(k) for k in told],
            [isinstance(k, str) for k in told],
        ]
        for key in sorted(told):
            found.append([str(key)])
        for key, title in NUMBERED.items():
            found.append([str(key), title])
        return [found, sorted(str(k) for k in made), [str(k) for k in dict(zip([1, 2], "ab"))]]  # noqa: B905

    def case_keys_of_two_kinds(self):
        found = {"a": 1}
        for book in Book.objects.order_by("id"):
            found[book.pk] = 2
        return [str(k) for k in found]

    def case_dicts_with_a_factory(self):
        by_author = defaultdict(list)
        sizes = defaultdict(int)
        known = defaultdict(set)
        nested = defaultdict(lambda: {"n": 0})
        for book in Book.objects.order_by("id"):
            by_author[book.author_id].append(book)
            sizes[book.title] += book.rating or 0
            known[book.author_id].add(book.title)
            nested[book.author_id]["n"] += 1
        return [
            [[str(key), [b.title for b in books]] for key, books in by_author.items()], sizes, {str(k): sorted(v) for k, v in known.items()},
            [[str(k), v["n"]] for k, v in nested.items()], len(by_author), sizes["nothing"], "nothing" in sizes,
        ]  # fmt: skip

    def case_counted(self):
        words = Counter(book.title for book in Book.objects.order_by("id"))
        other = Counter()
        for book in Book.objects.order_by("id"):
            other[book.author_id] += 1
        other.update([1, 1])
        return [
            words.most_common(2),
            words["nothing"],
            "nothing" in words,
            dict(words),
            [[str(k), n] for k, n in other.most_common()],
            sum(other.values()),
        ]

    def case_neighbours(self):
        books = sorted(Book.objects.order_by("id"), key=attrgetter("author_id", "id"))
        return [
            [str(key), [b.title for b in found]] for key, found in groupby(books, key=lambda b: b.author_id)
        ]

    def case_iterators(self):
        titles = [b.title for b in Book.objects.order_by("id")]
        return [
            list(islice(titles, 2)), list(islice(titles, 1, None)), [[a, b] for a, b in zip_longest([1, 2], ["x"])],
            [f"{a}{b}" for a, b in product([1, 2], "ab")], list(chain.from_iterable([[1], [2, 3]])), reduce(lambda a, b: a * b, [1, 2, 4], 1),
            sorted([{"a": 2}, {"a": 1}], key=itemgetter("a")),
        ]  # fmt: skip

    def case_starred_targets(self):
        first, *rest = [b.title for b in Book.objects.order_by("id")]
        *head, last = (1, 2, "x")
        a, *middle, b = [1, 2, 3, 4]
        pairs = [[one, more] for one, *more in [[1, 2, 3], [4]]]
        return [first, rest, head, last, a, middle, b, pairs]

    def case_matched(self):
        found = []
        for value in ("a", "b", None, "12", 3, "other"):
            match value:
                case "a" | "b":
                    found.append("letter")
                case None:
                    found.append("none")
                case 3:
                    found.append("three")
                case str():
                    found.append("text")
                case _:
                    found.append("else")
        return found

    def case_matched_with_names(self):
        found = []
        for book in Book.objects.order_by("id"):
            match book.title[:1]:
                case "T":
                    found.append("T")
                case letter if letter.lower() in "aeiou":
                    found.append(f"vowel {letter}")
                case letter:
                    found.append(letter)
            match Kind("s"):
                case Kind.LONG:
                    found.append("long")
                case Kind.SHORT:
                    found.append("short")
        return found

    def case_slept(self):
        time.sleep(0)
        return "awake"

    def case_refused_matched_inside(self):
        match {"a": 1}:
            case {"a": number}:
                return number
        return None

    def case_refused_members_by_a_hook(self):
        return [Missing(book.title) for book in Book.objects.order_by("id")]

    def case_objects_that_keep_things(self):
        author = Author.objects.order_by("id")[0]
        shelf, other = Shelf(author), Shelf(author)
        seen = [Seen(book.title, size=2).grow(1) for book in Book.objects.order_by("id")]
        return [
            shelf.fill(),
            shelf.titles,
            other.titles,
            [asdict(one) for one in seen],
            seen[0] == Seen(seen[0].title, None, 3),
        ]

    def case_rows_on_objects(self):
        author = Author.objects.order_by("id")[0]
        shelf, other = Shelf(author), Shelf(Author.objects.get(pk=author.pk))
        shelf.rename("Kept")
        return [author.name, shelf.author.name, other.author.name, Author.objects.get(pk=author.pk).name]
