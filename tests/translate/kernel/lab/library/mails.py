"""Mails: each case is compared by what it gives and by the bytes of all mails that it sends."""

import smtplib

from django.conf import settings
from django.core import mail
from django.core.cache import cache
from django.core.mail import (
    BadHeaderError,
    EmailMessage,
    EmailMultiAlternatives,
    get_connection,
    mail_admins,
    mail_managers,
    send_mail,
    send_mass_mail,
)
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from rest_framework.views import APIView

from library.models import Author, Book

GREETING = _("Good morning")


class Letter(EmailMessage):
    content_subtype = "html"


def written(author, book):
    message = EmailMultiAlternatives(f"About {book.title}", "Look", to=[f"{author.name} <a@example.com>"])
    message.attach_alternative(f"<b>{book.title}</b>", "text/html")
    return message


def sent(message, copies):
    message.cc = copies
    return message.send()


class Mails(APIView):
    """The cases."""

    def case_mail_of_four(self):
        return send_mail(
            "Grüße", "Text\nFrom here", "shop@example.com", ["a@example.com", "Bö <b@example.com>"]
        )

    def case_mail_by_keywords(self):
        book = Book.objects.order_by("id").first()
        return send_mail(
            subject=book.title, message=f"{book.price}", recipient_list=("a@example.com",), from_email=None,
            html_message=f"<p>{book.title}</p>", fail_silently=True,
        )  # fmt: skip

    def case_mail_from_a_setting(self):
        return send_mail("a", "b", settings.DEFAULT_FROM_EMAIL, ["a@example.com"])

    def case_mail_from_nobody(self):
        return send_mail("a", "b", settings.LAB_NOBODY, ["a@example.com"])

    def case_mail_to_nobody(self):
        return [send_mail("a\nb", "b", None, []), send_mail("a\nb", "b", None, [""])]

    def case_mail_to_some_of_these(self):
        return send_mail(
            "a", "b", None, [a.country for a in Author.objects.order_by("id")] + ["x@example.com"]
        )

    def case_mail_to_a_queryset(self):
        return send_mail("a", "b", None, Author.objects.order_by("id").values_list("name", flat=True))

    def case_mail_with_an_empty_html(self):
        note = Author.objects.order_by("id").first().country and ""
        return send_mail("a", "b", None, ["a@example.com"], html_message=note)

    def case_mail_with_a_line_break(self):
        name = "a\nb"
        return send_mail(f"To {name}", "b", None, ["a@example.com"], fail_silently=True)

    def case_mail_with_a_line_break_caught(self):
        try:
            send_mail("To\n", "b", None, ["a@example.com"])
        except BadHeaderError:
            return "bad"
        return "sent"

    def case_mail_refused_by_the_server(self):
        try:
            return send_mail("a", "b", None, ["a@example.com"])
        except smtplib.SMTPException:
            return "refused"

    def case_mail_whatever_goes_wrong(self):
        author = Author.objects.order_by("id").first()
        found = []
        for name in (author.name, "a\nb"):
            try:
                send_mail(f"To {name}", "b", None, ["a@example.com"])
                found.append("sent")
            except Exception as error:  # noqa: BLE001
                found.append(str(error))
        return found

    def case_mail_whatever_goes_wrong_in_a_function(self):
        def_of = Author.objects.order_by("id").first()
        try:
            written(def_of, Book.objects.get(title="Dune")).send()
        except:  # noqa: E722
            return "lost"
        return "sent"

    def case_mail_whatever_the_database_says(self):
        try:
            author = Author.objects.get(name="nobody at all")
            send_mail(author.name, "b", None, ["a@example.com"])
        except Exception:  # noqa: BLE001
            return "lost"
        return "sent"

    def case_mail_left_whatever_the_cache_holds(self):
        try:
            name = cache.get("who")
            send_mail("a", f"To {name}", None, ["a@example.com"])
        except Exception:  # noqa: BLE001
            return "lost"
        return "sent"

    def case_mail_whatever_is_none(self):
        author = Author.objects.filter(name="nobody at all").first()
        try:
            send_mail(author.name, "b", None, ["a@example.com"])
        except Exception:  # noqa: BLE001
            return "lost"
        return "sent"

    def case_mail_left_text_of_what_is_none(self):
        author = Author.objects.filter(name="nobody at all").first()
        try:
            send_mail(author.name, "b", None, ["a@example.com"])
        except Exception as error:  # noqa: BLE001
            return str(error)
        return "sent"

    def case_mail_through_the_module(self):
        return mail.send_mail("a", "b", None, ["a@example.com"])

    def case_mail_of_a_lazy_text(self):
        return send_mail(GREETING, GREETING, None, ["a@example.com"])

    def case_mail_with_another_login(self):
        return send_mail("a", "b", None, ["a@example.com"], auth_user="u", auth_password="p")

    def case_on_commit_mail(self):
        author = Author.objects.order_by("id").first()
        transaction.on_commit(lambda: send_mail("a", author.name, None, ["a@example.com"]))
        return 1

    def case_mail_before_an_error(self):
        with transaction.atomic():
            send_mail("a", "b", None, ["a@example.com"])
            raise ValueError("undone")

    def case_mass_mail(self):
        return send_mass_mail(
            (
                ("a", "b", None, ["a@example.com"]),
                ("c", "d", "x@example.com", []),
                ("e", "", "y@example.com", ["z@example.com"]),
            ),
            fail_silently=False,
        )

    def case_mail_to_the_admins(self):
        book = Book.objects.order_by("id").first()
        mail_admins("Fire", "Run")
        mail_admins(book.title, "b", html_message="<i>b</i>")
        mail_admins(f"{book.id}!", "c", fail_silently=True)
        return book.title

    def case_mail_to_managers_that_are_not_there(self):
        return mail_managers("Fire\n", "Run")

    def case_message_with_everything(self):
        message = EmailMessage(
            "Ü", "Text", "from@example.com", ["to@example.com"], ["bcc@example.com"], cc=["cc@example.com"],
            reply_to=["re@example.com"], headers={"X-Kind": "ä", "Message-ID": "<1@x>"},
        )  # fmt: skip
        message.attach("a.txt", "ä", "text/plain")
        message.attach("b.bin", b"\x00\xff")
        message.attach(filename="c.csv", content=b"a;b", mimetype=None)
        return message.send(fail_silently=False)

    def case_message_of_html(self):
        message = EmailMessage(subject="a", body="<p>ä</p>", to=["a@example.com"])
        message.content_subtype = "html"
        return message.send()

    def case_message_without_anything(self):
        return [EmailMessage().send(), EmailMessage(to=["a@example.com"]).send()]

    def case_message_with_files_in_place(self):
        html, data = "<p>x</p>", b"%PDF"
        return EmailMultiAlternatives(
            "a", "b", None, ["a@example.com"], attachments=[("a.pdf", data, "application/pdf"), ("b.txt", html)],
            alternatives=[(html, "text/html")],
        ).send()  # fmt: skip

    def case_message_changed_before_it_is_sent(self):
        message = EmailMessage("a", "b", to=["a@example.com"])
        message.subject = "c"
        message.to.append("b@example.com")
        message.bcc = ["c@example.com"]
        message.from_email = "d@example.com"
        message.extra_headers = {"X-Y": "z"}
        return [message.send(), message.subject, message.to]

    def case_message_from_a_function(self):
        author = Author.objects.order_by("id").first()
        message = written(author, Book.objects.order_by("id").first())
        return sent(message, ["c@example.com"])

    def case_messages_in_a_loop(self):
        messages = []
        for author in Author.objects.order_by("id"):
            message = EmailMultiAlternatives(author.name, "x", to=[f"{author.id}@example.com"])
            message.attach_alternative("<b>x</b>", "text/html")
            messages.append(message)
        return get_connection(fail_silently=True).send_messages(messages)

    def case_message_through_a_connection(self):
        connection = get_connection(username="u")
        return EmailMessage("a", "b", to=["a@example.com"], connection=connection).send(fail_silently=True)

    def case_message_sent_twice(self):
        message = EmailMessage("a", "b", to=["a@example.com"])
        first = message.send()
        message.body = "again"
        return [first, message.send()]

    def case_message_whose_addresses_are_a_text(self):
        author = Author.objects.order_by("id").first()
        return send_mail("a", "b", None, author.name)

    def case_message_that_is_subclassed(self):
        return Letter("a", "b", to=["a@example.com"]).send()

    def case_message_in_another_encoding(self):
        message = EmailMessage("a", "b", to=["a@example.com"])
        message.encoding = "iso-8859-1"
        return message.send()

    def case_message_of_a_number(self):
        return send_mail("a", Book.objects.count(), None, ["a@example.com"])

    def case_message_through_another_backend(self):
        connection = get_connection("django.core.mail.backends.console.EmailBackend")
        return send_mail("a", "b", None, ["a@example.com"], connection=connection)

    def case_message_over_an_open_connection(self):
        with get_connection() as connection:
            return send_mail("a", "b", None, ["a@example.com"], connection=connection)

    def case_message_as_text(self):
        return EmailMessage("a", "b", to=["a@example.com"]).message().as_string()

    def case_message_with_an_alternative_that_it_cannot_have(self):
        message = EmailMessage("a", "b", to=["a@example.com"])
        message.attach_alternative("<b>b</b>", "text/html")
        return message.send()

    def case_mails_of_a_list(self):
        mails = [("a", "b", None, ["a@example.com"])]
        return send_mass_mail(mails)
