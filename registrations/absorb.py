"""Absorb: of two registrations of one person one stays, the other is cancelled as merged into it.

What the one that goes paid for stays with its order: where money came in, it stays owed as it was, and who
keeps the books decides; where none did, its place is owed no longer. Seats go over where they fit, waits too.
"""

from collections import Counter
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.audit.record import record
from convention.counters import Counted
from convention.errors import Closed
from convention.events.sequence import next_sequence
from schedule.around import clashing

from .answer_files import is_file
from .answers import joined, limited_options
from .bill import follow_names, kept_of, rebill
from .models import Order, Registration, SessionSeat, WaitingEntry
from .on_application import rules_of
from .places import exchange, taken_besides
from .questions import questions_of
from .seats import give_up_everything, seats_of

FIELDS = ("first_name", "last_name", "email", "company", "no_photo", "answers")
"""What may be taken from the one that goes; ticket, price and order stay as they are."""


class CannotMerge(Closed):
    """These two are not two standing registrations of one event."""

    kind = "cannot-merge"


@transaction.atomic
def absorb(*, kept: Registration, other: Registration, taken: Collection[str], reason: str = "") -> None:
    """Merge `other` into `kept`, which takes over the fields named. Raises CannotMerge, SoldOut.

    The presences are added up by whoever stands above, in the same transaction.
    """
    list(Order.objects.alone().filter(pk__in=[kept.order_id, other.order_id]).values_list("pk"))
    both = Q(pk__in=[kept.pk, other.pk]) | Q(merged_into=other.pk)  # what follows it, too
    rows = Registration.objects.select_for_update(of=("self",), no_key=True).filter(both)
    locked = {
        row.pk: row for row in rows.select_related("event", "order", "ticket", "member_of").order_by("pk")
    }
    kept, other = locked[kept.pk], locked[other.pk]
    refuse_other_than_two(kept, other)
    owed = other.worth if kept_of(other.order) else 0
    _hand_seats_over(kept, other)
    _hand_waits_over(kept, other)
    give_up_everything(other)
    before = kept.answers
    _take_over(kept, other, taken)
    _free_places(kept, other, before)
    _end(kept, other, owed)
    rebill(other.order)
    for one in (kept, other):
        record("registration.merge", one, event=kept.event, fields=sorted(taken), reason=reason)
    sequence = next_sequence(kept.event_id)
    Registration.objects.filter(pk__in=[kept.pk, other.pk]).update(sequence=sequence)


def refuse_other_than_two(kept: Registration, other: Registration) -> None:
    """Raises CannotMerge unless both are of one event, and stand; the one that is kept is confirmed.

    Where places are given on application, the one that was applied for is kept.
    """
    standing = (Registration.State.CONFIRMED, Registration.State.PENDING)
    if kept.pk == other.pk or kept.event_id != other.event_id:
        raise CannotMerge(_("Choose two registrations of this event."))
    if kept.state != Registration.State.CONFIRMED:
        raise CannotMerge(_("The registration that is kept must be confirmed; choose the other one."))
    if other.state not in standing:
        raise CannotMerge(_("The other registration no longer stands; there is nothing to merge."))
    rules = rules_of(kept.event)
    if rules and rules.is_applied_for(other) and not rules.is_applied_for(kept):
        raise CannotMerge(_("Keep the place that was applied for, and merge the other one into it."))


def _hand_seats_over(kept: Registration, other: Registration) -> None:
    """The seats in sessions that the one that is kept has time for."""
    own = [seat.session for seat in seats_of(kept)]
    for seat in seats_of(other):
        if seat.session not in own and not clashing(seat.session, own):
            SessionSeat.objects.filter(pk=seat.pk).update(registration=kept)
            own.append(seat.session)


def _hand_waits_over(kept: Registration, other: Registration) -> None:
    """The places in waiting lists, offers included, for sessions in which the one that is kept has none."""
    has = [seat.session_id for seat in seats_of(kept)]
    own = WaitingEntry.objects.standing().filter(registration=kept).values_list("session", flat=True)
    waits = WaitingEntry.objects.standing().filter(registration=other)
    waits.exclude(session__in=[*has, *own]).update(registration=kept)


def _take_over(kept: Registration, other: Registration, taken: Collection[str]) -> None:
    """Write the chosen fields. A file that was answered with stays with the one that goes."""
    fields = [name for name in FIELDS if name in taken]
    for name in fields:
        if name == "answers":
            ours, now = kept.answers, timezone.now()
            theirs = {slug: value for slug, value in other.answers.items() if not is_file(value)}
            kept.answers = ours | {slug: joined(ours.get(slug), theirs[slug], at=now) for slug in theirs}
        else:
            setattr(kept, name, getattr(other, name))
    if kept.person_id is None and "email" in taken:
        kept.person_id = other.person_id
        fields.append("person")
    if other.is_private and same(kept.email, other.email):
        kept.is_private = True  # the member confirmed it: whoever else ordered opens neither
    if fields or kept.is_private:
        kept.issued_to = {}  # whoever merges says that both are one person
        kept.save(update_fields=[*fields, "issued_to", "is_private"])
    if {"first_name", "last_name"} & {*fields}:
        follow_names([kept])


def _free_places(kept: Registration, other: Registration, before: dict[str, object]) -> None:
    """Give back what the one that goes takes; the one that stays may choose other options than `before`."""
    questions, change = questions_of(kept.event), Counter[Counted]()
    change.update(limited_options(questions, kept.answers))
    change.subtract(limited_options(questions, before))
    if other.counts:
        change.subtract(taken_besides([other]))
    exchange([(other.ticket, other.member_of)] if other.counts else [], [], besides=change)


def _end(kept: Registration, other: Registration, owed: int) -> None:
    """Cancel the one that goes; so many cents stay owed for it: all where money came in."""
    now = timezone.now()
    other.kept = owed
    other.cancelled_at = other.cancellation_sent_at = now
    other.generation, other.merged_into = other.generation + 1, kept
    ended = ["kept", "cancelled_at", "cancellation_sent_at", "generation", "merged_into"]
    other.save(update_fields=ended)
    other.merged.update(merged_into=kept)
    other.addons.filter(cancelled_at__isnull=True).update(cancelled_at=now)
