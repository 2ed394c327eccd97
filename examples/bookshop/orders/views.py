"""Buying."""

from datetime import timedelta

from bookshop.permissions import ReadOnly
from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.utils import timezone
from rest_framework import mixins, permissions, serializers, status, viewsets
from rest_framework.decorators import action, api_view, permission_classes
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle

from orders.models import Coupon, Order
from orders.serializers import CouponSerializer, OrderNoteSerializer, OrderSerializer


class CouponViewSet(viewsets.ModelViewSet):
    """Coupons: staff writes, whoever is logged in reads."""

    queryset = Coupon.objects.all()
    serializer_class = CouponSerializer
    permission_classes = [permissions.IsAuthenticated & (permissions.IsAdminUser | ReadOnly)]
    filterset_fields = {"percent": ["exact", "gte", "lte"], "active": ["exact"]}


class OrderViewSet(
    mixins.CreateModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    mixins.ListModelMixin,
    viewsets.GenericViewSet,
):
    """The orders of the user who asks; staff sees all."""

    permission_classes = [permissions.IsAuthenticated]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "orders"
    filterset_fields = ["status", "gift"]

    def get_queryset(self):
        queryset = Order.objects.select_related("coupon").prefetch_related("items__book")
        if self.request.user.is_staff:
            return queryset
        return queryset.filter(customer=self.request.user)

    def get_serializer_class(self):
        if self.action in ("update", "partial_update"):
            return OrderNoteSerializer
        return OrderSerializer

    def perform_create(self, serializer):
        order = serializer.save(customer=self.request.user)
        transaction.on_commit(lambda: self.confirm(order))

    def confirm(self, order):
        """Tell the customer by mail."""
        send_mail(
            f"Your order {order.pk}",
            f"Thank you. Total: {order.total}",
            "shop@example.com",
            [order.customer.email],
        )

    def perform_destroy(self, instance):
        if instance.status == Order.Status.PAID:
            raise serializers.ValidationError("A paid order cannot be deleted.")
        instance.delete()

    @action(detail=True, methods=["post"])
    def pay(self, request, pk=None):
        """Pay an open order."""
        order = self.get_object()
        if order.status != Order.Status.OPEN:
            raise serializers.ValidationError({"status": f"This order is {order.status}."})
        order.status = Order.Status.PAID
        order.save(update_fields=["status"])
        return Response({"id": order.pk, "status": order.status})

    @action(detail=True, methods=["post"])
    def cancel(self, request, pk=None):
        """Cancel an open order while it is fresh."""
        order = self.get_object()
        deadline = order.created_at + timedelta(hours=settings.ORDER_CANCEL_HOURS)
        if order.status != Order.Status.OPEN or timezone.now() > deadline:
            return Response({"detail": "It is too late to cancel."}, status=status.HTTP_400_BAD_REQUEST)
        order.status = Order.Status.CANCELLED
        order.save(update_fields=["status"])
        return Response(status=status.HTTP_204_NO_CONTENT)


@api_view(["GET"])
@permission_classes([permissions.IsAuthenticated])
def check_coupon(request, code):
    """Is this coupon good today?"""
    coupon = Coupon.objects.valid_on(timezone.localdate()).filter(code=code.upper()).first()
    if coupon is None:
        return Response({"valid": False})
    return Response({"valid": True, "percent": coupon.percent})
