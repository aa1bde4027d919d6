"""Mails of an order, sent by the worker in the order's language.

`send_confirmation` looks at what stands, not at what happened: an order on invoice that awaits its
verification gets the link, a member's place that waits for its proof its own, a confirmed one its badge, a
cancelled one a word, and one that changed hands a word to both (`handover.py`). One process at a time sends
an order’s. Each is marked once the mail server has it (`registrations.deliver`): none is lost.
"""

import datetime
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from django.tasks import task
from django.utils import timezone, translation

from convention.addresses import same
from convention.leases import leased
from convention.mail import Letter, NotSent
from registrations.company.reassign import reassign
from registrations.deliver import MARKS, deliver, deliver_to_holder
from registrations.models import BY_CONTACT, Delivery, Order, Registration, Sponsorship
from registrations.verification import is_unprovable, waits_for_buyer, waits_for_buyer_alone

from .handover import new_holders, to_buyer, to_holder
from .order_letters import (
    cancellation_letter,
    confirmation_letter,
    correction_letter,
    proof_letter,
    verification_letter,
)
from .politeness import wait_for
from .private_places import notices_for_buyer, private_stem, to_attendee
from .told import Told, handover_stem, holder_stem

type Write = Callable[[Order, list[Registration], str], Letter]


class Mail(NamedTuple):
    """Of whom a mail tells, who writes it, and what names it where it is not the order's usual one."""

    due: list[Registration]
    write: Write
    stem: str = ""


@task()
def send_confirmation(order_id: int) -> None:
    """Send whatever mails of this order are due."""
    orders = Order.objects.select_related("event__venue", "event__host")
    order = orders.get(pk=order_id)
    if order.source == BY_CONTACT:
        reassign(order_id=order_id)  # the mail goes to whoever is the company's contact by now
        order = orders.get(pk=order_id)
    if order.email and (wait := wait_for(order.email)):
        _send_later(order_id, wait)
        return
    with leased(f"mails:{order.pk}"), translation.override(order.language):
        failures = [failure for kind in Delivery.Kind for failure in _send_due(order, kind)]
        failures += [*_send_to_holders(order), *_send_to_buyer(order)]
    if failures:
        raise failures[0]


@task()
def send_cancellation(order_id: int) -> None:
    """Tell the buyer of all cancelled places of the order that they were not told of, held ones too."""
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if not order.email:
        return
    if wait := wait_for(order.email):
        later = timezone.now() + datetime.timedelta(seconds=wait)
        send_cancellation.using(run_after=later).enqueue(order_id)
        return
    with leased(f"mails:{order.pk}"), translation.override(order.language):
        rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
        due = list(rows.filter(cancelled_at__isnull=False, cancellation_sent_at__isnull=True))
        for mail in _mails(order, Delivery.Kind.CANCELLATION, due):
            write = partial(mail.write, order, mail.due)
            deliver(order=order, kind=Delivery.Kind.CANCELLATION, due=mail.due, write=write, stem=mail.stem)


def _send_later(order_id: int, seconds: int) -> None:
    later = timezone.now() + datetime.timedelta(seconds=seconds)
    send_confirmation.using(run_after=later).enqueue(order_id)


def _send_due(order: Order, kind: Delivery.Kind) -> list[Exception]:
    """Send what is due; what failed for a reason that may pass does not keep back the rest."""
    failures: list[Exception] = []
    for mail in _mails(order, kind, _due(order, kind)):
        try:
            write = partial(mail.write, order, mail.due)
            deliver(order=order, kind=kind, due=mail.due, write=write, stem=mail.stem)
        except NotSent as failure:
            failures.append(failure)
    return failures


def _send_to_holders(order: Order) -> list[Exception]:
    """Tell each who got a place from somebody else; later where their mailbox has had enough for now."""
    failures: list[Exception] = []
    waits: list[int] = []
    for registration in new_holders(order):
        if wait := wait_for(registration.email):
            waits.append(wait)
            continue
        try:
            stem = holder_stem(registration)
            deliver_to_holder(registration=registration, stem=stem, write=partial(to_holder, registration))
        except NotSent as failure:
            failures.append(failure)
    if waits:  # once for all of them: each time looks at the whole order
        _send_later(order.pk, min(waits))
    return failures


def _send_to_buyer(order: Order) -> list[Exception]:
    """Tell the buyer of private places that were confirmed or cancelled since; their mails go elsewhere."""
    failures: list[Exception] = []
    for registration, stem, write in notices_for_buyer(order):
        try:
            deliver_to_holder(registration=registration, stem=stem, write=write)
        except NotSent as failure:
            failures.append(failure)
    return failures


def _due(order: Order, kind: Delivery.Kind) -> list[Registration]:
    """Whose mail of this kind has not been taken by the mail server."""
    rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
    rows = rows.prefetch_related("addons__addon")
    if kind == Delivery.Kind.VERIFICATION:
        return [] if order.verification_sent_at else [r for r in rows if _is_verified_by_link(order, r)]
    mark = MARKS[kind]
    due = [r for r in rows if getattr(r, mark) is None and _is_due(r, mark)]
    has_reader = order.email or kind == Delivery.Kind.PROOF
    return due if has_reader else [r for r in due if r.is_private]


def _mails(order: Order, kind: Delivery.Kind, due: list[Registration]) -> list[Mail]:
    """One for all of an order, but one for each who gets a link, and for each place that changed hands."""
    if kind == Delivery.Kind.VERIFICATION and (due or _has_waiting_package(order)):
        return [Mail(due, verification_letter)]
    if not due:
        return []
    if kind == Delivery.Kind.PROOF:
        return [Mail([registration], proof_letter) for registration in due]
    own = [Mail([one], to_attendee, private_stem(one)) for one in due if one.is_private]
    due = [one for one in due if not one.is_private]
    if not due:
        return own
    if kind == Delivery.Kind.CANCELLATION:
        return [Mail(due, cancellation_letter), *own]
    told = Told.of(order)
    given = [registration for registration in due if told.has_new_holder(registration)]
    others = [registration for registration in due if registration not in given]
    write = correction_letter if all(map(told.knows, others)) else confirmation_letter
    rest = [Mail(others, write)] if others else []
    handovers = [Mail([registration], to_buyer, handover_stem(registration)) for registration in given]
    return [*rest, *handovers, *own]


def _is_due(registration: Registration, mark: str) -> bool:
    if registration.cancelled_at:
        return mark == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return mark == "confirmation_sent_at"
    if mark != "proof_sent_at" or registration.held_until is None or not registration.awaits_proof:
        return False
    is_alone = waits_for_buyer_alone(registration.order, registration)  # then one link does both
    return not is_alone or is_unprovable(registration)


def _is_verified_by_link(order: Order, registration: Registration) -> bool:
    """Return whether the buyer's link may bring a place nearer to being confirmed."""
    is_own = same(registration.email, order.email)
    return waits_for_buyer(order, registration) and not (is_own and is_unprovable(registration))


def _has_waiting_package(order: Order) -> bool:
    """Return whether a sponsor's package waits for the link, and it was not sent yet."""
    if not order.needs_verification or order.verification_sent_at:
        return False
    return Sponsorship.objects.standing().filter(order=order, confirmed_at__isnull=True).exists()
