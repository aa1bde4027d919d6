"""Select attendees of an event by conditions that must all be met."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from badges.attendance.models import Checkpoint, Presence
from badges.attendance.reports.headcount import has_arrived
from convention.events.models import Event
from convention.text.languages import LANGUAGE_CHOICES
from registrations.billing.refund_summary import filter_unpaid
from registrations.changes.selections import InvalidSelection
from registrations.models import Registration, RegistrationQuerySet
from registrations.organizer.registration_list import STATE_CONDITIONS, list_ids_with_addons

CONFIRMED = Registration.State.CONFIRMED.value
# Beside the states of registrations: those who wait for a ticket have none yet.
WAITING_LIST = "waiting_list"
# Audiences of an invitation: people who are not at the event yet.
AUDIENCES = MEMBERS, GROUP, OTHER_EVENT = "members", "group", "event"
ARRIVED, ABSENT = "arrived", "absent"
# In a description, “confirmed” alone would not say what is confirmed.
STATE_PHRASES: dict[str, Any] = {
    Registration.State.PENDING: gettext_lazy("pending registrations"),
    Registration.State.CONFIRMED: gettext_lazy("confirmed registrations"),
    Registration.State.CANCELLED: gettext_lazy("cancelled registrations"),
    Registration.State.EXPIRED: gettext_lazy("expired registrations"),
    WAITING_LIST: gettext_lazy("waiting list"),
}
UNPAID = "unpaid"
PHOTO_REFUSED, PHOTO_ALLOWED = "refused", "agreed"


@dataclass(frozen=True, kw_only=True)
class Segment:
    """The conditions; an empty one selects everybody. Of `tickets`, `addons` and `states` any may match.

    `states` may name the waiting list; without any state all registrations match, and the waiting list does
    not. `registrations` are ids that an organizer selected in the list: nobody else gets the mailing.
    `checkpoint` is where someone arrived or not; None means any checkpoint of the event.

    With an `audience` it is an invitation, to people who are not at the event: then only the language counts,
    the event that `audience_event` names, and whether `excludes_registered` leaves out those who have
    registered or applied by now.
    """

    tickets: tuple[str, ...] = ()
    addons: tuple[str, ...] = ()
    states: tuple[str, ...] = (CONFIRMED,)
    company: str = ""
    payment: str = ""
    presence: str = ""
    checkpoint: int | None = None
    language: str = ""
    photo: str = ""
    registrations: tuple[int, ...] = ()
    audience: str = ""
    audience_event: int | None = None
    excludes_registered: bool = True

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Read the result of `to_json`; missing conditions get their defaults."""
        # Unknown names are skipped: old mailings may have conditions that the code no longer knows.
        named = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        values: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in named.items()}
        return cls(**values)

    @property
    def registration_states(self) -> list[str]:
        return [state for state in self.states if state != WAITING_LIST]

    @property
    def has_registration_criteria(self) -> bool:
        """Return whether there is a condition that nobody without a registration meets."""
        criteria = (self.addons, self.payment, self.presence, self.photo, self.registrations)
        return any(criteria)

    def to_json(self) -> dict[str, Any]:
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def select_only(registration_ids: Collection[int]) -> Segment:
    """Return the segment of exactly these registrations, whatever their state. Raise InvalidSelection."""
    # An empty list would select everybody.
    if not registration_ids:
        raise InvalidSelection(_("Select at least one registration."))
    return Segment(states=(), registrations=tuple(registration_ids))


def select_registrations(segment: Segment, event: Event) -> RegistrationQuerySet:
    rows: RegistrationQuerySet = Registration.objects.filter(event=event)
    if segment.registrations:
        rows = rows.filter(pk__in=segment.registrations)
    for condition in iterate_conditions(segment, event):
        rows = rows.filter(condition)
    return rows


def iterate_conditions(segment: Segment, event: Event) -> Iterator[Q]:
    """Yield the conditions as Q objects."""
    if segment.registration_states:
        yield match_any([STATE_CONDITIONS[state]() for state in segment.registration_states])
    elif segment.states:
        # The waiting list alone.
        yield Q(pk__in=[])
    if segment.tickets:
        yield Q(ticket__slug__in=segment.tickets)
    if segment.addons:
        yield Q(pk__in=list_ids_with_addons(event, segment.addons))
    if segment.company:
        yield Q(company=segment.company)
    if segment.photo:
        yield Q(no_photo=segment.photo == PHOTO_REFUSED)
    if segment.presence:
        arrived = Q(has_arrived_at(segment.checkpoint, event))
        yield arrived if segment.presence == ARRIVED else ~arrived
    yield from _iterate_order_conditions(segment)


