"""Derive from the log of an order's mails which notifications are still due."""

from dataclasses import dataclass

from django.db.models import Q

from convention.audit.models import AuditEntry
from convention.audit.record import make_subject_label
from registrations.changes.handover_text import has_own_mailbox
from registrations.changes.substitute import NAMING_VERB
from registrations.models import MailDelivery, Order, Registration, TransferNotice
from registrations.models.deliveries import (
    handover_message_key,
    holder_message_key,
    make_private_message_key,
)


@dataclass(frozen=True)
class MailHistory:
    """The confirmation mails of an order, those about changed holders included."""

    mails: list[MailDelivery]

    @classmethod
    def load(cls, order: Order) -> "MailHistory":
        return cls(list(order.deliveries.filter(kind=MailDelivery.Kind.CONFIRMATION)))

    def buyer_was_notified(self, registration: Registration) -> bool:
        """Return whether the buyer got a confirmation of this registration before it was last changed."""
        since = registration.confirmed_at
        return since is not None and any(
            # Mails about a single registration are those to attendees and about handovers.
            mail.registration_id is None
            and mail.accepted_at is not None
            # An earlier mail was about other places of the order.
            and mail.queued_at >= since
            and mail.covered_sequence < registration.sequence
            for mail in self.mails
        )

    def may_have_forwarded_badge(self, notice: TransferNotice) -> bool:
        """Return whether the buyer had the badge of a former attendee, who never had a mail of their own.

        As for a cancellation, only of the first attendee: later ones get their badges by e-mail.
        """
        registration = notice.registration
        since = registration.confirmed_at
        if since is None or notice.holder_count > 1 or registration.is_private:
            return False
        return any(
            mail.registration_id is None
            and mail.accepted_at is not None
            and since <= mail.queued_at
            and mail.accepted_at <= notice.created_at
            for mail in self.mails
        )

    def needs_buyer_mail(self, registration: Registration) -> bool:
        """Return whether the holder has changed since the last mail to the buyer."""
        if not registration.has_name:
            return False
        message_key = handover_message_key(registration)
        is_notified = any(mail.message_key == message_key and mail.accepted_at for mail in self.mails)
        # A place given away before the first mail is simply a registration, for the buyer as well.
        return registration.holder_count > 1 and not is_notified and self.buyer_was_notified(registration)

    def needs_holder_mail(self, registration: Registration) -> bool:
        """Return whether a new holder has not been notified, or could not be reached at this address.

        If the buyer is the holder, the buyer's own mail is enough.
        """
        if registration.holder_count < 2 or not registration.has_name or not has_own_mailbox(registration):
            return False
        message_key, current_sequence = holder_message_key(registration), registration.sequence
        own_mails = [mail for mail in self.mails if mail.message_key == message_key]
        return not any(
            # A refused mail is tried again only after the registration changed, perhaps its address.
            mail.accepted_at or (mail.refused_at and mail.covered_sequence == current_sequence)
            for mail in own_mails
        )


def knows_of_place(notice: TransferNotice) -> bool:
    """Return whether the former attendee got an e-mail about the place: badge, link or invitation."""
    registration, count = notice.registration, notice.holder_count
    # The attendee of a place that was bought without a name got the link, which is no mail of the order.
    if registration.order.source != Order.Source.COMPANY_CONTACT and count == 1:
        subject = make_subject_label(registration)
        if AuditEntry.objects.filter(subject=subject, verb=NAMING_VERB).exists():
            return True
    own_keys = [
        holder_message_key(registration, holder_count=count),
        make_private_message_key(registration, holder_count=count),
    ]
    is_own = Q(message_key__in=own_keys) | Q(kind=MailDelivery.Kind.MEMBER_VERIFICATION)
    sent_mails = registration.deliveries.filter(is_own, accepted_at__isnull=False)
    invitations = registration.invitations.filter(holder_count=count, sent_at__isnull=False)
    return sent_mails.exists() or invitations.exists()
