"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from .doors import order_by_link


def order(request: HttpRequest, reference: str, secret: str) -> HttpResponse:
    """An order's page."""
    return render(request, "registrations/order.html", {"order": order_by_link(reference, secret)})
