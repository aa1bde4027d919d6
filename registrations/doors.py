"""Who may see and change orders and registrations."""

import datetime
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.addresses import same
from convention.club.doors import companies_of_contact
from convention.club.models import Person
from convention.errors import Expired, NotFound
from convention.links import derive_secret, find_by_link_token, is_secret

from .identity import Identity, has_name_in_common
from .models import BY_CONTACT, Order, Registration, WaitingEntry

OWN_LINK = "registrations.own"
PRIVATE = "private"
"""In place of the version of the order's links to attendees."""
LINKS_LAST = datetime.timedelta(days=settings.LINKS_LAST_DAYS)
"""After the end of the event, or after the order where that came later."""


@dataclass(frozen=True)
class Grant:
    """What a mailed link opens: an order, and all of its registrations or only one's own.

    `is_whole` says whether it opens the order itself, and not only one's own registration. `private` are
    those of the order that its link only lists: their own links open them.
    """

    order: Order
    registrations: list[Registration]
    secret: str
    is_whole: bool = False
    private: list[Registration] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether anything is left to see or do by it.

        The order's link closes when all of its places became private, unless the buyer still pays for them.
        """
        if self.registrations or not self.is_whole:
            return bool(self.registrations)
        return not self.private or self.order.total > 0 or self.order.sponsorships.exists()

    @property
    def is_of_one(self) -> bool:
        """Whether one place is all there is behind the link, so that it may go along with that place."""
        return len(self.registrations) + len(self.private) == 1

    @property
    def url(self) -> str:
        """The link itself, as a whole address: never more than its holder has already."""
        return f"{settings.SITE_URL}{self.order.path_with(self.secret)}"

    def sees_answers(self, registration: Registration) -> bool:
        """Whether it shows and changes what somebody answered.

        Whom a company's contact registered answers by a link of their own: that is not for their company.
        """
        return not (self.is_whole and answers_by_own_link(self.order, registration.email))

    def registration(self, reference: str) -> Registration:
        """One registration that this link opens. Raises NotFound."""
        for registration in self.registrations:
            if registration.reference == reference:
                return registration
        raise NotFound(_("There is no such registration in this order."))


def answers_by_own_link(order: Order, email: str) -> bool:
    """Whether whoever has that address answers by a link of their own, and not for their company to see."""
    return bool(order.source == BY_CONTACT and email and not same(email, order.email))


def order_by_link(reference: str, secret: str, *, at: datetime.datetime | None = None) -> Grant:
    """What a mailed link opens: whoever holds it may see, correct and cancel.

    Raises NotFound for a forged or replaced link, Expired for one whose event and order are long past.
    """
    order = Order.objects.select_related("event__venue", "event__host").filter(reference=reference).first()
    grant = _grant(order, secret) if order else None
    if grant is None or not grant.is_open:
        raise _not_found(grant)
    order = grant.order
    if (at or timezone.now()) > max(order.event.ends_at, order.created_at) + LINKS_LAST:
        raise Expired(_("This link has expired: the event is over."))
    return grant


def _not_found(grant: Grant | None) -> NotFound:
    if grant and grant.private:
        return NotFound(_("This place was confirmed by e-mail. The link is now with the attendee alone."))
    return NotFound(
        _(
            "This link is not valid. It may have been cut in the e-mail, or replaced by a newer one: "
            "use the one in the latest e-mail."
        )
    )


def whole(order: Order) -> Grant:
    """What the order's own link opens, for a mail to whoever ordered."""
    return _grant(order, order.manage_secret)


def own_secret(registration: Registration) -> str:
    """What opens one registration of an order, and nothing of the others'; not for a former holder.

    That of a private place does not depend on the order's links, which the buyer can replace.
    """
    return derive_secret(OWN_LINK, *_own_link_parts(registration))


def is_own_secret(registration: Registration, given: str) -> bool:
    """Return whether this opens that one registration of its order."""
    return is_secret(given, OWN_LINK, *_own_link_parts(registration))


def _own_link_parts(registration: Registration) -> tuple[object, ...]:
    order = registration.order
    version = PRIVATE if registration.is_private else order.attendee_links_version
    return (
        order.reference, version, registration.reference, registration.holders, registration.link_version,
    )  # fmt: skip


def secret_for(registration: Registration, address: str) -> str:
    """Return the secret for a link mailed to that address: the buyer's opens the order, any other the place.

    The link of a private place opens that place alone, whoever reads it.
    """
    is_buyer = same(address, registration.order.email) and not registration.is_private
    return registration.order.manage_secret if is_buyer else own_secret(registration)


def _grant(order: Order, secret: str) -> Grant:
    """Return what that secret opens of the order, maybe nothing."""
    rows = order.registrations.select_related("ticket", "voucher").prefetch_related("addons__addon")
    registrations = list(rows.order_by("pk"))
    for registration in registrations:
        registration.order, registration.event = order, order.event
        registration.ticket.event = order.event
    if not order.is_manage_secret(secret):
        own = [r for r in registrations if is_own_secret(r, secret)]
        return Grant(order, own, secret)
    shared = [r for r in registrations if not r.is_private]
    if has_ended_contact(order):
        return Grant(order, [r for r in shared if _is_contacts_own(r)], secret)
    return Grant(order, shared, secret, is_whole=True, private=[r for r in registrations if r.is_private])


def has_ended_contact(order: Order) -> bool:
    """Whether the company's contact who has the order's link is its contact no longer, as of today."""
    # Only reachable by the relation: the company desk builds on this module.
    placed = getattr(order, "for_company", None) if order.source == BY_CONTACT else None
    if placed is None:
        return False
    contact = placed.managed_by
    return contact is None or not companies_of_contact(contact).filter(pk=placed.company_id).exists()


def _is_contacts_own(registration: Registration) -> bool:
    """Whether the place is the contact's own, and not a colleague's under the contact's address."""
    contact = registration.order.for_company.managed_by
    if contact is None or not same(registration.email, registration.order.email):
        return False
    return has_name_in_common(Identity.of(registration), Identity.of(contact))


def entry_by_link(secret: str, *, at: datetime.datetime | None = None) -> WaitingEntry:
    """What the mail of a ticket's waiting list opens. Raises NotFound, or Expired long after the event."""
    rows = WaitingEntry.objects.select_related("event__venue", "ticket__event", "order__event")
    entry = find_by_link_token(rows.filter(ticket__isnull=False), secret)
    if entry is None:
        raise NotFound(_("This link is not valid; it may have been cut in the e-mail."))
    if (at or timezone.now()) > entry.event.ends_at + LINKS_LAST:
        raise Expired(_("This link has expired: the event is over."))
    return entry


def registrations_of(person: Person) -> list[Registration]:
    """Those proven to be this person's, and those made with the address they sign in with."""
    return _theirs(Registration.objects.all(), person)


def own_registration(person: Person, event: str, reference: str) -> Registration:
    """One of these at the event of that address. Raises NotFound, the same for another's."""
    for registration in _theirs(Registration.objects.filter(event__slug=event, reference=reference), person):
        return registration
    raise NotFound(_("You have no such registration at this event."))


def _theirs(among: QuerySet[Registration], person: Person) -> list[Registration]:
    mine = Q(person=person) | (Q(email__iexact=person.email) if person.email else Q())
    rows = among.filter(mine).select_related("event__venue", "ticket", "order")
    found = rows.order_by("event__starts_at", "pk")
    return [row for row in found if row.person_id == person.pk or same(row.email, person.email)]
