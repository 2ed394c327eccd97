"""All URLs of the bookshop."""

from django.contrib import admin
from django.urls import include, path

from bookshop.views import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/health/", health, name="health"),
    path("api/", include("accounts.urls")),
    path("api/", include("catalog.urls")),
    path("api/", include("orders.urls")),
]
