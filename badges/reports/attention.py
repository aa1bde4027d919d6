"""List what needs an organizer's attention, the most urgent first; pure functions of EventFacts."""

import datetime
from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.composing.date_change import build_mailing_query, describe_date_change
from convention.events.attention import AttentionItem
from convention.events.models import Event
from convention.text.dates import format_datetime
from registrations.booking.unverified_alarm import build_review_query
from registrations.visits.models import Visit

from .event_facts import EventFacts, TaskQueueState

CLOSING_SOON = datetime.timedelta(days=7)
DRAFT_WARNING_PERIOD = datetime.timedelta(days=90)
# Counted from the last scan or snapshot; phones fetch one every few seconds.
DEVICE_SILENCE = datetime.timedelta(minutes=10)
FEW_LEFT_RATIO = 0.1
MAX_NAMES_SHOWN = 3


def list_event_items(facts: EventFacts, *, at: datetime.datetime) -> list[AttentionItem]:
    # The rest needs no attention for an event that does not take place.
    if facts.event.cancelled_at:
        items = [*_payment_items(facts), *_mailing_items(facts)]
        return [replace(item, event=facts.event) for item in items]
    items = [
        *_publishing_items(facts, at),
        *_ticket_items(facts, at),
        *_unverified_order_items(facts),
        *_registration_items(facts),
        *_payment_items(facts),
        *_mailing_items(facts),
        *_visit_items(facts),
        *_applicant_items(facts, at),
        *_schedule_items(facts),
        *_booking_items(facts),
        *_on_site_items(facts, at),
    ]
    # sorted() is stable: within a gravity the order of the list above stays.
    return sorted((replace(item, event=facts.event) for item in items), key=lambda item: -item.gravity)


def list_queue_items(queue: TaskQueueState) -> list[AttentionItem]:
    """Return the problems of the task queue, which concern the whole site."""
    items = []
    if queue.stuck_count:
        text = ngettext(
            "%(count)s task, such as an e-mail, has been waiting for more than ten minutes. "
            "Check that the worker is running.",
            "%(count)s tasks, such as e-mails, have been waiting for more than ten minutes. "
            "Check that the worker is running.",
            queue.stuck_count,
        )
        items.append(AttentionItem(text % {"count": queue.stuck_count}, 2))
    if queue.failed_count:
        text = ngettext(
            "%(count)s task failed in the last seven days. See the log.",
            "%(count)s tasks failed in the last seven days. See the log.",
            queue.failed_count,
        )
        items.append(AttentionItem(text % {"count": queue.failed_count}, 1))
    return items


def list_draft_items(missing_count: int) -> list[AttentionItem]:
    """Return how many points of the checklist before publication are missing."""
    if not missing_count:
        return []
    sentence = ngettext(
        "%(count)s item to check before publishing the event.",
        "%(count)s items to check before publishing the event.",
        missing_count,
    )
    return [AttentionItem(sentence % {"count": missing_count}, 0, "organize-event-publish")]


def _publishing_items(facts: EventFacts, at: datetime.datetime) -> Iterator[AttentionItem]:
    event = facts.event
    is_draft = event.visibility == Event.Visibility.DRAFT
    # Somebody else may have drafted it for the leads, who learn of it here, however early.
    is_for_leads = event.kind == Event.Kind.GROUP_MEETING
    if is_draft and (is_for_leads or event.starts_at - at < DRAFT_WARNING_PERIOD):
        yield AttentionItem(
            _("This event is still a draft, visible only to its organizers."), 1, "organize-event-publish"
        )
    if not event.is_registration_open(at=at):
        return
    closes = event.registration_deadline
    if closes - at < CLOSING_SOON and event.starts_at > at:
        sentence = _("Registration closes on %(moment)s.") % {"moment": format_datetime(closes, event.zone)}
        yield AttentionItem(sentence, 0, "organize-settings")


def _ticket_items(facts: EventFacts, at: datetime.datetime) -> Iterator[AttentionItem]:
    if not facts.tickets:
        yield AttentionItem(_("No tickets yet, so nobody can register."), 2, "organize-tickets")
    if not facts.event.is_registration_open(at=at):
        return
    for ticket in facts.tickets:
        # Members apply for a place on a visit: `_applicant_items` says how full it is.
        if ticket == facts.member_ticket:
            continue
        # A sold-out ticket that is not on sale anyway needs no attention.
        if ticket.capacity is None or ticket.remaining is None or not ticket.is_on_sale(at=at):
            continue
        values = {"ticket": ticket.title, "left": ticket.remaining, "capacity": ticket.capacity}
        if ticket.remaining == 0:
            yield AttentionItem(_("“%(ticket)s” is sold out.") % values, 1, "organize-tickets")
        elif ticket.remaining <= ticket.capacity * FEW_LEFT_RATIO:
            sentence = ngettext(
                "“%(ticket)s” is nearly sold out: %(left)s place left out of %(capacity)s.",
                "“%(ticket)s” is nearly sold out: %(left)s places left out of %(capacity)s.",
                ticket.remaining,
            )
            yield AttentionItem(sentence % values, 0, "organize-tickets")


