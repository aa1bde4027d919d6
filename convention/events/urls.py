"""URLs of an event's organizers."""

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.tables.downloads import build_list_paths
from convention.web.routing import OrganizerPage, PageGroup

from . import api, delegation_views, views
from .models import Event
from .permissions import can_edit_settings
from .pictures import views as picture_views
from .publishing import cancellation_views, meeting_views, public_views
from .publishing import views as publishing_views

pages: list[Any] = [
    *build_list_paths("organize/<slug:event>/lists", views.event_list_export, views.load_event_lists()),
    path("events/<slug:slug>/preview.png", public_views.event_preview, name="event-preview"),
    path("organize/new/", publishing_views.event_new, name="organize-event-new"),
    path("organize/new/all/", views.event_create, name="organize-event-create"),
    path("organize/new/start/<slug:kind>/", publishing_views.event_start, name="organize-event-start"),
    path("organize/new/copy/", publishing_views.event_copy, name="organize-event-copy"),
    path("organize/new/meeting/<slug:group>/", meeting_views.meeting_new, name="organize-meeting-new"),
    path("organize/<slug:event>/draft/", meeting_views.meeting_draft, name="organize-meeting-draft"),
    path("organize/<slug:event>/publish/", publishing_views.event_publication, name="organize-event-publish"),
    path(
        "organize/<slug:event>/publish/open-registration/",
        publishing_views.registration_opening,
        name="organize-event-open-registration",
    ),
    path("organize/<slug:event>/delete/", publishing_views.event_delete, name="organize-event-delete"),
    path(
        "organize/<slug:event>/cancel/", cancellation_views.event_cancellation, name="organize-event-cancel"
    ),
    path(
        "organize/<slug:event>/restore/", cancellation_views.event_restoration, name="organize-event-restore"
    ),
    path("organize/<slug:event>/settings/", views.event_settings, name="organize-settings"),
    path("organize/<slug:event>/pictures/", picture_views.event_pictures, name="organize-pictures"),
    path("organize/<slug:event>/venue/", views.event_venue, name="organize-venue"),
    path("organize/<slug:event>/rooms/", views.event_rooms, name="organize-rooms"),
    path("organize/<slug:event>/people/", views.event_people, name="organize-people"),
    path("organize/<slug:event>/people/<int:role_id>/end/", views.event_role_end, name="organize-role-end"),
    path("organize/<slug:event>/delegation/", delegation_views.delegation_list, name="organize-delegation"),
    path(
        "organize/<slug:event>/delegation/new/",
        delegation_views.delegation_create,
        name="organize-delegation-new",
    ),
    path(
        "organize/<slug:event>/delegation/name/",
        delegation_views.delegate_add,
        name="organize-delegate-add",
    ),
    path(
        "organize/<slug:event>/delegation/<int:pk>/end/",
        delegation_views.delegation_end,
        name="organize-delegation-end",
    ),
]
endpoints: list[Any] = [
    path("events/<slug:event>/", api.EventDetailView.as_view(), name="api-event"),
]
unlocalized_pages: list[Any] = [
    path("events/<slug:slug>/pictures/<slug:kind>/", picture_views.event_picture, name="event-picture"),
    path("robots.txt", public_views.robots_file, name="robots"),
    path("sitemap.xml", public_views.site_map, name="site-map"),
]
organizer_pages = [
    OrganizerPage("organize-event-publish", _("Publish and share"), 46, PageGroup.COMMUNICATION),
    OrganizerPage("organize-rooms", _("Rooms"), 70, PageGroup.PROGRAMME),
    OrganizerPage("organize-pictures", _("Pictures"), 77, PageGroup.SETTINGS),
    OrganizerPage("organize-people", _("People"), 80, PageGroup.SETTINGS, is_for_leads=False),
    OrganizerPage(
        "organize-delegation",
        _("Outside organizer"),
        85,
        PageGroup.SETTINGS,
        kinds=(Event.Kind.CONVENTION,),
        is_for_leads=False,
    ),
    OrganizerPage("organize-settings", _("Settings"), 75, PageGroup.SETTINGS, can_open=can_edit_settings),
]
