"""What the probe said about a Django project, typed.

One :class:`Snapshot` is one JSON document written by ``segue.probe`` in the legacy
interpreter. Names are dotted Python paths (``articles.views.ArticleViewSet``), model
labels are Django's (``articles.Article``), files are relative to the project root where
they lie inside it and absolute otherwise. Every mapping that may be large is keyed by
such a name, so that translation looks things up by fact and never by guess.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SCHEMA_VERSION = 1

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True)
class Where:
    """A place in the legacy source. ``line`` counts from 1; 0 when unknown."""

    file: str
    line: int = 0

    def __str__(self) -> str:
        file = installed(self.file)
        return f"{file}:{self.line}" if self.line else file


def installed(file: str) -> str:
    """A file of an installed package as people name it: without the folder of this machine's environment."""
    return re.sub(r"^.*/(?:site|dist)-packages/", "", file)


def own_place(where: Where, view: View) -> Where:
    """``where``, or the view's place where that is in a framework: people look for their own code."""
    return view.where if where.file.startswith("/") else where


@dataclass(frozen=True, slots=True)
class Value:
    """A Python value as far as JSON can carry it.

    ``kind``: ``const`` (``data`` is the value), ``list``/``tuple``/``set`` (``items``),
    ``dict`` (``pairs``), ``ref`` (``name`` is the dotted path of a class, function, model or
    module), ``call`` (an instance: ``name`` is its class, ``items``/``pairs`` what it was
    made from where that is known, e.g. a validator or a permission operand),
    ``decimal``/``date``/``datetime``/``time``/``timedelta``/``uuid``/``regex``/``lazy``
    (``data`` is text), ``bytes`` (hexadecimal), ``empty`` (DRF's ``empty``), ``opaque`` (``data`` names the type only).

    A ``lazy`` text has the function that makes it as ``name`` (``django.utils.translation.gettext``), its arguments as
    ``items`` and ``pairs``; ``data`` is the text in the language of ``LANGUAGE_CODE``.
    ``timedelta`` is whole microseconds as text; a ``regex`` has its flags in ``pairs``; members of
    str and int enums are plain ``const``; infinite floats are ``call`` of ``builtins.float``. In a
    ``call``, ``pairs`` are keyword arguments, or the attributes that decide what the instance does
    (validators: ``message``, ``code``, ``limit_value``, ``regex``, ...; DRF's unique validators:
    ``model``, ``queryset_plain``, ``fields``, ``lookup``, ...). ``Q`` has its children in ``items``
    (``tuple`` of lookup and value, or ``Q``) and ``connector``, ``negated`` in ``pairs``.
    """

    kind: str
    data: Json = None
    name: str = ""
    items: tuple[Value, ...] = ()
    pairs: tuple[tuple[Value, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class GlobalRef:
    """What a free name of a function *is*.

    ``kind``: ``module``, ``class``, ``model``, ``function``, ``constant``, ``variable`` (functions
    of its module change it: ``value`` is what it holds at first), ``instance``,
    ``builtin``, ``missing``. ``name`` is the dotted path of the thing itself (after
    re-exports), ``value`` its value when constant; for an instance (``django.db.models.signals.post_save``,
    ``shop.models.Item.objects``, a logger) it is the path of the variable and ``value`` a ``call`` of its
    class. Constants that look like secrets or are large data are ``opaque``.
    """

    kind: str
    name: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method with its source.

    ``source`` is dedented and includes decorators and comments; its first line is
    ``where.line`` of the file. ``globals`` covers global and closure names used in it,
    nested attribute chains on modules resolved under their dotted text
    (``"timezone.now"`` → ``django.utils.timezone.now``). ``role``: ``function``,
    ``method``, ``classmethod``, ``staticmethod``, ``property``, ``cached_property``.
    ``wrapped_by`` lists decorators as dotted paths, outermost first.
    """

    name: str
    where: Where
    source: str
    role: str
    globals: Mapping[str, GlobalRef]
    is_async: bool = False
    wrapped_by: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A class attribute: its value, the class of the MRO that defines it, its source text.

    ``globals`` says what the names of the source are where the value is a queryset or a manager.
    """

    value: Value
    defined_in: str
    source: str = ""
    where: Where | None = None
    globals: Mapping[str, GlobalRef] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Class:
    """A class met anywhere: view, serializer, field, permission, filter set, paginator, ...

    ``mro`` holds dotted names, the class first, ``object`` left out. ``origin`` is ``own``
    (source in the project), ``django``, ``drf``, ``stdlib`` or a distribution name.
    ``methods`` maps a name to the dotted name of the function that attribute look-up
    finds along the MRO (``articles.views.OwnedMixin.get_queryset``), framework methods
    included; only own and third-party (non-Django, non-DRF) functions are in
    :attr:`Snapshot.functions`. ``attributes`` holds the non-callable ones likewise.
    """

    name: str
    where: Where
    mro: tuple[str, ...] = field()  # without field() dataclass takes type.mro for a default
    origin: str
    methods: Mapping[str, str]
    attributes: Mapping[str, Attribute]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class FieldRelation:
    """Relation of a model field. ``on_delete`` is Django's name or a dotted path."""

    kind: Literal["fk", "o2o", "m2m", "generic_fk", "generic_relation"]
    to: str
    to_field: str = ""
    related_name: str = ""
    related_query_name: str = ""
    accessor: str = ""
    on_delete: str = ""
    db_constraint: bool = True
    through: str = ""
    through_auto_created: bool = False
    through_source: str = ""
    through_target: str = ""
    symmetrical: bool = False
    parent_link: bool = False
    content_type_field: str = ""
    object_id_field: str = ""
    for_concrete_model: bool = True


@dataclass(frozen=True, slots=True)
class TagRelation:
    """A ``TaggableManager`` of django-taggit: the tag model, the model of the rows in between, and their columns: ``source`` holds
    the object's key, ``target`` the tag's; ``content_type`` is empty where the rows belong to one model. ``own``: the tag's class
    saves itself otherwise than taggit's."""

    to: str
    through: str
    source: str
    target: str
    content_type: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True)
class MoneyColumns:
    """A ``MoneyField`` of django-money: the field of its currency's code, and the codes that there are."""

    currency: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelField:
    """One concrete or many-to-many field of a model (``_meta.get_fields()`` minus reverse ones).

    ``cls`` is the field's class, ``base`` the nearest class of ``django.*`` in its MRO,
    ``db_types`` maps a vendor (``sqlite``, ``postgresql``, ``mysql``) to ``field.db_type()``
    there (``None`` for fields without a column), ``options`` everything from
    ``deconstruct()`` that differs from the default, ``default_storage`` whether its files are kept and addressed as those
    of Django's default storage are, ``attributes`` what an instance of a class from outside
    Django holds besides what Django keeps of fields, ``replaced_lookups`` the look-ups of Django that such a class has others for.
    """

    name: str
    attname: str
    cls: str
    base: str
    where: Where
    column: str = ""
    db_types: Mapping[str, str | None] = field(default_factory=dict)
    null: bool = False
    blank: bool = False
    unique: bool = False
    primary_key: bool = False
    db_index: bool = False
    editable: bool = True
    max_length: int | None = None
    max_digits: int | None = None
    decimal_places: int | None = None
    default: Value = Value("empty")
    db_default: Value = Value("empty")
    choices: tuple[tuple[Value, Value], ...] = ()
    validators: tuple[Value, ...] = ()
    verbose_name: str = ""
    lazy_name: Value | None = None
    help_text: str = ""
    auto_now: bool = False
    auto_now_add: bool = False
    upload_to: Value | None = None
    storage: str = ""
    default_storage: bool = False
    collation: str = ""
    comment: str = ""
    relation: FieldRelation | None = None
    tags: TagRelation | None = None
    money: MoneyColumns | None = None
    inherited_from: str = ""
    options: Mapping[str, Value] = field(default_factory=dict)
    attributes: Mapping[str, Value] = field(default_factory=dict)
    replaced_lookups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReverseRelation:
    """What other models see of this one: accessor → (model, field)."""

    accessor: str
    query_name: str
    model: str
    field: str
    kind: Literal["fk", "o2o", "m2m"]


@dataclass(frozen=True, slots=True)
class Index:
    """An index, as ``Index.deconstruct()`` tells; ``condition`` is SQL per vendor or empty."""

    name: str
    fields: tuple[str, ...]
    cls: str = "django.db.models.Index"
    include: tuple[str, ...] = ()
    opclasses: tuple[str, ...] = ()
    condition: Mapping[str, str] = field(default_factory=dict)
    expressions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Constraint:
    """``kind``: ``unique``, ``check``, ``exclude``. ``sql`` is the vendor's CHECK/condition text.

    ``condition`` is the Q tree as a :class:`Value` when it can be expressed (``call`` of
    ``django.db.models.Q``), for the serializers' validators.
    """

    kind: str
    name: str
    fields: tuple[str, ...] = ()
    sql: Mapping[str, str] = field(default_factory=dict)
    condition: Value | None = None
    deferrable: str = ""
    include: tuple[str, ...] = ()
    nulls_distinct: bool | None = None
    message: str = ""
    lazy_message: Value | None = None
    expressions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Model:
    """A Django model. ``create_sql`` maps a vendor to the DDL of Django's schema editor
    for this table (all its statements), the oracle for the schema room. ``raw_name``, ``permissions`` and
    ``default_permissions`` are as the class declares them, without a language: what ``migrate`` makes permissions of.
    ``text`` is the dotted ``__str__`` of its objects, '' where that is Django's for all models."""

    label: str
    cls: str
    app: str
    where: Where
    table: str
    fields: tuple[ModelField, ...]
    reverse: tuple[ReverseRelation, ...] = ()
    pk: str = "id"
    ordering: tuple[Value, ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    index_together: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[Index, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    managed: bool = True
    abstract: bool = False
    proxy: bool = False
    proxy_for: str = ""
    swapped: str = ""
    parents: Mapping[str, str] = field(default_factory=dict)
    own: bool = True
    auto_created: bool = False
    verbose_name: str = ""
    lazy_name: Value | None = None
    raw_name: str = ""
    verbose_name_plural: str = ""
    default_manager: str = ""
    base_manager: str = ""
    managers: Mapping[str, str] = field(default_factory=dict)
    querysets: Mapping[str, str] = field(default_factory=dict)
    permissions: tuple[tuple[str, str], ...] = ()
    default_permissions: tuple[str, ...] = ("add", "change", "delete", "view")
    get_latest_by: tuple[str, ...] = ()
    db_table_comment: str = ""
    select_on_save: bool = False
    text: str = ""
    create_sql: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Receiver:
    """A signal receiver: ``signal`` such as ``post_save``, ``sender`` a model label, another class, '' for all senders,
    '?' for one that is no class that the probe has met."""

    signal: str
    sender: str
    function: str
    where: Where
    own: bool = True


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A URL argument. ``converter``: ``int``, ``str``, ``slug``, ``uuid``, ``path``, a dotted
    custom converter, or ``regex``; ``regex`` is the pattern without its group."""

    name: str
    converter: str
    regex: str


@dataclass(frozen=True, slots=True)
class Layer:
    """What stands around a plain view of Django's: a decorator, or the ``dispatch`` of a class, with what it was given."""

    name: str
    arguments: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """What answers one HTTP method of a route: the view's method or the viewset's action. ``layers``: decorators around a method of a
    plain view, from the outside in."""

    method: str
    action: str
    function: str
    where: Where
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One URL pattern after all includes.

    ``id`` is stable: ``METHODS-free`` path template, e.g. ``/api/articles/{pk}/``; routes with
    equal templates get ``#2``. ``path`` has ``{name}`` per parameter and no regex; ``regex``
    is Django's full pattern from the start of the path (leading slash included, anchored).
    ``suffix_regex`` is the pattern of the format-suffix twin (``.json``) when there is one.
    ``view`` is the key into :attr:`Snapshot.views`. ``order`` is Django's matching order.
    ``kind``: ``drf`` (class with ``APIView``), ``django`` or ``admin``. A function of Django's answers every method:
    ``operations`` are those that its code or its decorator names, GET always.
    """

    id: str
    path: str
    regex: str
    order: int
    view: str
    kind: str
    parameters: tuple[PathParameter, ...]
    operations: tuple[Operation, ...]
    name: str = ""
    namespace: str = ""
    suffix_regex: str = ""
    default_kwargs: Mapping[str, Value] = field(default_factory=dict)
    own: bool = True
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class View:
    """A view as routed: a class with ``as_view(**initkwargs)``, or a function.

    ``flavour``: ``viewset``, ``generic``, ``apiview``, ``function`` (``@api_view``),
    ``django-class``, ``django-function``. For ``@api_view`` the class is DRF's
    ``WrappedAPIView`` and ``function`` is the user's. ``policies`` are the *effective*
    class lists (after settings): ``renderer_classes``, ``parser_classes``,
    ``authentication_classes``, ``throttle_classes``, ``permission_classes``,
    ``filter_backends``, ``pagination_class``, ``versioning_class``,
    ``content_negotiation_class``, ``metadata_class``. ``action_overrides`` maps an
    ``@action`` name to the kwargs given in its decorator. ``method_names`` is ``http_method_names`` of a class, in its order; empty
    where that is Django's own. ``layers`` are those of the project's plain views, from the outside in.
    """

    key: str
    cls: str
    flavour: str
    where: Where
    function: str = ""
    initkwargs: Mapping[str, Value] = field(default_factory=dict)
    policies: Mapping[str, Value] = field(default_factory=dict)
    action_overrides: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    queryset_model: str = ""
    queryset_sql_simple: bool = False
    queryset_source: str = ""
    queryset_globals: Mapping[str, GlobalRef] = field(default_factory=dict)
    serializer_class: str = ""
    lookup_field: str = "pk"
    lookup_url_kwarg: str = ""
    display_name: str = ""
    description: str = ""
    csrf_exempt: bool = True
    atomic_requests: bool = False
    decorators: tuple[str, ...] = ()
    method_names: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()


@dataclass(frozen=True, slots=True)
class SerializerField:
    """A field as a live serializer instance has it.

    ``cls`` is its class, ``base`` the nearest ``rest_framework.*`` class. ``kwargs`` are the
    effective attributes that matter for that base (``max_length``, ``choices``,
    ``format``, ``input_formats``, ``many`` options, ...), ``error_messages`` the effective
    texts by key. ``validators`` are ``call`` values with their arguments and messages.
    ``child`` is set for nested serializers and list fields; ``serializer`` names the key into
    :attr:`Snapshot.serializers` for nested ones. For relations ``queryset_model`` and
    ``queryset_source``; ``declared`` tells an explicit field from one built by ModelSerializer.
    """

    name: str
    cls: str
    base: str
    source: str
    where: Where
    declared: bool = False
    read_only: bool = False
    write_only: bool = False
    required: bool = False
    allow_null: bool = False
    default: Value = Value("empty")
    initial: Value = Value("empty")
    label: str = ""
    help_text: str = ""
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    error_messages: Mapping[str, str] = field(default_factory=dict)
    lazy_messages: Mapping[str, Value] = field(default_factory=dict)
    validators: tuple[Value, ...] = ()
    child: SerializerField | None = None
    many: bool = False
    serializer: str = ""
    model_field: str = ""
    queryset_model: str = ""
    queryset_source: str = ""
    metadata: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Serializer:
    """A serializer class with the fields of a fresh instance.

    ``error`` holds the exception text when the instance could not be built (its routes are
    refused with it). ``meta`` are the Meta options as values. ``validators`` are the
    serializer-level ones (unique together and user's).

    A serializer that is a field of another and has other fields than its class, or was made with
    ``arguments`` that are not DRF's, is described as one of its own: ``X#2``, whose class inherits
    from ``X`` and adds nothing; ``where`` is the place of the field.

    ``untouched`` is what DRF alone makes of the class, where ``__init__`` or ``get_fields`` of the project have given the fresh instance
    other fields.
    """

    name: str
    where: Where
    fields: tuple[SerializerField, ...]
    model: str = ""
    validators: tuple[Value, ...] = ()
    meta: Mapping[str, Value] = field(default_factory=dict)
    error: str = ""
    arguments: tuple[str, ...] = ()
    untouched: Serializer | None = None


@dataclass(frozen=True, slots=True)
class FilterField:
    """A filter of a django-filter FilterSet as instantiated."""

    name: str
    cls: str
    base: str
    field_name: str
    lookup_expr: str
    exclude: bool = False
    distinct: bool = False
    method: str = ""
    form_field: str = ""
    kwargs: Mapping[str, Value] = field(default_factory=dict)
    choices: tuple[tuple[Value, Value], ...] = ()
    queryset_model: str = ""
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class FilterSet:
    """A FilterSet class, or the one django-filter builds from ``filterset_fields`` of a view."""

    name: str
    where: Where
    model: str
    filters: tuple[FilterField, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Database:
    """One of ``DATABASES``, without credentials."""

    alias: str
    engine: str
    vendor: str
    name: str = ""
    atomic_requests: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Texts:
    """What a language says: ``entries`` by the text of the source, ``plurals`` its forms by the singular of the source.

    Keys with a context are ``context``, U+0004, ``text``, as in ``.mo`` files. ``rule`` is the ``Plural-Forms`` header. Texts that the
    language has from ``LANGUAGE_CODE`` are not here. ``odd``: singulars whose forms cannot be told by ``rule``.
    """

    rule: str = ""
    entries: Mapping[str, str] = field(default_factory=dict)
    plurals: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Languages:
    """How a request chooses its language (``get_language_from_request``), codes in lower case.

    ``default`` is chosen where a request names none that is known. ``listed``: ``LANGUAGES`` in order; ``available``:
    codes that stand for themselves; ``fallbacks``: other codes for a code (``LANG_INFO``). ``patterns``: some URL has a
    language prefix (``i18n_patterns``), ``prefixed``: the default language has one too. ``project`` is ``LANGUAGE_CODE``,
    which says what a language does not say. ``texts``: those of each language that a request may have (without
    ``LocaleMiddleware`` of the project's only). ``broken``: the error with which Django fails to read one. ``formats``: those of dates and times by language, where they are not those of
    ``Settings.formats``.
    """

    default: str
    listed: tuple[str, ...] = ()
    available: tuple[str, ...] = ()
    fallbacks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    patterns: bool = False
    prefixed: bool = False
    project: str = ""
    texts: Mapping[str, Texts] = field(default_factory=dict)
    broken: Mapping[str, str] = field(default_factory=dict)
    formats: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Patch:
    """A method, function, class or constant of Django, DRF, django-filter or simplejwt that the project changed. ``name`` is its
    dotted path; ``file`` and ``line`` are those of what stands there now, '' and 0 where that is no function."""

    name: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """``values`` are the settings that matter by name; secrets appear in ``secret_names`` only. ``languages`` is None
    without ``USE_I18N``. ``replaced_lookups``: look-ups of Django with another class registered in their place.
    ``formats``: what ``django.utils.formats.get_format`` gives for each name in the language of ``LANGUAGE_CODE``."""

    module: str
    values: Mapping[str, Value]
    secret_names: tuple[str, ...]
    databases: tuple[Database, ...]
    installed_apps: tuple[str, ...]
    middleware: tuple[str, ...]
    user_model: str = "auth.User"
    languages: Languages | None = None
    replaced_lookups: tuple[str, ...] = ()
    patched: tuple[Patch, ...] = ()
    formats: Mapping[str, Value] = field(default_factory=dict)

    @property
    def vendor(self) -> str:
        """That of the default database, which need not be the first; '' without one."""
        return next((d.vendor for d in self.databases if d.alias == "default"), "")


@dataclass(frozen=True, slots=True)
class App:
    """An installed app. ``origin`` as for :class:`Class`."""

    label: str
    module: str
    origin: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Versions:
    """Versions found in the legacy interpreter; ``packages`` are its distributions."""

    python: str
    django: str
    drf: str
    packages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Task:
    """A Celery task: its ``name`` in messages, the dotted ``function`` that it runs (``bound``: which gets the task
    first), the ``options`` that it sends with every message, whether its arguments are checked before (``typing``);
    ``problem`` says why it cannot be sent by name alone."""

    name: str
    function: str
    bound: bool = False
    options: Mapping[str, Json] = field(default_factory=dict)
    problem: str = ""
    typing: bool = True


@dataclass(frozen=True, slots=True)
class Results:
    """Celery's result backend: its dotted class ``backend``, what its ``configuration`` has beside the defaults and
    decides about what is read; ``problem`` says why results cannot be read by another process."""

    backend: str
    configuration: Mapping[str, Json] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Messages:
    """Celery's current app: the scheme of its ``broker``, what its ``configuration`` has beside the defaults and what
    ends up in messages, and the ``tasks`` by the path of their variable; ``problem`` as in :class:`Task`. ``results``
    is None where the result backend cannot be made."""

    broker: str
    configuration: Mapping[str, Json]
    tasks: Mapping[str, Task]
    problem: str = ""
    results: Results | None = None


@dataclass(frozen=True, slots=True)
class Inventory:
    """Counts of what Segue does not look into: name → (count, places)."""

    items: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class FactoryModule:
    """A module of the project's with factories of factory_boy or recipes of model_bakery, or a package that hands factories on; it was read, not imported.

    ``values`` says what names and attribute chains in it are that no factory is: constants as they are, an enumeration as a
    ``list`` of its members called ``enum``, a model as a ``ref`` called ``model:<label>``, any other class or function by its
    dotted name, a ``Faker()`` of another module as a ``call`` of ``faker.Faker``. ``get_user_model()`` may stand at the beginning of a chain.
    """

    name: str
    where: Where
    source: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the probe said. See the module docstring for naming. ``rules`` are the permissions of django-rules by name:
    a ``call`` of ``&``, ``|``, ``^``, ``~`` with its parts, or of ``rules.predicates.Predicate`` with its function and ``num_args``
    (-1 for ``*args``). ``templates`` are Django's by name, as :mod:`segue.probe.templates` writes them down."""

    schema_version: int
    root: str
    versions: Versions
    settings: Settings
    apps: tuple[App, ...]
    models: Mapping[str, Model]
    routes: tuple[Route, ...]
    views: Mapping[str, View]
    serializers: Mapping[str, Serializer]
    filtersets: Mapping[str, FilterSet]
    classes: Mapping[str, Class]
    functions: Mapping[str, Function]
    receivers: tuple[Receiver, ...]
    tasks: tuple[str, ...]
    inventory: Inventory
    warnings: tuple[str, ...] = ()
    messages: Messages | None = None
    rules: Mapping[str, Value] = field(default_factory=dict)
    templates: Mapping[str, Json] = field(default_factory=dict)
    factories: tuple[FactoryModule, ...] = ()
