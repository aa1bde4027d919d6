"""Join a waiting list: anybody for a ticket, registered attendees for a session."""

import datetime
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, InvalidFields, NotOpenNow
from convention.text.email_addresses import normalize_email
from registrations.models import Registration, SessionBooking, Ticket, WaitingEntry
from registrations.order_request import RequestedPlace
from registrations.sessions.booking import check_session_audience, lock_registration
from registrations.waiting_list.notifications import notify_waiting_entry
from registrations.waiting_list.offers import WantedItem, is_available, lock_wanted_item, offer_free_places
from schedule.models import Session

from .validation import check_person_texts, refuse_if_closed


class PlacesLeft(ConventionError):
    """Places are left, so that there is no need to wait."""

    kind = "places-left"
    status = 409


@dataclass(frozen=True, kw_only=True)
class WaitingRequest:
    """A request to wait for a ticket; `language` is that of the mails."""

    first_name: str
    last_name: str
    email: str
    company: str = ""
    language: str = "fr"

    @property
    def requested_place(self) -> RequestedPlace:
        """Return it as a normalized place without a ticket, to be validated."""
        return RequestedPlace(
            ticket="",
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            company=self.company,
        ).normalize()


@transaction.atomic
def join_ticket_list(
    *, ticket: Ticket, request: WaitingRequest, rules_at: datetime.datetime | None = None
) -> WaitingEntry:
    """Join the list of a sold-out ticket, and queue the mail with the link that shows, leaves and accepts.

    `rules_at` is the moment at which registration has to be open, now by default.
    An address that waits already keeps its position and gets its mail again. Raise NotOpenNow, InvalidFields
    and PlacesLeft.
    """
    rules_at = rules_at or timezone.now()
    place = request.requested_place
    _validate_place(place)
    active_entries = WaitingEntry.objects.active().filter(ticket=ticket, address=normalize_email(place.email))
    # Checked before the ticket is locked, because other actions lock entries before tickets.
    if existing_entry := active_entries.first():
        refuse_if_closed(ticket.event, at=rules_at)
        _notify_again(existing_entry)
        return existing_entry
    row = lock_wanted_item(Ticket, ticket.pk)
    assert isinstance(row, Ticket)
    refuse_if_closed(row.event, at=rules_at)
    if existing_entry := active_entries.first():  # joined by a concurrent request, which sends the mail
        return existing_entry
    # Under the ticket's lock no place can be released before the entry is saved.
    _refuse_while_places_left(row)
    return _create_entry(row, place, request.language)


def check_ticket_is_full(ticket: Ticket) -> None:
    """Raise NotOpenNow or PlacesLeft if nobody can join the ticket's list, before the form is filled in."""
    refuse_if_closed(ticket.event, at=timezone.now())
    _refuse_if_unavailable(ticket)
    _refuse_if_bookable(ticket)


@transaction.atomic
def add_to_ticket_list(*, ticket: Ticket, request: WaitingRequest, reason: str = "") -> WaitingEntry:
    """Put somebody on the list as an organizer, also while places are left: then one is offered at once.

    An address that waits already keeps its entry. Raise NotOpenNow and InvalidFields.
    """
    place = request.requested_place
    _validate_place(place)
    active_entries = WaitingEntry.objects.active().filter(ticket=ticket, address=normalize_email(place.email))
    # Before and after the lock, as in `join_ticket_list`.
    if existing_entry := active_entries.first():
        return existing_entry
    row = lock_wanted_item(Ticket, ticket.pk)
    assert isinstance(row, Ticket)
    if existing_entry := active_entries.first():
        return existing_entry
    _refuse_if_unavailable(row)
    entry = _create_entry(row, place, request.language)
    record_action("waiting.join", entry, event=row.event, reason=reason)
    offer_free_places(Ticket, row.pk)
    entry.refresh_from_db()
    return entry


def _create_entry(row: Ticket, place: RequestedPlace, language: str) -> WaitingEntry:
    """Create the entry for the locked ticket, and queue its mail."""
    entry = WaitingEntry.objects.create(
        event=row.event,
        ticket=row,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        address=normalize_email(place.email),
        company=place.company,
        language=language,
    )
    notify_waiting_entry.enqueue(entry.pk)
    return entry


@transaction.atomic
def join_session_list(*, registration: Registration, session: Session, reason: str = "") -> WaitingEntry:
    """Join the list of a full session; return the entry, the present one if the attendee waits already.

    Raise NotOpenNow, MembersOnlySession, and PlacesLeft also if the attendee has a place.
    """
    # The registration before the session, as in `sessions.booking`.
    holder = lock_registration(registration)
    row = lock_wanted_item(Session, session.pk)
    assert isinstance(row, Session)
    if existing_entry := WaitingEntry.objects.active().filter(session=row, registration=holder).first():
        return existing_entry
    if SessionBooking.objects.active().filter(session=row, registration=holder).exists():
        raise PlacesLeft(_("You already have a seat in this session."))
    check_session_audience(holder, row)
    _refuse_while_places_left(row)
    entry = WaitingEntry.objects.create(
        event_id=row.event_id, session=row, registration=holder, language=holder.mail_language
    )
    record_action("waiting.join", entry, event=row.event, reason=reason)
    notify_waiting_entry.enqueue(entry.pk)
    return entry


def _validate_place(place: RequestedPlace) -> None:
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_texts(place):
        errors.setdefault(field, []).append(sentence)
    if not place.email:
        errors["email"] = [_("Enter the e-mail address for the offer.")]
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)


def _refuse_while_places_left(row: WantedItem) -> None:
    """Offer free places of the locked row to those who wait; raise PlacesLeft if any remain."""
    _refuse_if_unavailable(row)
    offer_free_places(type(row), row.pk)
    row.refresh_from_db(fields=["reserved", "capacity"])
    _refuse_if_bookable(row)


def _refuse_if_bookable(row: WantedItem) -> None:
    if row.remaining != 0:
        raise PlacesLeft(
            _("There are places left for “%(title)s”, so you can book one directly.") % {"title": row.title}
        )


def _refuse_if_unavailable(row: WantedItem) -> None:
    if not is_available(row, at=timezone.now()):
        raise NotOpenNow(_("Places for “%(title)s” are no longer available.") % {"title": row.title})


def _notify_again(entry: WaitingEntry) -> None:
    """Queue the mail that fits the entry's state once more, since the first may be lost."""
    # One less than the offers made, so that the latest one counts as not sent. Never negative, which the
    # column refuses.
    offers_sent = Greatest(F("offer_count"), 1) - 1
    WaitingEntry.objects.filter(pk=entry.pk).update(join_notified_at=None, notified_offer_count=offers_sent)
    notify_waiting_entry.enqueue(entry.pk)
