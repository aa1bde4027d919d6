"""List the steps before the host’s list that visitors with a place still have to take: terms and identity."""

from collections.abc import Collection

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.events.models import Event
from convention.text.dates import format_date
from registrations.models import Registration
from registrations.orders.order_state import OpenStep
from registrations.visits.identity.fields import (
    WINDOW_OPEN,
    WINDOW_OVER,
    get_identity_window,
    is_identity_complete,
    list_requested_fields,
)
from registrations.visits.models import Application, Identity, NdaText, Visit

from .state import find_agreed_ids


def list_visitor_steps(registrations: Collection[Registration]) -> dict[int, list[OpenStep]]:
    """Return the open steps of those with a place on a visit to come, by registration id."""
    places = [row.pk for row in registrations if row.event.kind == Event.Kind.SITE_VISIT]
    if not places:
        return {}
    rows = Application.objects.confirmed().filter(registration__in=places, visit__cancelled_at=None)
    upcoming = rows.filter(visit__event__ends_at__gt=timezone.now())
    applications = list(upcoming.select_related("visit__event"))
    agreed_ids = find_agreed_ids(applications)
    visits_with_terms = set(
        NdaText.objects.filter(visit__in={application.visit_id for application in applications})
        .order_by()
        .values_list("visit", flat=True)
    )
    given_fields = dict(
        Identity.objects.filter(application__in=applications).values_list("application", "field_names")
    )
    steps = {}
    for application in applications:
        visit = application.visit
        open_steps = []
        if visit.pk in visits_with_terms and application.pk not in agreed_ids:
            path = reverse("visit-confidentiality", args=[visit.event.slug])
            label = _("Accept the confidentiality terms (required to be on the host’s list)")
            open_steps.append(OpenStep(label, path))
        if not is_identity_complete(list_requested_fields(visit), given_fields.get(application.pk, [])):
            open_steps += _describe_identity_step(visit)
        if open_steps:
            steps[application.registration_id or 0] = open_steps
    return steps


def _describe_identity_step(visit: Visit) -> list[OpenStep]:
    window, now = get_identity_window(visit), timezone.now()
    if window.state_at(now) == WINDOW_OPEN:
        path = reverse("visit-identity", args=[visit.event.slug])
        return [OpenStep(_("Enter the identity details for the host’s security team"), path)]
    if window.state_at(now) == WINDOW_OVER:
        return []
    day = format_date(window.opens_at, visit.event.zone)
    label = _("From %(day)s: enter the identity details for the host’s security team; we will e-mail you")
    return [OpenStep(label % {"day": day}, "")]
