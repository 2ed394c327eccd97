"""Books, shelves, authors, reviews."""

from catalog.models import Book, Category, Comment, Publisher, Review
from django.core.cache import cache

from tests.base import ShopTestCase


class BookReadTests(ShopTestCase):
    def titles(self, **query):
        return [b["title"] for b in self.client.get("/api/books/", query).data["results"]]

    def test_anonymous_sees_published(self):
        self.assertEqual(self.titles(), ["Ice", "Snow"])

    def test_owner_sees_drafts_of_her_own(self):
        self.login(self.editor)
        self.assertEqual(self.titles(), ["Ice", "Snow", "Thaw"])

    def test_reader_sees_no_drafts(self):
        self.login(self.reader)
        self.assertEqual(self.titles(), ["Ice", "Snow"])

    def test_staff_sees_all(self):
        self.login(self.staff)
        self.assertEqual(len(self.titles()), 3)

    def test_shape_of_a_list_item(self):
        item = self.client.get("/api/books/", {"title": "snow"}).data["results"][0]
        self.assertEqual(item["price"], "12.50")
        self.assertEqual(item["publisher"], "North")
        self.assertEqual(item["category"], "crime")
        self.assertEqual(item["tags"], ["classic"])
        self.assertEqual(item["status_label"], "Published")
        self.assertIs(item["is_new"], False)

    def test_filters(self):
        self.assertEqual(self.titles(min_price="10"), ["Snow"])
        self.assertEqual(self.titles(max_price="10"), ["Ice"])
        self.assertEqual(self.titles(tag="CLASSIC"), ["Snow"])
        self.assertEqual(self.titles(author=self.anna.pk), ["Snow"])
        self.assertEqual(self.titles(category=self.fiction.pk), [])

    def test_bad_filter_is_400(self):
        response = self.client.get("/api/books/", {"min_price": "cheap"})
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json(), {"min_price": ["Enter a number."]})

    def test_search(self):
        self.assertEqual(self.titles(search="sno"), ["Snow"])

    def test_ordering(self):
        self.assertEqual(self.titles(ordering="-price"), ["Snow", "Ice"])

    def test_pages(self):
        response = self.client.get("/api/books/", {"page_size": 1, "page": 2})
        self.assertEqual(response.data["count"], 2)
        self.assertIsNone(response.data["next"])
        self.assertEqual(self.client.get("/api/books/", {"page": 9}).status_code, 404)

    def test_detail(self):
        self.review(self.reader, rating=5)
        self.review(self.other, rating=2)
        self.login(self.reader)
        data = self.client.get(f"/api/books/{self.published.pk}/").json()
        self.assertEqual(data["rating"], 3.5)
        self.assertEqual(data["review_count"], 2)
        self.assertIs(data["reviewed_by_me"], True)
        self.assertEqual(data["contributions"][0]["name"], "Anna Berg")
        self.assertEqual(data["category"]["book_count"], 2)
        self.assertEqual(data["owner"], {"id": self.editor.pk, "username": "edith", "name": "edith"})

    def test_draft_is_not_found(self):
        self.assertEqual(self.client.get(f"/api/books/{self.draft.pk}/").status_code, 404)

    def test_bad_key_is_not_found(self):
        self.assertEqual(self.client.get("/api/books/nonsense/").status_code, 404)

    def test_similar(self):
        data = self.client.get(f"/api/books/{self.published.pk}/similar/").json()
        self.assertEqual([b["title"] for b in data], ["Ice"])

    def test_my_books(self):
        self.login(self.editor)
        response = self.client.get("/api/my/books/", {"status": "draft"})
        self.assertEqual([b["title"] for b in response.data["results"]], ["Thaw"])

    def test_chosen_fields(self):
        response = self.client.get("/api/book-fields/snow/", {"fields": "title,price"})
        self.assertEqual(response.json(), {"title": "Snow", "price": "12.50"})


