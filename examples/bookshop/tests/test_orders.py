"""Buying and coupons."""

import datetime
from decimal import Decimal

from django.core import mail
from orders.models import Coupon, Order, OrderItem

from tests.base import ShopTestCase


class OrderTests(ShopTestCase):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.spring = Coupon.objects.create(code="SPRING", percent=10, valid_from=datetime.date(2024, 1, 1))
        cls.order = Order.objects.create(customer=cls.reader)
        OrderItem.objects.create(order=cls.order, book=cls.published, quantity=2, unit_price=Decimal("12.50"))

    def test_own_orders_only(self):
        self.login(self.other)
        self.assertEqual(self.client.get("/api/orders/").data["count"], 0)
        self.assertEqual(self.client.get(f"/api/orders/{self.order.pk}/").status_code, 404)
        self.login(self.staff)
        self.assertEqual(self.client.get("/api/orders/").data["count"], 1)

    def test_anonymous(self):
        self.assertEqual(self.client.get("/api/orders/").status_code, 401)

    def test_total(self):
        self.login(self.reader)
        data = self.client.get(f"/api/orders/{self.order.pk}/").json()
        self.assertEqual(data["total"], "25.00")
        self.assertEqual(data["items"][0]["title"], "Snow")

    def test_total_with_coupon(self):
        self.order.coupon = self.spring
        self.order.save()
        self.login(self.reader)
        self.assertEqual(self.client.get(f"/api/orders/{self.order.pk}/").data["total"], "22.50")

    def test_create_sends_mail_after_commit(self):
        self.login(self.other)
        body = {"items": [{"book": str(self.second.pk), "quantity": 3}], "coupon": "SPRING"}
        with self.captureOnCommitCallbacks(execute=True):
            response = self.client.post("/api/orders/", body)
        self.assertEqual(response.status_code, 201, response.data)
        self.assertEqual(response.data["total"], "21.60")
        self.assertEqual(mail.outbox[0].to, ["otto@example.com"])

    def test_create_needs_items(self):
        self.login(self.other)
        response = self.client.post("/api/orders/", {"items": []})
        self.assertEqual(response.data, {"items": ["An order needs at least one book."]})

    def test_expired_coupon(self):
        Coupon.objects.create(code="OLD", percent=5, valid_from="2020-01-01", valid_until="2020-02-01")
        self.login(self.other)
        body = {"items": [{"book": str(self.second.pk)}], "coupon": "OLD"}
        response = self.client.post("/api/orders/", body)
        self.assertEqual(response.data, {"coupon": ["This coupon is not valid today."]})

    def test_note_may_change(self):
        self.login(self.reader)
        body = {"note": "Ring twice", "delivery_time": "10:30", "reserved_for": "02:00:00"}
        response = self.client.patch(f"/api/orders/{self.order.pk}/", body)
        self.assertEqual(response.json()["reserved_for"], "02:00:00")

    def test_pay_once(self):
        self.login(self.reader)
        url = f"/api/orders/{self.order.pk}/pay/"
        self.assertEqual(self.client.post(url).data["status"], "paid")
        response = self.client.post(url)
        self.assertEqual(response.json(), {"status": "This order is paid."})

    def test_paid_orders_stay(self):
        Order.objects.filter(pk=self.order.pk).update(status="paid")
        self.login(self.reader)
        response = self.client.delete(f"/api/orders/{self.order.pk}/")
        self.assertEqual(response.json(), ["A paid order cannot be deleted."])

    def test_delete_open_order(self):
        self.login(self.reader)
        self.assertEqual(self.client.delete(f"/api/orders/{self.order.pk}/").status_code, 204)
        self.assertEqual(OrderItem.objects.count(), 0)

    def test_cancel(self):
        self.login(self.reader)
        url = f"/api/orders/{self.order.pk}/cancel/"
        self.assertEqual(self.client.post(url).status_code, 204)
        self.assertEqual(self.client.post(url).status_code, 400)


class CouponTests(ShopTestCase):
    def test_staff_writes(self):
        body = {"code": "new", "percent": 15, "valid_from": "2024-01-01"}
        self.login(self.reader)
        self.assertEqual(self.client.post("/api/coupons/", body).status_code, 403)
        self.login(self.staff)
        self.assertEqual(self.client.post("/api/coupons/", body).data["code"], "NEW")

    def test_end_before_begin(self):
        self.login(self.staff)
        body = {"code": "X", "percent": 15, "valid_from": "2024-01-02", "valid_until": "2024-01-01"}
        response = self.client.post("/api/coupons/", body)
        self.assertEqual(response.data, {"non_field_errors": ["The coupon ends before it begins."]})

    def test_percent_range(self):
        self.login(self.staff)
        response = self.client.post("/api/coupons/", {"code": "X", "percent": 95, "valid_from": "2024-01-02"})
        self.assertEqual(list(response.data), ["percent"])

    def test_filter(self):
        Coupon.objects.create(code="A", percent=10, valid_from="2024-01-01")
        Coupon.objects.create(code="B", percent=30, valid_from="2024-01-01", active=False)
        self.login(self.reader)
        response = self.client.get("/api/coupons/", {"percent__gte": 20})
        self.assertEqual([c["code"] for c in response.data["results"]], ["B"])
        response = self.client.get("/api/coupons/", {"active": "true"})
        self.assertEqual([c["code"] for c in response.data["results"]], ["A"])

    def test_check(self):
        Coupon.objects.create(code="A", percent=10, valid_from="2024-01-01")
        self.login(self.reader)
        self.assertEqual(self.client.get("/api/coupons/check/a/").data, {"valid": True, "percent": 10})
        self.assertEqual(self.client.get("/api/coupons/check/zzz/").data, {"valid": False})
