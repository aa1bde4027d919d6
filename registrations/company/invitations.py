"""Invite attendees of a company's order to complete their own details, and remind them once."""

import datetime
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Company
from convention.club.periods import ONE_DAY
from convention.db.leases import hold_lease
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.events.sequence import advance_sequence
from convention.mail.messages import MailMessage, MailRefused, send_mail_message
from convention.text.email_addresses import is_same_email
from registrations.billing.receivables import sync_attendee_names
from registrations.booking.change_answers import check_correctable
from registrations.booking.membership_places import check_pass_transfer
from registrations.booking.transfer import is_transfer, remember_issued_identity
from registrations.booking.validation import check_person_texts
from registrations.changes.cancel import is_left_to_contact
from registrations.changes.handover_text import is_announced_with_badge
from registrations.changes.links import send_links_mail
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from registrations.orders.calendar import format_venue_address
from registrations.permissions import make_own_secret

from .models import CompanyOrder, Invitation

REMINDER_DELAY = datetime.timedelta(days=7)


@transaction.atomic
def invite_attendee(*, registration: Registration) -> Invitation | None:
    """Queue the invitation, again if it was sent before; return it.

    Return None for an attendee without an address, or with the buyer's.
    """
    # The buyer has the order's link already, with which they can complete their own details.
    if not registration.email or is_same_email(registration.email, registration.order.email):
        return None
    invitation, is_new = Invitation.objects.get_or_create(
        # One for each holder: a substitute gets their own invitation.
        registration=registration,
        holder_count=registration.holder_count,
    )
    if not is_new:
        unanswered = Invitation.objects.filter(pk=invitation.pk, completed_at__isnull=True)
        # Another attempt has another Message-ID, or mail programs would drop the repeat.
        unanswered.update(sent_at=None, refused_at=None, attempt=F("attempt") + 1)
    send_invitation.enqueue(invitation.pk)
    return invitation


def remind_colleagues(*, company: Company, event: Event) -> int:
    """Queue the invitation again for all whose details are not complete; return how many they are.

    Nobody is e-mailed twice within a day, nor at an address that refused the e-mail.
    """
    now = timezone.now()
    orders = CompanyOrder.objects.filter(company=company).values("order")
    registrations = Registration.objects.active(at=now).filter(event=event, order__in=orders)
    due = Invitation.objects.pending(at=now).filter(
        Q(reminded_at__isnull=True) | Q(reminded_at__lt=now - ONE_DAY),
        registration__in=registrations,
        sent_at__lt=now - ONE_DAY,
        refused_at__isnull=True,
    )
    invited = [
        invite_attendee(registration=invitation.registration)
        for invitation in due.select_related("registration__order").order_by("pk")
    ]
    return len([invitation for invitation in invited if invitation])


def invite_new_attendee(*, registration: Registration) -> None:
    """Queue the invitation of a place's new attendee, if a company's contact ordered the place.

    A place that is held until it is paid waits for `invite_confirmed_colleagues`. Called by the hook
    `attendee_invitations`.
    """
    if registration.confirmed_at is None:
        return
    # The mail with the badge invites later holders of confirmed places (`record_invitation`).
    is_invited_with_badge = is_announced_with_badge(registration)
    if registration.order.source == Order.Source.COMPANY_CONTACT and not is_invited_with_badge:
        invite_attendee(registration=registration)


def invite_confirmed_colleagues(order: Order, registrations: Iterable[Registration]) -> None:
    """Queue the invitations to places of a company's order that are confirmed now, by their payment.

    A colleague to whom the contact sent the link before gets it once only. Called by the hook
    `confirmation_listeners`.
    """
    if order.source != Order.Source.COMPANY_CONTACT:
        return
    registrations = list(registrations)
    sent = Invitation.objects.filter(registration__in=registrations, sent_at__isnull=False)
    sent_keys = set(sent.values_list("registration", "holder_count"))
    for registration in registrations:
        if (registration.pk, registration.holder_count) not in sent_keys:
            invite_attendee(registration=registration)


def record_invitation(*, registration: Registration, message_key: str) -> None:
    """Save that the mail with the badge invited the new holder, or that their address refused it."""
    mail = registration.deliveries.filter(message_key=message_key).order_by("-revision").first()
    if mail is None:
        return
    invitation, is_new = Invitation.objects.get_or_create(
        registration=registration,
        holder_count=registration.holder_count,
        defaults={"sent_at": mail.accepted_at, "refused_at": mail.refused_at},
    )
    if not is_new and mail.accepted_at:
        # The refused mail was sent again to a corrected address.
        refused = Invitation.objects.filter(pk=invitation.pk, refused_at__lt=mail.accepted_at)
        refused.update(sent_at=mail.accepted_at, refused_at=None)


