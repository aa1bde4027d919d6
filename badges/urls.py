"""Addresses."""

from typing import Any

from django.urls import path

from . import views

pages: list[Any] = [
    path("orders/<str:reference>/<str:secret>/<str:person>/badge.pdf", views.order_badge, name="order-badge"),
]
endpoints: list[Any] = []
