from django.urls import path
from tickets import views

urlpatterns = [
    path("api/tickets/", views.TicketListView.as_view()),
    path("api/tickets/<int:pk>/", views.TicketView.as_view()),
    path("api/tickets/<int:pk>/priority/", views.priority),
    path("api/now/", views.now),
    path("api/limit/", views.limit),
    path("api/raw/", views.raw),
]
