"""Reviews by two records of one person that are merged in the club's directory (hook of the club)."""

from django.utils.translation import gettext as _

from convention.club.merge_people.obstacles import MergeObstacle
from convention.club.models import Person
from schedule.models import Review


def list_double_reviews(survivor: Person, duplicate: Person) -> list[MergeObstacle]:
    """Return an obstacle for each event at which both reviewed the same proposal: both opinions count."""
    own_proposals = Review.objects.filter(reviewer=survivor).values("proposal")
    rows = Review.objects.filter(reviewer=duplicate, proposal__in=own_proposals)
    events = {row.proposal.call.event for row in rows.select_related("proposal__call__event")}
    sentence = _("Both records have reviewed the same proposals for “%(event)s”, and each review counts.")
    return [
        MergeObstacle(sentence % {"event": event.title}) for event in sorted(events, key=lambda row: row.pk)
    ]
