"""The packages met most, by distribution. docs/packages.md shows this table; a test keeps both the same."""

from __future__ import annotations

from dataclasses import dataclass

PREFIX = "package-"


@dataclass(frozen=True, slots=True)
class Package:
    """``modules`` are its importable names, ``does`` what Segue does with code that uses it, ``instead`` what
    to do about a refusal that names it."""

    distribution: str
    modules: tuple[str, ...]
    does: str
    instead: str

    @property
    def key(self) -> str:
        """The end of its refusals' code (``package-<key>``)."""
        return normal(self.distribution)


def normal(distribution: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return distribution.lower().replace("_", "-").replace(".", "-")


PACKAGES = (
    Package(
        "drf-spectacular", ("drf_spectacular",),
        "Its decorators are seen through; what they say about answers is not taken over (the service describes itself).",
        "Serve the schema with FastAPI's own /openapi.json.",
    ),
    Package(
        "drf-yasg", ("drf_yasg",),
        "swagger_auto_schema is seen through, on methods and by method_decorator; its schema views stay on Django.",
        "Serve the schema with FastAPI's own /openapi.json.",
    ),
    Package(
        "celery", ("celery",),
        "delay(), apply_async(), signatures, chain, group and chord of the project's tasks are sent by name, from `tasks.py`, and AsyncResult(id) reads results; workers run them as before.",
        "Send tasks with plain values written in place, and ask for results by AsyncResult(id).",
    ),
    Package(
        "requests", ("requests",),
        "Functions, sessions made in place, answers and exceptions are translated: the very call, in a thread (`run_in_threadpool`).",
        "Pass plain data, written in place; read answers whole (no stream=True), and send files by hand with httpx.AsyncClient.",
    ),
    Package(
        "httpx", ("httpx",),
        "Functions, clients made in place, answers and exceptions are translated: the very call, in a thread (`run_in_threadpool`).",
        "Pass plain data, written in place; use httpx.AsyncClient by hand for streams and files.",
    ),
    Package(
        "django-filter", ("django_filters",),
        "FilterSets, filterset_fields and DjangoFilterBackend are translated; filter classes without a rule are refused by name.",
        "Use one of django-filter's plain filters, or a filter method.",
    ),
    Package(
        "djangorestframework-simplejwt", ("rest_framework_simplejwt",),
        "JWTAuthentication is translated with its settings, and so are its views (5.3 to 5.5), routed as they are or as subclasses with a `get_token` and `validate` of their own, blacklist included.",
        "Keep a view that gives tokens in another way on Django: both sides accept the same tokens.",
    ),
    Package(
        "django-rest-knox", ("knox",),
        "TokenAuthentication of Knox 5 is translated with its settings, and so are LoginView, LogoutView and LogoutAllView, routed as they are or as subclasses.",
        "Keep a view that gives tokens in another way on Django: both sides accept the same tokens.",
    ),
    Package(
        "drf-standardized-errors", ("drf_standardized_errors",),
        "Its exception handler is translated from 0.15 on, with its own classes and any separator.",
        "Keep the package's handler and formatter classes, and upgrade releases before 0.15.",
    ),
    Package(
        "django-oauth-toolkit", ("oauth2_provider",),
        "OAuth2Authentication and the package's permissions (TokenHasScope …) are translated, releases 1.5 to 3, with the package's own token model and classes; "
        "tokens of programs (no user) and tokens for certain addresses are left to Django. Its endpoints stay on Django.",
        "Keep the package's validator, backend and models, write required_scopes as lists in place, and combine it with known authentication classes only.",
    ),
    Package(
        "djangorestframework-api-key", ("rest_framework_api_key",),
        "HasAPIKey is translated, and so are classes like it for a model of the project's own.",
        "Leave key_parser, get_key and has_permission as the package has them, and the model's columns without auto_now.",
    ),
    Package(
        "django-allauth", ("allauth",),
        "Its middleware is known (65 and later); its views stay on Django.",
        "Keep sign-up and social log-in on Django; sessions and tokens are shared.",
    ),
    Package(
        "django-otp", ("django_otp",),
        "OTPMiddleware is known (1.x; totp, hotp and static devices): a session forgets a device that verifies no more, on either side; with others, sessions that name a device are left to Django. "
        "Code that asks is_verified(), checks a code or logs in with a device is refused where it stands.",
        "Port the route by hand with segue_bridge.auth.mfa.otp (docs/bridge/mfa.md), which shares devices, codes and waits with Django.",
    ),
    Package(
        "dj-rest-auth", ("dj_rest_auth",),
        "LoginView (token, session, JWT and its cookies), LogoutView, UserDetailsView, PasswordChangeView and PasswordResetConfirmView are translated, routed as they are or as subclasses, with REST_AUTH; so is JWTCookieAuthentication without JWT_AUTH_COOKIE_USE_CSRF. PasswordResetView, the refresh view and registration stay on Django.",
        "Keep the other routes on Django; sessions and tokens are shared.",
    ),
    Package(
        "djoser", ("djoser",),
        "UserViewSet, TokenCreateView and TokenDestroyView are translated with DJOSER, routed as they are or as subclasses; actions that send mail, social log-in and webauthn are refused.",
        "Keep actions that send mail on Django; users and tokens are shared.",
    ),
    Package(
        "django-storages", ("storages",),
        "Files in such a storage are refused where they are written or their address is shown.",
        "Keep the route on Django, or port it by hand with an object-storage client (aioboto3).",
    ),
    Package(
        "boto3", ("boto3", "botocore"),
        "Calls are refused where they stand.",
        "Port the route by hand with aioboto3, or call boto3 in a thread (anyio.to_thread.run_sync).",
    ),
    Package(
        "django-taggit", ("taggit",),
        "TagListSerializerField shows names, TaggitSerializer writes them, `tags.all()`, `names()` and `slugs()` are lists, filters look up `tags__name` (release 6). "
        "Where tagging runs code of the project, requests that name tags are left to Django; other calls of the manager are refused.",
        "Write tags through TaggitSerializer, or by hand with segue_bridge.db.tags (docs/bridge/db.md); look tags up by their columns.",
    ),
    Package(
        "django-phonenumber-field", ("phonenumber_field",),
        "Columns and serializer fields are translated with the settings of the package (releases 7.2 to 9), on the library phonenumbers: shown, validated, saved, looked up; "
        "`str(phone)`, `as_e164` and the like, `country_code`, `is_valid()`. Numbers as keys, in `values()`, in `full_clean()` and by `iexact` are refused.",
        "Show numbers by a field of texts or by their text (`str(phone)`, `phone.as_e164`); write other routes by hand with segue_bridge.phones (docs/bridge/phones.md).",
    ),
    Package(
        "django-countries", ("django_countries",),
        "A `CountryField` of one country is translated with the countries of the settings (releases 7.6 to 9): chosen and shown by the field that a `ModelSerializer` makes, looked up, saved; `.code` and `str()`. Names, `CountryFieldMixin`, its serializer field, several countries and classes of countries are refused.",
        "Show codes by the ModelSerializer's own field, and names in the client.",
    ),
    Package(
        "django-money", ("djmoney", "moneyed"),
        "Amounts are read, shown and written by the package's serializer field (release 3.6): `.amount`, `.currency.code`, look-ups and order by amount. `Money(…)` in code, arithmetic, comparisons, texts and limits are refused.",
        "Show and write amounts by the package's field, or show item.price.amount, and keep routes that compute amounts on Django.",
    ),
    Package(
        "django-import-export", ("import_export",),
        "Resources are refused where they are used.",
        "Keep imports and exports on Django: they are jobs of the admin rather than of the API.",
    ),
    Package(
        "django-polymorphic", ("polymorphic",),
        "Reads are translated where Segue knows which class a row has; with rest_polymorphic's serializer (releases before 4 "
        "and from 4.11 on) objects are shown, validated and saved by the serializer of their class. `delete()` of one object "
        "and `objects.create()` are translated, other writes are refused.",
        "Create through `objects.create()` or a serializer, and delete objects one by one; else keep the route on Django.",
    ),
    Package(
        "drf-writable-nested", ("drf_writable_nested",),
        "Reads through such serializers are translated; create and update are refused.",
        "Write create() and update() of the serializer, which say what is saved; Segue translates those.",
    ),
    Package(
        "drf-nested-routers", ("rest_framework_nested",),
        "Nested routers are translated (the parents' keys are arguments of the path), and views with NestedViewSetMixin (0.94 and later), whose parents go into what was sent (`Resource(parents=…)`).",
        "Name the parents in parent_lookup_kwargs of the view or its serializer_class, as constants.",
    ),
    Package(
        "django-simple-history", ("simple_history",),
        "Reads are translated; writes of a model with history are refused, and so are reads of the history.",
        "Keep writes of these models on Django: each one writes a row of history with the user of the request.",
    ),
    Package(
        "django-model-utils", ("model_utils",),
        "TimeStampedModel with its fields is translated (release 5), and so are UUIDModel, TimeFramedModel and choices; MonitorField, "
        "StatusModel, FieldTracker, SoftDeletableModel and `save(update_fields=…)` of a TimeStampedModel are refused.",
        "Save whole objects, or set the moment in the model's own save().",
    ),
    Package(
        "django-extensions", ("django_extensions",),
        "TimeStampedModel with its fields is translated where nothing names `update_modified`; fields that make their value as they are "
        "saved (AutoSlugField, RandomCharField …) are refused where rows are written.",
        "Give new objects the value yourself before they are saved, and make the column a plain one.",
    ),
    Package(
        "django-guardian", ("guardian",),
        "user.has_perm(name, object) and DjangoObjectPermissions are translated (release 3, guardian's own two tables); its shortcuts and mixins are refused where they are asked.",
        "Ask by has_perm about one object, or use segue_bridge.auth.guardian by hand (keys, names, assign, remove).",
    ),
    Package(
        "djangorestframework-guardian", ("rest_framework_guardian",),
        "ObjectPermissionsFilter and its serializer mixin are refused.",
        "Port the filter by hand as a query of guardian_userobjectpermission and guardian_groupobjectpermission.",
    ),
    Package(
        "rules", ("rules",),
        "has_perm() about an object is a function of the rule's predicates; predicates with bind=True, and such that may return None inside of others, are refused.",
        "Let predicates be plain functions that return True or False, and name permissions in place.",
    ),
    Package(
        "django-scopes", ("django_scopes",),
        "Scoped managers show the rows of the scope that a middleware, a dispatch or a with block opens; where none is seen they are refused.",
        "Open the scope in a middleware (`with scope(tenant=request.tenant)`), or use scopes_disabled() in place.",
    ),
    Package(
        "django-waffle", ("waffle",),
        "Flags, switches and samples are refused where they are asked; its middleware is known.",
        "Port the route by hand: the values are in waffle_flag, waffle_switch and waffle_sample, behind Django's cache.",
    ),
    Package(
        "django-axes", ("axes",),
        "Routes that take a name and a password (Basic authentication, log-in) are refused; others are not touched.",
        "Keep routes that take passwords on Django, or use sessions or tokens on the others instead of Basic authentication.",
    ),
    Package(
        "structlog", ("structlog",),
        "Loggers are called as they stand (events, bind, new, unbind, contextvars); the service configures structlog itself.",
        "Make the module's logger by get_logger() alone, and bind in functions; use contextvars in the place of threadlocal.",
    ),
    Package(
        "django-cors-headers", ("corsheaders",),
        "The middleware is mapped to the service's own, at its place in the stack.",
        "Use settings that docs/middleware.md lists.",
    ),
    Package(
        "whitenoise", ("whitenoise",),
        "It serves files, which are no routes of the service.",
        "Nothing: files stay with Django or the web server.",
    ),
)  # fmt: skip

BY_MODULE = {module: package for package in PACKAGES for module in package.modules}
_BY_KEY = {package.key: package for package in PACKAGES}
_OTHERWISE = (
    "Do the call in code of your own that Segue can read, or port the route by hand with `segue brief`."
)


def advice_for(key: str) -> str:
    """What to do about a refusal that names the package."""
    known = _BY_KEY.get(key)
    return known.instead if known is not None else _OTHERWISE
