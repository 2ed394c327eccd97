from shop import refused, serializers  # noqa: F401  (the probe describes every serializer that is loaded)

urlpatterns = []
