"""Hooks of views, serializers, fields and models, each overridden with an effect that an answer or a row shows."""

from __future__ import annotations

from bench.overrides.project import Overrides


def views(to: Overrides) -> None:
    """Hooks of ``APIView`` and ``GenericAPIView``."""

    def both(body: str) -> None:
        for base in ("L", "D"):
            to.view(base, body)

    both('def http_method_not_allowed(self,r,*a,**k): return Response({"no":1},status=418)')
    both(
        "def initialize_request(self,r,*a,**k):\n    q=super().initialize_request(r,*a,**k); q.extra=1; r.GET=r.GET.copy(); return q"
    )
    both(
        'def finalize_response(self,r,resp,*a,**k):\n    resp=super().finalize_response(r,resp,*a,**k); resp["X-F"]="1"; return resp'
    )
    both(
        'def handle_exception(self,e):\n    resp=super().handle_exception(e); resp.data={"e":1}; return resp'
    )
    both('def get_exception_handler(self):\n    return lambda e,c: Response({"own":1},status=499)')
    both('def options(self,r,*a,**k): return Response({"own":1})')
    both('def determine_version(self,r,*a,**k): return ("9", None)')
    both('def get_success_headers(self,d): return {"X-S":"1"}')
    to.view("L", "def paginate_queryset(self,q): return list(q)[:1]")
    to.view(
        "L",
        'pagination_class=pagination.PageNumberPagination\ndef get_paginated_response(self,d): return Response({"r":d})',
    )
    to.view("L", "def filter_queryset(self,q): return q.filter(stars__gt=3)")
    to.view("D", "def filter_queryset(self,q): return q.filter(stars__gt=3)")
    both("def get_serializer_context(self): return {}")
    both("def perform_authentication(self,r): raise exceptions.NotAuthenticated()")
    both("def check_throttles(self,r): self.throttled(r,5)")
    both(
        'def initial(self,r,*a,**k):\n    super().initial(r,*a,**k)\n    if r.method=="GET": raise exceptions.PermissionDenied("x")'
    )
    both('@property\ndef default_response_headers(self): return {"X-D":"2"}')
    both('@property\ndef allowed_methods(self): return ["GET"]')
    both('def get_authenticate_header(self,r): return "Own"')
    both("def get_parsers(self): return [parsers.FormParser()]")
    both("def get_renderers(self): return [renderers.BrowsableAPIRenderer()]")
    both(
        'def get_content_negotiator(self):\n    class N(negotiation.DefaultContentNegotiation):\n        def select_renderer(self,r,rs,s=None): return rs[0],"application/x"\n    return N()'
    )
    both('def get_view_name(self): return "own name"')
    both("def get_format_suffix(self,**k): return None")
    both("def raise_uncaught_exception(self,e): raise e")
    both(
        "def permission_denied(self,r,message=None,code=None): raise Http404\ndef get_permissions(self): return [permissions.IsAdminUser()]"
    )
    both(
        "def throttled(self,r,w): raise Http404\ndef get_throttles(self):\n    class T(throttling.BaseThrottle):\n        def allow_request(self,r,v): return False\n    return [T()]"
    )
    to.view("D", 'def get_object(self):\n    o=super().get_object(); o.title="obj"; return o')
    to.view("D", "def perform_destroy(self,i): pass")
    to.view("D", 'def perform_update(self,s): s.save(title="up")')
    to.view("D", 'def partial_update(self,r,*a,**k): return Response({"pu":1})')
    to.view("L", "def perform_create(self,s): s.save(stars=5)")
    to.view(
        "L",
        '@classmethod\ndef as_view(cls,**k):\n    v=super().as_view(**k)\n    def w(r,*a,**kw):\n        resp=v(r,*a,**kw); resp["X-W"]="1"; return resp\n    w.cls=cls; w.initkwargs=k; w.csrf_exempt=True\n    return w',
    )
    to.view(
        "L", "def setup(self,r,*a,**k):\n    super().setup(r,*a,**k); self.queryset=models.A.objects.none()"
    )
    to.view("L", "def __init__(self,**k):\n    super().__init__(**k); self.queryset=models.A.objects.none()")
    to.view(
        "L",
        'def __getattribute__(self,n):\n    if n=="queryset": return models.A.objects.none()\n    return super().__getattribute__(n)',
    )
    to.view("L", "@property\ndef queryset(self): return models.A.objects.filter(stars=1)")
    to.view("L", "@property\ndef serializer_class(self): return S")
    to.view("L", "@property\ndef permission_classes(self): return [permissions.IsAdminUser]")
    to.view("L", "@property\ndef pagination_class(self): return pagination.LimitOffsetPagination")
    to.view(
        "L",
        "@property\ndef paginator(self):\n    p=pagination.PageNumberPagination(); p.page_size=2; return p",
    )
    to.view("L", "metadata_class=None")
    to.view(
        "L",
        'class metadata_class(metadata.SimpleMetadata):\n    def determine_metadata(self,r,v): return {"m":1}',
    )


