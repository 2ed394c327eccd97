"""Orders and coupons."""

from decimal import Decimal

from catalog.models import Book
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q


class CouponQuerySet(models.QuerySet):
    """Coupons, with the question that matters."""

    def valid_on(self, day):
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gte=day), active=True, valid_from__lte=day
        )


class Coupon(models.Model):
    """A code that makes an order cheaper."""

    code = models.CharField(max_length=20, unique=True)
    percent = models.PositiveSmallIntegerField(validators=[MinValueValidator(1), MaxValueValidator(90)])
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    active = models.BooleanField(default=True)

    objects = CouponQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        constraints = [models.CheckConstraint(condition=Q(percent__lte=90), name="percent_at_most_90")]

    def __str__(self):
        return self.code


class Order(models.Model):
    """What a customer wants to buy."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        PAID = "paid", "Paid"
        CANCELLED = "cancelled", "Cancelled"

    customer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    note = models.CharField(max_length=200, blank=True)
    gift = models.BooleanField(default=False)
    coupon = models.ForeignKey(
        Coupon, null=True, blank=True, on_delete=models.SET_NULL, related_name="orders"
    )
    books = models.ManyToManyField(Book, through="OrderItem", related_name="orders")
    created_at = models.DateTimeField(auto_now_add=True)
    delivery_time = models.TimeField(null=True, blank=True)
    reserved_for = models.DurationField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    @property
    def total(self):
        """Sum of the items, less the coupon's percentage."""
        amount = sum((item.unit_price * item.quantity for item in self.items.all()), Decimal(0))
        if self.coupon is not None:
            amount = amount * (100 - self.coupon.percent) / 100
        return amount.quantize(Decimal("0.01"))


class OrderItem(models.Model):
    """Some copies of one book."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="items")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="items")
    quantity = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    unit_price = models.DecimalField(max_digits=8, decimal_places=2)

    class Meta:
        ordering = ["id"]
