import datetime
from unittest import mock

from django.test import AsyncClient, LiveServerTestCase, TransactionTestCase, override_settings
from django.utils import timezone
from rest_framework.exceptions import ErrorDetail, PermissionDenied
from rest_framework.test import APIClient, APIRequestFactory, APITestCase
from tickets import views
from tickets.models import Ticket


class Base(APITestCase):
    @classmethod
    def setUpTestData(cls):
        cls.ticket = Ticket.objects.create(title="Leak")


class Plain(Base):
    def test_list(self):
        response = self.client.get("/api/tickets/")
        self.assertEqual(response.data[0]["title"], "Leak")
        self.assertEqual(response.json()[0]["label"], "#Leak")
        self.assertEqual(response.resolver_match.route, "api/tickets/")
        self.assertTrue(response.wsgi_request.user.is_anonymous)

    def test_create(self):
        response = self.client.post("/api/tickets/", {"title": "Smoke"}, format="json")
        self.assertEqual(response.status_code, 201, response.data)
        self.assertEqual(Ticket.objects.get(pk=response.data["id"]).title, "Smoke")

    def test_error_code(self):
        response = self.client.post("/api/tickets/", {"title": "SMOKE"})
        self.assertEqual(response.data, {"title": [ErrorDetail("Do not shout.", code="loud")]})
        self.assertEqual(response.data["title"][0].code, "loud")

    def test_delete_then_missing(self):
        path = f"/api/tickets/{self.ticket.pk}/"
        self.assertEqual(self.client.delete(path).status_code, 204)
        self.assertEqual(self.client.get(path).status_code, 404)

    def test_not_native(self):
        self.assertEqual(self.client.get("/api/raw/").data, {"one": 1})

    def test_nothing(self):
        self.assertEqual(Ticket.objects.count(), 1)


class Patched(Base):
    def priority(self):
        return self.client.get(f"/api/tickets/{self.ticket.pk}/priority/")

    @mock.patch("tickets.views.score", return_value=77)
    def test_function(self, score):
        self.assertEqual(self.priority().data, {"score": 77})
        score.assert_called_once_with(self.ticket, factor=3)

    def test_function_by_start_and_stop(self):
        patcher = mock.patch("tickets.views.score", side_effect=[5, 6])
        patcher.start()
        self.addCleanup(patcher.stop)
        self.assertEqual([self.priority().data["score"], self.priority().data["score"]], [5, 6])

    def test_function_where_nobody_looks(self):
        with mock.patch("tickets.rules.score", return_value=1000) as score:
            self.assertEqual(self.priority().data, {"score": 3})
        score.assert_not_called()

    def test_plain_function_with_memory(self):
        calls = []

        def fake(ticket, factor):
            calls.append(ticket.pk)
            return factor

        with mock.patch("tickets.views.score", fake):
            self.assertEqual(self.priority().data, {"score": 3})
        self.assertEqual(calls, [self.ticket.pk])

    def test_asynchronous_twin(self):
        with mock.patch("tickets.views.is_full", return_value=True) as full:
            response = self.client.post("/api/tickets/", {"title": "Smoke"})
        self.assertEqual(response.data, {"title": "Full."})
        full.assert_called_once_with()

    def test_exception(self):
        with mock.patch("tickets.views.is_full", side_effect=PermissionDenied("No.")):
            response = self.client.post("/api/tickets/", {"title": "Smoke"})
        self.assertEqual((response.status_code, response.data["detail"]), (403, "No."))

    def test_method(self):
        with mock.patch.object(Ticket, "weight", return_value=4) as weight:
            self.assertEqual(self.priority().data, {"score": 12})
        weight.assert_called_once_with()

    def test_method_with_its_object(self):
        with mock.patch.object(Ticket, "weight", autospec=True, return_value=4) as weight:
            self.assertEqual(self.priority().data, {"score": 12})
        weight.assert_called_once_with(self.ticket)

    def test_property(self):
        with mock.patch("tickets.models.Ticket.label", new_callable=mock.PropertyMock, return_value="x"):
            self.assertEqual(self.client.get("/api/tickets/").data[0]["label"], "x")

    @mock.patch("tickets.views.timezone.now", return_value=datetime.datetime(1999, 5, 1, tzinfo=datetime.UTC))
    def test_clock(self, now):
        self.assertEqual(self.client.get("/api/now/").data, {"year": 1999})

    @mock.patch("tickets.views.timezone")
    def test_clock_of_a_patched_module(self, module):
        module.now.return_value = datetime.datetime(1998, 5, 1, tzinfo=datetime.UTC)
        self.assertEqual(self.client.get("/api/now/").data, {"year": 1998})
        module.now.assert_called_once_with()

    @mock.patch.object(views.TicketListView, "get_serializer_class")
    def test_inside_of_drf(self, chosen):
        from tickets.serializers import TicketSerializer

        class Short(TicketSerializer):
            class Meta(TicketSerializer.Meta):
                fields = ["id"]

        chosen.return_value = Short
        self.assertEqual(self.client.get("/api/tickets/").data, [{"id": self.ticket.pk}])


