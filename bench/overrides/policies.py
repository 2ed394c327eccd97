"""Hooks of policy classes, filters, validators and relations, each overridden with an effect that shows."""

from __future__ import annotations

import textwrap

from bench.overrides.project import Overrides


def policies(to: Overrides) -> None:
    """Permissions, filters, pagination, throttles, authentication, renderers, parsers, negotiation."""
    permission = "permission_classes=[C#]"
    to.policy(
        "permissions.IsAuthenticated",
        "def __init__(self): self.x=1\ndef has_permission(self,r,v): return self.x==2",
        permission,
    )
    to.policy("permissions.BasePermission", "def __new__(cls): return permissions.IsAdminUser()", permission)
    to.policy(
        "permissions.BasePermission",
        'message="own"\ncode="owncode"\ndef has_permission(self,r,v): return False',
        permission,
    )
    to.policy(
        "permissions.BasePermission",
        '@property\ndef message(self): return "prop"\ndef has_permission(self,r,v): return r.method=="GET"',
        permission,
    )
    to.policy(
        "permissions.BasePermission",
        'def __getattribute__(self,n):\n    if n=="has_permission": return lambda r,v: False\n    return super().__getattribute__(n)',
        permission,
    )
    to.policy(
        "permissions.BasePermission", "@staticmethod\ndef has_permission(r,v): return False", permission
    )
    to.policy(
        "permissions.BasePermission",
        '@classmethod\ndef has_permission(cls,r,v): return r.method!="POST"',
        permission,
    )
    to.policy("permissions.BasePermission", "has_permission=lambda self,r,v: False", permission)
    to.policy(
        "permissions.DjangoModelPermissions",
        'perms_map={"GET":["notes.add_a"],"POST":[],"PUT":[],"PATCH":[],"DELETE":[],"OPTIONS":[],"HEAD":[]}',
        permission,
    )
    to.policy(
        "permissions.DjangoModelPermissions",
        'authenticated_users_only=False\ndef get_required_permissions(self,m,c): return ["notes.view_a"]',
        permission,
    )
    to.policy(
        "permissions.DjangoModelPermissions",
        "def _queryset(self,v): return models.Tag.objects.all()",
        permission,
    )
    to.policy(
        "permissions.IsAuthenticatedOrReadOnly",
        "def has_object_permission(self,r,v,o): return o.stars>2",
        permission,
    )
    to.policy(
        "permissions.BasePermission",
        "def __and__(self,o): return permissions.AllowAny()\ndef has_permission(self,r,v): return False",
        "permission_classes=[C# & permissions.AllowAny]",
    )
    to.view("L", "permission_classes=[~permissions.IsAuthenticated]")
    to.view("L", "permission_classes=[permissions.IsAdminUser|permissions.IsAuthenticatedOrReadOnly]")
    backend = "filter_backends=[C#]"
    to.policy("filters.SearchFilter", 'search_param="q"', backend, ("L",), 'search_fields=["title"]')
    to.policy(
        "filters.SearchFilter",
        'def get_search_terms(self,r): return ["x"]',
        backend,
        ("L",),
        'search_fields=["title"]',
    )
    to.policy(
        "filters.SearchFilter",
        'def get_search_fields(self,v,r): return ["=title"]',
        backend,
        ("L",),
        'search_fields=["title"]',
    )
    to.policy(
        "filters.SearchFilter",
        'lookup_prefixes={"~":"startswith"}',
        backend,
        ("L",),
        'search_fields=["~title"]',
    )
    to.policy(
        "filters.SearchFilter",
        'def construct_search(self,f,q=None): return f+"__startswith"',
        backend,
        ("L",),
        'search_fields=["title"]',
    )
    to.policy(
        "filters.SearchFilter",
        "def must_call_distinct(self,q,f): return True",
        backend,
        ("L",),
        'search_fields=["tags__name"]',
    )
    to.policy(
        "filters.OrderingFilter",
        'ordering_param="o"\nordering_title="x"',
        backend,
        ("L",),
        'ordering_fields=["stars"]',
    )
    to.policy(
        "filters.OrderingFilter",
        'def get_default_ordering(self,v): return ["-stars"]',
        backend,
        ("L",),
        'ordering_fields=["stars"]',
    )
    to.policy(
        "filters.OrderingFilter",
        'def get_valid_fields(self,q,v,c=None): return [("stars","S")]',
        backend,
        ("L",),
    )
    to.policy(
        "filters.OrderingFilter",
        "def remove_invalid_fields(self,q,f,v,r): return f",
        backend,
        ("L",),
        'ordering_fields=["stars"]',
    )
    to.policy(
        "filters.OrderingFilter",
        'def get_ordering(self,r,q,v): return ["-id"]',
        backend,
        ("L",),
        'ordering_fields=["stars"]',
    )
    to.policy(
        "filters.BaseFilterBackend",
        'def filter_queryset(self,r,q,v): return q.filter(stars__gt=int(r.query_params.get("m","1")))',
        backend,
    )
    to.policy(
        "filters.BaseFilterBackend",
        "def __init__(self): self.k=2\ndef filter_queryset(self,r,q,v): return q.filter(stars__gt=self.k)",
        backend,
    )
    to.policy(
        "df.DjangoFilterBackend",
        'def get_filterset_kwargs(self,r,q,v):\n    k=super().get_filterset_kwargs(r,q,v); k["data"]={"stars":"3"}; return k',
        backend,
        ("L",),
        'filterset_fields=["stars"]',
    )
    to.policy(
        "df.DjangoFilterBackend", "raise_exception=False", backend, ("L",), 'filterset_fields=["stars"]'
    )
    to.policy(
        "df.DjangoFilterBackend",
        "def get_filterset_class(self,v,q=None): return None",
        backend,
        ("L",),
        'filterset_fields=["stars"]',
    )
    to.policy(
        "df.DjangoFilterBackend",
        "def get_filterset(self,r,q,v): return None",
        backend,
        ("L",),
        'filterset_fields=["stars"]',
    )
    to.policy(
        "df.DjangoFilterBackend",
        "def filter_queryset(self,r,q,v): return super().filter_queryset(r,q,v).filter(stars__gt=2)",
        backend,
        ("L",),
        'filterset_fields=["stars"]',
    )
    filterset = "filter_backends=[df.DjangoFilterBackend]\nfilterset_class=C#"
    meta = 'class Meta:\n    model=models.A\n    fields=["stars","title"]\n'
    for body in (
        "@property\ndef qs(self): return models.A.objects.none()",
        "def filter_queryset(self,q): return q.none()",
        'def __init__(self,*a,**k):\n    super().__init__(*a,**k); self.filters["stars"].lookup_expr="gt"',
        "def is_valid(self): return True",
        "@property\ndef form(self): return super().form",
        "def get_form_class(self): return super().get_form_class()",
        "@property\ndef errors(self): return {}",
        '@classmethod\ndef get_filters(cls):\n    f=super().get_filters(); f.pop("title",None); return f',
        '@classmethod\ndef get_fields(cls): return {"stars":["lt"]}',
        "@property\ndef request(self): return None\n@request.setter\ndef request(self,v): pass",
        'def get_form_prefix(self): return "p"',
    ):
        to.policy("df.FilterSet", meta + body, filterset, ("L",))
    for body in (
        "def filter(self,q,v): return q.none()",
        "def get_method(self,q): return q.exclude",
        "distinct=True",
        "@property\ndef field(self): return super().field",
        'lookup_expr="gt"',
        "def __init__(self,*a,**k):\n    super().__init__(*a,**k); self.exclude=True",
        '@property\ndef lookup_expr(self): return "gt"\n@lookup_expr.setter\ndef lookup_expr(self,v): pass',
    ):
        made = f"class N#(django_filters.NumberFilter):\n{textwrap.indent(body, '    ')}\n"
        made += "class C#(df.FilterSet):\n    stars = N#()\n    class Meta:\n        model = models.A\n        fields = ['stars']\n"
        to.view("L", filterset, before=made, label=f"filter: {body}")
    pages = "pagination_class=C#"
    for base in (
        "pagination.PageNumberPagination",
        "pagination.LimitOffsetPagination",
        "pagination.CursorPagination",
    ):
        first = 'page_size=2\ndefault_limit=2\nordering="id"\npage_size_query_param="ps"\nmax_page_size=4\n'
        for body in (
            'def get_paginated_response(self,d): return Response({"own":d})',
            "def get_page_size(self,r): return 1",
            "def get_limit(self,r): return 1",
            "def get_offset(self,r): return 1",
            "def paginate_queryset(self,q,r,view=None): return list(q)[:1]",
            'def get_next_link(self): return "n"',
            "def get_results(self,d): return []",
            "def get_count(self,q): return 77",
            "def get_page_number(self,r,p): return 1",
            'def get_ordering(self,r,q,v): return ("-id",)',
            "def decode_cursor(self,r): return None",
            'def encode_cursor(self,c): return "c"',
            'invalid_page_message="own {page_number} {message}"',
            'last_page_strings=("end",)',
            'page_query_param="seite"\nlimit_query_param="menge"\ncursor_query_param="zeiger"',
            "offset_cutoff=1",
            "class django_paginator_class(Paginator):\n    @property\n    def count(self): return 3",
            "def __init__(self): self.page_size=1; self.default_limit=1",
            "def _positive_int(self,*a,**k): return 1",
            "def get_html_context(self): return {}",
            "@property\ndef page_size(self): return 3\n@property\ndef default_limit(self): return 3",
        ):
            to.policy(
                base,
                (first if "def page_size(self)" not in body else 'ordering="id"\n') + body,
                pages,
                ("L",),
            )
    throttle = "throttle_classes=[C#]"
    to.policy(
        "throttling.BaseThrottle",
        'def allow_request(self,r,v): return r.method=="GET"\ndef wait(self): return 9',
        throttle,
        ("L",),
    )
    to.policy(
        "throttling.SimpleRateThrottle",
        'rate="2/hour"\nscope="x"\ndef get_cache_key(self,r,v): return "k"',
        throttle,
        ("L",),
    )
    to.policy(
        "throttling.UserRateThrottle",
        'rate="3/hour"\ndef parse_rate(self,r): return (1,60)',
        throttle,
        ("L",),
    )
    to.policy("throttling.UserRateThrottle", 'rate="3/hour"\ntimer=lambda self: 5', throttle, ("L",))
    to.policy(
        "throttling.UserRateThrottle",
        'rate="3/hour"\ndef throttle_failure(self): return True',
        throttle,
        ("L",),
    )
    to.policy(
        "throttling.UserRateThrottle", 'rate="3/hour"\ndef get_ident(self,r): return "me"', throttle, ("L",)
    )
    to.policy("throttling.UserRateThrottle", 'def get_rate(self): return "1/day"', throttle, ("L",))
    authentication = "authentication_classes=[C#]\npermission_classes=[permissions.IsAuthenticated]"
    to.policy("authentication.BasicAuthentication", 'www_authenticate_realm="own"', authentication, ("L",))
    to.policy(
        "authentication.BasicAuthentication",
        'def authenticate_credentials(self,u,p,request=None): raise exceptions.AuthenticationFailed("no")',
        authentication,
        ("L",),
    )
    to.policy(
        "authentication.BasicAuthentication",
        'def authenticate_header(self,r): return "Own"',
        authentication,
        ("L",),
    )
    to.policy(
        "authentication.SessionAuthentication",
        'def enforce_csrf(self,r): raise exceptions.PermissionDenied("c")',
        authentication,
        ("L",),
    )
    to.policy(
        "authentication.SessionAuthentication",
        "def authenticate(self,r): return None",
        authentication,
        ("L",),
    )
    to.policy(
        "authentication.SessionAuthentication",
        'def __init__(self): raise exceptions.AuthenticationFailed("i")',
        authentication,
        ("L",),
    )
    renderer = "renderer_classes=[C#]"
    to.policy("renderers.JSONRenderer", 'media_type="application/vnd.x+json"\nformat="vnd"', renderer, ("L",))
    to.policy("renderers.JSONRenderer", 'charset="utf-8"', renderer, ("L",))
    to.policy("renderers.JSONRenderer", "ensure_ascii=True\ncompact=False", renderer, ("L",))
    to.policy("renderers.JSONRenderer", "strict=False", renderer, ("L",))
    to.policy("renderers.JSONRenderer", "def get_indent(self,*a): return 2", renderer, ("L",))
    to.policy(
        "renderers.JSONRenderer",
        'class encoder_class(JSONEncoder):\n    def default(self,o): return "enc"',
        renderer,
        ("L",),
    )
    to.policy(
        "renderers.JSONRenderer",
        'def render(self,data,accepted_media_type=None,renderer_context=None): return b"{}"',
        renderer,
        ("L",),
    )
    parser = "parser_classes=[C#]"
    to.policy("parsers.JSONParser", 'media_type="application/x-own"', parser, ("L",))
    to.policy("parsers.JSONParser", "strict=False", parser, ("L",))
    to.policy(
        "parsers.JSONParser",
        'def parse(self,stream,media_type=None,parser_context=None): return {"title":"parsed"}',
        parser,
        ("L",),
    )
    to.policy(
        "parsers.FormParser",
        'def parse(self,stream,media_type=None,parser_context=None): return {"title":"parsed"}',
        parser,
        ("L",),
    )
    to.policy(
        "negotiation.DefaultContentNegotiation",
        "def select_parser(self,r,ps): return ps[0]",
        "content_negotiation_class=C#",
        ("L",),
    )
