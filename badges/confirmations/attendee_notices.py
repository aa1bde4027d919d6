"""Choose the attendees to notify: of their place, of one given to them or to somebody else, of its end."""

from collections import defaultdict

from django.db.models import QuerySet, prefetch_related_objects
from django.utils import timezone

from convention.text.email_addresses import is_same_email, normalize_email
from registrations.changes.handover_text import has_own_mailbox, may_have_forwarded_badge
from registrations.models import MailDelivery, Order, Registration, TransferNotice
from registrations.models.deliveries import (
    REINSTATED_KEY_PREFIX,
    holder_message_key,
    make_cancelled_message_key,
    make_private_message_key,
    make_reinstated_message_key,
)

from .mail_history import MailHistory, knows_of_place


def list_attendees_to_confirm(order: Order) -> list[Registration]:
    """Return the places whose attendees await their own confirmation or correction, as the buyer asked.

    None after the event. Later holders have the mail of `list_new_holders_to_notify`.
    """
    if not order.notifies_attendees or order.event.is_over():
        return []
    rows = (
        order.registrations.with_badge().filter(is_private=False).select_related("ticket", "event", "order")
    )
    rows = rows.prefetch_related("deliveries", "addons__addon").order_by("pk")
    return [row for row in rows if row.gets_own_confirmation and _awaits_own_confirmation(row)]


def _awaits_own_confirmation(registration: Registration) -> bool:
    mails = registration.deliveries.all()
    message_key = make_private_message_key(registration)
    own_mails = [mail for mail in mails if mail.message_key == message_key]
    latest = max(own_mails, key=lambda mail: mail.revision, default=None)
    if latest and not latest.is_done:
        return True
    # A mail about a reinstatement has the badge, too. “Resend” clears `confirmation_sent_at` without a
    # change: that mail is the buyer's alone.
    reinstated_key = make_reinstated_message_key(registration)
    covered_sequences = [
        mail.covered_sequence for mail in mails if mail.message_key in (message_key, reinstated_key)
    ]
    is_covered = any(sequence >= registration.sequence for sequence in covered_sequences)
    return registration.confirmation_sent_at is None and not is_covered


def list_new_holders_to_notify(order: Order) -> list[Registration]:
    """Return the registrations whose new holder must still be notified; none after the event."""
    if order.event.is_over():
        return []
    # A change of holder raises badge_version, so for most orders no mails are loaded. Private places have
    # other mails (private_places.py).
    confirmed = order.registrations.confirmed().filter(badge_version__gt=1, is_private=False)
    rows = list(confirmed.select_related("ticket", "event", "order").order_by("pk"))
    # For the list of add-ons in each mail; only changed holders are among these rows.
    prefetch_related_objects(rows, "addons__addon")
    mail_history = MailHistory.load(order) if rows else MailHistory([])
    return [registration for registration in rows if mail_history.needs_holder_mail(registration)]


def discard_needless_notices(order: Order) -> None:
    """Delete the order's notices that are not due."""
    due_ids = [notice.pk for notice in _list_due_notices(order)]
    _load_transfer_notices(order).exclude(pk__in=due_ids).delete()


def list_former_attendees_to_notify(order: Order) -> list[list[TransferNotice]]:
    """Return the order's notices that are due to former attendees, a list for each address."""
    by_address = defaultdict[str, list[TransferNotice]](list)
    for notice in _list_due_notices(order):
        by_address[normalize_email(notice.email)].append(notice)
    return list(by_address.values())


def _list_due_notices(order: Order) -> list[TransferNotice]:
    notices = list(_load_transfer_notices(order))
    mail_history = MailHistory.load(order) if notices else MailHistory([])
    return [notice for notice in notices if _is_due(notice, mail_history)]