class Settings(Base):
    @override_settings(TICKETS_OPEN_AT_MOST=1)
    def test_read_by_the_code(self):
        self.assertEqual(self.client.get("/api/limit/").data, {"limit": 1})
        self.assertEqual(self.client.post("/api/tickets/", {"title": "Smoke"}).status_code, 400)

    def test_back_again(self):
        self.assertEqual(self.client.get("/api/limit/").data, {"limit": 3})

    def test_patched_object(self):
        from django.conf import settings

        with mock.patch.object(settings, "TICKETS_OPEN_AT_MOST", 8):
            self.assertEqual(self.client.get("/api/limit/").data, {"limit": 8})

    @override_settings(APPEND_SLASH=False, ROOT_URLCONF="tests.other_urls")
    def test_worked_out_at_translation(self):
        self.assertEqual(self.client.get("/api/limit/").data, {"limit": "other"})


class Internals(Base):
    def test_number_of_queries(self):
        with self.assertNumQueries(1):
            self.client.get("/api/tickets/")

    def test_factory(self):
        request = APIRequestFactory().get("/api/limit/")
        self.assertEqual(views.limit(request).data, {"limit": 3})

    def test_factory_without_a_view(self):
        """As where a request is checked against a description of the API before it is sent."""
        request = APIRequestFactory().get("/api/limit/")
        self.assertEqual(self.client.get(request.path).json(), {"limit": 3})

    def test_factory_for_a_permission(self):
        self.assertIsNone(APIRequestFactory().get("/api/limit/").META.get("HTTP_X"))


class Clients(Base):
    async def test_asynchronous(self):
        response = await AsyncClient().get("/api/tickets/")
        self.assertEqual(response.json()[0]["title"], "Leak")

    async def test_asynchronous_post(self):
        response = await AsyncClient().post(
            "/api/tickets/", {"title": "Smoke"}, content_type="application/json"
        )
        self.assertEqual(response.status_code, 201)
        self.assertTrue(await Ticket.objects.filter(title="Smoke").aexists())


class Served(LiveServerTestCase):
    def test_over_http(self):
        from urllib.request import urlopen

        Ticket.objects.create(title="Wire")
        with urlopen(f"{self.live_server_url}/api/tickets/", timeout=10) as answer:
            self.assertIn(b"Wire", answer.read())


class Committed(TransactionTestCase):
    def test_outside_of_a_transaction(self):
        response = APIClient().post("/api/tickets/", {"title": "Smoke"})
        self.assertEqual(response.status_code, 201)
        self.assertEqual(Ticket.objects.count(), 1)
        self.assertLess(abs(Ticket.objects.get().created - timezone.now()), datetime.timedelta(seconds=60))
