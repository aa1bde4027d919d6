"""Whom an invitation reaches: members, the people of a group, or those of another event.

A recipient is a person of the directory, or a registration for another event; `Segment.audience` chooses.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.mailings.models import Mailing
from convention.club.models import Mandate, Person, Seat
from convention.events.models import Event
from convention.text.dates import format_deadline
from convention.text.email_addresses import normalize_email
from convention.text.languages import LANGUAGE_CHOICES
from convention.text.normalize import parse_digits
from registrations.models import Registration, RegistrationQuerySet, WaitingEntry
from registrations.visits.applications.eligibility import get_member_ticket
from registrations.visits.models import Application, NdaText, Visit

from .drafts import MailingDraft
from .segments import GROUP, MEMBERS, OTHER_EVENT, Segment, match_mail_language, select_registrations

# People of a group who came longer ago may have lost interest, or left.
LAST_MEETINGS_COUNT: Final = 3
# A key of a person in addresses and forms, beside those of registrations and waiting list entries.
KEY_PREFIX: Final = "p-"


@dataclass(frozen=True)
class RegisteredPeople:
    """The people who have registered or applied for an event, by normalized address and by record."""

    addresses: frozenset[str] = frozenset()
    person_ids: frozenset[int] = frozenset()

    def includes(self, *, address: str, person_id: int | None) -> bool:
        return address in self.addresses or person_id in self.person_ids


def find_registered_people(segment: Segment, event: Event) -> RegisteredPeople:
    """Return whom an invitation leaves out; nobody where the segment does not ask for that.

    Those who cancelled, withdrew or were refused have answered, and are not invited again.
    """
    if not (segment.audience and segment.excludes_registered):
        return RegisteredPeople()
    registered = Registration.objects.filter(event=event).exclude(
        pk__in=Registration.objects.filter(event=event).with_expired_hold()
    )
    waiting = WaitingEntry.objects.filter(event=event)
    applied = Application.objects.filter(visit__event=event, person__isnull=False)
    addresses = {normalize_email(email) for email in waiting.values_list("email", flat=True)}
    person_ids = set[int | None]()
    for email, order_email, person_id in registered.values_list("email", "order__email", "person"):
        addresses.add(normalize_email(email or order_email))
        person_ids.add(person_id)
    for own_email, person_id in applied.values_list("person__email", "person"):
        addresses.add(normalize_email(own_email or ""))
        person_ids.add(person_id)
    return RegisteredPeople(frozenset(addresses - {""}), frozenset(pk for pk in person_ids if pk))


def select_recipient_registrations(segment: Segment, event: Event) -> RegistrationQuerySet:
    """Return the registrations that a mailing reaches: of the event, or for an invitation of other ones."""
    if not segment.audience:
        return select_registrations(segment, event)
    # Not the buyer: only those who took part themselves are invited.
    rows = Registration.objects.filter(event__in=_list_source_event_ids(segment, event)).exclude(email="")
    rows = rows.confirmed()
    return rows.filter(match_mail_language(segment.language)) if segment.language else rows


def select_people(segment: Segment, event: Event) -> QuerySet[Person]:
    """Return the people of the directory that an invitation reaches; none for another mailing."""
    people: QuerySet[Person] = Person.objects.filter(is_active=True).exclude(email=None).exclude(email="")
    day = get_first_day(event)
    if segment.audience == MEMBERS:
        people = people.filter(pk__in=Seat.objects.granting_membership(at=day).values("person"))
    elif segment.audience == GROUP and event.group_id:
        mandates = Mandate.objects.open(at=day).filter(group=event.group_id)
        people = people.filter(pk__in=mandates.values("person"))
    else:
        return people.none()
    return people.filter(language=segment.language) if segment.language else people


def get_first_day(event: Event) -> datetime.date:
    return event.starts_at.astimezone(event.zone).date()


def _list_source_event_ids(segment: Segment, event: Event) -> list[int]:
    """Return the events whose attendees are invited."""
    if segment.audience == OTHER_EVENT and segment.audience_event:
        return [segment.audience_event]
    if segment.audience != GROUP or not event.group_id:
        return []
    meetings = Event.objects.filter(
        group=event.group_id, kind=Event.Kind.GROUP_MEETING, cancelled_at=None, starts_at__lt=event.starts_at
    ).exclude(visibility=Event.Visibility.DRAFT)
    last = meetings.exclude(pk=event.pk).order_by("-starts_at", "-pk")
    return list(last.values_list("pk", flat=True)[:LAST_MEETINGS_COUNT])


def build_invitation_draft(audience: str, event: Event) -> MailingDraft:
    """Return a mailing with a text that invites the audience to the event."""
    visit = Visit.objects.select_related("event").filter(event=event).first()
    texts = {}
    for code, _name in LANGUAGE_CHOICES:
        with translation.override(code):
            texts[f"subject_{code}"] = _("Invitation: {event}")
            texts[f"text_{code}"] = (
                _write_visit_invitation(visit)
                if visit
                else _(
                    "Hello {first_name},\n\nYou are invited to **{event}**.\n\n- **When:** {when}\n"
                    "- **Where:** {where}\n\nYou will find the details on the event’s page, "
                    "where you can also register.\n\nKind regards,\n{event}"
                )
            )
    segment = Segment(states=(), audience=audience)
    return MailingDraft(purpose=Mailing.Purpose.NEWS, texts=texts, segment=segment)


def _write_visit_invitation(visit: Visit) -> str:
    """Return a text in the active language that names the facts by which members decide to apply."""
    facts = [_("- **When:** {when}"), _("- **Where:** {where}"), *_describe_places(visit)]
    deadline = format_deadline(visit.applications_close_at, visit.event.zone)
    facts.append(_("- **Apply by:** %(deadline)s") % {"deadline": deadline})
    conditions = [
        _(
            "Request a place with the button below. If all places are taken, you join the waiting list, "
            "where companies without a place come first."
        )
    ]
    if NdaText.objects.filter(visit=visit).exists():
        sentence = _(
            "Every visitor must accept the confidentiality terms personally: [read the terms](%(url)s)."
        )
        path = reverse("visit-confidentiality", args=[visit.event.slug])
        conditions.append(sentence % {"url": f"{settings.SITE_URL}{path}"})
    paragraphs = [
        _("Hello {first_name},"),
        _("You are invited to a visit: **{event}**."),
        "\n".join(facts),
        *conditions,
        # The club invites, not the visit.
        f"{_('Kind regards,')}\n{settings.SITE_NAME}",
    ]
    return "\n\n".join(paragraphs)


def _describe_places(visit: Visit) -> list[str]:
    """Return a line on the number of places, the limit per company and the price, as far as there are any."""
    ticket, lines = get_member_ticket(visit), []
    if ticket and ticket.capacity:
        line = _("- **Places:** %(count)d") % {"count": ticket.capacity}
        if cap := ticket.company_cap:
            limit = ngettext(
                "at most %(count)d person per company", "at most %(count)d people per company", cap
            )
            line = f"{line}, {limit % {'count': cap}}"
        lines.append(line)
    if ticket and ticket.current_price.amount:
        lines.append(_("- **Price:** %(price)s") % {"price": ticket.current_price})
    return lines


def make_person_key(person_id: int) -> str:
    return f"{KEY_PREFIX}{person_id}"


def read_person_key(key: str) -> int:
    """Return the id of the person, 0 for any other key."""
    return (parse_digits(key.removeprefix(KEY_PREFIX)) or 0) if key.startswith(KEY_PREFIX) else 0