def _iterate_order_conditions(segment: Segment) -> Iterator[Q]:
    if segment.payment == UNPAID:
        yield filter_unpaid()
    if segment.language:
        yield match_mail_language(segment.language)


def match_mail_language(language: str) -> Q:
    """Return a condition on registrations as `Registration.mail_language`, for many rows."""
    has_own_language = ~Q(email="") & ~Q(email__iexact=F("order__email")) & ~Q(language="")
    return (has_own_language & Q(language=language)) | (~has_own_language & Q(order__language=language))


def match_any(alternatives: list[Q]) -> Q:
    condition = alternatives[0]
    for other in alternatives[1:]:
        condition |= other
    return condition


def has_arrived_at(checkpoint_id: int | None, event: Event) -> Exists:
    """Return a condition on registrations: let in at that checkpoint, or at any of the event's."""
    if checkpoint_id is None:
        return has_arrived(event)
    checkpoint = Checkpoint.objects.filter(event=event, pk=checkpoint_id).first()
    # The checkpoint may count elsewhere by now; one that was removed has no presences, so nobody matches.
    counting_id = checkpoint.presence_checkpoint_id if checkpoint else checkpoint_id
    entered = Presence.objects.entered().filter(
        registration=OuterRef("pk"), event=event, checkpoint=counting_id
    )
    return Exists(entered)


def describe_segment(segment: Segment, event: Event) -> list[str]:
    """Return the conditions in words."""
    titles = {ticket.slug: ticket.title for ticket in event.tickets.all()}
    addon_titles = {addon.slug: addon.title for addon in event.addons.all()} if segment.addons else {}
    parts = [
        *_describe_audience(segment, event),
        describe_selected(segment.registrations, event),
        ", ".join(str(STATE_PHRASES[state]) for state in segment.states),
        ", ".join(titles.get(slug, slug) for slug in segment.tickets),
        ", ".join(addon_titles.get(slug, slug) for slug in segment.addons),
        segment.company,
        _("unpaid") if segment.payment == UNPAID else "",
        _describe_presence(segment, event),
        str(dict(LANGUAGE_CHOICES).get(segment.language, "")),
    ]
    if segment.photo:
        parts.append(_("no photographs") if segment.photo == PHOTO_REFUSED else _("photographs allowed"))
    return [words for words in parts if words]


def describe_selected(registration_ids: Collection[int], event: Event) -> str:
    """Return in words how many registrations were selected, and how many of them are cancelled by now.

    Of a single one, return the name.
    """
    if not registration_ids:
        return ""
    count = len(registration_ids)
    if count == 1 and (only := Registration.objects.filter(event=event, pk__in=registration_ids).first()):
        name = only.name if only.has_name else only.email
        return _("%(name)s (cancelled)") % {"name": name} if only.cancelled_at else name
    selected = ngettext(
        "%(count)d registration selected in the list", "%(count)d registrations selected in the list", count
    ) % {"count": count}
    rows = Registration.objects.filter(event=event, pk__in=registration_ids, cancelled_at__isnull=False)
    if not (cancelled_count := rows.count()):
        return selected
    sentence = ngettext(
        "%(selected)s, of which %(count)d is cancelled",
        "%(selected)s, of which %(count)d are cancelled",
        cancelled_count,
    )
    return sentence % {"selected": selected, "count": cancelled_count}


def _describe_audience(segment: Segment, event: Event) -> list[str]:
    if not segment.audience:
        return []
    if segment.audience == MEMBERS:
        audience = _("all members on the day of the event")
    elif segment.audience == GROUP:
        audience = _("the group’s officers and participants in its last meetings")
    else:
        other = Event.objects.filter(pk__in=[segment.audience_event]).first()
        audience = _("participants in “%(event)s”") % {"event": other.title if other else _("deleted event")}
    return [audience, _("without those already registered") if segment.excludes_registered else ""]


def _describe_presence(segment: Segment, event: Event) -> str:
    if not segment.presence:
        return ""
    word = _("arrived") if segment.presence == ARRIVED else _("not arrived")
    checkpoint = segment.checkpoint and Checkpoint.objects.filter(event=event, pk=segment.checkpoint).first()
    return f"{word} ({checkpoint.name})" if checkpoint else word
