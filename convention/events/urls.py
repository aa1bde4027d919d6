"""Addresses."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.downloads import list_paths
from convention.routes import OrganizerPage

from . import api, views, views_delegation
from .lists import event_lists

pages: list[Any] = [
    *list_paths("organize/<slug:event>/lists", views.export_list, event_lists()),
    path("organize/new/", views.create, name="organize-event-create"),
    path("organize/<slug:event>/settings/", views.settings, name="organize-settings"),
    path("organize/<slug:event>/venue/", views.venue, name="organize-venue"),
    path("organize/<slug:event>/rooms/", views.rooms, name="organize-rooms"),
    path("organize/<slug:event>/people/", views.people, name="organize-people"),
    path("organize/<slug:event>/people/<int:role_id>/end/", views.end_role, name="organize-role-end"),
    path("organize/<slug:event>/delegation/", views_delegation.delegations, name="organize-delegation"),
    path("organize/<slug:event>/delegation/new/", views_delegation.new, name="organize-delegation-new"),
    path("organize/<slug:event>/delegation/name/", views_delegation.name, name="organize-delegation-name"),
    path(
        "organize/<slug:event>/delegation/<int:pk>/end/",
        views_delegation.end,
        name="organize-delegation-end",
    ),
]
endpoints: list[Any] = [
    path("events/<slug:event>/", api.EventDetail.as_view(), name="api-event"),
]
organizer_pages = [
    OrganizerPage("organize-rooms", _("Rooms"), 70),
    OrganizerPage("organize-people", _("People"), 80),
    OrganizerPage("organize-delegation", _("Outside organizer"), 85),
    OrganizerPage("organize-settings", _("Settings"), 90),
]
