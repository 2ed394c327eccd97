"""Annotation text of a kind, with the imports it needs."""

from __future__ import annotations

from segue.target.ir import Import
from segue.translate.context import Context
from segue.translate.kinds import (
    AskedTask,
    Const,
    Country,
    Currency,
    DictOf,
    DjangoPage,
    ErrorResponse,
    Failure,
    FieldSet,
    HttpReply,
    HttpSession,
    Instance,
    JwtToken,
    Kind,
    KnoxRow,
    LimitOffsetSelf,
    ListOf,
    Localized,
    MailMessage,
    Maybe,
    Money,
    NewPasswordForm,
    NextHandler,
    PaginatorSelf,
    Payload,
    Phone,
    QueryParameters,
    QuerySet,
    Raised,
    Record,
    Response,
    Scalar,
    Shape,
    StoredFile,
    TupleOf,
    Uploaded,
    UploadedFiles,
    User,
    ValidatedData,
)

SCALAR_IMPORTS = {
    "Decimal": Import("decimal", "Decimal"),
    "datetime": Import("datetime", "datetime"),
    "date": Import("datetime", "date"),
    "time": Import("datetime", "time"),
    "timedelta": Import("datetime", "timedelta"),
    "tzinfo": Import("datetime", "tzinfo"),
    "UUID": Import("uuid", "UUID"),
    "Any": Import("typing", "Any"),
    "list[Any]": Import("typing", "Any"),
    "dict[str, Any]": Import("typing", "Any"),
    "re.Match[str]": Import("re"),
    "re.Pattern[str]": Import("re"),
}


def annotation(ctx: Context, kind: Kind) -> tuple[str, frozenset[Import]]:
    """``(text, imports)``; ``Any`` for what cannot be said."""
    imports: set[Import] = set()
    text = _text(ctx, kind, imports)
    return text, frozenset(imports)


def _text(ctx: Context, kind: Kind, imports: set[Import]) -> str:
    from segue.translate.load.fetch import entity_type, row_type

    match kind:
        case Const(value=None):
            return "None"
        case Const(value=tuple()):
            imports.add(SCALAR_IMPORTS["Any"])
            return "tuple[Any, ...]"
        case Const(value=value):
            return type(value).__name__
        case Scalar(type=text, nullable=null):
            if text in SCALAR_IMPORTS:
                imports.add(SCALAR_IMPORTS[text])
            return f"{text} | None" if null and text != "Any" else text
        case Instance(model=model, site=site, mode=mode, nullable=null):
            token, item = entity_type(ctx, model) if mode == "entity" else row_type(ctx, site)
            imports.add(item)
            return f"{token} | None" if null else token
        case User():
            imports.add(Import(f"{ctx.program.package}.access", "CurrentUser"))
            return "CurrentUser"
        case StoredFile(nullable=null):
            return "str | None" if null else "str"
        case Localized():
            imports.add(Import("segue_bridge.localized", "LocalizedText"))
            return "LocalizedText"
        case Currency():
            return "str"
        case Money(nullable=null):
            imports.add(Import("segue_bridge.money", "Money"))
            return "Money | None" if null else "Money"
        case Country(nullable=null):
            return "str | None" if null else "str"
        case Phone():
            imports.add(Import("segue_bridge.phones", "PhoneValue"))
            return "PhoneValue"
        case UploadedFiles():
            imports.add(Import("segue_bridge.schema.data", "FormData"))
            return "FormData"
        case Uploaded(nullable=null, or_stored=stored):
            imports.add(Import("segue_bridge.schema.data", "Upload"))
            return "Upload" + (" | str" if stored else "") + (" | None" if null else "")
        case QuerySet():
            imports.update({Import("sqlalchemy", "Select"), Import("typing", "Any")})
            return "Select[Any]"
        case ListOf(item=item_kind, type=shape):
            inner = _text(ctx, item_kind, imports)
            return f"tuple[{inner}, ...]" if shape == "tuple" else f"{shape}[{inner}]"
        case NewPasswordForm(user=person):
            imports.add(Import("segue_bridge.auth.password_forms", "NewPassword"))
            return f"NewPassword[{_text(ctx, person, imports)}]"
        case KnoxRow():
            imports.add(Import("segue_bridge.auth.knox", "KnoxToken"))
            return "KnoxToken"
        case JwtToken():
            imports.add(Import("segue_bridge.auth.jwt_tokens", "WebToken"))
            return "WebToken"
        case TupleOf(items=parts):
            return f"tuple[{', '.join(_text(ctx, k, imports) for k in parts)}]"
        case DictOf(items=items, value=value_kind):
            kinds = {_text(ctx, k, imports) for _, k in items}
            if value_kind is not None:
                kinds.add(_text(ctx, value_kind, imports))
            if len(kinds) != 1:
                imports.add(SCALAR_IMPORTS["Any"])
            return f"dict[str, {kinds.pop() if len(kinds) == 1 else 'Any'}]"
        case QueryParameters():
            imports.add(Import("segue_bridge.http.query", "QueryParams"))
            return "QueryParams"
        case FieldSet():
            imports.add(Import("segue_bridge.schema.field_set", "FieldSet"))
            return "FieldSet"
        case ValidatedData() | Payload():
            imports.add(SCALAR_IMPORTS["Any"])
            return "dict[str, Any]" if isinstance(kind, ValidatedData) else "Any"
        case Shape(name=shape_name, module=module):
            imports.add(Import(module, shape_name))
            return shape_name
        case Maybe(kind=inner_kind):
            return f"{_text(ctx, inner_kind, imports)} | None"
        case Record(name=record, module=module):
            imports.add(Import(module, record))
            return record
        case LimitOffsetSelf():
            imports.add(Import("segue_bridge.pagination.limit_offset", "LimitOffsetSlice"))
            return "LimitOffsetSlice"
        case PaginatorSelf() | DjangoPage():
            imports.add(Import("segue_bridge.pagination.page_number", "PageNumberSlice"))
            return "PageNumberSlice"
        case Failure(api=False):
            return "Exception"
        case Raised(cls=cls) if cls.startswith("rest_framework.exceptions."):
            imports.add(Import("segue_bridge.errors", "APIException"))
            return "APIException"
        case Failure():
            imports.add(Import("segue_bridge.errors", "APIException"))
            return "APIException"
        case ErrorResponse() | Response(drf=True):
            imports.add(Import("segue_bridge.http.responses", "JSON"))
            return "JSON"
        case NextHandler():
            imports.add(Import("segue_bridge.http.resource", "Handler"))
            return "Handler"
        case AskedTask():
            imports.add(Import("segue_bridge.task_results", "TaskResult"))
            return "TaskResult"
        case HttpReply(library=library):
            imports.add(Import(library))
            return f"{library}.Response"
        case HttpSession(library=library):
            imports.add(Import(library))
            return "requests.Session" if library == "requests" else "httpx.Client"
        case MailMessage():
            imports.add(Import("segue_bridge.mail.message", "Message"))
            return "Message"
        case Response():
            imports.add(Import("starlette.responses", "Response"))
            return "Response"
        case _:
            imports.add(SCALAR_IMPORTS["Any"])
            return "Any"