class BookWriteTests(ShopTestCase):
    def body(self, **changes):
        body = {
            "title": "Rain",
            "slug": "rain",
            "isbn": "9" * 13,
            "price": "9.90",
            "publisher": self.house.pk,
            "tags": [self.tag.pk],
        }
        return {**body, **changes}

    def test_readers_cannot_write(self):
        self.login(self.reader)
        response = self.client.post("/api/books/", self.body())
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.data["detail"], "Only editors may do this.")

    def test_editor_creates(self):
        self.login(self.editor)
        response = self.client.post("/api/books/", self.body())
        self.assertEqual(response.status_code, 201, response.data)
        book = Book.objects.get(slug="rain")
        self.assertEqual((book.owner, book.status), (self.editor, "draft"))
        self.assertEqual(list(book.tags.all()), [self.tag])

    def test_errors_by_field(self):
        self.login(self.editor)
        response = self.client.post(
            "/api/books/", self.body(isbn="12", price="-1", title="LOUD", slug="snow")
        )
        self.assertEqual(set(response.data), {"isbn", "price", "title", "slug"})
        self.assertEqual(response.data["isbn"], ["An ISBN has 13 digits."])

    def test_published_needs_date(self):
        self.login(self.editor)
        response = self.client.post("/api/books/", self.body(status="published"))
        self.assertEqual(response.data, {"published_on": ["A published book needs a date."]})

    def test_unknown_publisher(self):
        self.login(self.editor)
        response = self.client.post("/api/books/", self.body(publisher=999))
        self.assertEqual(response.data, {"publisher": ['Invalid pk "999" - object does not exist.']})

    def test_owner_updates(self):
        self.login(self.editor)
        response = self.client.patch(f"/api/books/{self.draft.pk}/", {"pages": 12})
        self.assertEqual(response.status_code, 200)
        self.draft.refresh_from_db()
        self.assertEqual(self.draft.pages, 12)

    def test_others_do_not(self):
        self.login(self.reader)
        response = self.client.patch(f"/api/books/{self.published.pk}/", {"pages": 12})
        self.assertEqual(response.status_code, 403)

    def test_put_replaces_tags(self):
        self.login(self.editor)
        body = self.body(slug="snow", isbn=self.published.isbn, tags=[])
        response = self.client.put(f"/api/books/{self.published.pk}/", body)
        self.assertEqual(response.status_code, 200, response.data)
        self.assertEqual(self.published.tags.count(), 0)

    def test_delete(self):
        self.login(self.editor)
        self.assertEqual(self.client.delete(f"/api/books/{self.draft.pk}/").status_code, 204)
        self.assertFalse(Book.objects.filter(pk=self.draft.pk).exists())

    def test_publish(self):
        self.login(self.editor)
        response = self.client.post(f"/api/books/{self.draft.pk}/publish/")
        self.assertEqual(response.data["status"], "published")
        self.assertEqual(self.client.post(f"/api/books/{self.draft.pk}/publish/").status_code, 409)


class ShelfTests(ShopTestCase):
    def test_categories(self):
        response = self.client.get("/api/categories/", {"parent": self.fiction.pk})
        self.assertEqual([c["slug"] for c in response.data["results"]], ["crime"])
        self.assertEqual(response.data["results"][0]["book_count"], 2)

    def test_category_by_slug(self):
        self.assertEqual(self.client.get("/api/categories/crime/").data["parent"], self.fiction.pk)

    def test_only_staff_writes_categories(self):
        self.login(self.reader)
        self.assertEqual(self.client.post("/api/categories/", {"name": "A", "slug": "a"}).status_code, 403)
        self.login(self.staff)
        self.assertEqual(self.client.post("/api/categories/", {"name": "A", "slug": "a"}).status_code, 201)

    def test_category_not_inside_itself(self):
        self.login(self.staff)
        response = self.client.patch("/api/categories/crime/", {"parent": self.crime.pk})
        self.assertEqual(response.data, {"parent": ["A category cannot stand inside itself."]})

    def test_deleting_a_shelf_keeps_books(self):
        self.login(self.staff)
        self.assertEqual(self.client.delete("/api/categories/crime/").status_code, 204)
        self.published.refresh_from_db()
        self.assertIsNone(self.published.category)
        self.assertEqual(Category.objects.count(), 1)

    def test_publishers_need_model_permission(self):
        self.assertEqual(self.client.get("/api/publishers/").status_code, 200)
        self.login(self.reader)
        self.assertEqual(self.client.post("/api/publishers/", {"name": "South"}).status_code, 403)
        self.login(self.root)
        response = self.client.post("/api/publishers/", {"name": "South", "country": "de"})
        self.assertEqual(response.status_code, 201)
        self.assertEqual(Publisher.objects.get(name="South").country, "DE")

    def test_authors_search_over_books(self):
        response = self.client.get("/api/authors/", {"search": "snow"})
        self.assertEqual([a["full_name"] for a in response.data["results"]], ["Anna Berg"])

    def test_authors_window(self):
        response = self.client.get("/api/authors/", {"limit": 1, "offset": 1})
        self.assertEqual(response.data["results"][0]["full_name"], "Bruno")
        self.assertIsNotNone(response.data["previous"])

    def test_tags_are_not_paged(self):
        self.assertEqual(self.client.get("/api/tags/").json(), [{"id": self.tag.pk, "name": "classic"}])


