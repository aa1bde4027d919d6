"""What needs an organizer's attention: facts in, sentences out, the gravest first."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.dates import say_moment
from convention.events.models import Event
from registrations.order_alarm import review_query

from .facts import Facts, Queue

SOON = datetime.timedelta(days=7)
DRAFT_TOO_LONG = datetime.timedelta(days=90)
SILENT = datetime.timedelta(minutes=10)
FEW_LEFT = 0.1


@dataclass(frozen=True)
class Matter:
    """A sentence, how grave (0 can wait, 1 soon, 2 now), and the page where to act: its name and query."""

    sentence: str
    gravity: int = 1
    page: str = ""
    query: str = ""
    event: Event | None = None


def matters(facts: Facts, *, at: datetime.datetime) -> list[Matter]:
    """All of one event, the gravest first."""
    found = [
        *_publishing(facts, at),
        *_tickets(facts, at),
        *_unverified(facts),
        *_registrations(facts),
        *_money(facts),
        *_mail(facts),
        *_visit(facts),
        *_schedule(facts),
        *_seats(facts),
        *_on_site(facts, at),
    ]
    return sorted((replace(matter, event=facts.event) for matter in found), key=lambda m: -m.gravity)


def queue_matters(queue: Queue) -> list[Matter]:
    """What stands still for the whole site."""
    found = []
    if queue.stuck:
        text = ngettext(
            "%(count)s task has waited for more than ten minutes, such as an e-mail: is the worker running?",
            "%(count)s tasks have waited for more than ten minutes, such as e-mails: is the worker running?",
            queue.stuck,
        )
        found.append(Matter(text % {"count": queue.stuck}, 2))
    if queue.failed:
        text = ngettext(
            "%(count)s task failed in the last seven days; the log says why.",
            "%(count)s tasks failed in the last seven days; the log says why.",
            queue.failed,
        )
        found.append(Matter(text % {"count": queue.failed}, 1))
    return found


def _publishing(facts: Facts, at: datetime.datetime) -> Iterator[Matter]:
    event = facts.event
    if event.visibility == Event.Visibility.DRAFT and event.starts_at - at < DRAFT_TOO_LONG:
        yield Matter(_("It is still a draft: nobody but its organizers sees it."), 1, "organize-settings")
    if not event.is_registration_open(at=at):
        return
    closes = event.registration_closes_at or event.ends_at
    if closes - at < SOON and event.starts_at > at:
        sentence = _("Registration closes on %(moment)s.") % {"moment": say_moment(closes, event.zone)}
        yield Matter(sentence, 0, "organize-settings")


def _tickets(facts: Facts, at: datetime.datetime) -> Iterator[Matter]:
    if not facts.tickets:
        yield Matter(_("There is no ticket yet: nobody can register."), 2, "organize-tickets")
    if not facts.event.is_registration_open(at=at):
        return
    for ticket in facts.tickets:
        if ticket.capacity is None or ticket.left is None or not ticket.is_on_sale(at=at):
            continue
        named = {"ticket": ticket.title, "left": ticket.left, "capacity": ticket.capacity}
        if ticket.left == 0:
            yield Matter(_("“%(ticket)s” is sold out.") % named, 1, "organize-tickets")
        elif ticket.left <= ticket.capacity * FEW_LEFT:
            sentence = ngettext(
                "“%(ticket)s” is nearly full: %(left)s place left of %(capacity)s.",
                "“%(ticket)s” is nearly full: %(left)s places left of %(capacity)s.",
                ticket.left,
            )
            yield Matter(sentence % named, 0, "organize-tickets")


def _unverified(facts: Facts) -> Iterator[Matter]:
    if facts.alarm and facts.alarm_places:
        sentence = ngettext(
            "Many places were ordered on invoice within an hour; %(count)s is still waiting for its buyer "
            "to confirm it: check the orders.",
            "Many places were ordered on invoice within an hour; %(count)s are still waiting for their "
            "buyers to confirm them: check the orders.",
            facts.alarm_places,
        )
        query = review_query(facts.alarm)
        yield Matter(sentence % {"count": facts.alarm_places}, 2, "organize-bulk-cancel", query)


def _registrations(facts: Facts) -> Iterator[Matter]:
    if facts.pending:
        sentence = ngettext(
            "%(count)s registration awaits confirmation: an address to prove, or a payment.",
            "%(count)s registrations await confirmation: an address to prove, or a payment.",
            facts.pending,
        )
        yield Matter(sentence % {"count": facts.pending}, 0, "organize-registrations", "?state=pending")
    if facts.undelivered:
        sentence = ngettext(
            "%(count)s mail did not reach anyone: correct the address and send it again.",
            "%(count)s e-mails did not reach anyone: correct the addresses and send them again.",
            facts.undelivered,
        )
        yield Matter(
            sentence % {"count": facts.undelivered}, 2, "organize-registrations", "?state=undelivered"
        )
    if facts.unprintable:
        sentence = ngettext(
            "%(count)s name has characters that no font of ours draws: %(names)s.",
            "%(count)s names have characters that no font of ours draws: %(names)s.",
            len(facts.unprintable),
        )
        yield Matter(sentence % _named(facts.unprintable), 1, "organize-badges")


def _money(facts: Facts) -> Iterator[Matter]:
    if facts.disputes:
        sentence = ngettext(
            "%(count)s card payment is disputed: the treasurer answers it.",
            "%(count)s card payments are disputed: the treasurer answers them.",
            facts.disputes,
        )
        yield Matter(sentence % {"count": facts.disputes}, 2)


def _mail(facts: Facts) -> Iterator[Matter]:
    if facts.stopped:
        sentence = ngettext(
            "%(count)s mailing was stopped by a fault: %(names)s. See why, and let it go on.",
            "%(count)s mailings were stopped by faults: %(names)s. See why, and let them go on.",
            len(facts.stopped),
        )
        yield Matter(sentence % _named(facts.stopped), 2, "organize-mail")


def _visit(facts: Facts) -> Iterator[Matter]:
    if facts.not_agreed and facts.locks_at:
        sentence = ngettext(
            "%(count)s visitor has not agreed to confidentiality yet; the list is locked on %(moment)s.",
            "%(count)s visitors have not agreed to confidentiality yet; the list is locked on %(moment)s.",
            facts.not_agreed,
        )
        named = {"count": facts.not_agreed, "moment": say_moment(facts.locks_at, facts.event.zone)}
        yield Matter(sentence % named, 1, "organize-visit-applicants", "?state=confirmed")


def _schedule(facts: Facts) -> Iterator[Matter]:
    if facts.clashes:
        sentence = ngettext(
            "%(count)s clash in the programme: a room or a speaker is taken twice at once.",
            "%(count)s clashes in the programme: a room or a speaker is taken twice at once.",
            facts.clashes,
        )
        yield Matter(sentence % {"count": facts.clashes}, 1, "organize-schedule", "?state=clashes")
    if facts.outside:
        sentence = ngettext(
            "%(count)s session lies outside the event’s hours.",
            "%(count)s sessions lie outside the event’s hours.",
            facts.outside,
        )
        yield Matter(sentence % {"count": facts.outside}, 1, "organize-schedule", "?state=outside")
    if facts.unplaced:
        sentence = ngettext(
            "%(count)s session has no time or no room.",
            "%(count)s sessions have no time or no room.",
            facts.unplaced,
        )
        yield Matter(sentence % {"count": facts.unplaced}, 0, "organize-schedule", "?state=open")


def _seats(facts: Facts) -> Iterator[Matter]:
    """Which session fills, and who waits."""
    if facts.full:
        sentence = ngettext(
            "%(count)s session is full: %(names)s.",
            "%(count)s sessions are full: %(names)s.",
            len(facts.full),
        )
        yield Matter(sentence % _named(facts.full), 0, "organize-waiting")
    if facts.filling:
        sentence = ngettext(
            "%(count)s session is nearly full: %(names)s.",
            "%(count)s sessions are nearly full: %(names)s.",
            len(facts.filling),
        )
        yield Matter(sentence % _named(facts.filling), 0, "organize-schedule")
    if facts.waiting:
        sentence = ngettext(
            "%(count)s person waits for a free place.",
            "%(count)s people wait for a free place.",
            facts.waiting,
        )
        yield Matter(sentence % {"count": facts.waiting}, 0, "organize-waiting")


def _named(titles: list[str]) -> dict[str, object]:
    """How many, and the first few by name."""
    return {"count": len(titles), "names": ", ".join(titles[:3]) + ("…" if len(titles) > 3 else "")}


def _no_phone(lapsed: int) -> str:
    """Why nobody scans: no phone was ever paired, or none may scan any more."""
    if not lapsed:
        return _("No phone is paired: nobody can scan badges.")
    sentence = ngettext(
        "The phone that was paired is revoked or has expired: nobody can scan badges.",
        "The %(count)s phones that were paired are revoked or have expired: nobody can scan badges.",
        lapsed,
    )
    return sentence % {"count": lapsed}


def _on_site(facts: Facts, at: datetime.datetime) -> Iterator[Matter]:
    if facts.conflicts:
        sentence = ngettext(
            "%(count)s badge was let in twice: say what it was.",
            "%(count)s badges were let in twice: say what it was.",
            facts.conflicts,
        )
        yield Matter(sentence % {"count": facts.conflicts}, 2, "organize-conflicts")
    if not facts.event.starts_at <= at <= facts.event.ends_at:
        return
    if not facts.devices:
        yield Matter(_no_phone(facts.lapsed_devices), 2, "organize-devices")
    for device in facts.devices:
        if device.seen_at and at - device.seen_at > SILENT:
            named = {
                "device": str(device),
                "door": device.checkpoint.name,
                "moment": say_moment(device.seen_at, facts.event.zone),
            }
            sentence = _("The phone “%(device)s” (%(door)s) has been silent since %(moment)s.") % named
            yield Matter(sentence, 2, "organize-devices")
