"""Views that belong to no app."""

from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import AllowAny
from rest_framework.response import Response


@api_view(["GET"])
@permission_classes([AllowAny])
def health(request):
    """Tell the load balancer that we are up."""
    return Response({"status": "ok", "version": 1})
