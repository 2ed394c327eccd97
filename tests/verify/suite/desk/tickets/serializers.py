from rest_framework import serializers

from tickets.models import Ticket


class TicketSerializer(serializers.ModelSerializer):
    label = serializers.ReadOnlyField()

    class Meta:
        model = Ticket
        fields = ["id", "title", "urgent", "label", "created"]

    def validate_title(self, value):
        """No shouting."""
        if value.isupper():
            raise serializers.ValidationError("Do not shout.", code="loud")
        return value