def invite_at_corrected_address(registration: Registration, *, former_link_version: int) -> bool:
    """Queue the invitation again if the former address refused it, or its link is void.

    An attendee who has completed their details gets the new link only, and one who was not invited yet gets
    it once the place is confirmed. Called by the hook `address_corrections`. Return whether an e-mail brings
    the attendee their link.
    """
    invitation = registration.invitations.filter(holder_count=registration.holder_count).first()
    is_link_voided = (
        registration.order.source == Order.Source.COMPANY_CONTACT
        and former_link_version < registration.link_version
    )
    if invitation is None and registration.confirmed_at is None:
        return False
    is_refused = invitation is not None and invitation.refused_at is not None
    # The mail with the badge invites later holders, and is sent again if the former address refused it.
    if is_refused and is_announced_with_badge(registration):
        return True
    if is_link_voided and invitation and invitation.completed_at and registration.email:
        send_links_mail.enqueue([], [registration.pk])
        return True
    if is_link_voided or is_refused:
        is_queued = invite_attendee(registration=registration) is not None
        # No invitation is sent once the event has begun.
        return is_queued and registration.event.starts_at > timezone.now()
    return False


@task()
def send_invitation(invitation_id: int) -> None:
    """Send the invitation unless it was sent or is obsolete. Raise MailNotSent."""
    # Invitation and reminder share the lease, so that they never go out at the same time.
    with hold_lease(f"invitation:{invitation_id}"):
        invitation = _find_pending(invitation_id)
        # A repeated task finds `sent_at` set. A refused address is not retried until the contact corrects it.
        if invitation and invitation.sent_at is None and invitation.refused_at is None:
            key_prefix = f"details-{invitation.registration.reference.lower()}-{invitation.holder_count}"
            _send_message(
                invitation, message_key=f"{key_prefix}-{invitation.attempt}", sent_at_field="sent_at"
            )


@task()
def send_invitation_reminder(invitation_id: int) -> None:
    """Send the one reminder unless it was sent or refused, or the details are complete. Raise MailNotSent."""
    with hold_lease(f"invitation:{invitation_id}"):
        invitation = _find_pending(invitation_id)
        if invitation and invitation.reminded_at is None and invitation.refused_at is None:
            key_prefix = f"details-{invitation.registration.reference.lower()}-{invitation.holder_count}"
            _send_message(invitation, message_key=f"{key_prefix}-reminder", sent_at_field="reminded_at")


def send_due_reminders() -> None:
    """Queue all due reminders; a periodic job."""
    now = timezone.now()
    pending_invitations = Invitation.objects.pending(at=now).filter(
        # An address that refused the reminder is not tried again every hour.
        sent_at__isnull=False,
        reminded_at__isnull=True,
        refused_at__isnull=True,
    )
    for invitation in pending_invitations.select_related("registration__event"):
        assert invitation.sent_at
        event = invitation.registration.event
        if is_reminder_due(sent_at=invitation.sent_at, deadline=event.substitution_deadline, at=now):
            send_invitation_reminder.enqueue(invitation.pk)


def is_reminder_due(
    *, sent_at: datetime.datetime, deadline: datetime.datetime, at: datetime.datetime
) -> bool:
    """Return whether a reminder is due: a week after the mail, or three days before the deadline.

    Never within a day of the mail.
    """
    return at >= sent_at + ONE_DAY and (at >= sent_at + REMINDER_DELAY or at >= deadline - 3 * ONE_DAY)


def _find_pending(invitation_id: int) -> Invitation | None:
    rows = Invitation.objects.pending(at=timezone.now()).filter(pk=invitation_id)
    return rows.select_related(
        "registration__event__venue", "registration__order", "registration__ticket"
    ).first()


def _send_message(invitation: Invitation, *, message_key: str, sent_at_field: str) -> None:
    """Send the mail and save the time in `sent_at_field`, or in `refused_at`, which the contact sees.

    Raise MailNotSent.
    """
    try:
        send_mail_message(build_invitation_message(invitation.registration, message_key=message_key))
    except MailRefused:
        sent_at_field = "refused_at"
    Invitation.objects.filter(pk=invitation.pk).update(**{sent_at_field: timezone.now()})


