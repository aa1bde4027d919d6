from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.events.models import Event
from convention.web.routing import OrganizerPage, PageGroup

from . import organizer_views, views

FEEDBACK_PATH = "organize/<slug:event>/feedback"


def _has_programme(event: Event) -> bool:
    # Visits have their own questions (registrations/visits/debrief/).
    return event.kind != Event.Kind.SITE_VISIT


pages: list[Any] = [
    path(
        "orders/<slug:reference>/<slug:secret>/<slug:person>/feedback/",
        views.order_feedback,
        name="order-feedback",
    ),
    path("events/<slug:event>/feedback/", views.event_feedback, name="event-feedback"),
    path(
        "events/<slug:event>/sessions/<uuid:guid>/feedback/",
        views.session_feedback,
        name="session-feedback",
    ),
    path(f"{FEEDBACK_PATH}/", organizer_views.feedback_overview, name="organize-feedback"),
    path(f"{FEEDBACK_PATH}/settings/", organizer_views.feedback_settings, name="organize-feedback-settings"),
    path(f"{FEEDBACK_PATH}/send/", organizer_views.summaries_send, name="organize-feedback-send"),
    path(
        f"{FEEDBACK_PATH}/<int:number>/", organizer_views.feedback_session, name="organize-feedback-session"
    ),
]
organizer_pages = [
    OrganizerPage("organize-feedback", _("Feedback"), 55, PageGroup.PROGRAMME, has_content=_has_programme)
]
