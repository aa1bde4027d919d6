from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage

from .views import home

pages: list[Any] = [
    path("organize/", home.organizer_home, name="organize"),
    path("organize/<slug:event>/", home.event_overview, name="organize-event"),
]
endpoints: list[Any] = []
organizer_pages = [
    OrganizerPage("organize-event", _("Overview"), 0),
]