def serializers(to: Overrides) -> None:
    """Hooks of ``Serializer`` and ``ModelSerializer``."""

    to.serializer(
        'def run_validation(self,data=None):\n    v=super().run_validation(data); v["title"]=v.get("title","")+"r"; return v'
    )
    to.serializer(
        "def is_valid(self,*,raise_exception=False):\n    super().is_valid(raise_exception=False); return True"
    )
    to.serializer('def save(self,**k):\n    k["stars"]=7; return super().save(**k)')
    to.serializer('@property\ndef data(self): return {"own":1}')
    to.serializer("@property\ndef errors(self): return {}")
    to.serializer('@property\ndef validated_data(self): return {"title":"vd","stars":1}')
    to.serializer('@property\ndef fields(self):\n    f=super().fields; f.pop("stars",None); return f')
    to.serializer("@property\ndef _writable_fields(self): return []")
    to.serializer("@property\ndef _readable_fields(self): return []")
    to.serializer('def get_validators(self): raise exceptions.ValidationError("v")')
    to.serializer('def run_validators(self,v): raise exceptions.ValidationError("v")')
    to.serializer(
        'def get_fields(self):\n    f=super().get_fields(); f["title"].max_length=3; f.pop("stars"); return f'
    )
    to.serializer('def get_initial(self): return {"i":1}')
    to.serializer('def get_extra_kwargs(self): return {"title":{"required":False}}')
    to.serializer('def _read_only_defaults(self): return {"stars":4}')
    to.serializer(
        'def to_internal_value(self,d):\n    v=super().to_internal_value(d); v["stars"]=2; return v'
    )
    to.serializer('def validate_empty_values(self,d): return (True, {"title":"e","stars":3})')
    to.serializer("def raise_errors_on_nested_writes(self,*a): pass")
    to.serializer(
        'def build_standard_field(self,n,f):\n    c,k=super().build_standard_field(n,f); k["help_text"]="h"; return c,k'
    )
    to.serializer("@classmethod\ndef many_init(cls,*a,**k):\n    l=super().many_init(*a,**k)\n    return l")
    to.serializer('def __new__(cls,*a,**k):\n    k.pop("context",None); return super().__new__(cls,*a,**k)')
    to.serializer("def __iter__(self): return iter([])")
    to.serializer("def __getitem__(self,k): return 1")
    to.serializer(
        'def __init__(self,*a,**k):\n    super().__init__(*a,**k); self.fields["title"].read_only=True',
        bases=("L",),
    )
    to.serializer("def bind(self,field_name,parent): super().bind(field_name,parent)", bases=("L",))
    to.serializer(
        'class Meta(S.Meta):\n    class list_serializer_class(serializers.ListSerializer):\n        def to_representation(self,d): return [{"l":1}]',
        bases=("L",),
    )
    to.serializer(
        'class Meta(S.Meta):\n    class list_serializer_class(serializers.ListSerializer):\n        @property\n        def data(self): return [{"l":2}]',
        bases=("L",),
    )


