"""Fill an empty database with the same few hundred rows each time."""

import datetime
import random
import uuid
from decimal import Decimal

from accounts.models import User
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from orders.models import Coupon, Order, OrderItem
from rest_framework.authtoken.models import Token

from catalog.models import Author, Book, Category, Comment, Contribution, Publisher, Review, Tag

# Few rounds, so that seeding is quick; the first login stores it with today's strength.
PASSWORD = PBKDF2PasswordHasher().encode("bookshop", "seed", iterations=1000)
USERS = [
    ("admin", "manager", True, True),
    ("staff", "manager", True, False),
    ("editor", "editor", False, False),
    ("editor2", "editor", False, False),
    ("reader", "reader", False, False),
    ("reader2", "reader", False, False),
]


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args, **options):
        if Book.objects.exists():
            self.stdout.write("There are books already; nothing was added.")
            return
        pick = random.Random(7)
        users = self.users()
        tags = [
            Tag.objects.create(name=n) for n in ("classic", "crime", "history", "poetry", "travel", "young")
        ]
        shelves = []
        for number, name in enumerate(["Fiction", "Non-fiction", "Children", "Science", "Art"]):
            parent = shelves[0] if number > 2 else None
            shelves.append(
                Category.objects.create(name=name, slug=name.lower(), position=number, parent=parent)
            )
        houses = [
            Publisher.objects.create(name=f"House {n}", country=c, founded=1900 + n if n else None)
            for n, c in enumerate(["AT", "DE", "CH", "", "FR"])
        ]
        authors = [
            Author.objects.create(
                first_name="" if n == 3 else f"First{n}",
                last_name=f"Last{n % 7}",
                born=datetime.date(1930 + n, 1 + n % 12, 1 + n % 28) if n % 3 else None,
                website=f"https://author{n}.example.com" if n % 2 else "",
            )
            for n in range(20)
        ]
        books = [self.book(n, pick, users, shelves, houses, authors, tags) for n in range(40)]
        self.opinions(books, users, pick)
        self.trade(books, users, pick)
        self.stdout.write(f"{len(books)} books, {len(users)} users.")

    def users(self):
        editors = Group.objects.create(name="Editors")
        content_type = ContentType.objects.get_for_model(Publisher)
        editors.permissions.set(
            Permission.objects.filter(
                content_type=content_type, codename__in=["add_publisher", "change_publisher"]
            )
        )
        users = []
        for number, (name, role, staff, superuser) in enumerate(USERS):
            user = User.objects.create(
                username=name,
                email=f"{name}@example.com",
                role=role,
                is_staff=staff,
                is_superuser=superuser,
                password=PASSWORD,
                display_name=name.title() if number % 2 else "",
            )
            if role == "editor":
                user.groups.add(editors)
            Token.objects.create(user=user, key=f"{number:040d}")
            users.append(user)
        gone = User.objects.create(
            username="gone", email="gone@example.com", is_active=False, password=PASSWORD
        )
        Token.objects.create(user=gone, key="9" * 40)
        return users

    def book(self, n, pick, users, shelves, houses, authors, tags):
        status = ["published", "published", "published", "draft", "out_of_print"][n % 5]
        book = Book.objects.create(
            id=uuid.UUID(int=(7 << 100) + n),
            title=f"{['The', 'A', 'Über'][n % 3]} Book {n:02d}",
            slug=f"book-{n}",
            isbn=f"978{n:010d}",
            status=status,
            price=Decimal(pick.randrange(500, 5000)) / 100,
            published_on=None if status == "draft" else datetime.date(2000 + n % 25, 1 + n % 12, 1 + n % 28),
            pages=None if n % 6 == 0 else 100 + 7 * n,
            summary="" if n % 4 == 0 else f"What happens in book {n}, 100% true_story.",
            weight=None if n % 5 == 0 else n / 8,
            metadata={} if n % 3 else {"edition": n, "formats": ["paper", "epub"]},
            cover=f"covers/{n}.png" if n % 4 == 1 else None,
            category=None if n % 9 == 0 else shelves[n % len(shelves)],
            publisher=houses[n % 4],
            owner=users[2 + n % 2],
        )
        for position, author in enumerate(pick.sample(authors, 1 + n % 3), 1):
            Contribution.objects.create(
                book=book, author=author, position=position, role="author" if position == 1 else "translator"
            )
        book.tags.set(pick.sample(tags, n % 4))
        return book

    def opinions(self, books, users, pick):
        start = timezone.make_aware(datetime.datetime(2024, 3, 1, 12, 0))
        number = 0
        for book in books[:25]:
            for user in pick.sample(users, pick.randrange(4)):
                number += 1
                Review.objects.create(
                    book=book,
                    user=user,
                    rating=pick.randrange(1, 6),
                    title=f"Opinion {number}",
                    text="" if number % 3 else "Read it twice.",
                    is_public=number % 5 != 0,
                    created_at=start + datetime.timedelta(hours=number),
                )
        content_type = ContentType.objects.get_for_model(Book)
        for n in range(15):
            Comment.objects.create(
                content_type=content_type,
                object_id=str(books[n % 6].pk),
                author=users[n % 6],
                text=f"Remark {n}",
            )

    def trade(self, books, users, pick):
        today = datetime.date(2024, 1, 1)
        coupons = [
            Coupon.objects.create(code="SPRING", percent=10, valid_from=today),
            Coupon.objects.create(
                code="OLD", percent=20, valid_from=today, valid_until=datetime.date(2024, 2, 1)
            ),
            Coupon.objects.create(code="OFF", percent=50, valid_from=today, active=False),
        ]
        for n in range(18):
            order = Order.objects.create(
                customer=users[n % 6],
                status=["open", "paid", "cancelled"][n % 3],
                gift=n % 4 == 0,
                note="" if n % 2 else f"Ring {n}",
                coupon=coupons[0] if n % 5 == 0 else None,
                delivery_time=datetime.time(9 + n % 8, 30) if n % 3 == 0 else None,
                reserved_for=datetime.timedelta(hours=n) if n % 4 == 0 else None,
            )
            for book in pick.sample(books, 1 + n % 3):
                OrderItem.objects.create(order=order, book=book, quantity=1 + n % 2, unit_price=book.price)
