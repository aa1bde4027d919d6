"""Addresses."""

from typing import Any

from django.urls import path

from . import api, views

pages: list[Any] = [
    path("orders/<str:reference>/<str:secret>/", views.order, name="order"),
]
endpoints: list[Any] = [
    path("events/<slug:event>/orders/", api.Orders.as_view(), name="api-orders"),
]