def _is_due(notice: TransferNotice, mail_history: MailHistory) -> bool:
    """Return whether a former attendee is to be notified who knows of the place, or may have its badge.

    Nobody is after the event, nor at the present attendee's address: the place may have been given back.
    """
    registration = notice.registration
    if registration.event.is_over() or is_same_email(notice.email, registration.email):
        return False
    # The buyer may have forwarded the badge: without this e-mail, the entrance would refuse it by surprise.
    return knows_of_place(notice) or mail_history.may_have_forwarded_badge(notice)


def _load_transfer_notices(order: Order) -> QuerySet[TransferNotice]:
    rows = TransferNotice.objects.filter(registration__order=order).order_by("pk")
    return rows.select_related("registration__event", "registration__order", "registration__ticket")


def list_cancelled_to_notify(order: Order) -> list[Registration]:
    """Return the cancelled places whose attendees may know of their place and not of the cancellation yet.

    None after the event.
    """
    if order.event.is_over():
        return []
    cancelled = order.registrations.filter(
        confirmed_at__isnull=False, cancelled_at__isnull=False, merged_into=None, is_private=False
    )
    rows = cancelled.select_related("ticket", "event", "order").prefetch_related("deliveries", "invitations")
    registrations = list(rows.order_by("pk"))
    mail_history = MailHistory.load(order) if registrations else MailHistory([])
    return [row for row in registrations if _needs_cancellation_mail(row, mail_history)]


def _needs_cancellation_mail(registration: Registration, mail_history: MailHistory) -> bool:
    """Return whether the attendee may have the badge, and got no e-mail about the cancellation."""
    mails = registration.deliveries.all()
    message_key = make_cancelled_message_key(registration)
    # Where it is set without an e-mail, such as by undoing an import, nobody is notified.
    is_due = registration.cancellation_sent_at is None or any(
        mail.message_key == message_key for mail in mails
    )
    if not is_due or not has_own_mailbox(registration):
        return False
    is_notified = any(mail.message_key == message_key and mail.is_done for mail in mails)
    # The buyer may have forwarded the badge: without this e-mail, the entrance would refuse it by surprise.
    # The log too: a change or “Resend” clears `confirmation_sent_at` until the buyer's next e-mail.
    was_sent_to_buyer = registration.holder_count == 1 and mail_history.buyer_was_notified(registration)
    may_have_badge = was_sent_to_buyer or may_have_forwarded_badge(registration)
    return not is_notified and (may_have_badge or _knows_of_own_place(registration))


def _knows_of_own_place(registration: Registration) -> bool:
    """Return whether the attendee was invited, or e-mailed about the place or its cancellation."""
    is_invited = any(
        invitation.sent_at is not None and invitation.holder_count == registration.holder_count
        for invitation in registration.invitations.all()
    )
    own_keys = (
        holder_message_key(registration),
        make_private_message_key(registration, holder_count=registration.holder_count),
    )
    return is_invited or any(
        mail.accepted_at
        for mail in registration.deliveries.all()
        if mail.kind == MailDelivery.Kind.CANCELLATION or mail.message_key in own_keys
    )


def list_reinstated_to_notify(order: Order) -> list[Registration]:
    """Return the reinstated places whose attendees know of them and await the e-mail about it.

    An e-mail that is not due is dropped: of a place for which only the buyer ever got an e-mail, not even
    about the cancellation, only the buyer is notified.
    """
    # By registration: of several revisions the latest one counts.
    latest = {
        mail.registration_id: mail
        for mail in order.deliveries.filter(message_key__startswith=REINSTATED_KEY_PREFIX).order_by("pk")
        if mail.registration_id
    }
    waiting = [pk for pk, mail in latest.items() if not mail.is_done]
    rows = order.registrations.confirmed().filter(pk__in=waiting, event__ends_at__gt=timezone.now())
    rows = rows.select_related("ticket", "event", "order").prefetch_related(
        "deliveries", "invitations", "addons__addon"
    )
    due = [row for row in rows.order_by("pk") if has_own_mailbox(row) and _knows_of_own_place(row)]
    needless = set(waiting) - {registration.pk for registration in due}
    MailDelivery.objects.filter(pk__in=[latest[pk].pk for pk in needless]).delete()
    return due