def _unverified_order_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.alarm and facts.alarm_places:
        sentence = ngettext(
            "In the space of an hour, many places were ordered, to be paid by invoice; "
            "%(count)s has not been confirmed by its buyer yet. Check the orders.",
            "In the space of an hour, many places were ordered, to be paid by invoice; "
            "%(count)s have not been confirmed by their buyers yet. Check the orders.",
            facts.alarm_places,
        )
        query = build_review_query(facts.alarm)
        yield AttentionItem(sentence % {"count": facts.alarm_places}, 2, "organize-bulk-cancel", query)


def _registration_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.pending_count:
        sentence = ngettext(
            "%(count)s registration is awaiting confirmation of its e-mail address or payment.",
            "%(count)s registrations are awaiting confirmation of their e-mail addresses or payments.",
            facts.pending_count,
        )
        yield AttentionItem(
            sentence % {"count": facts.pending_count}, 0, "organize-registrations", "?state=pending"
        )
    if facts.undelivered_count:
        sentence = ngettext(
            "%(count)s e-mail was not delivered: correct the address and send it again.",
            "%(count)s e-mails were not delivered: correct the addresses and send them again.",
            facts.undelivered_count,
        )
        yield AttentionItem(
            sentence % {"count": facts.undelivered_count}, 2, "organize-registrations", "?state=undelivered"
        )
    if facts.unprintable_names:
        sentence = ngettext(
            "%(count)s name has characters that cannot be printed on badges: %(names)s.",
            "%(count)s names have characters that cannot be printed on badges: %(names)s.",
            len(facts.unprintable_names),
        )
        yield AttentionItem(sentence % _count_and_names(facts.unprintable_names), 1, "organize-badges")


def _payment_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.dispute_count:
        sentence = ngettext(
            "%(count)s card payment is disputed: the treasurer will respond.",
            "%(count)s card payments are disputed: the treasurer will respond.",
            facts.dispute_count,
        )
        yield AttentionItem(sentence % {"count": facts.dispute_count}, 2)


def _mailing_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.stopped_mailings:
        sentence = ngettext(
            "%(count)s mailing stopped after an error: %(names)s. Check the cause, then resume it.",
            "%(count)s mailings stopped after errors: %(names)s. Check the cause, then resume them.",
            len(facts.stopped_mailings),
        )
        yield AttentionItem(sentence % _count_and_titles(facts.stopped_mailings), 2, "organize-mail")
    if change := facts.date_change:
        query = build_mailing_query(change)
        yield AttentionItem(describe_date_change(change), 2, "organize-mailing-new", query)


def _visit_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.missing_agreements and facts.locks_at:
        sentence = ngettext(
            "%(count)s visitor has not accepted the confidentiality terms yet; the list will be "
            "locked on %(moment)s.",
            "%(count)s visitors have not accepted the confidentiality terms yet; the list will "
            "be locked on %(moment)s.",
            facts.missing_agreements,
        )
        values = {
            "count": facts.missing_agreements,
            "moment": format_datetime(facts.locks_at, facts.event.zone),
        }
        yield AttentionItem(sentence % values, 1, "organize-visit-applicants", "?state=confirmed")


def _applicant_items(facts: EventFacts, at: datetime.datetime) -> Iterator[AttentionItem]:
    """Yield how full a visit is and how many wait for it, until its list is locked."""
    visit, ticket = facts.visit, facts.member_ticket
    if (
        visit is None
        or ticket is None
        or visit.state_at(at) not in (Visit.State.PUBLISHED, Visit.State.CLOSED)
    ):
        return
    waiting_count, left = facts.ticket_waiting_count, ticket.remaining
    values = {"count": waiting_count, "left": left, "capacity": ticket.capacity}
    if waiting_count:
        full = ngettext(
            "The visit is full, with %(count)s person on the waiting list.",
            "The visit is full, with %(count)s people on the waiting list.",
            waiting_count,
        )
        waiting = ngettext(
            "%(count)s person is on the waiting list of the visit.",
            "%(count)s people are on the waiting list of the visit.",
            waiting_count,
        )
        sentence = full if left == 0 else waiting
        yield AttentionItem(sentence % values, 1, "organize-visit-applicants", "?state=waiting")
    elif left == 0:
        yield AttentionItem(_("The visit is full."), 0, "organize-visit-applicants")
    elif left is not None and left <= (ticket.capacity or 0) * FEW_LEFT_RATIO:
        sentence = ngettext(
            "The visit is nearly full: %(left)s place left out of %(capacity)s.",
            "The visit is nearly full: %(left)s places left out of %(capacity)s.",
            left,
        )
        yield AttentionItem(sentence % values, 0, "organize-visit-applicants")


