"""Write the e-mails of a mailing: parse its text once and fill it in for each recipient."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from badges.mailings.models import Mailing, Recipient
from badges.mailings.unsubscribe import make_unsubscribe_url
from convention.club.models import Person
from convention.club.permissions import get_member_company
from convention.events.models import Event
from convention.mail.messages import MailMessage
from convention.text.dates import format_datetime_range
from convention.text.email_addresses import is_same_email
from convention.text.web_addresses import defuse_links
from registrations.billing.buyer_name import find_buyer
from registrations.changes.links import build_reader_url
from registrations.models import Registration, WaitingEntry
from registrations.orders.calendar import format_venue_address
from registrations.permissions import choose_link_secret
from registrations.visits.models import Visit
from registrations.waiting_list.notifications import build_entry_path

from .placeholders import convert_to_text, fill_html, fill_subject, fill_text, render_safe_html

type MailPerson = Registration | WaitingEntry | Person

ONE_CLICK_HEADER = "List-Unsubscribe=One-Click"


@dataclass(frozen=True)
class Addressee:
    """The recipient of one mail: its people, language, id of the recipient row and message key.

    Its people are registrations and entries of the waiting list, and of an invitation also a person of the
    directory, or a registration for another event.
    """

    registrations: Sequence[Registration]
    language: str
    recipient_id: int
    message_key: str
    waiting_entries: Sequence[WaitingEntry] = ()
    person: Person | None = None

    @classmethod
    def from_recipient(cls, recipient: Recipient, people: Iterable[MailPerson]) -> Self:
        found = list(people)
        return cls(
            tuple(person for person in found if isinstance(person, Registration)),
            recipient.language,
            recipient.pk,
            recipient.message_key,
            tuple(person for person in found if isinstance(person, WaitingEntry)),
            next((person for person in found if isinstance(person, Person)), None),
        )

    @property
    def people(self) -> list[MailPerson]:
        return [*self.attendees, *([self.person] if self.person else [])]

    @property
    def attendees(self) -> list[Registration | WaitingEntry]:
        return [*self.registrations, *self.waiting_entries]

    def attach_event(self, event: Event) -> None:
        """Set the event of its registrations and orders, which is loaded already."""
        for registration in self.registrations:
            # Those for another event are recipients of an invitation.
            if registration.event_id == event.pk:
                registration.event = registration.order.event = event

    @property
    def address(self) -> str:
        """Return their own address, else the buyer's; "" if there is none any more."""
        return next((find_address(person) for person in self.people), "")


def find_address(person: MailPerson) -> str:
    """Return the address for mail about this person: their own, else the buyer's."""
    return person.email or (person.order.email if isinstance(person, Registration) else "")


def _find_company_name(person: MailPerson) -> str:
    """Return the company of a registration or entry, or the one whose seat a person of the directory has."""
    if not isinstance(person, Person):
        return person.company
    company = get_member_company(person)
    return company.name if company else ""


@dataclass(frozen=True)
class MailingWriter:
    """Writer of one mailing in one language; the parts that all recipients share are rendered once."""

    mailing: Mailing
    language: str

    @cached_property
    def html(self) -> str:
        """Return the sanitized HTML, with markers for placeholders."""
        return render_safe_html(self.mailing.get_text(self.language))

    @cached_property
    def text(self) -> str:
        """Return the plain text, with markers for placeholders."""
        return convert_to_text(self.html)

    @cached_property
    def event_values(self) -> dict[str, str]:
        """Return the placeholder values that are the same for all recipients."""
        event = self.mailing.event
        with translation.override(self.language):
            return {
                "event": event.title,
                "when": format_datetime_range(event.starts_at, event.ends_at, event.zone),
                "where": format_venue_address(event) or _("to be announced"),
                "agenda": f"{settings.SITE_URL}{reverse('agenda', args=[event.slug])}",
            }

    @cached_property
    def has_visit(self) -> bool:
        """Return whether places of the event are given on application, on the page of its visit."""
        return Visit.objects.filter(event=self.mailing.event).exists()

    @cached_property
    def event_url(self) -> str:
        """Return the address of the event's page for those who are not registered."""
        event = self.mailing.event
        with translation.override(self.language):
            path = reverse("visit", args=[event.slug]) if self.has_visit else event.get_absolute_url()
            return f"{settings.SITE_URL}{path}"

    def write(self, addressee: Addressee) -> MailMessage:
        event = self.mailing.event
        with translation.override(self.language):
            event_url = self.event_url if self.mailing.is_invitation else ""
            values = {**self.event_values, **_addressee_values(addressee, event_url)}
            # Empty for information: attendees cannot unsubscribe from what they need to know for the event.
            unsubscribe_url = self._make_unsubscribe_url(addressee)
            subject = fill_subject(self.mailing.get_subject(self.language), values)
            context = {
                "event": event,
                "heading": subject,
                "html": mark_safe(fill_html(self.html, values)),  # noqa: S308 (made safe by safe_html)
                "text": fill_text(self.text, values),
                "links": _make_links(addressee) if len(addressee.people) > 1 and not event_url else [],
                "event_url": event_url,
                "has_visit": bool(event_url) and self.has_visit,
                "is_waiting": not addressee.registrations,
                "unsubscribe_url": unsubscribe_url,
            }
        return MailMessage(
            to=addressee.address,
            subject=subject,
            template="mailing",
            context=context,
            language=self.language,
            message_key=addressee.message_key,
            accent=event.accent,
            reply_to=event.contact_email,
            headers=_make_unsubscribe_headers(unsubscribe_url),
        )

    def _make_unsubscribe_url(self, addressee: Addressee) -> str:
        if not self.mailing.is_news:
            return ""
        return make_unsubscribe_url(
            recipient_id=addressee.recipient_id, address=addressee.address, language=self.language
        )


