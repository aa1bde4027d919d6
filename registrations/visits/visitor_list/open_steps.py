"""List what is left to do for the visitor list of a locked visit; no list is decrypted."""

import datetime
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.text.dates import format_date
from registrations.visits.hosts.permissions import find_current_list
from registrations.visits.identity.fields import get_identity_window
from registrations.visits.models import Application, Visit, VisitorList

from .send import is_list_too_late
from .visitors import (
    count_waiting_for_identity,
    find_list_readiness,
    is_list_outdated,
    is_version_current,
)


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
    waiting_count = count_waiting_for_identity(visit, readiness, at=at)
    if sentence := _describe_missing_visitors(visit, len(readiness.missing), waiting_count):
        # While all of them wait for the request, nobody is late.
        steps.append(ListStep(sentence, 1 if waiting_count < len(readiness.missing) else 0))
    return steps


def _describe_missing_visitors(visit: Visit, missing_count: int, waiting_count: int) -> str:
    """Return how many visitors are not on the list, and how many of them cannot give their identity yet."""
    day = format_date(get_identity_window(visit).opens_at, visit.event.zone)
    values = {"count": missing_count, "waiting": waiting_count, "day": day}
    if not missing_count:
        return ""
    if waiting_count == missing_count:
        sentence = ngettext(
            "%(count)d visitor is missing from the host’s list until the identity request of %(day)s.",
            "%(count)d visitors are missing from the host’s list until the identity request of %(day)s.",
            missing_count,
        )
    elif waiting_count:
        # At least two visitors: one of them waits, another one does not.
        sentence = _(
            "%(count)d visitors are missing from the host’s list because their details are incomplete, "
            "%(waiting)d of them until the identity request of %(day)s."
        )
    else:
        sentence = ngettext(
            "%(count)d visitor is missing from the host’s list because their details are incomplete.",
            "%(count)d visitors are missing from the host’s list because their details are incomplete.",
            missing_count,
        )
    return sentence % values


class ListAction(enum.Enum):
    """The next action on the list of a locked visit."""

    CREATE_FIRST = enum.auto()
    CREATE_NEXT = enum.auto()
    SEND = enum.auto()
    SEND_AGAIN = enum.auto()


def find_list_action(
    visit: Visit, latest: VisitorList | None, ready: Sequence[Application]
) -> ListAction | None:
    """Return the next action on the list, whose last version is `latest`; None if there is none now."""
    if latest is None:
        return ListAction.CREATE_FIRST if ready else None
    if latest.is_being_sent:
        return None
    if latest.refused_at and latest.sent_at is None:
        return ListAction.SEND_AGAIN
    is_outdated, has_sent_version = is_list_outdated(visit, ready), find_current_list(visit) is not None
    # A version that was created and not sent is only of use while the host has no list that is as good.
    if latest.sent_at is None and (is_outdated or not has_sent_version):
        return ListAction.SEND if is_version_current(latest, ready) else ListAction.CREATE_NEXT
    return ListAction.CREATE_NEXT if is_outdated else None


def describe_list_action(visit: Visit, latest: VisitorList | None, action: ListAction | None) -> str:
    """Return a sentence on the next action on the list, "" if there is none now."""
    if action is None:
        return ""
    has_sent_version = find_current_list(visit) is not None
    sentences = {
        ListAction.CREATE_FIRST: _("The list is locked. Create its first version and send it to the host."),
        ListAction.SEND_AGAIN: _(
            "The mail server refused the host’s list. Correct the security contact, then send it again."
        ),
        ListAction.SEND: _("The host’s list is out of date. Send version %(number)d.")
        if has_sent_version
        else _("Version %(number)d of the list has not been sent to the host yet."),
        ListAction.CREATE_NEXT: _("The host’s list is out of date. Create the next version and send it.")
        if has_sent_version
        else _("Version %(number)d was not sent and is out of date. Create the next version and send it."),
    }
    return sentences[action] % {"number": latest.number if latest else 1}


def _describe_list_step(visit: Visit, ready: list[Application]) -> str:
    """Return the next step of the list itself, "" if there is none now."""
    latest: VisitorList | None = visit.lists.order_by("-number").first()
    return describe_list_action(visit, latest, find_list_action(visit, latest, ready))
