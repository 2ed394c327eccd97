"""Libraries that only compute: both sides call them as they are."""

import datetime
import io
import zipfile
from io import BytesIO

import inflection
from dateutil.relativedelta import relativedelta
from django.http import HttpResponse
from inflection import pluralize as plural
from packaging import version
from packaging.version import InvalidVersion, Version
from rest_framework.views import APIView

from library.models import Author, Book


def sorted_out(texts):
    kept = []
    for text in texts:
        try:
            found = Version(text)
        except InvalidVersion:
            continue
        kept.append(found)
    return kept


def of_text(text):
    try:
        return version.parse(text)
    except NameError:
        return None


class Libraries(APIView):
    """The cases."""

    def case_library_function(self):
        return [inflection.underscore(b.title) for b in Book.objects.order_by("id")] + [plural("book")]

    def case_library_objects(self):
        found = sorted_out(["1.2", "x", "10.0b1", "2"])
        return [
            [one.major, one.release, one.is_prerelease, str(one), f"{one}!", one > found[0]] for one in found
        ]

    def case_library_object_asked(self):
        found = of_text("4.5.6")
        if found.is_prerelease or not found:
            return "early"
        first, second, third = found.release
        return {
            "first": first,
            "all": [second, third, found.release[0], found.release[1:]],
            "none": found is None,
        }

    def case_library_dates(self):
        day = datetime.date(2024, 2, 29)
        between = relativedelta(day, datetime.date(2000, 3, 1))
        earlier = day - relativedelta(years=1, months=1)
        return [
            between.years,
            max(0, between.months),
            earlier,
            f"{day + relativedelta(day=1)}",
            earlier < day,
        ]

    def case_library_error(self):
        return str(Version("nothing at all"))

    def case_library_whatever_goes_wrong(self):
        found = []
        for text in ("1", "?"):
            try:
                found.append(str(Version(text)))
            except Exception:  # noqa: BLE001
                found.append("wrong")
        return found

    def case_library_error_named(self):
        author = Author.objects.order_by("id").first()
        try:
            return Version(author.name).major
        except version.InvalidVersion:
            return "invalid"

    def case_library_answer(self):
        return Version("1.2.3").release

    def case_bytes_answer(self):
        buffer = BytesIO()
        for author in Author.objects.order_by("id"):
            buffer.write(f"{author.name}\n".encode())
        size = buffer.tell()
        buffer.seek(0)
        return HttpResponse(
            buffer.read(), headers={"X-Size": str(size)}, content_type="application/octet-stream"
        )

    def case_text_answer(self):
        buffer = io.StringIO()
        buffer.write("a;b")
        return HttpResponse(buffer.getvalue(), content_type="text/plain")

    def case_bytes_with(self):
        with io.BytesIO(b"abc") as buffer:
            first = buffer.read(1)
        return [first.decode(), buffer.closed]

    def case_archive_of_files(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for book in Book.objects.order_by("id"):
                archive.writestr(f"{book.id}/{book.title}.txt", f"{book.title}\n" * 9)
            archive.writestr("empty/", b"")
        with zipfile.ZipFile(io.BytesIO(buffer.getvalue())) as archive:
            names = archive.namelist()
            return [names, [archive.read(name).decode() for name in names], len(buffer.getvalue())]

    def case_archive_answer(self):
        buffer = io.BytesIO()
        archive = zipfile.ZipFile(buffer, "w")
        archive.close()
        response = HttpResponse(buffer.getvalue(), content_type="application/zip")
        response["Content-Disposition"] = 'attachment; filename="books.zip"'
        return response

    def case_archive_refused_of_a_path(self):
        archive = zipfile.ZipFile(io.BytesIO(), "w")
        archive.write("manage.py")
        return archive.namelist()

    def case_archive_refused_at_a_path(self):
        return zipfile.ZipFile("books.zip").namelist()

    def case_library_left_given_a_row(self):
        return str(Version(Book.objects.order_by("id").first()))

    def case_library_left_given_rows(self):
        return plural(Book.objects.all())
