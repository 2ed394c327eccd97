"""CSV, and answers in pieces: each case is compared by status, headers and body."""

import csv

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from rest_framework.views import APIView

from library.models import Author, Book, Note, Scan


class Echo:
    """Gives back what is written."""

    def write(self, value):
        """The value."""
        return value


class Upper:
    def write(self, value):
        return value.upper()


class Keeping(Echo):
    def flush(self):
        return None


def filled(writer, books):
    for book in books:
        writer.writerow([book.id, book.title, book.author.name])


class Sheets(APIView):
    """The cases."""

    def case_sheet_of_rows(self):
        response = HttpResponse(content_type="text/csv")
        response["Content-Disposition"] = 'attachment; filename="books.csv"'
        writer = csv.writer(response)
        writer.writerow(["id", "title", "rating", "in print", "published", "created", "author"])
        for book in Book.objects.select_related("author").order_by("id"):
            writer.writerow(
                (book.id, book.title, book.rating, book.in_print, book.published, book.created, book.author)
            )
        return response

    def case_sheet_in_another_form(self):
        response = HttpResponse(
            content_type="text/csv; charset=utf-8",
            status=201,
            headers={"X-Kind": "ä".encode().decode("latin-1")},
        )
        writer = csv.writer(response, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["ü", 'a"b', "c;d", 1.5, None, True])
        writer.writerow([])
        return response

    def case_sheet_after_other_text(self):
        response = HttpResponse("\ufeff", content_type="text/csv")
        writer = csv.writer(response, "excel-tab")
        writer.writerows([["a", "b"], ["c", "d\ne"]])
        return response

    def case_sheet_of_values(self):
        response = HttpResponse(content_type="text/csv")
        writer = csv.writer(response)
        writer.writerows(Book.objects.order_by("id").values_list("id", "title", "published", "rating"))
        for row in Author.objects.order_by("id").values_list("name", "age"):
            writer.writerow(row)
        return response

    def case_sheet_of_dicts(self):
        response = HttpResponse(content_type="text/csv")
        writer = csv.DictWriter(
            response, fieldnames=["id", "title", "more"], extrasaction="ignore", restval="-"
        )
        writer.writeheader()
        for book in Book.objects.order_by("id"):
            writer.writerow({"title": book.title, "id": book.id, "price": book.price})
        return response

    def case_sheet_of_dicts_with_one_too_many(self):
        response = HttpResponse(content_type="text/csv")
        writer = csv.DictWriter(response, ["id"])
        writer.writerow({"id": 1, "title": "x"})
        return response

    def case_sheet_that_cannot_be_written(self):
        response = HttpResponse(content_type="text/csv")
        writer = csv.writer(response, quoting=csv.QUOTE_NONE)
        writer.writerow(["a,b"])
        return response

    def case_sheet_from_a_function(self):
        response = HttpResponse(content_type="text/csv")
        filled(csv.writer(response), Book.objects.select_related("author").order_by("id"))
        return response

    def case_page_written_to(self):
        response = HttpResponse("a", content_type="text/plain")
        response.write("ü")
        response.write(b"b")
        return response

    def case_stream_whose_pieces_write(self):
        return StreamingHttpResponse(str(Note.objects.create(data=n).data) for n in range(2))

    def case_stream_of_lines(self):
        writer = csv.writer(Echo())
        books = Book.objects.order_by("id").values_list("id", "title")
        return StreamingHttpResponse(
            (writer.writerow(row) for row in books.iterator()),
            content_type="text/csv",
            headers={"Content-Disposition": 'attachment; filename="b.csv"'},
        )

    def case_stream_with_a_header_later(self):
        pseudo = Echo()
        writer = csv.writer(pseudo)
        response = StreamingHttpResponse(
            [writer.writerow(["a", str(n)]) for n in range(3)], content_type="text/csv", status=202
        )
        response["Content-Disposition"] = "attachment"
        return response

    def case_stream_of_bytes(self):
        return StreamingHttpResponse([b"a", b"b"])

    def case_page_with_a_title_in_its_headers(self):
        found = []
        for title in ("plain", "grüße", "日本 “x”", "x" * 200 + "ż"):
            response = HttpResponse("a", content_type="text/csv", headers={"X-Title": f"{title}."})
            response["Content-Disposition"] = f'attachment; filename="{title}.csv"'
            response["X-Count"] = len(title)
            response["X-Fixed"] = "“fixed”"
            found += [
                response.get("Content-Disposition"),
                response.get("X-Title"),
                response.get("X-Count"),
                response.get("X-Fixed"),
            ]
        return found

    def case_page_with_a_line_break_in_its_headers(self):
        title = "a\r\nSet-Cookie: x=1"
        response = HttpResponse("a", content_type="text/csv")
        response["Content-Disposition"] = f'attachment; filename="{title}.csv"'
        return response

    def case_file_of_a_column(self):
        scan = Scan.objects.get(name="paper")
        return FileResponse(scan.paper)

    def case_file_of_a_column_opened(self):
        scan = Scan.objects.get(name="both")
        return FileResponse(scan.paper.open("rb"), as_attachment=True, content_type="text/x")

    def case_file_of_a_column_by_its_path(self):
        scan = Scan.objects.get(name="paper")
        response = FileResponse(open(scan.paper.path, "rb"), filename="a.pdf")  # noqa: SIM115
        response["X-Kind"] = "file"
        return response

    def case_file_of_a_column_that_is_lost(self):
        scan = Scan.objects.get(name="lost")
        return FileResponse(scan.paper.open())

    def case_file_of_a_column_that_is_empty(self):
        scan = Scan.objects.get(name="none")
        return FileResponse(scan.paper)

    def case_file_left_opened_before(self):
        scan = Scan.objects.get(name="paper")
        paper = scan.paper.open()
        return FileResponse(paper)

    def case_file_left_to_write(self):
        scan = Scan.objects.get(name="paper")
        return FileResponse(scan.paper.open("rb+"))

    def case_file_left_anywhere(self):
        return FileResponse(open(__file__, "rb"))

    def case_sheet_left_of_what_is_no_text(self):
        response = HttpResponse(content_type="text/csv")
        csv.writer(response).writerow([Note.objects.order_by("id")])
        return response

    def case_sheet_left_echo_that_changes(self):
        writer = csv.writer(Upper())
        return StreamingHttpResponse([writer.writerow(["a"])])

    def case_sheet_left_echo_that_does_more(self):
        writer = csv.writer(Keeping())
        return StreamingHttpResponse([writer.writerow(["a"])])

    def case_sheet_left_computed_form(self):
        response = HttpResponse(content_type="text/csv")
        csv.writer(response, delimiter=Book.objects.order_by("id").first().title[0]).writerow(["a"])
        return response

    def case_sheet_of_a_map(self):
        response = HttpResponse(content_type="text/csv")
        csv.writer(response).writerow(map(str, [1, 2]))
        return response
