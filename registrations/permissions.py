"""Decide who may see and change orders and registrations, by mailed link or as signed-in person."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.club.addresses.own_addresses import has_address, select_verified_addresses
from convention.club.models import Person
from convention.club.permissions import get_companies_of_contact
from convention.errors import LinkExpired, NotFound
from convention.events.models import Event
from convention.events.permissions import get_event_to_administer
from convention.text.email_addresses import is_same_email
from convention.web.link_secrets import derive_link_secret, find_by_link_token, is_link_secret

from .attendee_identity import AttendeeIdentity, has_name_in_common
from .invoices.permissions import is_treasurer
from .models import Order, Registration, WaitingEntry

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

OWN_LINK_PURPOSE = "registrations.own"
# Used in place of the version of the order's links to attendees, which the buyer can raise.
PRIVATE_LINK_VERSION = "private"
# Counted from the end of the event, or from the order if that came later.
LINK_LIFETIME = datetime.timedelta(days=settings.LINKS_LAST_DAYS)


@dataclass(frozen=True)
class LinkAccess:
    """Access by a mailed link: to an order with all its registrations, or to one's own registration only.

    `is_full` says whether the link opens the order itself. `private_registrations` are those that it only
    lists: their own links open them.
    """

    order: Order
    registrations: list[Registration]
    secret: str
    is_full: bool = False
    private_registrations: list[Registration] = field(default_factory=list)

    @property
    def is_usable(self) -> bool:
        """Return whether the link still gives access to anything.

        The order's link closes when all of its places became private, unless the buyer still pays for them.
        """
        if self.registrations or not self.is_full:
            return bool(self.registrations)
        return not self.private_registrations or self.order.total > 0 or self.order.sponsorships.exists()

    @property
    def opens_single_registration(self) -> bool:
        """Return whether the link opens one registration only, and so may go into its wallet pass."""
        return len(self.registrations) + len(self.private_registrations) == 1

    @property
    def url(self) -> str:
        """Return the absolute URL of the link."""
        language = "" if self.is_full or not self.registrations else self.registrations[0].mail_language
        return f"{settings.SITE_URL}{self.order.build_path_with(self.secret, language=language)}"

    @property
    def buyer_address(self) -> str:
        """Return the buyer's address if the link is the buyer's, else an empty text."""
        return self.order.email if self.is_full else ""

    @property
    def reader_address(self) -> str:
        """Return the address of the attendee or buyer whose link it is; the holder may have entered it."""
        if self.is_full or not self.registrations:
            return self.buyer_address
        return self.registrations[0].email

    def can_see_answers(self, registration: Registration) -> bool:
        """Return whether the link shows and changes the answers of this registration.

        Colleagues registered by a company's contact answer through their own links: the company must not read
        their answers.
        """
        return not (self.is_full and is_answered_by_own_link(self.order, registration.email))

    def can_see_prices(self, registration: Registration) -> bool:
        """Return whether the reader placed the order; what somebody else paid is not for its attendees."""
        return self.is_full or registration.is_buyers_own

    def opens_programme_of(self, registration: Registration) -> bool:
        """Return whether the reader may open the attendee's programme on their device.

        A link that opens several registrations is the buyer's, and so are the stars on that device.
        """
        if belongs_to_another(self, registration):
            return False
        return self.opens_single_registration or (self.is_full and registration.is_buyers_own)

    def identifies_attendee(self, registration: Registration) -> bool:
        """Return whether opening the link shows that the reader is the attendee.

        It is their own link, or that of an order for the buyer's place alone.
        """
        is_own = not self.is_full or registration.is_buyers_own
        return is_own and self.opens_single_registration and self.opens_programme_of(registration)

    def get_registration(self, reference: str) -> Registration:
        """Return one registration that this link opens. Raise NotFound."""
        for registration in self.registrations:
            if registration.reference == reference:
                return registration
        raise NotFound(_("This registration is not part of this order."))


def belongs_to_another(link_access: LinkAccess, registration: Registration) -> bool:
    """Return whether a buyer's link opens the registration of somebody who has a link of their own."""
    email, order = registration.email, link_access.order
    # The link of an only place serves its attendee, until the place is given to somebody else.
    is_buyers_link = link_access.is_full and (
        not link_access.opens_single_registration or registration.transferred_at is not None
    )
    return is_buyers_link and bool(email) and not is_same_email(email, order.email)


