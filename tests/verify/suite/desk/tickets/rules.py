from django.conf import settings

from tickets.models import Ticket


def score(ticket, factor=2):
    """A ticket's place in the queue."""
    return ticket.weight() * factor


def is_full():
    """No more tickets today."""
    return Ticket.objects.count() >= settings.TICKETS_OPEN_AT_MOST
