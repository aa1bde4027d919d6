"""Join a waiting list: for a ticket anybody with an address, for a session whoever is registered."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import folded
from convention.audit.record import record
from convention.errors import Closed, ConventionError, InvalidFields
from schedule.models import Session

from .checks import about_words
from .models import Registration, SessionSeat, Ticket, WaitingEntry
from .offer import Awaited, is_given_out, locked, offer_free
from .order_request import Place
from .register import refuse_if_closed
from .seats import holder_of
from .tell_waiting import tell_waiting


class PlacesLeft(ConventionError):
    """There is nothing to wait for."""

    kind = "places-left"
    status = 409


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Who wants to wait for a ticket, and in which language the mails come."""

    first_name: str
    last_name: str
    email: str
    company: str = ""
    language: str = "fr"

    @property
    def place(self) -> Place:
        """The same as the place that is wished for, with clean text."""
        return Place(
            ticket="",
            first_name=self.first_name,
            last_name=self.last_name,
            email=self.email,
            company=self.company,
        ).tidied()


@transaction.atomic
def join_for_ticket(*, ticket: Ticket, wish: Wish) -> WaitingEntry:
    """Wait for a ticket that is full, and queue the mail with the link that shows, leaves and accepts.

    An address that waits already keeps its place and gets its mail again.
    Raises Closed, InvalidFields, PlacesLeft.
    """
    place = wish.place
    _refuse_words(place)
    same = WaitingEntry.objects.standing().filter(ticket=ticket, address=folded(place.email))
    # Before the ticket is locked: an entry that is offered, accepted or ended just now is locked before it.
    if known := same.first():
        refuse_if_closed(ticket.event, at=timezone.now())
        _tell_again(known)
        return known
    row = locked(Ticket, ticket.pk)
    assert isinstance(row, Ticket)
    refuse_if_closed(row.event, at=timezone.now())
    if known := same.first():  # joined a moment ago, and its mail is on its way
        return known
    _refuse_free(row)
    entry = WaitingEntry.objects.create(
        event=row.event,
        ticket=row,
        first_name=place.first_name,
        last_name=place.last_name,
        email=place.email,
        address=folded(place.email),
        company=place.company,
        language=wish.language,
    )
    tell_waiting.enqueue(entry.pk)
    return entry


@transaction.atomic
def join_for_session(*, registration: Registration, session: Session, reason: str = "") -> WaitingEntry:
    """Wait for a seat in a session that is full. Whoever waits already, or has a seat, is told so.

    Raises Closed, PlacesLeft.
    """
    holder = holder_of(registration)
    row = locked(Session, session.pk)
    assert isinstance(row, Session)
    if known := WaitingEntry.objects.standing().filter(session=row, registration=holder).first():
        return known
    if SessionSeat.objects.standing().filter(session=row, registration=holder).exists():
        raise PlacesLeft(_("You have a seat in this session already."))
    _refuse_free(row)
    entry = WaitingEntry.objects.create(
        event_id=row.event_id, session=row, registration=holder, language=holder.order.language
    )
    record("waiting.join", entry, event=row.event, reason=reason)
    tell_waiting.enqueue(entry.pk)
    return entry


def _refuse_words(place: Place) -> None:
    found: dict[str, list[str]] = {}
    for field, sentence in about_words(place):
        found.setdefault(field, []).append(sentence)
    if not place.email:
        found["email"] = [_("Write the address that gets the offer.")]
    if found:
        raise InvalidFields(_("Some fields need another look."), found)


def _refuse_free(row: Awaited) -> None:
    """Under the lock of the row: what is free goes to those who wait before anybody hears of it."""
    if not is_given_out(row, at=timezone.now()):
        raise Closed(_("No places are given out for “%(title)s” any more.") % {"title": row.title})
    offer_free(type(row), row.pk)
    row.refresh_from_db(fields=["taken", "capacity"])
    if row.left != 0:
        raise PlacesLeft(
            _("Places are left for “%(title)s”: there is no need to wait.") % {"title": row.title}
        )


def _tell_again(entry: WaitingEntry) -> None:
    """The link may have been lost: the mail that fits the state goes out once more."""
    offers_sent = Greatest(F("offers"), 1) - 1
    WaitingEntry.objects.filter(pk=entry.pk).update(join_told_at=None, offers_told=offers_sent)
    tell_waiting.enqueue(entry.pk)
