from django.conf import settings
from django.db import connection
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import generics, serializers
from rest_framework.decorators import api_view
from rest_framework.response import Response

from tickets.models import Ticket
from tickets.rules import is_full, score
from tickets.serializers import TicketSerializer


class TicketListView(generics.ListCreateAPIView):
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer

    def perform_create(self, serializer):
        if is_full():
            raise serializers.ValidationError({"title": "Full."})
        serializer.save()


class TicketView(generics.RetrieveDestroyAPIView):
    queryset = Ticket.objects.all()
    serializer_class = TicketSerializer


@api_view(["GET"])
def priority(request, pk):
    """Its place in the queue."""
    ticket = get_object_or_404(Ticket, pk=pk)
    return Response({"score": score(ticket, factor=3)})


@api_view(["GET"])
def now(request):
    """The year."""
    return Response({"year": timezone.now().year})


@api_view(["GET"])
def limit(request):
    """How many."""
    return Response({"limit": settings.TICKETS_OPEN_AT_MOST})


@api_view(["GET"])
def raw(request):
    """Something that stays on Django."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return Response({"one": cursor.fetchone()[0]})
