"""Templates: each case is compared by the text that it gives."""

import datetime as dt
from decimal import Decimal

from django.template.loader import get_template, render_to_string
from django.utils.safestring import mark_safe
from packaging.version import Version
from rest_framework.views import APIView

from library.models import Author, Book

BANNER = mark_safe("<hr>")
TEXT = 'it\'s <b>"A & B"</b>;\r\nline\n\nnext'


class Letters(APIView):
    """The cases."""

    def case_letter_of_a_book(self):
        book = Book.objects.select_related("author", "editor").get(title="Alpha")
        return render_to_string("letters/book.html", {"book": book, "shop": "A & B's"})

    def case_letters_in_a_loop(self):
        found = []
        for book in Book.objects.select_related("author", "editor").order_by("id"):
            found.append(render_to_string("letters/book.html", {"book": book, "shop": book.title}))
        return found

    def case_letter_with_filters(self):
        name = self.request.query_params.get("name", "")
        found = []
        for text in (f"{name} o'neil's 3RD <i>", "", "a,b", "\u00e9e\u0301" * 9):
            for number in (0, 1, -3, 1234567):
                context = {"text": text, "number": number, "words": [text, "<", name], "nothing": None}
                found.append(render_to_string("letters/filters.txt", context))
        return found

    def case_letter_with_numbers(self):
        found = []
        for book in Book.objects.order_by("id"):
            half = book.price / 7
            context = {
                "half": half, "exact": Decimal(book.price) / 8, "tiny": half * 1e-9, "huge": half * 1e20,
                "rating": book.rating, "odd": book.price % 2 == 1,
            }  # fmt: skip
            found.append(render_to_string("letters/numbers.txt", context))
        return found

    def case_letter_with_moments(self):
        found = []
        for book in Book.objects.order_by("id"):
            context = {"day": book.published, "moment": book.created, "hour": dt.time(13, 5)}
            found.append(render_to_string("letters/moments.txt", context))
        return found

    def case_letter_with_choices(self):
        found = []
        for book in Book.objects.select_related("editor").order_by("id"):
            context = {"book": book, "labels": ["x", book.title], "nothing": None, "title": "beta"}
            found.append(render_to_string("letters/choices.txt", context))
        return found

    def case_letter_that_extends(self):
        books = list(Book.objects.select_related("author").order_by("id"))
        return get_template("letters/child.html").render({"books": books, "shop": "S<"})

    def case_letter_of_a_queryset(self):
        books = Book.objects.order_by("id").select_related("author")
        return render_to_string("letters/child.html", {"books": books, "shop": "S"})

    def case_letter_of_related_rows(self):
        author = Author.objects.get(name="Ada")
        return render_to_string("letters/author.html", {"author": author})

    def case_letter_of_prefetched_rows(self):
        authors = list(Author.objects.prefetch_related("books__tags").order_by("id"))
        return render_to_string("letters/authors.html", {"authors": authors})

    def case_letter_of_a_dict(self):
        data = {"items": 3, "name": "<x>", "pair": [1, 2]}
        return render_to_string("letters/data.txt", {"data": data, "rows": [("a", 1), ("b", 2)]})

    def case_letter_of_safe_text(self):
        text = mark_safe("<b>bold</b>")
        inner = render_to_string("letters/plain.txt", {"name": "<i>"})
        return render_to_string(
            "letters/safe.html", {"text": text, "inner": inner, "more": text + "<", "text_of": TEXT.upper()}
        )

    def case_letter_without_a_context(self):
        return render_to_string("letters/plain.txt")

    def case_letter_with_a_request(self):
        return render_to_string("letters/plain.txt", {"name": "x"}, request=self.request)

    def case_letter_put_together(self):
        return (
            render_to_string("letters/plain.txt", {"name": "x"})
            + "<"
            + render_to_string("letters/plain.txt", {"name": "y"})
        )

    def case_letter_left_of_a_context_that_grows(self):
        found = []
        for book in Book.objects.order_by("id"):
            context = {"name": book.title}
            if book.price > 10:
                context["more"] = "much"
            context["price"] = book.price
            found.append(render_to_string("letters/grown.txt", context))
        return found

    def case_letter_left_of_an_updated_context(self):
        context = {"name": "x"}
        context.update({"more": "y", "price": 3})
        return render_to_string("letters/grown.txt", context)

    def case_letter_with_a_spread_context(self):
        base = {"name": "x", "more": "z"}
        context = {**base, "price": 4}
        return render_to_string("letters/grown.txt", context)

    def case_letter_with_a_dict_of_keywords(self):
        return render_to_string("letters/grown.txt", dict(name="x", price=1))  # noqa: C408

    def case_letter_left_of_a_library(self):
        return render_to_string("letters/plain.txt", {"name": Version("1")})

    def case_letter_left_of_a_safe_constant(self):
        return render_to_string("letters/plain.txt", {"name": BANNER})

    def case_letter_left_with_a_computed_name(self):
        name = Book.objects.order_by("id").first().title
        return render_to_string(f"letters/{name}.txt")

    def case_letter_left_that_is_not_there(self):
        return render_to_string("letters/missing.txt")

    def case_letter_left_with_an_unknown_tag(self):
        return render_to_string("letters/cycle.txt", {"rows": [1, 2]})

    def case_letter_left_with_a_filter_of_its_own(self):
        return render_to_string("letters/own_filter.txt", {"name": "x"})

    def case_letter_left_that_writes(self):
        author = Author.objects.order_by("id").first()
        return render_to_string("letters/writes.txt", {"author": author})

    def case_letter_left_that_asks_in_a_loop(self):
        return render_to_string("letters/asks.txt", {"authors": list(Author.objects.order_by("id"))})

    def case_letter_that_may_find_nothing(self):
        return render_to_string("letters/profile.txt", {"authors": list(Author.objects.order_by("id"))})

    def case_letter_left_of_what_is_ordered_with_none(self):
        return render_to_string("letters/order.txt", {"book": Book.objects.order_by("id").first()})

    def case_letter_left_with_the_names_of_another(self):
        return render_to_string("letters/book.html", {"book": {"title": "x", "author": "y"}, "shop": "z"})

    def case_letter_left_for_who_asks(self):
        return render_to_string("letters/user.txt", {"name": "x"}, request=self.request)

    def case_letter_of_methods_of_what_may_be_none(self):
        found = []
        for book in Book.objects.select_related("author", "editor").order_by("id"):
            names = [book.title] if book.price > 10 else []
            found.append(render_to_string("letters/methods.txt", {"book": book, "names": names}))
        return found

    def case_letter_backwards(self):
        found = []
        for book in Book.objects.order_by("id"):
            names = ["a", "b", book.title] if book.price > 10 else None
            found.append(render_to_string("letters/backwards.txt", {"names": names}))
        return found

    def case_letter_of_safe_text_in_an_object(self):
        author = Author(name=mark_safe("<b>Ada</b>"), country="<i>")
        return render_to_string("letters/who.txt", {"author": author})

    def case_letter_with_other_names(self):
        book = Book.objects.get(title="Alpha")
        return render_to_string("letters/names.txt", {"book": book, "a": "1", "b": "2", "rows": ["x", "y"]})

    def case_letter_of_rows_of_values(self):
        context = {"rows": list(Book.objects.order_by("id").values("id", "title", "author__name", "rating"))}
        return render_to_string("letters/values.txt", context)

    def case_letter_left_of_a_context_with_a_queryset(self):
        context = {"books": Book.objects.order_by("id").select_related("author"), "shop": "S"}
        return render_to_string("letters/child.html", context)

    def case_letter_left_for_who_asks_in_a_text(self):
        return render_to_string("letters/user_text.txt", {"name": "x"}, request=self.request)

    def case_letter_left_of_the_first_number(self):
        found = []
        for book in Book.objects.order_by("id"):
            numbers = [book.price] if book.price > 10 else []
            found.append(render_to_string("letters/first.txt", {"numbers": numbers}))
        return found

    def case_letter_left_of_a_parent_that_has_none(self):
        return render_to_string("letters/super_base.txt", {"name": "x"})

    def case_letter_left_of_a_parent_in_another(self):
        return render_to_string("letters/super_included.html", {"shop": "x"})

    def case_letter_left_of_a_parent_not_escaped(self):
        return render_to_string("letters/super_plain.html", {"shop": "<x>"})

    def case_letter_left_of_a_town(self):
        return render_to_string("letters/town.txt", {"authors": list(Author.objects.order_by("id"))})

    def case_letter_left_of_a_town_and_country(self):
        return render_to_string("letters/towns.txt", {"authors": list(Author.objects.order_by("id"))})

    def case_letter_left_of_a_number_as_a_key(self):
        found = {str(book.price): book.title for book in Book.objects.order_by("id")}
        return render_to_string("letters/keys.txt", {"found": found})

    def case_letter_with_an_address(self):
        return render_to_string("letters/address.txt", {"name": "x", "number": 3})

    def case_letter_left_with_an_address_of_nothing(self):
        found = []
        for author in Author.objects.order_by("id"):
            found.append(render_to_string("letters/address_of.txt", {"author": author}))
        return found

    def case_letter_of_a_profile_that_is_not_there(self):
        author = Author.objects.get(name="Cy")
        return render_to_string("letters/profile_of.txt", {"author": author})

    def case_letter_with_a_name_of_a_method(self):
        book = Book.objects.select_related("editor").get(title="Alpha")
        return render_to_string("letters/clash.txt", {"book": book, "display_title": "yes"})

    def case_letter_left_without_a_name_of_a_method(self):
        book = Book.objects.select_related("editor").get(title="Alpha")
        return render_to_string("letters/clash_unknown.txt", {"book": book})

    def case_letter_of_a_part_that_is_not_there(self):
        found = [(book.id, book.title) for book in Book.objects.order_by("id")]
        return render_to_string("letters/part.txt", {"found": found})

    def case_letter_left_with_a_block_with_a_hyphen(self):
        return render_to_string("letters/hyphen.txt", {"name": "x"})

    def case_letter_with_queries_of_its_own(self):
        book = Book.objects.get(title="Alpha")
        return render_to_string("letters/queries.txt", {"book": book})

    def case_letter_that_extends_twice(self):
        return render_to_string("letters/third.html", {"shop": "<", "books": ["x"]})

    def case_letter_with_texts_of_languages(self):
        found = []
        for book in Book.objects.select_related("editor").order_by("id"):
            found.append(
                render_to_string(
                    "letters/texts.txt", {"book": book, "n": book.price, "safe": mark_safe("<b>")}
                )
            )
        return found

    def case_letter_with_a_request_and_its_names(self):
        return render_to_string("letters/user.txt", {"name": "x", "user": "me"}, request=self.request)

    def case_letter_of_a_name_made_safe(self):
        book = Book.objects.select_related("author", "editor").get(title="Alpha")
        book.author.name = mark_safe("<b>Ada</b>")
        book.title = mark_safe("<i>t</i>")
        return render_to_string("letters/made_safe.txt", {"book": book})

    def case_letter_with_names_twice(self):
        found = []
        for book in Book.objects.select_related("author", "editor").order_by("id"):
            context = {"book": book, "author": book.author, "books": list(Book.objects.order_by("-id")[:2])}
            found.append(render_to_string("letters/twice.txt", context))
        return found

    def case_letter_to_who_asks(self):
        return render_to_string("letters/to_user.txt", {"user": self.request.user}, request=self.request)

    def case_letter_with_static_files(self):
        return render_to_string("letters/static.txt")

    def case_letter_left_with_odd_static_files(self):
        return render_to_string("letters/odd_static.txt")
