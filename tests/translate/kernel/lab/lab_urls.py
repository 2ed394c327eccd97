from django.urls import path
from library.views import Lab

urlpatterns = [path("lab/<int:pk>/", Lab.as_view())]
