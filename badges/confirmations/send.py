"""Send the mails of an order, from the worker and in the language of the order or the attendee.

`send_order_mails` looks at the current state, not at events: an order on invoice that awaits verification
gets the link, a registration that awaits member verification its own link, a confirmed one its badge, a
cancelled one a notice to the buyer and the attendee, a reinstated one its new badge, and a new holder is
announced to the buyer, the new and the former attendee (handover.py). Where the buyer asked for it, attendees
get their own badges. A lease lets only one process send for
an order. Mails are marked as sent once the mail server has accepted them (`registrations.orders.deliveries`),
so none is lost.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from django.tasks import Task, task
from django.utils import timezone, translation

from convention.db.leases import hold_lease
from convention.mail.messages import MailMessage, MailNotSent, send_or_log
from convention.text.email_addresses import is_same_email
from registrations.booking.verification import (
    awaits_buyer,
    awaits_buyer_alone,
    is_unverifiable,
    select_links_after_payment,
)
from registrations.company.invitations import record_invitation
from registrations.company.reassign_orders import reassign_order
from registrations.models import MailDelivery, Order, Registration, Sponsorship, TransferNotice
from registrations.models.deliveries import (
    handover_message_key,
    holder_message_key,
    make_cancelled_message_key,
    make_private_message_key,
    make_reinstated_message_key,
)
from registrations.orders.deliveries import (
    SENT_AT_FIELDS,
    deliver_mail,
    deliver_to_attendee,
    find_or_create_delivery,
)

from .attendee_notices import (
    discard_needless_notices,
    list_attendees_to_confirm,
    list_cancelled_to_notify,
    list_former_attendees_to_notify,
    list_new_holders_to_notify,
    list_reinstated_to_notify,
)
from .handover import write_buyer_mail, write_former_attendee_mail, write_holder_mail
from .mail_history import MailHistory
from .mail_throttle import seconds_until_mail_allowed
from .order_mails import (
    write_attendee_cancellation_mail,
    write_cancellation_mail,
    write_confirmation_mail,
    write_correction_mail,
    write_member_verification_mail,
    write_verification_mail,
)
from .private_places import list_buyer_notices, write_attendee_mail, write_reinstatement_mail

type WriteMail = Callable[[Order, list[Registration], str], MailMessage]


class DueMail(NamedTuple):
    """A mail to send; an empty `message_key` means the default key of its kind."""

    address: str
    registrations: list[Registration]
    write_mail: WriteMail
    message_key: str = ""


@dataclass
class MailAttempts:
    """A run that sends the mails of an order one by one, and collects failures and waiting times.

    `failures` are temporary failures of the mail server, `waits` the seconds until a mailbox that reached its
    hourly limit may get the next mail.
    """

    failures: list[MailNotSent] = field(default_factory=list)
    waits: list[int] = field(default_factory=list)

    def deliver(self, address: str, send: Callable[[], None]) -> None:
        """Call `send` if the mailbox may get one more mail; go on with the others if it fails."""
        # The address that gets the mail, not the buyer's: orders of many buyers can name the same attendee.
        if wait := seconds_until_mail_allowed(address):
            self.waits.append(wait)
            return
        try:
            send()
        except MailNotSent as failure:
            self.failures.append(failure)

    def finish(self, send_again: Task[[int], None], order_id: int) -> None:
        """Enqueue another run for when a mailbox may get more mails. Raise the first failure, if any."""
        # One task for all mailboxes, since each run looks at the whole order.
        if self.waits:
            later = timezone.now() + datetime.timedelta(seconds=min(self.waits))
            send_again.using(run_after=later).enqueue(order_id)
        if self.failures:
            raise self.failures[0]


@task()
def send_order_mails(order_id: int) -> None:
    """Send all due mails of this order."""
    orders = Order.objects.select_related("event__venue", "event__host")
    order = orders.get(pk=order_id)
    if order.source == Order.Source.COMPANY_CONTACT:
        # The mail must go to the company's present contact, who may have changed since the order.
        reassign_order(order_id=order_id)
        order = orders.get(pk=order_id)
    attempts = MailAttempts()
    with hold_lease(f"mails:{order.pk}"), translation.override(order.language):
        # Before the buyer's mail, after which the cancellation is no longer due.
        _send_to_cancelled_attendees(order, attempts)
        # Before it as well, after which the badges are no longer due.
        _send_to_attendees(order, attempts)
        for kind in MailDelivery.Kind:
            _send_due_mails(order, kind, _find_due_registrations(order, kind), attempts)
        _send_to_former_attendees(order, attempts)
        _send_to_holders(order, attempts)
        _send_to_reinstated_attendees(order, attempts)
        _send_to_buyer(order, attempts)
    attempts.finish(send_order_mails, order_id)


@task()
def send_cancellation(order_id: int) -> None:
    """Notify the buyer of all cancelled places not announced yet, including places that were only held.

    send_order_mails leaves out the latter; only a bulk cancellation by an organizer announces them. Attendees
    with an address of their own are notified as by send_order_mails.
    """
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    attempts = MailAttempts()
    with hold_lease(f"mails:{order.pk}"), translation.override(order.language):
        rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
        registrations = list(rows.filter(cancelled_at__isnull=False, cancellation_sent_at__isnull=True))
        _send_to_cancelled_attendees(order, attempts)
        if order.email:
            _send_due_mails(order, MailDelivery.Kind.CANCELLATION, registrations, attempts)
    attempts.finish(send_cancellation, order_id)


def _send_due_mails(
    order: Order, kind: MailDelivery.Kind, registrations: list[Registration], attempts: MailAttempts
) -> None:
    """Send the mails of one kind about these registrations."""
    for mail in _group_due_mails(order, kind, registrations):
        send = partial(
            deliver_mail,
            order=order,
            kind=kind,
            registrations=mail.registrations,
            write_mail=partial(mail.write_mail, order, mail.registrations),
            message_key=mail.message_key,
        )
        attempts.deliver(mail.address, send)


def _send_to_holders(order: Order, attempts: MailAttempts) -> None:
    """Notify new holders."""
    for registration in list_new_holders_to_notify(order):
        attempts.deliver(registration.email, partial(_send_to_holder, registration))


def _send_to_former_attendees(order: Order, attempts: MailAttempts) -> None:
    """Notify those whose places were given to somebody else, once for each address."""
    discard_needless_notices(order)
    for notices in list_former_attendees_to_notify(order):
        attempts.deliver(notices[0].email, partial(_send_to_former_attendee, notices))


def _send_to_former_attendee(notices: list[TransferNotice]) -> None:
    # A refused address cannot be corrected: the registration is another person's.
    send_or_log(write_former_attendee_mail(notices))
    TransferNotice.objects.filter(pk__in=[notice.pk for notice in notices]).delete()


def _send_to_holder(registration: Registration) -> None:
    message_key = holder_message_key(registration)
    deliver_to_attendee(
        registration=registration,
        message_key=message_key,
        write_mail=partial(write_holder_mail, registration),
    )
    # Holders of a company's place are asked for their details in the same mail.
    if registration.order.source == Order.Source.COMPANY_CONTACT:
        record_invitation(registration=registration, message_key=message_key)


def _send_to_reinstated_attendees(order: Order, attempts: MailAttempts) -> None:
    """Send the new badge to attendees with an address of their own whose places were reinstated."""
    for registration in list_reinstated_to_notify(order):
        send = partial(
            deliver_to_attendee,
            registration=registration,
            message_key=make_reinstated_message_key(registration),
            write_mail=partial(write_reinstatement_mail, registration),
        )
        attempts.deliver(registration.email, send)


def _send_to_attendees(order: Order, attempts: MailAttempts) -> None:
    """Send attendees with an address of their own their badges, if the buyer asked for it."""
    for registration in list_attendees_to_confirm(order):
        message_key = make_private_message_key(registration)
        # Stored before a mail can fail or wait, so that a later run finds it due.
        find_or_create_delivery(order, MailDelivery.Kind.CONFIRMATION, [registration], message_key)
        send = partial(
            deliver_to_attendee,
            registration=registration,
            message_key=message_key,
            write_mail=partial(write_attendee_mail, order, [registration]),
        )
        attempts.deliver(registration.email, send)


def _send_to_cancelled_attendees(order: Order, attempts: MailAttempts) -> None:
    """Notify attendees with an address of their own whose places were cancelled since."""
    for registration in list_cancelled_to_notify(order):
        message_key = make_cancelled_message_key(registration)
        # Stored before a mail can fail or wait, so that a later run finds it due.
        find_or_create_delivery(order, MailDelivery.Kind.CANCELLATION, [registration], message_key)
        send = partial(
            deliver_to_attendee,
            registration=registration,
            kind=MailDelivery.Kind.CANCELLATION,
            message_key=message_key,
            write_mail=partial(write_attendee_cancellation_mail, order, registration),
        )
        attempts.deliver(registration.email, send)


def _send_to_buyer(order: Order, attempts: MailAttempts) -> None:
    """Notify the buyer of private places confirmed or cancelled since."""
    for registration, message_key, write_mail in list_buyer_notices(order):
        send = partial(
            deliver_to_attendee,
            registration=registration,
            message_key=message_key,
            write_mail=write_mail,
        )
        attempts.deliver(order.email, send)


def _find_due_registrations(order: Order, kind: MailDelivery.Kind) -> list[Registration]:
    """Return the registrations whose mail of this kind the mail server has not accepted yet."""
    rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
    # For the list of add-ons in each mail.
    rows = rows.prefetch_related("addons__addon")
    if kind == MailDelivery.Kind.VERIFICATION:
        return [] if order.verification_sent_at else [r for r in rows if _is_verified_by_link(order, r)]
    sent_at_field = SENT_AT_FIELDS[kind]
    registrations = [r for r in rows if getattr(r, sent_at_field) is None and _is_mail_due(r, sent_at_field)]
    awaiting_payment = select_links_after_payment(order, registrations)
    registrations = [r for r in registrations if r not in awaiting_payment]
    # An order made at the desk may have no address; private places still have that of their attendee.
    has_reader = order.email or kind == MailDelivery.Kind.MEMBER_VERIFICATION
    return registrations if has_reader else [r for r in registrations if r.is_private]


def _group_due_mails(
    order: Order, kind: MailDelivery.Kind, registrations: list[Registration]
) -> list[DueMail]:
    """Group registrations into mails: one for the whole order, but one for each link and each new holder."""
    if kind == MailDelivery.Kind.VERIFICATION and (registrations or _has_waiting_package(order)):
        return [DueMail(order.email, registrations, write_verification_mail)]
    if not registrations:
        return []
    if kind == MailDelivery.Kind.MEMBER_VERIFICATION:
        return [DueMail(row.email, [row], write_member_verification_mail) for row in registrations]
    private_mails = [
        DueMail(
            registration.email, [registration], write_attendee_mail, make_private_message_key(registration)
        )
        for registration in registrations
        if registration.is_private
    ]
    registrations = [registration for registration in registrations if not registration.is_private]
    if not registrations:
        return private_mails
    if kind == MailDelivery.Kind.CANCELLATION:
        return [DueMail(order.email, registrations, write_cancellation_mail), *private_mails]
    mail_history = MailHistory.load(order)
    handed_over = [
        registration for registration in registrations if mail_history.needs_buyer_mail(registration)
    ]
    other_registrations = [registration for registration in registrations if registration not in handed_over]
    # A mail is a correction only if all its places were confirmed to the buyer before.
    write_mail = (
        write_correction_mail
        if all(map(mail_history.buyer_was_notified, other_registrations))
        else write_confirmation_mail
    )
    order_mails = [DueMail(order.email, other_registrations, write_mail)] if other_registrations else []
    handovers = [
        DueMail(order.email, [registration], write_buyer_mail, handover_message_key(registration))
        for registration in handed_over
    ]
    return [*order_mails, *handovers, *private_mails]


def _is_mail_due(registration: Registration, sent_at_field: str) -> bool:
    if registration.cancelled_at:
        # A place that was never confirmed ends without a mail (but see send_cancellation).
        return sent_at_field == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return sent_at_field == "confirmation_sent_at"
    if sent_at_field != "member_verification_sent_at" or not registration.awaits_member_verification:
        return False
    if not _can_get_member_link(registration):
        return False
    # The buyer's link verifies the buyer's own membership too; only if no such member exists is a mail of its
    # own due, which says so.
    is_alone = awaits_buyer_alone(registration.order, registration)
    return not is_alone or is_unverifiable(registration)


def _can_get_member_link(registration: Registration) -> bool:
    # An expired place gets no link, unless the link waited for a payment that came late.
    waited_for_payment = registration.order.is_by_card and not registration.price
    return registration.hold_expires_at is not None or waited_for_payment


def _is_verified_by_link(order: Order, registration: Registration) -> bool:
    """Return whether the buyer's link can bring this registration closer to being confirmed."""
    is_own = is_same_email(registration.email, order.email)
    return awaits_buyer(order, registration) and not (is_own and is_unverifiable(registration))


def _has_waiting_package(order: Order) -> bool:
    """Return whether a sponsor package awaits verification and the link was not sent yet."""
    if not order.needs_verification or order.verification_sent_at:
        return False
    return Sponsorship.objects.active().filter(order=order, confirmed_at__isnull=True).exists()
