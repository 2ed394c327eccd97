"""Orders as the API shows them."""

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers

from orders.models import Coupon, Order, OrderItem


class CouponSerializer(serializers.ModelSerializer):
    """A coupon."""

    class Meta:
        model = Coupon
        fields = ["id", "code", "percent", "valid_from", "valid_until", "active"]

    def validate_code(self, value):
        return value.upper()

    def validate(self, attrs):
        begin = attrs.get("valid_from")
        end = attrs.get("valid_until")
        if begin and end and end < begin:
            raise serializers.ValidationError("The coupon ends before it begins.")
        return attrs


class OrderItemSerializer(serializers.ModelSerializer):
    """A line of an order."""

    title = serializers.CharField(source="book.title", read_only=True)

    class Meta:
        model = OrderItem
        fields = ["book", "title", "quantity", "unit_price"]
        read_only_fields = ["unit_price"]


class OrderSerializer(serializers.ModelSerializer):
    """An order with its lines and its total."""

    items = OrderItemSerializer(many=True)
    total = serializers.DecimalField(max_digits=10, decimal_places=2, read_only=True)
    coupon = serializers.SlugRelatedField(
        slug_field="code", queryset=Coupon.objects.all(), required=False, allow_null=True
    )

    class Meta:
        model = Order
        fields = ["id", "status", "note", "gift", "coupon", "items", "total", "created_at"]
        read_only_fields = ["status", "created_at"]

    def validate_coupon(self, value):
        if (
            value is not None
            and not Coupon.objects.valid_on(timezone.localdate()).filter(pk=value.pk).exists()
        ):
            raise serializers.ValidationError("This coupon is not valid today.")
        return value

    def validate_items(self, value):
        if not value:
            raise serializers.ValidationError("An order needs at least one book.")
        return value

    @transaction.atomic
    def create(self, validated_data):
        items = validated_data.pop("items")
        order = Order.objects.create(**validated_data)
        for item in items:
            OrderItem.objects.create(order=order, unit_price=item["book"].price, **item)
        return order

    def update(self, instance, validated_data):
        # Lines never change once the order stands.
        validated_data.pop("items", None)
        return super().update(instance, validated_data)


class OrderNoteSerializer(serializers.ModelSerializer):
    """What may still be changed in an order."""

    class Meta:
        model = Order
        fields = ["id", "note", "gift", "delivery_time", "reserved_for"]