def _schedule_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.schedule_conflict_count:
        sentence = ngettext(
            "%(count)s conflict in the programme: a room or a speaker is booked twice at the same time.",
            "%(count)s conflicts in the programme: a room or a speaker is booked twice at the same time.",
            facts.schedule_conflict_count,
        )
        yield AttentionItem(
            sentence % {"count": facts.schedule_conflict_count}, 1, "organize-schedule", "?state=conflicts"
        )
    if facts.outside_session_count:
        sentence = ngettext(
            "%(count)s session is outside the event’s hours.",
            "%(count)s sessions are outside the event’s hours.",
            facts.outside_session_count,
        )
        yield AttentionItem(
            sentence % {"count": facts.outside_session_count}, 1, "organize-schedule", "?state=outside_event"
        )
    if facts.unplaced_session_count:
        sentence = ngettext(
            "%(count)s session has no time or no room.",
            "%(count)s sessions have no time or no room.",
            facts.unplaced_session_count,
        )
        yield AttentionItem(
            sentence % {"count": facts.unplaced_session_count}, 0, "organize-schedule", "?state=unplaced"
        )


def _booking_items(facts: EventFacts) -> Iterator[AttentionItem]:
    if facts.full_sessions:
        sentence = ngettext(
            "%(count)s session is full: %(names)s.",
            "%(count)s sessions are full: %(names)s.",
            len(facts.full_sessions),
        )
        yield AttentionItem(sentence % _count_and_titles(facts.full_sessions), 0, "organize-waiting")
    if facts.filling_sessions:
        sentence = ngettext(
            "%(count)s session is nearly full: %(names)s.",
            "%(count)s sessions are nearly full: %(names)s.",
            len(facts.filling_sessions),
        )
        yield AttentionItem(
            sentence % _count_and_titles(facts.filling_sessions), 0, "organize-schedule", "?state=filling"
        )
    # `_applicant_items` counts those who wait for a place on a visit.
    waiting_count = facts.waiting_count - (facts.ticket_waiting_count if facts.visit else 0)
    if waiting_count:
        sentence = ngettext(
            "%(count)s person is waiting for a place.",
            "%(count)s people are waiting for a place.",
            waiting_count,
        )
        yield AttentionItem(sentence % {"count": waiting_count}, 0, "organize-waiting")


def _count_and_names(names: list[str]) -> dict[str, object]:
    """Return the number of names, and as a phrase the first of them and how many others there are."""
    shown, other_count = ", ".join(names[:MAX_NAMES_SHOWN]), len(names) - MAX_NAMES_SHOWN
    if other_count > 0:
        phrase = ngettext("%(names)s and %(count)s more", "%(names)s and %(count)s more", other_count)
        shown = phrase % {"names": shown, "count": other_count}
    return {"count": len(names), "names": shown}


def _count_and_titles(titles: list[str]) -> dict[str, object]:
    # Titles have commas and colons themselves.
    return _count_and_names([_("“%(title)s”") % {"title": title} for title in titles])


def _describe_no_device(expired: int) -> str:
    """Return why nobody can scan: no device was paired, or none is valid any more."""
    if not expired:
        return _("No phone is paired: nobody can scan badges.")
    sentence = ngettext(
        "The paired phone has been revoked or has expired, so nobody can scan badges.",
        "The %(count)s paired phones have been revoked or have expired, so nobody can scan badges.",
        expired,
    )
    return sentence % {"count": expired}


def _on_site_items(facts: EventFacts, at: datetime.datetime) -> Iterator[AttentionItem]:
    if facts.scan_conflict_count:
        sentence = ngettext(
            "%(count)s badge was let in twice: choose an explanation.",
            "%(count)s badges were let in twice: choose an explanation.",
            facts.scan_conflict_count,
        )
        yield AttentionItem(sentence % {"count": facts.scan_conflict_count}, 2, "organize-conflicts")
    # Before and after the event nobody scans, so a silent phone means nothing.
    if not facts.event.starts_at <= at <= facts.event.ends_at:
        return
    if not facts.devices:
        yield AttentionItem(_describe_no_device(facts.lapsed_device_count), 2, "organize-devices")
    for device in facts.devices:
        # A phone that was never seen is paired but not in use yet.
        if device.seen_at and at - device.seen_at > DEVICE_SILENCE:
            values = {
                "device": str(device),
                "door": device.checkpoint.name,
                "moment": format_datetime(device.seen_at, facts.event.zone),
            }
            sentence = _("The phone “%(device)s” (%(door)s) has not responded since %(moment)s.") % values
            yield AttentionItem(sentence, 2, "organize-devices")
