from django.urls import include, path
from rest_framework.routers import SimpleRouter

from orders import views

router = SimpleRouter()
router.register("coupons", views.CouponViewSet)
router.register("orders", views.OrderViewSet, basename="order")

urlpatterns = [
    path("coupons/check/<str:code>/", views.check_coupon, name="check-coupon"),
    path("", include(router.urls)),
]
