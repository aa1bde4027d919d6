"""Applications of two records of one person that are merged in the club's directory (hooks of the club)."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from convention.club.merge_people.obstacles import MergeObstacle
from convention.club.models import Person
from registrations.visits.models import Application, Interest


def list_double_applications(survivor: Person, duplicate: Person) -> list[MergeObstacle]:
    """Return an obstacle for each visit for which both have an active application."""
    active = Application.objects.active()
    own_visits = active.filter(person=survivor).values("visit")
    rows = active.filter(person=duplicate, visit__in=own_visits).select_related("visit__event")
    sentence = _("Both records have an application for “%(event)s”. Withdraw or refuse one of them first.")
    return [
        MergeObstacle(
            sentence % {"event": row.visit.event.title},
            path=reverse("organize-visit-applicant", args=[row.visit.event.slug, row.pk]),
            label=_("Open the application of %(name)s") % {"name": duplicate},
        )
        for row in rows.order_by("pk")
    ]


def merge_interests(rows: "QuerySet[Any]", survivor: Person) -> None:
    """Delete the interest in proposals in which the survivor is interested too: one person counts once."""
    rows.filter(proposal__in=Interest.objects.filter(person=survivor).values("proposal")).delete()
