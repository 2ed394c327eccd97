"""Rules of the serializer room: ``self`` of serializers, validated data, serializer objects."""