def is_answered_by_own_link(order: Order, email: str) -> bool:
    """Return whether the attendee answers by a separate link, which the company must not see."""
    return bool(
        order.source == Order.Source.COMPANY_CONTACT and email and not is_same_email(email, order.email)
    )


def get_order_by_link(reference: str, secret: str, *, at: datetime.datetime | None = None) -> LinkAccess:
    """Return the access that a mailed link gives; its holder may see, correct and cancel.

    Raise NotFound for a forged or replaced link, and LinkExpired long after the event and the order.
    """
    order = Order.objects.select_related("event__venue", "event__host").filter(reference=reference).first()
    link_access = _make_link_access(order, secret) if order else None
    if link_access is None or not link_access.is_usable:
        raise _make_not_found(order, link_access, secret)
    order = link_access.order
    if (at or timezone.now()) > max(order.event.ends_at, order.created_at) + LINK_LIFETIME:
        raise LinkExpired(_("This link has expired: the event is over."))
    return link_access


class InvalidOrderLink(NotFound):
    """A link to an order that was forged, cut off or replaced; the error page offers a new one."""

    next_page_name = "lost-link"
    next_page_label = gettext_lazy("Find your registration")


def _make_not_found(order: Order | None, link_access: LinkAccess | None, secret: str) -> NotFound:
    # Only the holder of a valid link learns that the places became private.
    if link_access and link_access.private_registrations:
        return NotFound(_("This place was confirmed by e-mail. Only the attendee has its link now."))
    if order and _is_former_holders_secret(order, secret):
        return _make_given_away(order)
    return InvalidOrderLink(
        _(
            "This link is not valid: it may be incomplete, or a newer one has replaced it. Use "
            "the link in the latest e-mail."
        )
    )


def _make_given_away(order: Order) -> NotFound:
    sentence = _("This place has been given to somebody else, so your link no longer works.")
    if not order.event.contact_email:
        return NotFound(sentence)
    contact = _("If this is a mistake, write to %(email)s.") % {"email": order.event.contact_email}
    return NotFound(f"{sentence} {contact}")


def get_full_access(order: Order) -> LinkAccess:
    """Return the access of the order's own link."""
    return _make_link_access(order, order.manage_secret)


def make_own_secret(registration: Registration) -> str:
    """Return the secret that opens one registration for its current holder only.

    The secret of a private place does not depend on the order's links, which the buyer can replace.
    """
    return derive_link_secret(OWN_LINK_PURPOSE, *_own_link_parts(registration))


def is_own_secret(registration: Registration, secret: str) -> bool:
    """Return whether the secret opens that one registration of its order."""
    return is_link_secret(secret, OWN_LINK_PURPOSE, *_own_link_parts(registration))


def _is_former_holders_secret(order: Order, secret: str) -> bool:
    """Return whether the secret opened a registration of the order for a former holder."""
    return any(
        is_link_secret(
            secret,
            OWN_LINK_PURPOSE,
            *_own_link_parts(registration, holder_count=former, link_version=version),
        )
        for registration in order.registrations.all()
        for former in range(1, registration.holder_count)
        for version in range(registration.link_version + 1)
    )


def _own_link_parts(
    registration: Registration, *, holder_count: int | None = None, link_version: int | None = None
) -> tuple[object, ...]:
    """Return what the link depends on; the counts are the registration's, unless former ones are given."""
    order = registration.order
    version = PRIVATE_LINK_VERSION if registration.is_private else order.attendee_links_version
    return (
        order.reference, version, registration.reference,
        registration.holder_count if holder_count is None else holder_count,
        registration.link_version if link_version is None else link_version,
    )  # fmt: skip


