"""Send the mails of an order, from the worker and in the order's language.

`send_order_mails` looks at the current state, not at events: an order on invoice that awaits verification
gets the link, a registration that awaits member verification its own link, a confirmed one its badge, a
cancelled one a notice, and a new holder is announced to both sides (handover.py). A lease lets only one
process send for an order. Mails are marked as sent once the mail server has accepted them
(`registrations.orders.deliveries`), so none is lost.
"""

import datetime
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from django.tasks import task
from django.utils import timezone, translation

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailNotSent
from convention.text.email_addresses import is_same_email
from registrations.booking.verification import awaits_buyer, awaits_buyer_alone, is_unverifiable
from registrations.company.reassign_orders import reassign_order
from registrations.models import SOURCE_COMPANY_CONTACT, MailDelivery, Order, Registration, Sponsorship
from registrations.orders.deliveries import SENT_AT_FIELDS, deliver_mail, deliver_to_attendee

from .handover import registrations_to_notify, write_buyer_mail, write_holder_mail
from .mail_history import MailHistory, handover_message_key, holder_message_key
from .mail_throttle import seconds_until_mail_allowed
from .order_mails import (
    write_cancellation_mail,
    write_confirmation_mail,
    write_correction_mail,
    write_member_verification_mail,
    write_verification_mail,
)
from .private_places import list_buyer_notices, make_private_message_key, write_attendee_mail

type WriteMail = Callable[[Order, list[Registration], str], MailMessage]


class DueMail(NamedTuple):
    """A mail to send; an empty `message_key` means the default key of its kind."""

    registrations: list[Registration]
    write: WriteMail
    message_key: str = ""


@task()
def send_order_mails(order_id: int) -> None:
    """Send all due mails of this order."""
    orders = Order.objects.select_related("event__venue", "event__host")
    order = orders.get(pk=order_id)
    if order.source == SOURCE_COMPANY_CONTACT:
        # The mail must go to the company's present contact, who may have changed since the order.
        reassign_order(order_id=order_id)
        order = orders.get(pk=order_id)
    if order.email and (wait := seconds_until_mail_allowed(order.email)):
        _send_later(order_id, wait)
        return
    with hold_lease(f"mails:{order.pk}"), translation.override(order.language):
        failures = [failure for kind in MailDelivery.Kind for failure in _send_due_mails(order, kind)]
        failures += [*_send_to_holders(order), *_send_to_buyer(order)]
    # Raised last: one mailbox that is full must not hold up the other mails of the order.
    if failures:
        raise failures[0]


@task()
def send_cancellation(order_id: int) -> None:
    """Notify the buyer of all cancelled places not announced yet, including places that were only held.

    send_order_mails leaves out the latter; only a bulk cancellation by an organizer announces them.
    """
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if not order.email:
        return
    if wait := seconds_until_mail_allowed(order.email):
        later = timezone.now() + datetime.timedelta(seconds=wait)
        send_cancellation.using(run_after=later).enqueue(order_id)
        return
    with hold_lease(f"mails:{order.pk}"), translation.override(order.language):
        rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
        registrations = list(rows.filter(cancelled_at__isnull=False, cancellation_sent_at__isnull=True))
        for mail in _group_due_mails(order, MailDelivery.Kind.CANCELLATION, registrations):
            write = partial(mail.write, order, mail.registrations)
            deliver_mail(
                order=order,
                kind=MailDelivery.Kind.CANCELLATION,
                registrations=mail.registrations,
                write_letter=write,
                message_key=mail.message_key,
            )


def _send_later(order_id: int, seconds: int) -> None:
    later = timezone.now() + datetime.timedelta(seconds=seconds)
    send_order_mails.using(run_after=later).enqueue(order_id)


def _send_due_mails(order: Order, kind: MailDelivery.Kind) -> list[Exception]:
    """Send the due mails of one kind; return the temporary failures, so that the rest is still sent."""
    failures: list[Exception] = []
    for mail in _group_due_mails(order, kind, _due_registrations(order, kind)):
        try:
            write = partial(mail.write, order, mail.registrations)
            deliver_mail(
                order=order,
                kind=kind,
                registrations=mail.registrations,
                write_letter=write,
                message_key=mail.message_key,
            )
        except MailNotSent as failure:
            failures.append(failure)
    return failures