def build_details_url(registration: Registration) -> str:
    """Return the absolute address at which the attendee completes their details, in the active language."""
    secret = make_own_secret(registration)
    path = reverse("order-details", args=[registration.order.reference, secret, registration.reference])
    return f"{settings.SITE_URL}{path}"


def build_invitation_message(registration: Registration, *, message_key: str) -> MailMessage:
    """Return the mail with the attendee's own link, in the attendee's language."""
    event, order = registration.event, registration.order
    deadline = event.substitution_deadline
    with translation.override(registration.mail_language):
        subject = _("Complete your details: %(event)s") % {"event": event.title}
        url = build_details_url(registration)
        addons = registration.addons.filter(cancelled_at__isnull=True).select_related("addon").order_by("pk")
        addon_titles = [chosen.addon.title for chosen in addons]
    company_order = CompanyOrder.objects.filter(order=order).select_related("managed_by").first()
    return MailMessage(
        to=registration.email,
        subject=subject,
        template="details",
        recipient_name=registration.first_name,
        context={
            "registration": registration,
            "event": event,
            "where": format_venue_address(event),
            "company": order.company,
            "addon_titles": addon_titles,
            "contact": company_order.managed_by if company_order else None,
            "is_left_to_contact": is_left_to_contact(registration),
            "transferable_until": deadline if timezone.now() < deadline else None,
            "url": url,
        },
        language=registration.mail_language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


@transaction.atomic
def save_attendee_details(*, registration: Registration, details: RequestedPlace) -> Registration:
    """Save an attendee's own details; address and badge stay. Mail them their link the first time.

    The buyer is not notified. At first any name is accepted, since the contact may not have known it. Later,
    and with a member ticket, another person's name is refused: substitution is for that. Raise InvalidFields
    or NotOpenNow.
    """
    # Order before registration: the lock order of all changes of an order.
    Order.objects.locked_for_update().get(pk=registration.order_id)
    registration = Registration.objects.select_for_update().get(pk=registration.pk)
    details = details.normalize()
    check_correctable(registration)
    errors: dict[str, list[str]] = {}
    for field, sentence in check_person_texts(details):
        errors.setdefault(field, []).append(sentence)
    if errors:
        raise InvalidFields(_("Some fields need to be corrected."), errors)
    new_values = {name: getattr(details, name) for name in ("first_name", "last_name", "no_photo")}
    current_values = {name: getattr(registration, name) for name in new_values}
    old_values = {name: value for name, value in current_values.items() if value != new_values[name]}
    for name in old_values:
        setattr(registration, name, new_values[name])
    # Before the check of the name; if that refuses, the transaction undoes it.
    is_first = _record_completion(registration)
    accepts_any_name = is_first and timezone.now() <= registration.event.substitution_deadline
    if is_transfer(registration, old_values):
        # A member's ticket belongs to the verified person, whatever the contact typed first.
        if registration.ticket.needs_member_verification or not accepts_any_name:
            raise _other_person_error(old_values)
        check_pass_transfer(registration, field=_find_name_field(old_values))
    # The first name that is entered is not a correction of an issued badge.
    identity_fields = [] if is_first else remember_issued_identity(registration, old_values)
    record_action("registration.complete", registration, event=registration.event, fields=list(old_values))
    if old_values:
        registration.sequence = advance_sequence(registration.event_id)
        registration.save(update_fields=[*old_values, *identity_fields, "sequence"])
        sync_attendee_names([registration])
    return registration


def _other_person_error(old_values: dict[str, Any]) -> InvalidFields:
    sentence = _(
        "This is another person’s name. To transfer the place, choose “Give the place to a "
        "colleague”; if the name is misspelt, write to the organizers."
    )
    return InvalidFields(_("Some fields need to be corrected."), {_find_name_field(old_values): [sentence]})


def _find_name_field(old_values: dict[str, Any]) -> str:
    return "last_name" if "last_name" in old_values else "first_name"


def _record_completion(registration: Registration) -> bool:
    """Mark the invitation as completed; the first time, mail the attendee's link and return True."""
    invitations = Invitation.objects.filter(registration=registration, holder_count=registration.holder_count)
    # The conditional update decides which of two requests is the first.
    is_first = bool(invitations.filter(completed_at__isnull=True).update(completed_at=timezone.now()))
    if is_first and registration.email:
        send_links_mail.enqueue([], [registration.pk])
    return is_first
