"""Addresses."""

from typing import Any

from django.urls import path

from . import api
from .views import event, mine, order, register

LINK = "orders/<str:reference>/<str:secret>"

pages: list[Any] = [
    path("events/<slug:slug>/", event.event, name="event"),
    path("events/<slug:slug>/register/", register.who, name="register"),
    path("events/<slug:slug>/register/choices/", register.choices, name="register-choices"),
    path("events/<slug:slug>/register/check/", register.check, name="register-check"),
    path("orders/confirm/<str:token>/", order.prove_address, name="prove"),
    path(f"{LINK}/", order.order, name="order"),
    path(f"{LINK}/calendar.ics", order.calendar, name="order-calendar"),
    path(f"{LINK}/<str:person>/correct/", order.correct_registration, name="order-correct"),
    path(f"{LINK}/<str:person>/cancel/", order.cancel_registration, name="order-cancel"),
    path("me/", mine.me, name="me"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.Orders.as_view(), name="api-orders"),
]
