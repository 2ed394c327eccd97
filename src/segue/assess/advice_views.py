"""Advice for what stands in views, serializers, authentication and the deployment: sentence → codes."""

from __future__ import annotations

GROUPS: dict[str, str] = {
    # Views
    "Look at request.user (is_authenticated, say) before it is handed on, or put login_required around the view.": "late-user",
    "Look up (get_object_or_404) and check permissions before anything is written, or use ATOMIC_REQUESTS.": "own-error-page",
    "Let the token of CSRF be in a cookie, or keep the plain view on Django.": "csrf",
    "Use a parser that docs/hooks.md names, or content negotiation of DRF's own, or leave the route on Django.": (
        "content-negotiation parser policy-class"
    ),
    "Move the route before the pattern that hides it, or delete it: nobody gets its answers today.": "unreachable",
    "Do what the project changes of Django or DRF in a class of its own (a mixin, a handler) instead of in place.": "patched",
    "Name the parents in parent_lookup_kwargs of the view or its serializer_class, as constants.": "nested",
    "Port the authentication class by hand (`segue brief`), or let the route use one that docs/generated-code.md lists.": (
        "authentication authenticate authentication-backend jwt request-auth session-engine session-serializer"
    ),
    "Keep the route on Django until the user model is plain: Segue takes Django's own hooks of users, managers and permissions.": (
        "user-field user-manager user-model user-permissions create-user has-perm reset-token"
    ),
    "Use a hasher and validators that the service knows (PBKDF2, Argon2, bcrypt, scrypt; Django's four validators).": (
        "password password-hasher password-rule"
    ),
    "Write the permission as has_permission or has_object_permission that reads the request, the user and columns, and returns a truth value.": (
        "check-permissions permission permission-denied permission-init object-permission"
    ),
    "Take the decorator off, or do what it does inside the method: Segue sees through those of DRF, drf-spectacular, drf-yasg and transaction.atomic.": (
        "decorator view-decorator"
    ),
    "Keep the route on Django, or cache what the view computes with django.core.cache, whose values both sides read; a page that depends on who asks must vary on the header that says so.": (
        "page-cache"
    ),
    "Name the arguments in the path of the URL, with Django's converters.": (
        "default-kwargs url-argument url-regex url super"
    ),
    "Return a response whose status, headers and body are built in the view from values that Segue knows.": (
        "response redirect file-response request success-headers header"
    ),
    "Use JSONRenderer, or let the renderer read only what it is given (data, status, the view's attributes).": (
        "renderer raw-moment"
    ),
    "Let the handler call DRF's exception_handler once, change status and data of its answer, and ask only for exceptions that docs/hooks.md names.": (
        "exception-handler exception-class exception-detail django-validation-error"
    ),
    "Translate, replace or accept the middleware: docs/middleware.md says how, and what `accepted_middleware` promises.": (
        "middleware lookup-replaced language gettext"
    ),
    "Let authenticate() find the user just before, with one of AUTHENTICATION_BACKENDS or its name as backend=, outside of loops.": (
        "login"
    ),
    "Write the limit with the hooks that docs/hooks.md names, and a cache that both sides share.": "throttle",
    "Use one of DRF's paginators, or override only get_paginated_response and page sizes.": (
        "paginate pagination cursor-ordering"
    ),
    "Use a versioning class of DRF with a fixed list of versions.": "versioning",
    "Replace the view by one of the generic views or a function that calls the same code.": (
        "framework-view framework-method no-view"
    ),
    "Read the parameter by a name that stands in the code, from request.query_params, request.data or request.headers.": (
        "query-params request-data request-meta upload"
    ),
    "Move the project to PostgreSQL first, or keep its routes on Django: on MySQL and MariaDB only the tables are generated.": "database",
    "Make the release one that Segue knows, or wait for it: the answer may differ between releases.": "release",
    "Report it with the line that is shown: this is a mistake of Segue's, and the route stays on Django.": "segue-defect",
    # Filters, orders, searches
    "Name the fields of searches and orders in the view, as columns or plain paths without a computed part.": (
        "search ordering"
    ),
    "Use filters of django-filter with plain columns, or a filter method that only narrows the queryset it is given.": (
        "filter filter-backend filter-parameter filterset filterset-override"
    ),
    # Serializers
    "Give the serializer explicit fields whose sources are columns, relations or methods with plain answers.": (
        "child field-class field-method field-option field-output field-timezone field-value field-input "
        "method-value nested-value nested-list present-values source source-missing slug-path slug-value "
        "to-representation list-serializer flex-fields decimal-localize json-binary json-coder metadata pk-field"
    ),
    "Write create() and update() of the serializer, which say what is saved; Segue translates those.": (
        "nested-write source-write field-type override-save manager-create"
    ),
    "State the default, hidden value or validator in the serializer, without a look at the database or the request.": (
        "default hidden-source hidden-validator nested-validator relation-validator validator validator-call "
        "validator-order validators serializer-validator"
    ),
    "Let the uniqueness rule ask the default queryset by plain columns that the serializer has.": (
        "unique-field unique-for-date unique-lookup unique-queryset unique-together unique-type constraint-condition"
    ),
    "Let the field look up objects by a column of the model, in a queryset that depends on the user or the URL alone.": (
        "relation-key relation-queryset"
    ),
    "Link with reverse() and names of URLs whose arguments are numbers or UUIDs.": "hyperlink",
    "Decide which serializer, fields and context are used by the action, not by data of the request.": (
        "serializer-class serializer-context serializer-fields serializer-init context"
    ),
    "Write a serializer class for the nested field, in place of one that is made with arguments of its own.": (
        "serializer-arguments"
    ),
    "Use the serializer as DRF documents: is_valid(raise_exception=True), save() with keywords, then data.": (
        "is-valid serializer-data serializer-errors serializer-fail serializer-instance serializer-many "
        "serializer-method serializer-order serializer-partial serializer-save serializer-self serializer-state "
        "serializer-update validate-result validated-data early-return"
    ),
    "Make the serializer importable and buildable without a request: the probe could not.": (
        "serializer-error serializer-unknown"
    ),
    "Use FileSystemStorage with a plain upload_to, or keep the route on Django.": (
        "file-storage stored-file upload-to"
    ),
    "Keep uploads of this column on Django, or store the file without own code (save(), receivers) that runs before it.": (
        "file-write"
    ),
}
