"""Advice for what stands in queries, models and plain Python: sentence → codes."""

from __future__ import annotations

GROUPS: dict[str, str] = {
    # Queries
    "State the order of the rows with order_by(), down to a unique column.": "unordered-groups first last latest",
    "Split the query: narrow and annotate first, then order, then slice.": (
        "annotate-after-slice distinct-after-slice filter-after-slice order-after-slice slice filter-after-union "
        "filter-after-aggregate filter-after-distinct"
    ),
    "Read what is shown on each way before the write, into a local, or on none: Django keeps what was read first.": "read-order",
    "Change the object itself, through the one name that the code has for it, not what each row leads to.": "shared-object",
    "Write the aggregate over one relation, or count in a Subquery of its own.": (
        "aggregate aggregate-avg aggregate-filter aggregate-join aggregate-sum two-aggregates group-by having annotate window"
    ),
    "Write the condition with other look-ups or a Q whose parts are plain columns.": (
        "exclude-annotation exclude-isnull exclude-nullable exclude-subquery q-operator q-xor int-comparison "
        "json-lookup lookup lookup-value null-lookup isnull range text-lookup transform outer-ref subquery-lookup contains json-contains"
    ),
    "Call distinct() alone, or make the rows unique by Exists() instead of a join.": (
        "distinct distinct-on distinct-values"
    ),
    "Check passwords by Django's own SetPasswordForm with the fields that it has, or in the serializer.": "form",
    "Look objects up by columns of their tags in filter(), and set tags through TaggitSerializer or on Django.": "tags",
    "Build the queryset from the model's manager in one place, with names that stand in the code.": (
        "queryset queryset-class queryset-operator queryset-source filter-queryset manager related-manager "
        "base-manager reverse select-related prefetch values iterator values-get get-object-or-404 using select-for-update in-bulk dates"
    ),
    "Return a copy of what the class holds: self.queryset.all().": "class-queryset",
    "Write rows with create(), save(), update() and delete() of plain querysets, and with fields that are named.": (
        "update update-fields bulk-write delete related-create related-write refresh-from-db overridden-write copy"
    ),
    "Keep what both services share in a cache on Redis or in files, with plain values and keys, or leave the routes on Django until it is.": (
        "cache cache-backend cache-local"
    ),
    "Send the task by delay() or apply_async() with plain values written in place, from an app that Segue can describe.": "task",
    "Ask for the result by its id, before anything is written, from a backend that other processes can read.": "task-result",
    "Give hooks and receivers plain functions with the instance as their argument.": "on-commit signal signals",
    "Give the constructor all that the object keeps (no querysets), and change nothing of it afterwards but numbers, texts and lists.": (
        "object-field object-state"
    ),
    # Models
    "Move what save() does before its super().save(...) into columns or the serializer, so that nothing else depends on its arguments.": (
        "model-save model-load"
    ),
    "Check the rule in the serializer (validate() or a validator) instead of full_clean() and clean(), or wait with the route.": (
        "model-clean full-clean"
    ),
    "Keep routes of this model on Django, or give it a primary key of one column and a unique constraint.": (
        "model-composite-key"
    ),
    "Keep routes of this model on Django: SQLAlchemy cannot map it as Django does.": (
        "model-statements model-many-parents model-swapped model-unknown-column multi-table polymorphic proxy "
        "generic-relation content-type introspection"
    ),
    "Use a column class of Django's own, with a default that is plain Python.": (
        "field-custom field-default field-without-column model-field model-init on-delete reserved-name choices relation"
    ),
    # Python
    "Keep the state in the database or the cache: a variable of one process is not shared with the other service.": (
        "process-state"
    ),
    "Put the value into the settings or a constant of the module, where the probe sees it.": (
        "setting secret-setting value"
    ),
    "Catch the exceptions that are meant, by name.": "bare-except broad-except except raise",
    "Check for None before the value is used.": "nullable unbound",
    "Build the text from columns and constants, not from an object or an exception.": "text-of",
    "Write the format as a constant that fits the value, and check for None before.": "date-format",
    "Name the model in the code: import it, or give apps.get_model() constant texts.": "get-model",
    "Name the keys in the code: setattr() and ** take names here that only a request knows.": (
        "dynamic-attributes dynamic-keywords getattr"
    ),
    "Rewrite the line with plain statements, or move the code into a function of its own and port that by hand.": (
        "argument json-encoder assign assign-attribute assign-item async-any async-next async-source call call-arguments callback "
        "comparison comprehension condition conditional del dict-key dict-value "
        "expression generator hasattr identity is-naive isinstance issubclass iteration join lambda lambda-query "
        "list-item localtime loop map membership mixed-list names nested-evaluation nested-function no-rule operand os-path "
        "recursion regex return sorted star-argument statement subscript type-of unpack walrus with atomic "
        "naive-clock logging view-attribute"
    ),
    "Ask what only Django can answer before anything is written.": "left-late",
    "Call code that Segue can read, or port the route by hand: `segue brief` collects what it needs.": (
        "no-source unknown-argument unknown-call unknown-global unknown-value"
    ),
    "Write the mail with plain texts and send it in place (docs/bridge/mail.md), or keep the route on Django.": "mail",
    "Call requests or httpx in place with the arguments that docs/packages.md names, or port the route by hand with httpx.AsyncClient.": "http-client",
    "Write the rows in place with csv.writer(response) or csv.DictWriter, from values that are texts, numbers or None.": "csv",
    "Log one object: LogEntry.objects.log_actions(user_id, [obj], flag, message), with a message that is a text or a list.": "admin-log",
    "Write the factory by hand on segue_bridge.testing.factories.ModelFactory, or make rows with segue_bridge.testing.making.make.": "factory",
    "Combine querysets that only filter, order and slice, or ask for both and combine them in Python.": "combined-queryset",
    "Ask with the forms that docs/query-language.md names for PostgreSQL, or port the query by hand.": (
        "array-lookup postgres-aggregate postgres-search range-lookup"
    ),
    "Write permission names as constants, or let them depend on the action alone.": "permission-name",
    "Open scopes by scope(name=object) in middleware or by scopes_disabled() around whole blocks.": "scope",
    "Use the package's classes with their defaults, or say what is different in a class of the project's own.": "api-key guardian knox oauth2 otp",
    "Name the attributes in the code instead of asking dir() for them.": "dir",
    "Use the tags and filters that docs/bridge/templates.md names, with plain values in the context, or keep the route on Django.": (
        "template endraw"
    ),
    "Make the archive in an io.BytesIO, from texts and bytes with a name.": "archive",
    "Show and read texts in several languages by the fields of django-i18nfield alone, in a project whose languages are settings.": (
        "localized-text"
    ),
    "Show phone numbers by a CharField or the package's own field, or by their text: str(phone), phone.as_e164.": "phone-number",
    "Show and write amounts of money by the package's own field without limits, or show item.price.amount and item.price.currency.code; look them up by plain numbers, and keep routes that compute them on Django.": "money",
    "Show countries by the field that a ModelSerializer makes, or by address.country.code, and names in the client.": "country",
}
