"""List what is left to do for the visitor list of a locked visit; no list is decrypted."""

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registrations.visits.models import Application, Visit, VisitorList

from .send import is_list_too_late
from .visitors import count_waiting_for_identity, find_list_readiness, is_list_outdated


@dataclass(frozen=True)
class ListStep:
    """A sentence on one step that is left for the list of a visit; gravity as in the organizers' home."""

    sentence: str
    gravity: int


def list_open_steps(visit: Visit, *, at: datetime.datetime) -> list[ListStep]:
    """Return the steps that are left for the list: create, send or renew it, complete its visitors.

    Empty while no list can be created: before the lock, after the visit and once it is cancelled.
    """
    if is_list_too_late(visit):
        return []
    readiness = find_list_readiness(visit)
    steps = []
    if sentence := _describe_list_step(visit, readiness.ready):
        steps.append(ListStep(sentence, 2))
    # Visitors who cannot enter their identity yet have nothing to do.
    incomplete_count = len(readiness.missing) - count_waiting_for_identity(visit, readiness, at=at)
    if incomplete_count:
        sentence = ngettext(
            "%(count)d visitor is missing from the host’s list because their details are incomplete.",
            "%(count)d visitors are missing from the host’s list because their details are incomplete.",
            incomplete_count,
        )
        steps.append(ListStep(sentence % {"count": incomplete_count}, 1))
    return steps


def _describe_list_step(visit: Visit, ready: list[Application]) -> str:
    """Return the next step of the list itself, "" if there is none now."""
    latest: VisitorList | None = visit.lists.order_by("-number").first()
    if latest is None:
        return _("The list is locked. Create its first version and send it to the host.") if ready else ""
    if latest.is_being_sent:
        return ""
    if latest.refused_at and latest.sent_at is None:
        return _("The mail server refused the host’s list. Correct the security contact, then send it again.")
    if is_list_outdated(visit, ready):
        return _("The host’s list is out of date. Create the next version and send it.")
    if latest.sent_at is None:
        values = {"number": latest.number}
        return _("Version %(number)d of the list has not been sent to the host yet.") % values
    return ""
