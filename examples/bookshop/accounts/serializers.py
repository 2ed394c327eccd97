"""Users as the API shows them."""

from rest_framework import serializers

from accounts.models import Profile, User


class UserSummarySerializer(serializers.ModelSerializer):
    """What anybody may see of a user."""

    name = serializers.CharField(source="shown_name", read_only=True)

    class Meta:
        model = User
        fields = ["id", "username", "name"]


class UserSerializer(serializers.ModelSerializer):
    """What staff sees."""

    orders = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "username", "email", "display_name", "role", "is_active", "date_joined", "orders"]

    def get_orders(self, obj):
        return obj.orders.count()


class MeSerializer(serializers.ModelSerializer):
    """What users see and change of themselves."""

    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "display_name", "role"]
        read_only_fields = ["username", "role"]

    def validate_display_name(self, value):
        if "admin" in value.lower():
            raise serializers.ValidationError("This name is reserved.")
        return value.strip()


class ProfileSerializer(serializers.ModelSerializer):
    """A profile without its user."""

    class Meta:
        model = Profile
        fields = ["bio", "birthday", "newsletter", "preferences"]
