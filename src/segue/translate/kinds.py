"""What an expression of the legacy code *is*: the abstract values of the interpreter.

Everything the interpreter cannot place is :class:`Unknown`, and doing anything with an
``Unknown`` other than passing it along refuses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segue.snapshot.model import Class, Function, GlobalRef
    from segue.translate.needs import Needs
    from segue.translate.query.ir import Query


class Kind:
    """Base of all kinds."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Kind):
    """Something Segue knows nothing about; ``why`` ends up in the refusal."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class Const(Kind):
    """A value known during translation: branches on it fold away."""

    value: Any


@dataclass(frozen=True, slots=True)
class Scalar(Kind):
    """A plain Python value. ``type`` is annotation text (``str``, ``Decimal``, ``datetime``).

    ``unsure``: it is typed without None, but whether it is None has to be asked: the key of an object that may have no row.
    """

    type: str
    nullable: bool = False
    unsure: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class LibraryObject(Scalar):
    """Something of a library that both sides have as it is: what is asked of it is asked as it stands. ``name`` is its dotted
    name, with ``()`` for what a class of that name has made."""

    type: str = "Any"
    nullable: bool = True
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class SearchWords(Scalar):
    """The words of a text (``tsvector``); ``config``: the configuration that the expression names, if it does."""

    config: str = ""


@dataclass(frozen=True, slots=True)
class SearchText(Scalar):
    """What is searched (``tsquery``)."""


@dataclass(frozen=True, slots=True)
class CutMoment(Scalar):
    """What ``Trunc`` makes of a moment: for the database it has no time zone, for Python it has one."""


@dataclass(frozen=True, slots=True)
class MemberValue(Scalar):
    """The text or number of a member of ``class Letter(str, Enum)``: ``str()`` of it is another text than its value."""


@dataclass(frozen=True, slots=True)
class EnumMember(Kind):
    """A member of the enumeration ``cls`` of the project, which is no text or number itself."""

    cls: str


@dataclass(frozen=True, slots=True)
class RequestPath(Scalar):
    """``request.path``: a text that begins with ``prefix``; ``fixed`` where that is all of it."""

    prefix: str = ""
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Instance(Kind):
    """A model instance. ``mode`` is ``row`` (result of a read) or ``entity`` (written; all columns).

    ``site`` is shared by every expression that came from the same fetch. ``aged``: something may have been written since then,
    so that what it leads to is asked for anew (:mod:`segue.translate.interp.since`).
    """

    model: str
    site: Needs
    mode: str = "row"
    nullable: bool = False
    aged: bool = False


@dataclass(frozen=True, slots=True)
class User(Kind):
    """``request.user``: an entity of the user model or anonymous.

    ``authenticated`` is True/False where the flow has decided it, None otherwise.
    """

    model: str
    authenticated: bool | None = None


@dataclass(frozen=True, slots=True)
class QuerySet(Kind):
    """A lazy query over ``query.model``; its code expression is a SQLAlchemy ``Select``."""

    query: Query


@dataclass(frozen=True, slots=True)
class PrefetchObject(Kind):
    """``Prefetch(path, queryset, to_attr)``; ``rows`` is the Val of the queryset."""

    path: str
    attribute: str
    rows: Any


@dataclass(frozen=True, slots=True)
class Manager(Kind):
    """``Model.objects`` (or another manager); ``cls`` its class when the project wrote it."""

    model: str
    name: str = "objects"
    cls: str = ""


@dataclass(frozen=True, slots=True)
class RelatedManager(Kind):
    """``article.tags``: the manager of a to-many relation of an instance. ``manager``: ``article.tags(manager="all_objects")``."""

    instance: Instance
    accessor: str
    model: str
    manager: str = "_default_manager"


@dataclass(frozen=True, slots=True)
class ModelState(Kind):
    """``instance._state``. Its code is the instance."""


@dataclass(frozen=True, slots=True)
class StoredFile(Kind):
    """``instance.document``: the file of a column. Its code is the column, which has the file's name; empty for no file.

    ``present`` where a test has told that there is one.
    """

    model: str
    field: str
    nullable: bool = False
    present: bool = False


@dataclass(frozen=True, slots=True)
class Localized(Kind):
    """A text of the database in several languages (the bridge's ``LocalizedText``). An object that is not read again yet has
    what it was given: a plain text or None; not if it is ``present``, where code has asked for its class."""

    present: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Phone(Kind):
    """A phone number of a column or of input (the bridge's ``PhoneNumber``); an empty text or None where there is none, but not
    if it is ``present``."""

    nullable: bool = False
    present: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Country(Kind):
    """``address.country``: a ``Country`` of django-countries. Its code is the column, which has the country's code or an empty text.

    ``present`` where a test has told that there is one.
    """

    nullable: bool = False
    present: bool = field(default=False, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Money(Kind):
    """``item.price``: a ``Money`` of django-money (the bridge's ``Money``)."""

    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Currency(Kind):
    """``item.price.currency``: a ``Currency`` of py-moneyed. Its code is the currency's code."""


@dataclass(frozen=True, slots=True)
class FieldParent(Kind):
    """``self.parent`` in a method of a serializer's field; ``of`` is the kind of the field."""

    of: Kind


@dataclass(frozen=True, slots=True)
class Uploaded(Kind):
    """An uploaded file (the bridge's ``Upload``). ``or_stored``: it may be the name of a file that was stored before.

    ``held``: it is what an object's column of files holds before the object is saved, a ``FieldFile`` in Django, with or without
    a file.
    """

    nullable: bool = False
    or_stored: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class OpenFile(Kind):
    """A file of the default storage that was opened to be sent; its code is its name there."""


@dataclass(frozen=True, slots=True)
class SentTask(Kind):
    """Celery's ``AsyncResult`` of a task that was sent; its code is the id. ``certain``: something was sent."""

    certain: bool = True


@dataclass(frozen=True, slots=True)
class TaskSignature(Kind):
    """Celery's signature of a task, or what chain, group and chord make of several (``shape``); its code is the same
    signature. ``lazy``: its tasks come from a generator, which Celery runs when they are sent. ``unknown``: how many
    there are is known to the request only."""

    shape: str = "task"
    lazy: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class AskedTask(Kind):
    """Celery's ``AsyncResult`` of an id; its code is the bridge's ``TaskResult``."""


@dataclass(frozen=True, slots=True)
class MailConnection(Kind):
    """``get_connection(…)``: arguments of the bridge's ``Mailer.send``, as (name, code of a constant). It has no code."""

    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class MailMessage(Kind):
    """``EmailMessage(…)``, with ``alternatives`` ``EmailMultiAlternatives(…)``; ``through`` is the connection it was given.

    Its code is the bridge's ``Message``.
    """

    through: MailConnection | None = None
    alternatives: bool = False


@dataclass(frozen=True, slots=True)
class LoadedTemplate(Kind):
    """``get_template(name)`` of Django. It has no code."""

    name: str


@dataclass(frozen=True, slots=True)
class HttpReply(Kind):
    """The answer of another server: ``Response`` of ``library`` (``requests``, ``httpx``), which both sides have."""

    library: str


@dataclass(frozen=True, slots=True)
class HttpHeaders(Kind):
    """``headers`` of such an answer: a mapping of texts that knows no case."""


@dataclass(frozen=True, slots=True)
class HttpSession(Kind):
    """``requests.Session()`` or ``httpx.Client()`` that the function itself has made."""

    library: str


@dataclass(frozen=True, slots=True)
class Request(Kind):
    """The DRF request (``raw`` for Django's own). ``method``: it is that of a plain view, translated for this method."""

    raw: bool = False
    method: str = ""


@dataclass(frozen=True, slots=True)
class EarlyRequest(Kind):
    """Django's request in middleware, before any view has it. ``prefix`` is what every path of the route starts with,
    ``fixed`` whether that is the whole path. ``match`` is what the code may ask of the route, None where it asks nothing."""

    prefix: str
    fixed: bool
    match: RouteMatch | None = None


@dataclass(frozen=True, slots=True)
class RouteMatch(Kind):
    """``resolve(request.path_info)`` in middleware: the route in hand. ``arguments``: those of its URL that are ``asked`` for, with
    their converters; ``name``: its name, where ``named``."""

    namespaces: tuple[str, ...]
    arguments: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]
    name: str | None = None
    named: bool = False


@dataclass(frozen=True, slots=True)
class MatchArguments(Kind):
    """``resolve(request.path_info).kwargs``."""

    arguments: tuple[tuple[str, str], ...]
    asked: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UrlText(Scalar):
    """An argument of a URL whose pattern matches no empty text."""


@dataclass(frozen=True, slots=True)
class NextHandler(Kind):
    """``get_response`` of a middleware: the rest of the stack and the view."""


@dataclass(frozen=True, slots=True)
class ViewSelf(Kind):
    """``self`` in a method of a view, specialised for one endpoint."""

    endpoint: Any


@dataclass(frozen=True, slots=True)
class SerializerSelf(Kind):
    """``self`` in a method of a serializer. ``instance`` and ``data`` as known in this use."""

    name: str
    use: Any = None


@dataclass(frozen=True, slots=True)
class Serializer(Kind):
    """A serializer object made in view code: class, what it was given, what has been called.

    ``held`` is the :class:`segue.translate.views.serializer_object.Held` behind it.
    """

    name: str
    instance: Kind | None = None
    data: Kind | None = None
    many: bool = False
    partial: bool = False
    validated: bool = False
    held: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ValidatedData(Kind):
    """``validated_data`` / ``attrs``: dict with the write fields of a serializer, but for those that code has ``taken`` out for certain."""

    serializer: str
    taken: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ShownValues(Kind):
    """``serializer.data`` of a serializer without an instance: its validated data, which ``values`` holds, as its fields show them.
    Without a node where the fields show it otherwise than it is."""

    serializer: str
    values: str


@dataclass(frozen=True, slots=True)
class ListOf(Kind):
    """A list (or tuple, set: ``type``) of one kind."""

    item: Kind
    type: str = "list"


@dataclass(frozen=True, slots=True)
class TupleOf(Kind):
    """A tuple of objects of different kinds, each by its place: ``(user, token)``."""

    items: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class DictOf(Kind):
    """A dict; ``items`` where the keys are known, else ``value`` for all, of keys that are ``key`` (text where that is not said)."""

    items: tuple[tuple[str, Kind], ...] = ()
    value: Kind | None = None
    key: Kind | None = None


@dataclass(frozen=True, slots=True)
class FilledDict(DictOf):
    """``defaultdict(list)``: a key that is missing is put in with ``value`` when it is looked up."""


@dataclass(frozen=True, slots=True)
class CounterOf(FilledDict):
    """``collections.Counter``: how often each key was counted, 0 for one that was not (which is not put in)."""


@dataclass(frozen=True, slots=True)
class NamedRow(Kind):
    """A row of ``values_list(named=True)``: its columns by name."""

    columns: tuple[tuple[str, Kind], ...]


@dataclass(frozen=True, slots=True)
class Maybe(Kind):
    """A list or dict of ``kind``, or None: nothing can be done with it before a test has told which."""

    kind: Kind


@dataclass(frozen=True, slots=True)
class Global(Kind):
    """A name bound to something known by the probe: module, class, function, model."""

    ref: GlobalRef


@dataclass(frozen=True, slots=True)
class BoundMethod(Kind):
    """``x.method`` before it is called. ``function`` when the project wrote it."""

    owner: Kind
    name: str
    function: Function | None = None
    cls: Class | None = None


@dataclass(frozen=True, slots=True)
class Response(Kind):
    """A DRF or Django response object. ``status`` where known. ``writable``: it is Django's, which can be written to as a file.
    ``drf``: it is DRF's, so that its data can be asked for and changed."""

    status: int | None = None
    writable: bool = field(default=False, compare=False)
    drf: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class EchoFile(Kind):
    """An object of a project's class that gives back what is written to it."""


@dataclass(frozen=True, slots=True)
class CsvWriter(Kind):
    """``csv.writer(file)``; ``rows_are_dicts`` for ``csv.DictWriter``, ``echoes`` where ``writerow`` gives the line back."""

    rows_are_dicts: bool = False
    echoes: bool = False


@dataclass(frozen=True, slots=True)
class ResponseHeaders(Kind):
    """``response.headers``."""


@dataclass(frozen=True, slots=True)
class Failure(Kind):
    """The exception that an exception handler is given.

    ``api``: one that DRF answers (its ``APIException``, or Django's ``Http404`` or ``PermissionDenied``); ``cls``
    is the class of DRF or Django that a test has narrowed it to, ``without`` those of Django that tests have ruled out
    (``Http404``, ``Forbidden``).
    """

    api: bool
    cls: str = ""
    without: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class AskedLimit(Kind):
    """A limit that a request is held against (the bridge's ``Asked``), where the legacy code has its throttle object."""


@dataclass(frozen=True, slots=True)
class HandlerContext(Kind):
    """The ``context`` of an exception handler: ``request`` is known, and of ``view`` only that it is there."""


@dataclass(frozen=True, slots=True)
class HandledView(Kind):
    """The view in the ``context`` of an exception handler, which is one function for all views: it can be logged."""


@dataclass(frozen=True, slots=True)
class RendererContext(Kind):
    """``renderer_context`` of a renderer, for the views of one URL."""

    endpoint: Any


@dataclass(frozen=True, slots=True)
class AcceptedType(Kind):
    """``accepted_media_type`` of a renderer: only ever passed on."""


@dataclass(frozen=True, slots=True)
class RenderedView(Kind):
    """``renderer_context["view"]``: its class is known, what a request has made of the instance is not.

    Also the view that a throttle is given; ``code`` is that of refusals.
    """

    endpoint: Any
    code: str = "renderer"


@dataclass(frozen=True, slots=True)
class ErrorResponse(Kind):
    """What DRF's own exception handler answers: ``data``, ``status_code`` and headers can be changed."""


@dataclass(frozen=True, slots=True)
class Object(Kind):
    """``self`` of any other project class: permission, filter set, plain helper.

    ``use`` is what the room that made it wants to find again (``key`` hashable); ``fields`` are
    attributes known by value.
    """

    cls: str
    use: Any = None
    fields: tuple[tuple[str, Kind], ...] = ()


@dataclass(frozen=True, slots=True)
class Made(Kind):
    """An object that a class attribute holds: ``value`` is the snapshot's ``call`` of its class, with its state."""

    value: Any


@dataclass(frozen=True, slots=True)
class Record(Object):
    """An object of a class of the project's own that keeps what its constructor was given (``NoteService(user)``, a dataclass, a
    named tuple). Its code is an object of the generated class ``name`` of ``module``; ``fields`` are what it keeps, of which constants
    and what exists only in the legacy code have none. ``form``: ``class``, ``dataclass`` or ``tuple``."""

    name: str = ""
    module: str = ""
    form: str = "class"


@dataclass(frozen=True, slots=True)
class PaginatorSelf(Object):
    """``self`` of a page number paginator of the project's while it answers; its code is the page."""


@dataclass(frozen=True, slots=True)
class LimitOffsetSelf(Object):
    """The same of a limit and offset paginator."""


@dataclass(frozen=True, slots=True)
class DjangoPage(Kind):
    """``self.page`` of such a paginator, or its ``paginator``: code is the page as well."""

    paginator: bool = False


@dataclass(frozen=True, slots=True)
class Claims(Kind):
    """The validated token that simplejwt's authentication gives beside the user: code is the mapping of its claims."""


@dataclass(frozen=True, slots=True)
class QueryParameters(Kind):
    """``request.query_params`` / ``request.GET``: text by name, the last value wins."""


@dataclass(frozen=True, slots=True)
class Payload(Kind):
    """``request.data``: the parsed body, of any JSON shape."""


@dataclass(frozen=True, slots=True)
class UploadedFiles(Kind):
    """``request.FILES``: uploads by name."""


@dataclass(frozen=True, slots=True)
class UrlArguments(Kind):
    """``self.kwargs`` of a view."""

    endpoint: Any = None


@dataclass(frozen=True, slots=True)
class SerializerContext(Kind):
    """``self.context`` of a serializer: ``request`` and ``view`` are known, the rest is not."""

    owner: Kind | None = None


@dataclass(frozen=True, slots=True)
class ParserContext(Kind):
    """``request.parser_context``: the view, its URL arguments and the request."""

    endpoint: Any


@dataclass(frozen=True, slots=True)
class ParsingContext(Kind):
    """``parser_context`` of a parser: the encoding and the request are known, of the view its class."""

    endpoint: Any


@dataclass(frozen=True, slots=True)
class NewToken(Kind):
    """``RefreshToken.for_user(user)`` of simplejwt, or its ``access_token``: code is the user; its text is the token."""

    cls: str


@dataclass(frozen=True, slots=True)
class JwtToken(Kind):
    """A token of simplejwt that claims may be added to: code is the bridge's ``WebToken``. ``type``: access, refresh, sliding."""

    type: str


@dataclass(frozen=True, slots=True)
class NewPasswordForm(Kind):
    """Django's ``SetPasswordForm``: code is the bridge's ``NewPassword``, which holds ``user``."""

    user: Kind


@dataclass(frozen=True, slots=True)
class KnoxRow(Kind):
    """A token of Knox as it is stored: code is the bridge's ``KnoxToken``."""


@dataclass(frozen=True, slots=True)
class SerializerFields(Kind):
    """``self.fields`` of a serializer; ``shown`` while it shows one object."""

    serializer: str
    shown: bool = False


@dataclass(frozen=True, slots=True)
class FieldSet(Kind):
    """``self.fields`` while a serializer's ``__init__`` or ``get_fields`` changes them: a ``segue_bridge.schema.field_set.FieldSet``.

    ``changes`` notes what may become of which field (``serializers.own_fields.Changing``).
    """

    serializer: str
    changes: Any = field(compare=False)


@dataclass(frozen=True, slots=True)
class ListChild(Kind):
    """``self.child`` in a method of a list serializer: the serializer of one item."""

    serializer: str
    use: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class OwnField(Kind):
    """``self.fields["x"]`` there; ``name`` is empty where only a request tells which."""

    fields: FieldSet
    name: str = ""


@dataclass(frozen=True, slots=True)
class Introspected(Kind):
    """What code asks Django or DRF about classes (``instance._meta``, ``self.Meta``, ``self.fields["x"]``): ``facts`` are known by
    name, from the snapshot; a name that is missing is one that Segue does not know. ``about`` is for refusals.

    ``items`` are what a loop over it goes through, ``by_key`` what its ``items()`` gives.
    """

    about: str
    facts: tuple[tuple[str, Any], ...] = ()
    items: tuple[Any, ...] | None = None
    by_key: tuple[tuple[str, Any], ...] | None = None


@dataclass(frozen=True, slots=True)
class Keywords(Kind):
    """``**kwargs`` of a view's method: the URL's arguments, and what the caller has put in by name (``partial``)."""

    endpoint: Any
    given: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class KeywordDict(Kind):
    """A dict that is only spread (``**known``) and filled by names: no code until then. ``entries`` are (name, Val)."""

    entries: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ContextDict(Kind):
    """A serializer's context that a view makes: a dict with the request or the view in it. It has no code; ``entries`` are
    (key, Val). ``beneath`` says which context of the view lies beneath: ``view`` for its own, ``drf`` for DRF's, or the
    definition of ``get_serializer_context`` that makes it; empty for none."""

    entries: tuple[tuple[str, Any], ...] = ()
    beneath: str = ""


@dataclass(frozen=True, slots=True)
class Sometimes(Kind):
    """An entry of a :class:`KeywordDict` that is there where ``test`` holds: ``if pk: known["pk"] = pk``."""

    value: Any
    test: Any


@dataclass(frozen=True, slots=True)
class NoArguments(Kind):
    """``*args`` of a view's method: Django passes a URL's named arguments by name only."""


@dataclass(frozen=True, slots=True)
class PositionalArguments(Kind):
    """``*args`` of a function that is written into its caller: the Vals that it is called with."""

    values: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class SuccessHeaders(Kind):
    """``self.get_success_headers(data)``: ``Location`` where the data (its code is ``data``) may have a ``url``."""

    data: str
    possible: bool


@dataclass(frozen=True, slots=True)
class Raised(Kind):
    """An exception object: ``cls`` is its dotted class. The node builds the generated exception.

    ``told``: it was caught, and its text is the one that it has in Django's process.
    """

    cls: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Q(Kind):
    """A ``Q`` object or a conditional expression, not yet applied to a query: ``tree`` is
    :class:`segue.translate.query.where.Node`."""

    tree: Any


@dataclass(frozen=True, slots=True)
class Expr(Kind):
    """``F``, ``Count``, ``Value``, ``Case`` … before a query gives it meaning; ``build`` is
    :class:`segue.translate.query.expressions.Expression`."""

    build: Any


@dataclass(frozen=True, slots=True)
class Expressions(Kind):
    """A list of expressions, written in place: ``items`` are their Vals. It has no code."""

    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Super(Kind):
    """``super()``: ``receiver`` is ``self``, ``after`` the class whose successors are searched."""

    receiver: Kind
    after: str


@dataclass(frozen=True, slots=True)
class OutputField(Kind):
    """A model field that an expression is given; ``options``: it was made with arguments."""

    cls: str
    options: bool


@dataclass(frozen=True, slots=True)
class SettingsObject(Kind):
    """``django.conf.settings``."""


@dataclass(frozen=True, slots=True)
class CacheObject(Kind):
    """``django.core.cache.cache``, or another one of ``caches``."""

    alias: str = "default"


@dataclass(frozen=True, slots=True)
class CachesObject(Kind):
    """``django.core.cache.caches``."""


@dataclass(frozen=True, slots=True)
class Callback(Kind):
    """A ``lambda`` or nested function, interpreted where it is called."""

    node: Any
    env: Any = None


@dataclass(frozen=True, slots=True)
class Shape(Kind):
    """What a presenter returns: a dict typed as TypedDict ``name`` of ``module``."""

    name: str
    module: str
