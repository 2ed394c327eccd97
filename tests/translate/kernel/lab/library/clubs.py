"""Many-to-many relations that are listened to: who is told of what, in which order, and of which keys."""

from django.db import models
from django.db.models.signals import m2m_changed
from django.dispatch import receiver


class Member(models.Model):
    name = models.CharField(max_length=30)


class Club(models.Model):
    name = models.CharField(max_length=30)
    size = models.IntegerField(default=0)
    members = models.ManyToManyField(Member, related_name="clubs")
    partners = models.ManyToManyField("self")
    guests = models.ManyToManyField(Member, through="Visit", related_name="visited")
    heads = models.ManyToManyField(Member, related_name="heading")
    loud = models.ManyToManyField(Member, related_name="+")


class Visit(models.Model):
    club = models.ForeignKey(Club, on_delete=models.CASCADE)
    member = models.ForeignKey(Member, on_delete=models.CASCADE)
    rank = models.IntegerField(default=0)


class Protocol(models.Model):
    line = models.CharField(max_length=200)


@receiver(m2m_changed, sender=Club.members.through)
def write_down(sender, instance, action, reverse, model, pk_set, using, **kwargs):
    """Everything that the signal says."""
    keys = "none" if pk_set is None else ",".join(str(key) for key in sorted(pk_set))
    there = model.objects.filter(pk__in=pk_set).count() if pk_set else 0
    side = "clubs" if reverse else "members"
    Protocol.objects.create(line=f"{action} {side} of {instance.name}: {keys} ({there} there)")


@receiver(m2m_changed, sender=Club.members.through, dispatch_uid="count")
def count_members(sender, instance, action, reverse, **kwargs):
    if reverse:
        return
    if action in ("post_add", "post_remove", "post_clear"):
        instance.size = instance.members.count()
        instance.save(update_fields=["size"])


@receiver(m2m_changed, sender=Club.members.through)
def turn_away(pk_set, action, instance, **kwargs):
    if action == "pre_add" and Member.objects.filter(pk__in=pk_set, name="banned").exists():
        raise ValueError(f"Not into {instance.name}.")


def shake_hands(sender, **kwargs):
    Protocol.objects.create(line=f"shaken: {Club.partners.through.objects.count()}")


def meet(instance, **kwargs):
    action = kwargs.pop("action")
    if action.startswith("pre_") or kwargs.get("pk_set") is None or kwargs.get("raw", False):
        return
    for key in sorted(kwargs["pk_set"]):
        Protocol.objects.create(line=f"{action} of {instance.name}: {Member.objects.get(pk=key).name}")


def only_new(instance, action, pk_set, **kwargs):
    if action == "pre_add":
        pk_set.clear()


@receiver(m2m_changed, sender=Club.loud.through)
def echo(instance, action, **kwargs):
    if action == "post_add":
        instance.loud.clear()


m2m_changed.connect(meet, sender=Club.guests.through)
m2m_changed.connect(only_new, sender=Club.heads.through)