def _make_unsubscribe_headers(url: str) -> dict[str, str]:
    """Return the headers for one-click unsubscribing (RFC 8058)."""
    if not url:
        return {}
    # Gmail and Yahoo demand both of bulk senders. Mail programs POST, so that scanners which follow links do
    # not unsubscribe anybody.
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": ONE_CLICK_HEADER}


def make_test_mail(message: MailMessage, *, to: str, key: str) -> MailMessage:
    with translation.override(message.language):
        subject = _("Test: %(subject)s") % {"subject": message.subject}
    return replace(message, to=to, message_key=key, subject=subject)


def _addressee_values(addressee: Addressee, event_url: str) -> Mapping[str, str]:
    """Return the placeholder values of one recipient; `event_url` replaces the links in an invitation."""
    people = addressee.people
    first_names, names = _find_names(addressee)
    # The people of an invitation have no ticket for this event, and no badge.
    attendees = [] if event_url else addressee.attendees
    return {
        # Text that attendees typed must not become a link in a mail that the club sends.
        "first_name": _join_words([defuse_links(name) for name in first_names]),
        "name": _join_words([defuse_links(name) for name in names]),
        "company": _join_words([defuse_links(_find_company_name(person)) for person in people]),
        "ticket": _join_words([person.ticket.title for person in attendees if person.ticket]),
        "manage_url": event_url or _make_manage_url(attendees[0], addressee.address),
        "badge": event_url or _make_badge_or_manage_url(attendees[0], addressee.address),
    }


def _find_names(addressee: Addressee) -> tuple[list[str], list[str]]:
    """Return the first names and the names by which to greet the recipient, as far as they are known."""
    named = [person for person in addressee.people if not isinstance(person, Registration) or person.has_name]
    # A place without a name would be greeted as “Name to follow”; its mail often goes to the buyer.
    order = addressee.registrations[0].order if addressee.registrations else None
    if not named and order and is_same_email(addressee.address, order.email):
        buyer = find_buyer(order)
        return ([buyer.first_name], [buyer.name]) if buyer else ([], [order.billing_name])
    return [person.first_name or person.name for person in named], [person.name for person in named]


def _make_manage_url(person: Registration | WaitingEntry, address: str) -> str:
    """Return the address of the page of a registration, or of a waiting list entry."""
    if isinstance(person, Registration):
        return build_reader_url(person, address)
    return f"{settings.SITE_URL}{build_entry_path(person)}"


def _make_badge_or_manage_url(person: Registration | WaitingEntry, address: str) -> str:
    # Someone on the waiting list has no badge.
    return (
        make_badge_url(person, address)
        if isinstance(person, Registration)
        else _make_manage_url(person, address)
    )


def _join_words(words: Sequence[str]) -> str:
    """Join distinct words as in “Ana, Zoé and Max”."""
    # Two registrations of one person would otherwise be greeted as "Ana and Ana".
    distinct = list(dict.fromkeys(word for word in words if word))
    if len(distinct) < 2:
        return "".join(distinct)
    return _("%(first)s and %(last)s") % {"first": ", ".join(distinct[:-1]), "last": distinct[-1]}


def _make_links(addressee: Addressee) -> list[dict[str, Any]]:
    return [
        {
            "name": person.name,
            "ticket": person.ticket.title if person.ticket else "",
            "url": _make_manage_url(person, addressee.address),
        }
        for person in addressee.attendees
    ]


def make_badge_url(registration: Registration, address: str) -> str:
    """Return the badge's address for this reader, else the page of the registration."""
    # Without a valid badge, the link would end in an error.
    if registration.state != Registration.State.CONFIRMED:
        return build_reader_url(registration, address)
    order = registration.order
    path = reverse(
        "order-badge",
        args=[order.reference, choose_link_secret(registration, address), registration.reference],
    )
    return f"{settings.SITE_URL}{path}"
