from django.urls import include, path
from rest_framework.authtoken.views import obtain_auth_token
from rest_framework.routers import SimpleRouter

from accounts import views

router = SimpleRouter()
router.register("users", views.UserViewSet, basename="user")

urlpatterns = [
    path("auth/token/", obtain_auth_token, name="token"),
    path("auth/login/", views.session_login, name="login"),
    path("auth/logout/", views.session_logout, name="logout"),
    path("auth/password/", views.change_password, name="password"),
    path("me/", views.MeView.as_view(), name="me"),
    path("me/profile/", views.MyProfileView.as_view(), name="my-profile"),
    path("", include(router.urls)),
]
