"""What all API tests share."""

import datetime
from decimal import Decimal

from accounts.models import User
from catalog.models import Author, Book, Category, Contribution, Publisher, Review, Tag
from rest_framework.authtoken.models import Token
from rest_framework.test import APITestCase


class ShopTestCase(APITestCase):
    """Some users and books."""

    @classmethod
    def setUpTestData(cls):
        cls.reader = User.objects.create_user("rita", "rita@example.com", "secret")
        cls.other = User.objects.create_user("otto", "otto@example.com", "secret", display_name="Otto K.")
        cls.editor = User.objects.create_user("edith", "edith@example.com", "secret", role="editor")
        cls.staff = User.objects.create_user("stefan", "stefan@example.com", "secret", is_staff=True)
        cls.root = User.objects.create_superuser("root", "root@example.com", "secret")
        cls.fiction = Category.objects.create(name="Fiction", slug="fiction")
        cls.crime = Category.objects.create(name="Crime", slug="crime", parent=cls.fiction, position=1)
        cls.house = Publisher.objects.create(name="North", country="AT")
        cls.anna = Author.objects.create(first_name="Anna", last_name="Berg", born=datetime.date(1970, 5, 1))
        cls.bruno = Author.objects.create(last_name="Bruno")
        cls.tag = Tag.objects.create(name="classic")
        cls.published = cls.make_book("Snow", "published", "12.50", category=cls.crime)
        cls.published.tags.add(cls.tag)
        Contribution.objects.create(book=cls.published, author=cls.anna)
        cls.second = cls.make_book("Ice", "published", "8.00", category=cls.crime, pages=90)
        cls.draft = cls.make_book("Thaw", "draft", "20.00")

    @classmethod
    def make_book(cls, title, status, price, **extra):
        number = Book.objects.count() + 1
        return Book.objects.create(
            title=title,
            slug=title.lower(),
            isbn=f"{number:013d}",
            status=status,
            price=Decimal(price),
            published_on=datetime.date(2020, 1, number) if status == "published" else None,
            publisher=cls.house,
            owner=cls.editor,
            **extra,
        )

    def login(self, user):
        token, _ = Token.objects.get_or_create(user=user)
        self.client.credentials(HTTP_AUTHORIZATION=f"Token {token.key}")

    def review(self, user, book=None, **extra):
        fields = {"rating": 4, "title": "Good", **extra}
        return Review.objects.create(book=book or self.published, user=user, **fields)
