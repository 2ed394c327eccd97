"""Calls of other servers: the server tells what it was asked, so what a case gives shows both."""

import httpx
import requests
from django.conf import settings
from django.utils.translation import gettext_lazy
from requests.exceptions import HTTPError
from rest_framework.views import APIView

from library.models import Author, Book

SHARED = requests.Session()


def fetched(path, params=None):
    return requests.get(f"{settings.LAB_SERVER}{path}", timeout=10, params=params)


def told(response):
    return [response.status_code, response.json()["path"]]


def title_of(response):
    return f"{response.reason} {response.url.rpartition('/')[2]}"


class Clients(APIView):
    """The cases."""

    def case_client_get(self):
        response = requests.get(settings.LAB_SERVER + "/a", params={"q": "ä b"}, timeout=5)
        return [
            response.status_code,
            response.json(),
            response.ok,
            response.headers["X-Shelf"],
            response.headers.get("nope"),
        ]

    def case_client_get_with_a_list(self):
        return requests.get(settings.LAB_SERVER + "/a?x=y", params={"l": [1, 2]}).json()

    def case_client_json_of_a_row(self):
        book = Book.objects.order_by("id").first()
        response = requests.post(
            settings.LAB_SERVER + "/b", json={"title": book.title, "price": book.price, "none": None}
        )
        return response.json()

    def case_client_form(self):
        data = {"a": "ü", "b": ["1", "2"]}
        return requests.put(
            settings.LAB_SERVER + "/c", data=data, headers={"X-Kind": "k"}, auth=("u", "p")
        ).json()

    def case_client_other_methods(self):
        one = requests.patch(settings.LAB_SERVER + "/d", data="text").json()
        two = requests.delete(settings.LAB_SERVER + "/e").json()
        three = requests.head(settings.LAB_SERVER + "/f")
        four = requests.request("OPTIONS", settings.LAB_SERVER + "/g").json()
        return [one, two, three.status_code, three.text, four]

    def case_client_redirect(self):
        followed = requests.get(settings.LAB_SERVER + "/moved")
        posted = requests.post(settings.LAB_SERVER + "/moved", json={"a": 1})
        stayed = requests.get(settings.LAB_SERVER + "/moved", allow_redirects=False)
        return [followed.json(), posted.json(), stayed.status_code, stayed.is_redirect, title_of(followed)]

    def case_client_encoding(self):
        response = requests.get(settings.LAB_SERVER + "/text")
        return [response.text, len(response.content), response.encoding]

    def case_client_status(self):
        found = []
        for status in (200, 404, 503):
            response = requests.get(f"{settings.LAB_SERVER}/status/{status}")
            if response:
                found.append("good")
            elif response.status_code == 404:
                found.append(response.reason)
            else:
                found.append(response.text[:3])
        return found

    def case_client_raise_for_status(self):
        try:
            response = requests.get(settings.LAB_SERVER + "/status/500", timeout=5)
            response.raise_for_status()
        except HTTPError as error:
            return f"failed: {error}".replace(settings.LAB_SERVER, "")
        return "good"

    def case_client_error_that_nobody_catches(self):
        requests.get(settings.LAB_SERVER + "/status/404").raise_for_status()
        return 1

    def case_client_of_what_is_no_json(self):
        try:
            return requests.get(settings.LAB_SERVER + "/broken").json()
        except ValueError:
            return "no JSON"

    def case_client_that_is_not_reached(self):
        try:
            requests.get("http://127.0.0.1:1/", timeout=2)
        except requests.exceptions.Timeout:
            return "late"
        except requests.ConnectionError:
            return "gone"
        return "there"

    def case_client_of_what_is_no_address(self):
        try:
            requests.get("nothing")
        except requests.RequestException as error:
            return str(error)

    def case_client_whatever_goes_wrong(self):
        found = []
        for path in ("/status/200", "/status/500", "/broken"):
            try:
                response = requests.get(settings.LAB_SERVER + path, timeout=5)
                response.raise_for_status()
                found.append(response.json()["path"])
            except Exception as error:  # noqa: BLE001
                found.append(str(error).replace(settings.LAB_SERVER, ""))
        return found

    def case_client_in_a_helper(self):
        return [told(fetched("/h")), told(fetched("/i", params={"a": 1}))]

    def case_client_while_in_a_loop(self):
        return [
            requests.get(f"{settings.LAB_SERVER}/{author.id}", timeout=5).json()["path"]
            for author in Author.objects.order_by("id")
        ]

    def case_client_session(self):
        session = requests.Session()
        session.headers.update({"X-Kind": "s"})
        session.auth = ("u", "p")
        first = session.get(settings.LAB_SERVER + "/j").json()
        second = session.post(settings.LAB_SERVER + "/k", json=[1]).json()
        session.close()
        return [first, second]

    def case_client_httpx(self):
        response = httpx.get(settings.LAB_SERVER + "/moved", params={"a": "b"}, timeout=5)
        posted = httpx.post(settings.LAB_SERVER + "/l", json={"a": "ä"}, headers={"X-Kind": "h"})
        return [
            response.status_code,
            response.is_success,
            posted.raise_for_status().json(),
            posted.reason_phrase,
        ]

    def case_client_httpx_errors(self):
        try:
            httpx.get(settings.LAB_SERVER + "/status/418").raise_for_status()
        except httpx.HTTPStatusError:
            return "refused"
        except httpx.HTTPError:
            return "failed"

    def case_client_httpx_session(self):
        client = httpx.Client(headers={"X-Kind": "c"}, timeout=5)
        told = client.get(settings.LAB_SERVER + "/m").json()
        client.close()
        return told

    def case_client_left_streamed(self):
        return len(requests.get(settings.LAB_SERVER, stream=True).content)

    def case_client_left_lazy_text(self):
        return requests.post(settings.LAB_SERVER, json={"a": gettext_lazy("Yes")}).json()

    def case_client_left_files(self):
        return requests.post(settings.LAB_SERVER, files={"a": b"x"}).json()

    def case_client_left_shared_session(self):
        return SHARED.get(settings.LAB_SERVER).status_code

    def case_client_left_object_that_signs(self):
        return requests.get(settings.LAB_SERVER, auth=requests.auth.HTTPDigestAuth("a", "b")).status_code

    def case_client_left_body_of_the_request(self):
        return requests.post(settings.LAB_SERVER, json=self.request.data).status_code

    def case_client_left_row(self):
        return requests.post(settings.LAB_SERVER, json=Book.objects.order_by("id").first()).status_code

    def case_client_left_answer_as_it_is(self):
        return dict(requests.get(settings.LAB_SERVER).headers)

    def case_client_left_elapsed(self):
        return requests.get(settings.LAB_SERVER).elapsed.total_seconds() < 100