class ReviewTests(ShopTestCase):
    def url(self, book=None):
        return f"/api/books/{(book or self.published).pk}/reviews/"

    def test_write_and_read(self):
        self.login(self.reader)
        response = self.client.post(self.url(), {"rating": 5, "title": "Fine"})
        self.assertEqual(response.status_code, 201, response.data)
        self.assertEqual(response.data["user"]["username"], "rita")
        self.assertEqual(self.client.get(self.url()).data["count"], 1)

    def test_rating_has_bounds(self):
        self.login(self.reader)
        response = self.client.post(self.url(), {"rating": 6, "title": "Fine"})
        self.assertEqual(response.data, {"rating": ["Ensure this value is less than or equal to 5."]})

    def test_no_review_of_a_draft(self):
        self.login(self.reader)
        response = self.client.post(self.url(self.draft), {"rating": 5, "title": "Fine"})
        self.assertEqual(response.status_code, 404)

    def test_minimum_rating(self):
        self.review(self.reader, rating=5)
        self.review(self.other, rating=1)
        response = self.client.get(self.url(), {"min_rating": 3})
        self.assertEqual([r["rating"] for r in response.data["results"]], [5])

    def test_hidden_reviews(self):
        self.review(self.reader, is_public=False)
        self.assertEqual(self.client.get(self.url()).data["count"], 0)

    def test_only_the_author_changes(self):
        review = self.review(self.reader)
        self.login(self.other)
        response = self.client.patch(f"/api/reviews/{review.pk}/", {"rating": 1})
        self.assertEqual(response.status_code, 403)
        self.login(self.reader)
        self.assertEqual(self.client.patch(f"/api/reviews/{review.pk}/", {"rating": 1}).status_code, 200)

    def test_staff_deletes(self):
        review = self.review(self.reader)
        self.login(self.staff)
        self.assertEqual(self.client.delete(f"/api/reviews/{review.pk}/").status_code, 204)
        self.assertEqual(Review.objects.count(), 0)

    def test_timeline(self):
        for book in (self.published, self.second):
            for user in (self.reader, self.other, self.staff):
                self.review(user, book)
        first = self.client.get("/api/reviews/").json()
        self.assertEqual(len(first["results"]), 5)
        second = self.client.get(first["next"]).json()
        self.assertEqual(len(second["results"]), 1)
        self.assertIsNone(second["next"])

    def test_comments(self):
        url = f"/api/books/{self.published.pk}/comments/"
        self.assertEqual(self.client.post(url, {"text": "Hm."}).status_code, 401)
        self.login(self.other)
        response = self.client.post(url, {"text": "Hm."})
        self.assertEqual(response.status_code, 201)
        self.assertEqual(response.data["author"], "Otto K.")
        self.assertEqual(Comment.objects.get().target, self.published)
        self.assertEqual(len(self.client.get(url).data), 1)


class FigureTests(ShopTestCase):
    def setUp(self):
        cache.clear()

    def test_stats_are_cached(self):
        self.assertEqual(self.client.get("/api/stats/").data["books"], 2)
        self.make_book("Fog", "published", "1.00")
        self.assertEqual(self.client.get("/api/stats/").data["books"], 2)

    def test_report_for_staff(self):
        self.assertEqual(self.client.get("/api/reports/categories/").status_code, 401)
        self.login(self.staff)
        response = self.client.get("/api/reports/categories/")
        self.assertEqual(response.json()[0], {"slug": "crime", "total": 2})

    def test_countries(self):
        self.assertEqual(self.client.get("/api/reports/countries/").json(), [])

    def test_export(self):
        self.login(self.reader)
        response = self.client.get("/api/export/books/")
        self.assertEqual(response["Content-Type"], "text/csv")
        self.assertEqual(len(b"".join(response.streaming_content).splitlines()), 2)
