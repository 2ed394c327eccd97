"""Packages whose views Segue translates where a project routes them as they are; those of others stay on Django."""

TAKEN_OVER = {
    "dj_rest_auth.jwt_auth": ("get_refresh_view.<locals>.RefreshViewWithCookieSupport",),
    "dj_rest_auth.views": (
        "LoginView",
        "LogoutView",
        "PasswordChangeView",
        "PasswordResetConfirmView",
        "PasswordResetView",
        "UserDetailsView",
    ),
    "djoser.views": ("TokenCreateView", "TokenDestroyView", "UserViewSet"),
    "knox.views": ("LoginView", "LogoutAllView", "LogoutView"),
    "rest_framework.authtoken.views": ("ObtainAuthToken",),
    "rest_framework_simplejwt.views": (
        "TokenBlacklistView",
        "TokenObtainPairView",
        "TokenObtainSlidingView",
        "TokenRefreshSlidingView",
        "TokenRefreshView",
        "TokenVerifyView",
    ),
}
# Distributions whose code is followed as deep as the project's own: such views are nothing but calls of it.
FOLLOWED = frozenset(("dj-rest-auth", "djoser"))