def choose_link_secret(registration: Registration, address: str) -> str:
    """Return the secret for a link mailed to that address.

    It opens the order for the buyer, and the registration for anybody else. The link of a private
    registration opens only that one, also for the buyer.
    """
    is_buyer = is_same_email(address, registration.order.email) and not registration.is_private
    return registration.order.manage_secret if is_buyer else make_own_secret(registration)


def choose_own_secret(registration: Registration, person: Person) -> str:
    """Return the secret for a link on a page of this person (`choose_link_secret` for their addresses)."""
    is_buyer = not registration.is_private and has_address(person, registration.order.email)
    return registration.order.manage_secret if is_buyer else make_own_secret(registration)


def build_link_path(order: Order, *, page: str = "order", secret: str = "") -> str:
    """Return the path of a page behind a link to the order, in the reader's language.

    The link is the order's own, or that of `secret`. `Order.manage_path` is in the language of its e-mails.
    """
    return reverse(page, args=[order.reference, secret or order.manage_secret])


def get_access_of(registration: Registration) -> LinkAccess:
    """Return the access of the link that is mailed to the attendee, or to the buyer without their address."""
    address = registration.email or registration.order.email
    return _make_link_access(registration.order, choose_link_secret(registration, address))


def _make_link_access(order: Order, secret: str) -> LinkAccess:
    """Return what the secret opens of the order, which may be nothing."""
    rows = order.registrations.select_related("ticket", "voucher").prefetch_related("addons__addon")
    registrations = list(rows.order_by("pk"))
    for registration in registrations:
        # The same instances for all, so that pages need no further queries.
        registration.order, registration.event = order, order.event
        registration.ticket.event = order.event
    # Each registration's secret is computed and compared: the link does not say which one it opens.
    if not order.is_valid_manage_secret(secret):
        own = [r for r in registrations if is_own_secret(r, secret)]
        return LinkAccess(order, own, secret)
    shared = [r for r in registrations if not r.is_private]
    if has_ended_contact(order):
        return LinkAccess(order, [r for r in shared if _is_contacts_own(r)], secret)
    return LinkAccess(
        order, shared, secret, is_full=True, private_registrations=[r for r in registrations if r.is_private]
    )


def has_ended_contact(order: Order) -> bool:
    """Return whether a company's contact placed the order, and is not the company's contact any more."""
    # Read through the reverse relation, because the company package imports this module.
    company_order = (
        getattr(order, "for_company", None) if order.source == Order.Source.COMPANY_CONTACT else None
    )
    if company_order is None:
        return False
    contact = company_order.managed_by
    return (
        contact is None or not get_companies_of_contact(contact).filter(pk=company_order.company_id).exists()
    )


def acts_for_buyer(order: Order, person: Person) -> bool:
    """Return whether the person is the order's buyer, or now a contact of the company that it is for."""
    if order.source != Order.Source.COMPANY_CONTACT:
        return has_address(person, order.email)
    company_order = getattr(order, "for_company", None)
    return (
        company_order is not None
        and get_companies_of_contact(person).filter(pk=company_order.company_id).exists()
    )


def _is_contacts_own(registration: Registration) -> bool:
    """Return whether the place is the contact's own, not a colleague's under the contact's address."""
    contact = registration.order.for_company.managed_by
    if contact is None or not is_same_email(registration.email, registration.order.email):
        return False
    return has_name_in_common(AttendeeIdentity.from_row(registration), AttendeeIdentity.from_row(contact))


