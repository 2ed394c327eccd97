"""Rules for views: generic views' methods, serializer objects, responses."""
