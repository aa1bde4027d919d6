"""Send a registration's mail again, after it was lost or never sent, as after an import; reissue a badge."""

import json
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from convention.audit.record import record_action
from convention.errors import ConventionError, NotOpenNow
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.jobs.job_queue import JobProgress
from convention.tasks.queue_names import MAIL_QUEUE
from convention.text.email_addresses import filter_by_email, is_same_email
from registrations.models import GivenBy, Order, Registration

from .correct import (
    CORRECTABLE_FIELDS,
    Correction,
    change_order_contact,
    correct_own_registration,
    correct_registration,
)
from .links import send_links_mail
from .selections import (
    ProgressReport,
    RegistrationSelection,
    SelectionOutcome,
    SkippedRegistrations,
    make_fingerprint,
)


class MissingAddress(ConventionError):
    """There is no address to write to."""

    kind = "no-address"


class InvalidAddress(ConventionError):
    """The address is not an e-mail address."""

    kind = "bad-address"


def get_mail_address(registration: Registration) -> str:
    """Return the address that a registration's mail goes to, or ""."""
    if registration.is_private:
        return registration.email
    return registration.order.email or registration.email


@transaction.atomic
def resend_mail(*, registration: Registration, email: str = "") -> str:
    """Queue the mail that fits the registration's state again, and return the address it goes to.

    A corrected address becomes the order's if the order has one registration only. Otherwise it becomes the
    attendee's, who gets only the link of that registration. Mail of a private place always goes to its
    attendee. Raise MissingAddress, InvalidAddress, and what `correct_own_registration` raises.
    """
    order = registration.order
    typed_address = "" if registration.is_private else validate_address(email)
    address = typed_address or get_mail_address(registration)
    if not address:
        raise MissingAddress(_("Add an e-mail address first."))
    if registration.is_private:
        _queue_mail_again(registration, [])
        return address
    # The whole order's link must not go to the address of one attendee of several.
    is_shared = order.registrations.exclude(pk=registration.pk).exists()
    if is_shared and not is_same_email(address, order.email):
        _send_to_attendee(registration, address)
    else:
        was_refused = order.deliveries.needing_attention().filter(registration=None).exists()
        _send_to_order(registration, address)
        if was_refused:
            _clear_confirmations(order)
    return address


@transaction.atomic
def correct_order_address(*, registration: Registration, email: str) -> str:
    """Correct the order's own address and send its mails and link there. Raises like `resend_mail`."""
    address = validate_address(email)
    if not address:
        raise MissingAddress(_("Add an e-mail address first."))
    _send_to_order(registration, address)
    _clear_confirmations(registration.order)
    return address


def _clear_confirmations(order: Order) -> None:
    """Let the next mail to the buyer contain the badges of all places, since the last one did not arrive."""
    order.registrations.confirmed().filter(is_private=False).update(confirmation_sent_at=None)


def _send_to_attendee(registration: Registration, address: str) -> None:
    current_values = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS}
    corrected = correct_own_registration(
        registration=registration,
        correction=Correction(**{**current_values, "email": address}),
        given_by=GivenBy.ORGANIZER,
    )
    # The correction mails a new link by itself to colleagues of a company and to later attendees.
    if not corrected.is_link_mailed:
        send_links_mail.enqueue([], [registration.pk])
    record_action("registration.resend", registration, event=registration.event)


def _send_to_order(registration: Registration, address: str) -> None:
    order = registration.order
    changed_fields = ["email"] if address != order.email else []
    change_order_contact(order, email=address)
    _queue_mail_again(registration, changed_fields)


def _queue_mail_again(registration: Registration, changed_fields: list[str]) -> None:
    """Queue the mail again; `changed_fields` are the order's fields changed before, for the audit trail."""
    # Cleared together: which one is sent depends on the registration's state.
    for field_name in ("member_verification_sent_at", "confirmation_sent_at", "cancellation_sent_at"):
        setattr(registration, field_name, None)
    registration.save(
        update_fields=["member_verification_sent_at", "confirmation_sent_at", "cancellation_sent_at"]
    )
    hooks.send_order_mails.enqueue(registration.order_id)
    record_action("registration.resend", registration, event=registration.event, fields=changed_fields)


@dataclass(frozen=True)
class SelectedConfirmations:
    """The selected registrations whose confirmation can be sent again, and the others with the reason."""

    registrations: list[Registration]
    skipped: SkippedRegistrations

    @property
    def mail_count(self) -> int:
        """Return the number of e-mails: one for each order, and one for each private place."""
        return len({row.pk if row.is_private else -row.order_id for row in self.registrations})

    @property
    def fingerprint(self) -> str:
        """Return a hash of all that the page says."""
        return make_fingerprint([[row.pk for row in self.registrations], self.mail_count])


def preview_selected_confirmations(selection: RegistrationSelection) -> SelectedConfirmations:
    """Return what `resend_selected` would do with the selected registrations; nothing is sent."""
    sendable, skipped = [], SkippedRegistrations()
    for registration in selection.find_registrations().select_related("order", "event"):
        if reason := _find_resend_objection(registration):
            skipped.add([registration], reason)
        else:
            sendable.append(registration)
    return SelectedConfirmations(sendable, skipped)


def _find_resend_objection(registration: Registration) -> str:
    """Return why a registration's confirmation is not sent again, or ""."""
    if registration.state != Registration.State.CONFIRMED:
        return _("the registration is not confirmed")
    if registration.event.is_over():
        return _("the event is over")
    address = registration.email if registration.is_private else registration.order.email
    return "" if address else _("no e-mail address")


