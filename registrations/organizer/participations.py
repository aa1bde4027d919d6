"""List a person's registrations on their page in the directory, for readers who organize the events."""

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import pgettext

from convention import hooks
from convention.club.models import Person
from convention.events.club_hooks import Participation
from convention.events.models import Event
from convention.events.permissions import can_organize
from registrations.models import Registration
from registrations.permissions import list_own_registrations

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def list_registration_participations(person: Person, reader: "RequestUser") -> list[Participation]:
    """Return the person's registrations at events that the reader organizes.

    Places on application are left out: `list_visit_participations` returns their applications.
    """
    registrations = [row for row in list_own_registrations(person) if can_organize(reader, row.event)]
    visits = [row.event for row in registrations if row.event.kind == Event.Kind.SITE_VISIT]
    governed_ids = set(hooks.application_rules.provider().find_governed_ids(visits)) if visits else set()
    rows = [row for row in registrations if row.event_id not in governed_ids]
    presence = hooks.registration_presence.provider()({row.event for row in rows}) if rows else {}
    return [
        Participation(
            row.event,
            state=pgettext("registration", "attended")
            if row.state == Registration.State.CONFIRMED and row.pk in presence[row.event_id]
            else row.get_state_display(),
            path=reverse("organize-registration", args=[row.event.slug, row.reference]),
        )
        for row in rows
    ]
