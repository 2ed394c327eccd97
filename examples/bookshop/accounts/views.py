"""Who am I, and who are the others."""

from bookshop.pagination import WindowPagination
from django.contrib.auth import authenticate, login, logout, update_session_auth_hash
from rest_framework import filters, generics, permissions, status, viewsets
from rest_framework.decorators import api_view, permission_classes
from rest_framework.response import Response

from accounts.models import User
from accounts.serializers import MeSerializer, ProfileSerializer, UserSerializer


@api_view(["POST"])
@permission_classes([permissions.AllowAny])
def session_login(request):
    """Open a session for the web shop."""
    user = authenticate(request, username=request.data.get("username"), password=request.data.get("password"))
    if user is None:
        return Response({"detail": "Wrong user name or password."}, status=status.HTTP_400_BAD_REQUEST)
    login(request, user)
    return Response(MeSerializer(user).data)


@api_view(["POST"])
def session_logout(request):
    """Close the session."""
    logout(request)
    return Response(status=status.HTTP_204_NO_CONTENT)


@api_view(["POST"])
@permission_classes([permissions.IsAuthenticated])
def change_password(request):
    """Take a new password: this browser stays logged in, all others are logged out."""
    user = request.user
    if not user.check_password(request.data.get("old_password")):
        return Response({"old_password": ["Wrong password."]}, status=status.HTTP_400_BAD_REQUEST)
    if not request.data.get("new_password"):
        return Response({"new_password": ["This field is required."]}, status=status.HTTP_400_BAD_REQUEST)
    user.set_password(request.data["new_password"])
    user.save(update_fields=["password"])
    update_session_auth_hash(request, user)
    return Response(status=status.HTTP_204_NO_CONTENT)


class MeView(generics.RetrieveUpdateAPIView):
    """The user who asks."""

    serializer_class = MeSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_object(self):
        return self.request.user


class MyProfileView(generics.RetrieveUpdateAPIView):
    """The profile of the user who asks."""

    serializer_class = ProfileSerializer
    permission_classes = [permissions.IsAuthenticated]

    def get_object(self):
        return self.request.user.profile


class UserViewSet(viewsets.ReadOnlyModelViewSet):
    """All users, for staff."""

    queryset = User.objects.order_by("id")
    serializer_class = UserSerializer
    permission_classes = [permissions.IsAdminUser]
    pagination_class = WindowPagination
    filter_backends = [filters.SearchFilter, filters.OrderingFilter]
    search_fields = ["username", "email", "=display_name"]
    ordering_fields = ["id", "username", "date_joined"]
