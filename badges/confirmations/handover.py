"""The mails about a place that changed hands, to its new attendee and the buyer, and which are due.

Attendees other than the buyer are also told of a cancellation, if they know of their place.
"""

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.mail.messages import MailMessage
from registrations.billing.buyer_name import find_buyer_first_name, find_buyer_name
from registrations.changes.handover_text import has_own_mailbox
from registrations.changes.links import build_attendee_url
from registrations.company.invitations import build_details_url
from registrations.models import SOURCE_COMPANY_CONTACT, Order, Registration
from registrations.permissions import LinkAccess, get_full_access, make_own_secret

from .attachments import attach_badge, attach_calendar, order_context
from .mail_history import MailHistory, cancelled_message_key, holder_message_key


def list_registrations_to_notify(order: Order) -> list[Registration]:
    """Return the registrations whose new holder must still be notified; none after the event."""
    if order.event.ends_at <= timezone.now():
        return []
    # A change of holder raises badge_version, so for most orders no mails are loaded. Private places have
    # other mails (private_places.py).
    confirmed = order.registrations.confirmed().filter(badge_version__gt=1, is_private=False)
    rows = list(confirmed.select_related("ticket", "event", "order").order_by("pk"))
    mail_history = MailHistory.load(order) if rows else MailHistory([])
    return [registration for registration in rows if mail_history.needs_holder_mail(registration)]


def list_cancelled_to_notify(order: Order) -> list[Registration]:
    """Return the cancelled places whose attendees know of their place and not of the cancellation yet.

    Of a place for which only the buyer ever got an e-mail, only the buyer is notified. None after the event.
    """
    if order.event.ends_at <= timezone.now():
        return []
    cancelled = order.registrations.filter(
        confirmed_at__isnull=False, cancelled_at__isnull=False, merged_into=None, is_private=False
    )
    rows = cancelled.select_related("ticket", "event", "order").prefetch_related("deliveries", "invitations")
    return [registration for registration in rows.order_by("pk") if _needs_cancellation_mail(registration)]


def _needs_cancellation_mail(registration: Registration) -> bool:
    """Return whether the attendee got an e-mail about the place, and none about its cancellation."""
    mails = registration.deliveries.all()
    message_key = cancelled_message_key(registration)
    # Where it is set without an e-mail, such as by undoing an import, nobody is notified.
    is_due = registration.cancellation_sent_at is None or any(
        mail.message_key == message_key for mail in mails
    )
    if not is_due or not has_own_mailbox(registration):
        return False
    is_notified = any(mail.message_key == message_key and mail.is_done for mail in mails)
    has_holder_mail = any(
        mail.message_key == holder_message_key(registration) and mail.accepted_at for mail in mails
    )
    is_invited = any(
        invitation.sent_at is not None and invitation.holder_count == registration.holder_count
        for invitation in registration.invitations.all()
    )
    return (is_invited or has_holder_mail) and not is_notified


def write_holder_mail(registration: Registration, message_key: str) -> MailMessage:
    """Write the mail to the new holder, with the badge and a link to this registration alone."""
    order, event = registration.order, registration.event
    is_from_company = order.source == SOURCE_COMPANY_CONTACT
    # Not the order's link, which would open the places of others, too.
    link_access = LinkAccess(order, [registration], make_own_secret(registration))
    return MailMessage(
        to=registration.email,
        subject=_("A place has been transferred to you: %(event)s") % {"event": event.title},
        template="place_for_you",
        recipient_name=registration.first_name,
        context={
            **order_context(order, [registration]),
            "registration": registration,
            "buyer": "" if registration.is_private else find_buyer_name(order),
            "details_url": build_details_url(registration) if is_from_company else "",
            "url": build_attendee_url(registration),
        },
        language=order.language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[attach_calendar(link_access), attach_badge(registration)],
    )


def write_buyer_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    """Write the mail to the buyer that names the new holder and says that the old badge is void."""
    [registration] = registrations
    event = order.event
    return MailMessage(
        to=order.email,
        subject=_("Place transferred: %(event)s") % {"event": event.title},
        template="handover",
        recipient_name=find_buyer_first_name(order),
        context={
            **order_context(order, registrations),
            "registration": registration,
            "is_mailed": has_own_mailbox(registration),
        },
        language=order.language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[attach_calendar(get_full_access(order)), attach_badge(registration)],
    )
