"""Prove: a member opens the mailed link, and a place that was only held becomes theirs alone.

Anybody can order with a member's address. From here on only that address has the link and the badge: where it
is the order's own, the order gets a new link; else the place is private, and the order's link only lists it.
"""

import datetime
from collections import Counter

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention import hooks
from convention.addresses import same
from convention.audit.record import record
from convention.club.models import Company, Person
from convention.counters import Counted
from convention.errors import Expired, Forbidden
from convention.events.sequence import next_sequence

from .bill import is_paid, rebill
from .confirm_paid import confirm_settled
from .identity import Identity, name_for_member
from .members import member_by_email
from .models import Order, Passes, Registration
from .on_application import admit
from .one_place import refuse_second_place
from .options import options_of
from .places import belongings, take, take_share
from .register import hold_duration, refuse_if_closed
from .transfer import transfer
from .use_pass import PRICED, use_pass

LINK_LASTS = datetime.timedelta(days=3)


class NotAMember(Forbidden):
    """The address is proven, and belongs to no member."""

    kind = "not-a-member"


@transaction.atomic
def prove(*, registration: Registration) -> Registration:
    """Confirm a pending place for the member whose address it is, and queue the confirmation.

    One that is paid by card, or on invoice by a buyer to be verified, is only theirs until that is done;
    where a pass leaves nothing to pay, the others of its order are confirmed too.

    A place that was given back after half an hour is taken again if one is left. Opening the link twice
    changes nothing. Raises NotAMember, AlreadyRegistered, SoldOut, CompanyFull, Closed, Expired.
    """
    Order.objects.select_for_update(no_key=True).get(pk=registration.order_id)  # first, as a payment does
    pending = Registration.objects.select_related("event", "ticket", "order").select_for_update(of=("self",))
    registration = pending.get(pk=registration.pk)
    if registration.cancelled_at:
        raise Expired(_("This registration was cancelled."))
    if registration.confirmed_at or registration.person_id:
        return registration
    if not registration.is_held():
        refuse_if_closed(registration.event, at=timezone.now())
    person, company = _member(registration)
    refuse_second_place(registration, person)
    take_share(registration.ticket, company)
    written = _give_to(registration, person, company)
    _take_with_pass(registration, person)
    if is_paid(registration.order):
        registration.confirmed_at, registration.held_until = timezone.now(), None
    elif not registration.is_held():
        registration.held_until = timezone.now() + hold_duration(registration.order)
    registration.takes_place = True
    hooks.send_confirmation.enqueue(registration.order_id)
    record("registration.prove", registration, event=registration.event, fields=["person", "confirmed_at"])
    registration.sequence = next_sequence(registration.event_id)
    changed = ["person", "member_of", "confirmed_at", "held_until", "takes_place", "sequence"]
    registration.save(update_fields=[*{*changed, *written}, *PRICED])
    admit([registration])
    rebill(registration.order)
    confirm_settled(order=registration.order)
    return registration


def name_to_confirm(registration: Registration) -> tuple[str, str]:
    """Return the first and last name that the place will bear once it is confirmed."""
    found = member_by_email(registration.email)
    typed = Identity.of(registration)
    return name_for_member(typed, Identity.of(found[0])) if found else (typed.first_name, typed.last_name)


def _give_to(registration: Registration, person: Person, company: Company) -> list[str]:
    """Make the place this member's alone, in their own name; return the fields that the caller stores."""
    written = ["issued_to", "is_private"]
    name = name_for_member(Identity.of(registration), Identity.of(person))
    if name != (registration.first_name, registration.last_name):  # so were the answers somebody else's
        written += [*transfer(registration), "first_name", "last_name"]
        registration.first_name, registration.last_name = name
    registration.person, registration.member_of, registration.issued_to = person, company, {}
    _close_to_sender(registration)
    return written


def _close_to_sender(registration: Registration) -> None:
    """See to it that whoever sent the order, which needs no proof, no longer opens this place."""
    order = registration.order
    if same(order.email, registration.email):
        order.save(update_fields=order.replace_link())
    else:
        registration.is_private = True


def _take_with_pass(registration: Registration, person: Person) -> None:
    """A pass for the place, and all that had lapsed again, in the order in which everybody locks it."""
    lapsed = Counter[Counted]()
    if not registration.counts:
        addons = registration.addons.filter(cancelled_at__isnull=True).select_related("addon")
        lapsed = belongings(registration, addons) + options_of([registration])
    take({row: number for row, number in lapsed.items() if row.TURN < Passes.TURN})
    use_pass(registration, person)
    take({row: number for row, number in lapsed.items() if row.TURN > Passes.TURN})


def _member(registration: Registration) -> tuple[Person, Company]:
    found = member_by_email(registration.email)
    if found is None:
        raise NotAMember(
            _("No member of the club has this address, so this ticket is not for it. Other tickets may be.")
        )
    return found