def fields(to: Overrides) -> None:
    """Hooks of ``Field``."""

    to.field_("serializers.CharField", 'def get_attribute(self,i): return "ga"')
    to.field_("serializers.CharField", 'def to_representation(self,v): return v+"!"')
    to.field_(
        "serializers.CharField", "def to_internal_value(self,v): return super().to_internal_value(v)[:3]"
    )
    to.field_("serializers.CharField", 'def get_value(self,d): return "gv"')
    to.field_("serializers.CharField", 'def run_validation(self,d=None): return "rv"')
    to.field_("serializers.CharField", 'def validate_empty_values(self,d): return (True,"ve")')
    to.field_("serializers.CharField", 'def run_validators(self,v): raise serializers.ValidationError("rv")')
    to.field_("serializers.CharField", 'def get_default(self): return "gd"', arguments="required=False")
    to.field_("serializers.CharField", "def get_validators(self): return []")
    to.field_(
        "serializers.CharField", 'def fail(self,key,**k): raise serializers.ValidationError("own "+key)'
    )
    to.field_("serializers.CharField", 'def get_initial(self): return "gi"')
    to.field_("serializers.CharField", "@property\ndef root(self): return self")
    to.field_("serializers.CharField", 'default_error_messages={"required":"own req","blank":"own blank"}')
    to.field_(
        "serializers.CharField",
        'def bind(self,n,p):\n    super().bind(n,p); self.source="stars"; self.source_attrs=["stars"]',
    )


def models(to: Overrides) -> None:
    """What a model defines in the place of Django's or Python's own."""

    to.model(
        "Eq",
        'title=models.CharField(max_length=20)\nstars=models.IntegerField(default=0)\nother=models.ForeignKey("self",null=True,blank=True,on_delete=models.CASCADE)\ndef __eq__(self,o): return isinstance(o,Eq) and self.stars==o.stars\ndef __hash__(self): return 1',
        ["id", "title", "stars", "other", "same"],
        more="same=serializers.SerializerMethodField()\ndef get_same(self,o): return o==o.other",
    )
    to.model(
        "Truth",
        'title=models.CharField(max_length=20)\nstars=models.IntegerField(default=0)\nother=models.ForeignKey("self",null=True,blank=True,on_delete=models.CASCADE)\ndef __bool__(self): return self.stars>3',
        ["id", "title", "other", "t"],
        more="t=serializers.SerializerMethodField()\ndef get_t(self,o): return 'yes' if o.other else 'no'",
    )
    to.model(
        "Disp",
        'title=models.CharField(max_length=20)\nkind=models.CharField(max_length=2,choices=[("a","Aa"),("b","Bb")],default="a")\ndef get_kind_display(self): return "own "+self.kind',
        ["id", "kind", "k"],
        more="k=serializers.CharField(source='get_kind_display',read_only=True)",
    )
    to.model(
        "Shadow",
        '_title=models.CharField(max_length=20,db_column="title",default="x")\nstars=models.IntegerField(default=0)\n@property\ndef title(self): return self._title.upper()\n@title.setter\ndef title(self,v): self._title=v+"?"',
        ["id", "title", "stars"],
        more="title=serializers.CharField()",
    )
    to.model(
        "PkProp", "title=models.CharField(max_length=20)\n@property\ndef pk(self): return 7", ["pk", "title"]
    )
    to.model(
        "Unique",
        "title=models.CharField(max_length=20,unique=True)\ndef validate_unique(self,exclude=None): pass\ndef serializable_value(self,name): return 5",
        ["id", "title"],
    )
    to.model(
        "Refr",
        'title=models.CharField(max_length=20)\ndef refresh_from_db(self,*a,**k):\n    super().refresh_from_db(*a,**k); self.title="refreshed"\ndef get_deferred_fields(self): return set()',
        ["id", "title"],
    )
    to.model(
        "Meth",
        'title=models.CharField(max_length=20)\nstars=models.IntegerField(default=0)\ndef delete(self,*a,**k):\n    self.title="gone"; self.save()\ndef save_base(self,*a,**k):\n    self.stars+=1\n    return super().save_base(*a,**k)',
        ["id", "title", "stars"],
    )
    to.model(
        "Meth2",
        "title=models.CharField(max_length=20)\nstars=models.IntegerField(default=0)\ndef _do_insert(self,*a,**k):\n    self.stars+=1\n    return super()._do_insert(*a,**k)",
        ["id", "title", "stars"],
    )
    to.model(
        "Meth3",
        'title=models.CharField(max_length=20)\nstars=models.IntegerField(default=0)\ndef __str__(self): return "M3 "+self.title\ndef _get_pk_val(self,meta=None): return 3',
        ["id", "title", "stars"],
    )
    to.model(
        "Child",
        "title=models.CharField(max_length=20)\nm3=models.ForeignKey(Meth3,null=True,on_delete=models.CASCADE)\neq=models.ForeignKey(Eq,null=True,on_delete=models.CASCADE)",
        ["id", "m3", "title", "s"],
        more="s=serializers.StringRelatedField(source='m3')",
    )
