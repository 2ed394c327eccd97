"""Django's side: sends the mails of standard input through a backend, and tells how each went."""

import json
import sys

from django.conf import settings

settings.configure(USE_TZ=True, EMAIL_FILE_PATH=sys.argv[3])

from django.core.mail import EmailMultiAlternatives, get_connection  # noqa: E402


def content(value):
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value


def main():
    backend, port = sys.argv[1:3]
    told = []
    for case in json.load(sys.stdin):
        case = dict(case)
        silent, subtype, html = case.pop("silent"), case.pop("subtype"), case.pop("html")
        attached = case.pop("attachments")
        options = {"host": "127.0.0.1", "port": int(port)} if backend == "smtp" else {}
        connection = get_connection(
            f"django.core.mail.backends.{backend}.EmailBackend", fail_silently=silent, **options
        )
        try:
            message = EmailMultiAlternatives(**case, connection=connection)
            message.content_subtype = subtype
            if html:
                message.attach_alternative(html, "text/html")
            for name, data, kind in attached:
                message.attach(name, content(data), kind)
            told.append([message.send()])
        except Exception as error:  # noqa: BLE001 - they are compared
            told.append([type(error).__name__, str(error)])
    print("\n" + json.dumps(told))


main()
