"""Logging in, and who is who."""

from accounts.models import Profile
from rest_framework.test import APIClient

from tests.base import ShopTestCase


class AuthTests(ShopTestCase):
    def test_health_is_open(self):
        response = self.client.get("/api/health/")
        self.assertEqual(response.data, {"status": "ok", "version": 1})

    def test_token_for_right_password(self):
        response = self.client.post("/api/auth/token/", {"username": "rita", "password": "secret"})
        self.assertEqual(response.status_code, 200)
        self.assertEqual(len(response.data["token"]), 40)

    def test_no_token_for_wrong_password(self):
        response = self.client.post("/api/auth/token/", {"username": "rita", "password": "no"})
        self.assertEqual(response.status_code, 400)
        self.assertIn("non_field_errors", response.data)

    def test_bad_token_is_401(self):
        self.client.credentials(HTTP_AUTHORIZATION="Token nonsense")
        response = self.client.get("/api/tags/")
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.data, {"detail": "Invalid token."})
        self.assertEqual(response["WWW-Authenticate"], "Token")

    def test_session_login_and_logout(self):
        response = self.client.post("/api/auth/login/", {"username": "rita", "password": "secret"})
        self.assertEqual(response.data["username"], "rita")
        self.assertEqual(self.client.get("/api/me/").status_code, 200)
        self.assertEqual(self.client.post("/api/auth/logout/").status_code, 204)
        self.assertEqual(self.client.get("/api/me/").status_code, 401)

    def test_session_login_refused(self):
        response = self.client.post("/api/auth/login/", {"username": "rita", "password": "no"})
        self.assertEqual(response.status_code, 400)

    def test_new_password_ends_the_other_sessions_only(self):
        other = APIClient()
        for client in (self.client, other):
            client.post("/api/auth/login/", {"username": "rita", "password": "secret"})
        given = {"old_password": "no", "new_password": "better"}
        self.assertEqual(self.client.post("/api/auth/password/", given).status_code, 400)
        given["old_password"] = "secret"
        self.assertEqual(self.client.post("/api/auth/password/", given).status_code, 204)
        self.assertEqual(self.client.get("/api/me/").status_code, 200)
        self.assertEqual(other.get("/api/me/").status_code, 401)

    def test_session_needs_csrf_token_to_write(self):
        client = APIClient(enforce_csrf_checks=True)
        client.force_login(self.reader)
        response = client.patch("/api/me/", {"first_name": "R"})
        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.data["detail"], "CSRF Failed: CSRF cookie not set.")

    def test_inactive_user_is_nobody(self):
        self.other.is_active = False
        self.other.save()
        self.login(self.other)
        response = self.client.get("/api/me/")
        self.assertEqual(response.data, {"detail": "User inactive or deleted."})


class MeTests(ShopTestCase):
    def test_anonymous_has_no_me(self):
        response = self.client.get("/api/me/")
        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.data["detail"], "Authentication credentials were not provided.")

    def test_me(self):
        self.login(self.other)
        response = self.client.get("/api/me/")
        self.assertEqual(response.data["display_name"], "Otto K.")
        self.assertEqual(response.data["role"], "reader")

    def test_role_cannot_be_changed(self):
        self.login(self.reader)
        response = self.client.patch("/api/me/", {"role": "manager", "first_name": "Rita"})
        self.assertEqual(response.status_code, 200)
        self.reader.refresh_from_db()
        self.assertEqual((self.reader.role, self.reader.first_name), ("reader", "Rita"))

    def test_reserved_name(self):
        self.login(self.reader)
        response = self.client.patch("/api/me/", {"display_name": "The Admin"})
        self.assertEqual(response.data, {"display_name": ["This name is reserved."]})

    def test_email_is_unique(self):
        self.login(self.reader)
        response = self.client.patch("/api/me/", {"email": "otto@example.com"})
        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.data, {"email": ["user with this email already exists."]})

    def test_put_needs_email(self):
        self.login(self.reader)
        response = self.client.put("/api/me/", {"first_name": "Rita"})
        self.assertEqual(response.data, {"email": ["This field is required."]})

    def test_profile_comes_with_the_user(self):
        self.assertEqual(Profile.objects.filter(user=self.reader).count(), 1)
        self.login(self.reader)
        response = self.client.get("/api/me/profile/")
        self.assertEqual(response.data, {"bio": "", "birthday": None, "newsletter": False, "preferences": {}})

    def test_profile_changes(self):
        self.login(self.reader)
        body = {"birthday": "1990-02-03", "preferences": {"theme": "dark"}, "newsletter": True}
        response = self.client.patch("/api/me/profile/", body)
        self.assertEqual(response.status_code, 200)
        self.reader.profile.refresh_from_db()
        self.assertEqual(self.reader.profile.preferences, {"theme": "dark"})

    def test_bad_birthday(self):
        self.login(self.reader)
        response = self.client.patch("/api/me/profile/", {"birthday": "3.2.1990"})
        self.assertIn("Date has wrong format", response.data["birthday"][0])


class UserListTests(ShopTestCase):
    def test_staff_only(self):
        self.assertEqual(self.client.get("/api/users/").status_code, 401)
        self.login(self.reader)
        self.assertEqual(self.client.get("/api/users/").status_code, 403)

    def test_list(self):
        self.login(self.staff)
        response = self.client.get("/api/users/", {"limit": 2})
        self.assertEqual(response.data["count"], 5)
        self.assertEqual([u["username"] for u in response.data["results"]], ["rita", "otto"])
        self.assertIn("offset=2", response.data["next"])

    def test_search_and_order(self):
        self.login(self.staff)
        response = self.client.get("/api/users/", {"search": "t", "ordering": "-username"})
        names = [u["username"] for u in response.data["results"]]
        self.assertEqual(names, sorted(names, reverse=True))

    def test_retrieve_counts_orders(self):
        self.login(self.staff)
        response = self.client.get(f"/api/users/{self.reader.pk}/")
        self.assertEqual(response.data["orders"], 0)

    def test_no_user_is_made_here(self):
        self.login(self.staff)
        self.assertEqual(self.client.post("/api/users/", {}).status_code, 405)