def _send_to_holders(order: Order) -> list[Exception]:
    """Notify new holders; later where their address has reached its hourly limit."""
    failures: list[Exception] = []
    waits: list[int] = []
    for registration in registrations_to_notify(order):
        if wait := seconds_until_mail_allowed(registration.email):
            waits.append(wait)
            continue
        try:
            message_key = holder_message_key(registration)
            deliver_to_attendee(
                registration=registration,
                message_key=message_key,
                write_letter=partial(write_holder_mail, registration),
            )
        except MailNotSent as failure:
            failures.append(failure)
    # One task for all of them, since each run looks at the whole order.
    if waits:
        _send_later(order.pk, min(waits))
    return failures


def _send_to_buyer(order: Order) -> list[Exception]:
    """Notify the buyer of private places confirmed or cancelled since."""
    failures: list[Exception] = []
    for registration, message_key, write in list_buyer_notices(order):
        try:
            deliver_to_attendee(registration=registration, message_key=message_key, write_letter=write)
        except MailNotSent as failure:
            failures.append(failure)
    return failures


def _due_registrations(order: Order, kind: MailDelivery.Kind) -> list[Registration]:
    """Return the registrations whose mail of this kind the mail server has not accepted yet."""
    rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
    # For the list of add-ons in each mail.
    rows = rows.prefetch_related("addons__addon")
    if kind == MailDelivery.Kind.VERIFICATION:
        return [] if order.verification_sent_at else [r for r in rows if _is_verified_by_link(order, r)]
    sent_at_field = SENT_AT_FIELDS[kind]
    registrations = [r for r in rows if getattr(r, sent_at_field) is None and _is_mail_due(r, sent_at_field)]
    # An order made at the desk may have no address; private places still have that of their attendee.
    has_reader = order.email or kind == MailDelivery.Kind.PROOF
    return registrations if has_reader else [r for r in registrations if r.is_private]


def _group_due_mails(
    order: Order, kind: MailDelivery.Kind, registrations: list[Registration]
) -> list[DueMail]:
    """Group registrations into mails: one for the whole order, but one for each link and each new holder."""
    if kind == MailDelivery.Kind.VERIFICATION and (registrations or _has_waiting_package(order)):
        return [DueMail(registrations, write_verification_mail)]
    if not registrations:
        return []
    if kind == MailDelivery.Kind.PROOF:
        return [DueMail([registration], write_member_verification_mail) for registration in registrations]
    own = [
        DueMail([one], write_attendee_mail, make_private_message_key(one))
        for one in registrations
        if one.is_private
    ]
    registrations = [one for one in registrations if not one.is_private]
    if not registrations:
        return own
    if kind == MailDelivery.Kind.CANCELLATION:
        return [DueMail(registrations, write_cancellation_mail), *own]
    mail_history = MailHistory.load(order)
    handed_over = [
        registration for registration in registrations if mail_history.needs_buyer_mail(registration)
    ]
    others = [registration for registration in registrations if registration not in handed_over]
    # A mail is a correction only if all its places were confirmed to the buyer before.
    write = (
        write_correction_mail
        if all(map(mail_history.buyer_was_notified, others))
        else write_confirmation_mail
    )
    rest = [DueMail(others, write)] if others else []
    handovers = [
        DueMail([registration], write_buyer_mail, handover_message_key(registration))
        for registration in handed_over
    ]
    return [*rest, *handovers, *own]


def _is_mail_due(registration: Registration, sent_at_field: str) -> bool:
    if registration.cancelled_at:
        # A place that was never confirmed ends without a mail (but see send_cancellation).
        return sent_at_field == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return sent_at_field == "confirmation_sent_at"
    if (
        sent_at_field != "member_verification_sent_at"
        or registration.hold_expires_at is None
        or not registration.awaits_member_verification
    ):
        return False
    # The buyer's link verifies the buyer's own membership too; only if no such member exists is a mail of its
    # own due, which says so.
    is_alone = awaits_buyer_alone(registration.order, registration)
    return not is_alone or is_unverifiable(registration)


def _is_verified_by_link(order: Order, registration: Registration) -> bool:
    """Return whether the buyer's link can bring this registration closer to being confirmed."""
    is_own = is_same_email(registration.email, order.email)
    return awaits_buyer(order, registration) and not (is_own and is_unverifiable(registration))


def _has_waiting_package(order: Order) -> bool:
    """Return whether a sponsor package awaits the verification link and it was not sent yet."""
    if not order.needs_verification or order.verification_sent_at:
        return False
    return Sponsorship.objects.active().filter(order=order, confirmed_at__isnull=True).exists()
