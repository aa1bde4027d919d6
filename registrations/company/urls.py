"""Addresses."""

from typing import Any

from django.urls import path

from .views import desk, details, invoices, many, places

ONE = "company/<slug:company>"
PLACE = f"{ONE}/registrations/<slug:reference>"
MANY = f"{ONE}/register/<slug:event>"

pages: list[Any] = [
    path("company/", desk.index, name="company"),
    path(f"{ONE}/", desk.home, name="company-home"),
    path(f"{ONE}/seats/", desk.seats, name="company-seats"),
    path(f"{ONE}/seats/give/<int:job>/", desk.give, name="company-seat-give"),
    path(f"{ONE}/seats/take/<int:seat>/", desk.take, name="company-seat-take"),
    path(f"{ONE}/registrations/", places.registrations, name="company-registrations"),
    path(f"{PLACE}/", places.place, name="company-place"),
    path(f"{PLACE}/invite/", places.invite_again, name="company-place-invite"),
    path(f"{PLACE}/cancel/", places.cancel_place, name="company-place-cancel"),
    path(f"{ONE}/orders/", places.orders, name="company-orders"),
    path(f"{ONE}/orders/<slug:reference>/invoices/", invoices.invoices, name="company-invoices"),
    path(f"{ONE}/invoices/<int:invoice>.pdf", invoices.invoice, name="company-invoice"),
    path(f"{MANY}/", many.many, name="company-register"),
    path(f"{MANY}/check/", many.check, name="company-check"),
    path(
        "orders/<slug:reference>/<slug:secret>/<slug:person>/details/", details.details, name="order-details"
    ),
]
