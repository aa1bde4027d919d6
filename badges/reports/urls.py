"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from . import desk_views, views

pages: list[Any] = [
    path("organize/", views.home, name="organize"),
    path("organize/<slug:event>/", views.overview, name="organize-event"),
    path("desk/", desk_views.desks, name="desks"),
    path("desk/<slug:event>/", desk_views.desk, name="desk"),
    path("desk/<slug:event>/<slug:reference>/badge.pdf", desk_views.badge, name="desk-badge"),
]
endpoints: list[Any] = []
organizer_pages = [
    OrganizerPage("organize-event", _("Overview"), 0),
    OrganizerPage("desk", _("Desk"), 55, is_for_desk=True),
]
