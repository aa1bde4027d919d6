"""Segments: which people of an event, by conditions that all must hold."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from badges.attendance.headcount import seen
from badges.attendance.models import Checkpoint, Presence
from convention.events.models import Event
from registrations.invoices.models import Receivable
from registrations.listing import STATES
from registrations.models import Order, Registration, RegistrationQuerySet

from .models import LANGUAGES

CONFIRMED = Registration.State.CONFIRMED.value
ARRIVED, ABSENT = "arrived", "absent"
UNPAID = "unpaid"
REFUSED, AGREED = "refused", "agreed"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """What is asked; whatever is empty asks nothing. `tickets` and `states` are any of these.

    `checkpoint` is the door at which someone arrived or not; without one, any door of the event.
    """

    tickets: tuple[str, ...] = ()
    states: tuple[str, ...] = (CONFIRMED,)
    company: str = ""
    payment: str = ""
    presence: str = ""
    checkpoint: int | None = None
    language: str = ""
    photo: str = ""

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Self:
        """As `kept` wrote it; what it does not name asks nothing."""
        named = {field.name: kept[field.name] for field in fields(cls) if field.name in kept}
        values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in named.items()}
        return cls(**values)

    def kept(self) -> dict[str, Any]:
        """For a column of JSON."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def unpaid() -> Q:
    """Those whose order is to be paid and is not known to be."""
    noted = Receivable.objects.with_balance().filter(reference=OuterRef("order__reference"))
    to_pay = Q(order__payment=Order.Payment.INVOICE, order__total__gt=0)
    return to_pay & ~Q(Exists(noted.filter(Q(due__lte=0))))


def chosen(segment: Segment, event: Event) -> RegistrationQuerySet:
    """The registrations of the segment."""
    found: RegistrationQuerySet = Registration.objects.filter(event=event)
    for condition in conditions(segment, event):
        found = found.filter(condition)
    return found


def conditions(segment: Segment, event: Event) -> Iterator[Q]:
    """What must hold, one by one."""
    if segment.states:
        yield any_of([STATES[state]() for state in segment.states])
    if segment.tickets:
        yield Q(ticket__slug__in=segment.tickets)
    if segment.company:
        yield Q(company=segment.company)
    if segment.payment == UNPAID:
        yield unpaid()
    if segment.language:
        yield Q(order__language=segment.language)
    if segment.photo:
        yield Q(no_photo=segment.photo == REFUSED)
    if segment.presence:
        arrived = Q(came_to(segment.checkpoint, event))
        yield arrived if segment.presence == ARRIVED else ~arrived


def any_of(alternatives: list[Q]) -> Q:
    """One of these holds."""
    found = alternatives[0]
    for other in alternatives[1:]:
        found |= other
    return found


def came_to(checkpoint: int | None, event: Event) -> Exists:
    """A condition on registrations: entered that door, or any of the event's."""
    if checkpoint is None:
        return seen(event)
    door = Checkpoint.objects.filter(event=event, pk=checkpoint).first()
    where = door.door_id if door else checkpoint
    entered = Presence.objects.filter(
        registration=OuterRef("pk"), event=event, checkpoint=where, entries__gt=0
    )
    return Exists(entered)


def in_words(segment: Segment, event: Event) -> list[str]:
    """The conditions as a reader sees them."""
    titles = {ticket.slug: ticket.title for ticket in event.tickets.all()}
    said = [
        ", ".join(str(Registration.State(state).label) for state in segment.states),
        ", ".join(titles.get(slug, slug) for slug in segment.tickets),
        segment.company,
        _("unpaid") if segment.payment == UNPAID else "",
        _presence_in_words(segment, event),
        str(dict(LANGUAGES).get(segment.language, "")),
    ]
    if segment.photo:
        said.append(_("no photographs") if segment.photo == REFUSED else _("photographs allowed"))
    return [words for words in said if words]


def _presence_in_words(segment: Segment, event: Event) -> str:
    if not segment.presence:
        return ""
    word = _("arrived") if segment.presence == ARRIVED else _("not arrived")
    door = segment.checkpoint and Checkpoint.objects.filter(event=event, pk=segment.checkpoint).first()
    return f"{word} ({door.name})" if door else word
