"""Validators, relations and fields of serializers with hooks of their own."""

from __future__ import annotations

from bench.overrides.project import Overrides


def relations(to: Overrides) -> None:
    """Validators, relations and fields of serializers."""
    to.views.append(CLASSES)
    for x in ("UV", "UV2", "UV3", "UV4"):
        to.serializer(f"title=serializers.CharField(max_length=20,validators=[{x}(models.A.objects.all())])")
    for x in ("UT", "UT2", "UT3", "UT4"):
        to.serializer(f'class Meta(S.Meta):\n    validators=[{x}(models.A.objects.all(),["title","stars"])]')
    for x in ("MV(5)", "MV2(5)", "MV3(5)", "MV4(5)"):
        to.serializer(f"stars=serializers.IntegerField(validators=[{x}])")
    to.serializer("title=serializers.CharField(validators=[RV()])")
    for x in ("PK", "PK2", "PK3", "PK4", "PK5"):
        to.serializer(
            f'tag={x}(queryset=models.Tag.objects.all(),required=False)\nclass Meta(S.Meta):\n    fields=["id","tag"]'
        )
    to.serializer('tags=PK6(many=True)\nclass Meta(S.Meta):\n    fields=["id","tags"]')
    to.serializer(
        'tag=SL(slug_field="name",queryset=models.Tag.objects.all())\nclass Meta(S.Meta):\n    fields=["id","tag"]'
    )
    to.serializer("stars=Ch(choices=[1,2,3])")
    to.serializer("stars=De(max_digits=2,decimal_places=0)")
    to.serializer("title=Li()")
    to.serializer("title=Meth()\ndef other(self,o): return 1\ndef get_title(self,o): return 2")
    to.serializer("stars=Hid(default=1)")
    to.serializer("stars=serializers.HiddenField(default=CD())")
    to.serializer("stars=serializers.IntegerField(default=CD())")
    to.serializer("stars=serializers.IntegerField(default=lambda: 8)")


CLASSES = """
class UV(validators.UniqueValidator):
    def filter_queryset(self,v,q,f): return q.none()
class UV2(validators.UniqueValidator):
    message="own unique"
class UV3(validators.UniqueValidator):
    def exclude_current_instance(self,q,i): return q
class UV4(validators.UniqueValidator):
    def __call__(self,v,f): raise serializers.ValidationError("always")
class UT(validators.UniqueTogetherValidator):
    def enforce_required_fields(self,a,s): pass
class UT2(validators.UniqueTogetherValidator):
    message="own {field_names}"
class UT3(validators.UniqueTogetherValidator):
    missing_message="own missing"
class UT4(validators.UniqueTogetherValidator):
    def filter_queryset(self,a,q,s): return q.none()
class MV(dv.MaxValueValidator):
    def compare(self,a,b): return a<b
class MV2(dv.MaxValueValidator):
    def clean(self,x): return x*2
class MV3(dv.MaxValueValidator):
    message="own %(limit_value)s"
class MV4(dv.MaxValueValidator):
    code="owncode"
    def __call__(self,v): raise DjangoError("dj",code="c")
class RV(dv.RegexValidator):
    regex="^a"; inverse_match=True
class PK(serializers.PrimaryKeyRelatedField):
    def use_pk_only_optimization(self): return False
class PK2(serializers.PrimaryKeyRelatedField):
    def get_queryset(self): return models.Tag.objects.filter(name__startswith="t")
class PK3(serializers.PrimaryKeyRelatedField):
    def to_representation(self,v): return {"pk":v.pk}
class PK4(serializers.PrimaryKeyRelatedField):
    def get_choices(self,c=None): return {}
class PK5(serializers.PrimaryKeyRelatedField):
    default_error_messages={"does_not_exist":"own {pk_value}"}
class SL(serializers.SlugRelatedField):
    def to_internal_value(self,d): return models.Tag.objects.filter(name=d).first()
class Many(relations.ManyRelatedField):
    def get_attribute(self,i): return []
class PK6(serializers.PrimaryKeyRelatedField):
    @classmethod
    def many_init(cls,*a,**k):
        k.pop("many",None); return Many(child_relation=cls(queryset=models.Tag.objects.all()))
class Ch(serializers.ChoiceField):
    def _get_choices(self): return self._choices
class Dt(serializers.DateTimeField):
    format="%Y"
    input_formats=["%Y"]
class De(serializers.DecimalField):
    def validate_precision(self,v): return v
class Li(serializers.ListField):
    def run_child_validation(self,d): return d
    child=serializers.IntegerField()
class Meth(serializers.SerializerMethodField):
    def bind(self,n,p): super().bind(n,p); self.method_name="other"
class Hid(serializers.HiddenField):
    def get_value(self,d): return 3
class CD:
    requires_context=True
    def __call__(self,f): return 4
"""
