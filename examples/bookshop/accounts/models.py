"""Users of the shop."""

from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """A customer or somebody who works here."""

    class Role(models.TextChoices):
        READER = "reader", "Reader"
        EDITOR = "editor", "Editor"
        MANAGER = "manager", "Manager"

    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=80, blank=True)
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.READER)

    @property
    def shown_name(self):
        """What other customers see."""
        return self.display_name or self.username


class Profile(models.Model):
    """What a customer tells about herself."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="profile")
    bio = models.TextField(blank=True)
    birthday = models.DateField(null=True, blank=True)
    newsletter = models.BooleanField(default=False)
    preferences = models.JSONField(default=dict, blank=True)
    avatar = models.FileField(upload_to="avatars/", null=True, blank=True)

    def __str__(self):
        return f"Profile of {self.user.username}"
