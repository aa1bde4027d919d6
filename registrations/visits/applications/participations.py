"""List a person's applications for visits on their page in the directory, for those who manage the visits."""

from typing import TYPE_CHECKING

from django.urls import reverse

from convention.club.models import Person
from convention.events.club_hooks import Participation
from registrations.visits.models import Application
from registrations.visits.permissions import can_manage_visit

from .state import find_states_across_visits

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser


def list_visit_participations(person: Person, reader: "RequestUser") -> list[Participation]:
    """Return the person's applications for visits that the reader manages, refused ones too."""
    rows = Application.objects.filter(person=person).select_related("visit__event").order_by("pk")
    applications = [row for row in rows if can_manage_visit(reader, row.visit.event)]
    states = find_states_across_visits(applications) if applications else {}
    return [
        Participation(
            row.visit.event,
            state=str(states[row.pk].label),
            path=reverse("organize-visit-applicant", args=[row.visit.event.slug, row.pk]),
        )
        for row in applications
    ]
