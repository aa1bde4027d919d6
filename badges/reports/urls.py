from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from .views import desk, home

pages: list[Any] = [
    path("organize/", home.organizer_home, name="organize"),
    path("organize/<slug:event>/", home.event_overview, name="organize-event"),
    path("desk/", desk.desk_list, name="desks"),
    path("desk/<slug:event>/", desk.desk_search, name="desk"),
    path("desk/<slug:event>/walk-in/", desk.walk_in_create, name="desk-walk-in"),
    path("desk/<slug:event>/<slug:reference>/confirm/", desk.order_vouch, name="desk-confirm"),
    path("desk/<slug:event>/<slug:reference>/answers/", desk.walk_in_answers, name="desk-answers"),
    path("desk/<slug:event>/<slug:reference>/badge.pdf", desk.desk_badge, name="desk-badge"),
]
endpoints: list[Any] = []
organizer_pages = [
    OrganizerPage("organize-event", _("Overview"), 0),
    OrganizerPage("desk", _("Desk"), 55, PageGroup.ON_SITE, is_for_desk=True),
]
