from django.urls import path
from rest_framework.decorators import api_view
from rest_framework.response import Response


@api_view(["GET"])
def limit(request):
    return Response({"limit": "other"})


urlpatterns = [path("api/limit/", limit)]