def get_waiting_entry_by_link(secret: str, *, at: datetime.datetime | None = None) -> WaitingEntry:
    """Return the waiting entry of a mailed link. Raise NotFound, or LinkExpired long after the event."""
    rows = WaitingEntry.objects.select_related("event__venue", "ticket__event", "order__event")
    entry = find_by_link_token(rows.filter(ticket__isnull=False), secret)
    if entry is None:
        raise NotFound(
            _("This link is not valid: it may be incomplete. Copy the whole link from the e-mail.")
        )
    if (at or timezone.now()) > entry.event.ends_at + LINK_LIFETIME:
        raise LinkExpired(_("This link has expired: the event is over."))
    return entry


def list_own_registrations(person: Person, *, events: Iterable[Event] | None = None) -> list[Registration]:
    """Return the person's registrations, and those made with an address of theirs; `events` limits them."""
    rows = Registration.objects.all()
    return _filter_own(rows if events is None else rows.filter(event__in=list(events)), person)


@dataclass(frozen=True)
class RegistrationLink:
    """A person's active registration, and the path of its page."""

    registration: Registration
    path: str

    @property
    def is_confirmed(self) -> bool:
        return self.registration.state == Registration.State.CONFIRMED


def find_refused_seconds(person: Person, registrations: Iterable[Registration]) -> set[int]:
    """Return the ids of the free places that cannot be confirmed: the member has that ticket already."""
    rows = list(registrations)
    confirmed_tickets = {
        row.ticket_id
        for row in rows
        if row.confirmed_at and not row.cancelled_at and row.person_id == person.pk
    }
    return {
        row.pk
        for row in rows
        if row.ticket_id in confirmed_tickets
        and row.awaits_member_verification
        and not row.order.is_by_card
        and has_address(person, row.email)
    }


def list_registration_links(person: Person, events: Iterable[Event]) -> list[RegistrationLink]:
    """Return links to the person's confirmed and pending registrations at these events.

    Without a free one that cannot be confirmed because the member has that ticket already.
    """
    rows = [row for row in list_own_registrations(person, events=events) if row.is_active]
    refused = find_refused_seconds(person, rows)
    return [
        RegistrationLink(
            registration,
            build_link_path(registration.order, secret=choose_own_secret(registration, person)),
        )
        for registration in rows
        if registration.pk not in refused
    ]


def find_registration_links(person: Person, events: Iterable[Event]) -> dict[int, RegistrationLink]:
    """Return a link for each of these events with a registration of the person, by event id.

    A confirmed registration takes precedence.
    """
    # The last one of an event stays in the dictionary.
    links = sorted(list_registration_links(person, events), key=lambda link: link.is_confirmed)
    return {link.registration.event_id: link for link in links}


def get_own_registration(person: Person, event: str, reference: str) -> Registration:
    """Return one of the person's registrations at that event. Raise NotFound, also for another person's."""
    for registration in _filter_own(
        Registration.objects.filter(event__slug=event, reference=reference), person
    ):
        return registration
    raise NotFound(_("This is not one of your registrations for this event."))


def _filter_own(candidates: QuerySet[Registration], person: Person) -> list[Registration]:
    # A subquery: pages that everybody opens should not take another query.
    verified = select_verified_addresses().filter(user=person).values_list(Lower("email"))
    is_own = Q(person=person) | Q(lowercase_email__in=verified)
    if person.email:
        is_own |= Q(email__iexact=person.email)
    rows = candidates.alias(lowercase_email=Lower("email")).filter(is_own)
    rows = rows.select_related("event__venue", "ticket", "order")
    ordered = rows.order_by("event__starts_at", "pk")
    # Some databases fold more than ASCII, which must not give access to another person's place.
    return [row for row in ordered if row.person_id == person.pk or has_address(person, row.email)]


def get_event_of_quotations(slug: str, person: "RequestUser") -> Event:
    """Return the event whose quotations its organizers and the treasurer may read.

    Raise SignInRequired, Forbidden or NotFound.
    """
    event = Event.objects.filter(slug=slug).first() if is_treasurer(person) else None
    return event or get_event_to_administer(slug, person)
