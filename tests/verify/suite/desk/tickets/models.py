from django.db import models


class Ticket(models.Model):
    title = models.CharField(max_length=60)
    urgent = models.BooleanField(default=False)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def weight(self):
        """How heavy it is."""
        return 10 if self.urgent else 1

    @property
    def label(self):
        """What it is called."""
        return f"#{self.title}"