def resend_selected(
    *, event: Event, ids: Collection[int], report: ProgressReport | None = None
) -> SelectionOutcome:
    """Queue the confirmation with the badge of these registrations again; return how many, and the others."""
    outcome, ids_by_order = SelectionOutcome(), defaultdict[int, list[int]](list)
    rows = Registration.objects.filter(event=event, pk__in=ids).order_by("order_id", "pk")
    for pk, order_id in rows.values_list("pk", "order_id"):
        ids_by_order[order_id].append(pk)
    for number, (order_id, order_ids) in enumerate(ids_by_order.items(), start=1):
        _resend_in_order(order_id, order_ids, outcome)
        if report:
            report(number, len(ids_by_order))
    return outcome


@transaction.atomic
def _resend_in_order(order_id: int, ids: list[int], outcome: SelectionOutcome) -> None:
    Order.objects.locked_for_update().get(pk=order_id)
    rows = Registration.objects.select_related("order", "event").order_by("pk")
    sent = []
    for registration in rows.filter(pk__in=ids).select_for_update(of=("self",)):
        if reason := _find_resend_objection(registration):
            outcome.skipped.add([registration], reason)
            continue
        sent.append(registration.pk)
        record_action("registration.resend", registration, event=registration.event)
    if sent:
        Registration.objects.filter(pk__in=sent).update(confirmation_sent_at=None)
        # Many of them must not delay the confirmations of people who register themselves.
        hooks.send_order_mails.task.using(queue_name=MAIL_QUEUE).enqueue(order_id)
        outcome.done_count += len(sent)


def describe_resent(outcome: SelectionOutcome) -> str:
    """Return in a sentence for how many registrations the confirmation is sent again."""
    sentence = ngettext(
        "The confirmation of %(count)d registration is on its way.",
        "The confirmations of %(count)d registrations are on their way.",
        outcome.done_count,
    )
    return sentence % {"count": outcome.done_count}


def run_resend_job(progress: JobProgress, _file: BinaryIO) -> str:
    """Send the confirmations of the job; return the outcome, with a line for each one not sent."""
    ids = json.loads(progress.job.payload)
    outcome = resend_selected(event=progress.job.required_event, ids=ids, report=progress)
    return "\n".join([describe_resent(outcome), *outcome.skipped.list_lines()])


@transaction.atomic
def resend_verification_mail(*, order: Order, email: str = "") -> str:
    """Queue the order's verification mail again and return its address.

    `email`, if given, replaces the buyer's address, also at registrations of the order that have it, and the
    order's link. Raise MissingAddress, InvalidAddress, and what `correct_registration` raises.
    """
    address = validate_address(email) or order.email
    if not address:
        raise MissingAddress(_("Add an e-mail address first."))
    if not is_same_email(address, order.email):
        for registration in filter_by_email(
            order.registrations.filter(cancelled_at__isnull=True), order.email
        ):
            # A member's address identifies the member, so a typing error of the buyer must not change it.
            if not registration.ticket.needs_member_verification:
                current_values = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS}
                correct_registration(
                    registration=registration, correction=Correction(**{**current_values, "email": address})
                )
    changed_fields = [] if address == order.email else ["email"]
    # A correction above may have changed the contact already, on another object.
    order.refresh_from_db(fields=["email"])
    change_order_contact(order, email=address)
    hooks.send_order_mails.enqueue(order.pk)
    record_action("order.resend", order, event=order.event, fields=changed_fields)
    return address


@transaction.atomic
def resend_member_verification_mail(*, registration: Registration, email: str = "") -> str:
    """Queue the link with which a member confirms their place again, and return its address.

    `email`, if given, replaces the member's address. Raise InvalidAddress, and what `correct_registration`
    raises.
    """
    address = validate_address(email) or registration.email
    if not is_same_email(address, registration.email):
        current_values = {name: getattr(registration, name) for name in CORRECTABLE_FIELDS}
        # It queues the link itself; queued again, the link would be sent twice where tasks run at once.
        correct_registration(
            registration=registration, correction=Correction(**{**current_values, "email": address})
        )
        return address
    _queue_mail_again(registration, [])
    return address


def validate_address(email: str) -> str:
    """Return the address without surrounding blanks. Raise InvalidAddress."""
    address = email.strip()
    try:
        if address:
            EmailValidator()(address)
    except ValidationError as error:
        raise InvalidAddress(_("“%(email)s” is not an e-mail address.") % {"email": address[:100]}) from error
    return address


@transaction.atomic
def reissue_badge(*, registration: Registration, reason: str) -> Registration:
    """Raise the badge version, which voids the current badge; return the registration.

    The attendee's own link stays valid: it depends on how many people held the place, not on the badges
    printed. `reason` goes into the audit trail. Raise NotOpenNow if the registration has no valid badge.
    """
    rows = Registration.objects.select_related("event", "ticket", "order")
    registration = rows.select_for_update(of=("self",), no_key=True).get(pk=registration.pk)
    if registration.state != Registration.State.CONFIRMED:
        raise NotOpenNow(_("Only confirmed registrations have a badge."))
    registration.badge_version += 1
    registration.reissue_count += 1
    record_action(
        "badge.reissue", registration, event=registration.event, fields=["badge_version"], reason=reason
    )
    registration.sequence = advance_sequence(registration.event_id)
    registration.save(update_fields=["badge_version", "reissue_count", "sequence"])
    return registration
