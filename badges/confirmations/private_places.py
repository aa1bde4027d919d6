"""Write attendees' own mails with badge and link, and the notices to the buyers of private places."""

from collections.abc import Callable, Iterator
from functools import partial

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from convention.mail.messages import MailMessage
from convention.money import Money
from registrations.billing.buyer_name import find_buyer_first_name, find_buyer_name
from registrations.billing.refund_text import describe_settlement
from registrations.changes.links import build_attendee_url
from registrations.models import MailDelivery, Order, Registration
from registrations.models.deliveries import (
    BUYER_KEY_PREFIX,
    holder_message_key,
    make_buyer_message_key,
    make_private_key_prefix,
    make_private_message_key,
    make_reinstated_message_key,
)
from registrations.orders.payment_terms import build_payment_context
from registrations.permissions import LinkAccess, get_full_access, make_own_secret
from registrations.questions.answers import select_open_questions
from registrations.questions.queries import load_questions

from .attachments import attach_badge, attach_calendar, build_session_context, order_context
from .handover import write_holder_mail
from .order_mails import (
    describe_corrections,
    describe_reinstatements,
    find_addon_changes,
    write_attendee_cancellation_mail,
)

type BuyerNotice = tuple[Registration, str, Callable[[str], MailMessage]]


def write_attendee_mail(order: Order, registrations: list[Registration], message_key: str) -> MailMessage:
    """Write the attendee's mail: confirmed, corrected, handed over to them, or cancelled."""
    [registration] = registrations
    with translation.override(registration.mail_language):
        if registration.cancelled_at:
            return write_attendee_cancellation_mail(order, registration, message_key)
        earlier_mails = order.deliveries.filter(registration=registration, accepted_at__isnull=False)
        # If this holder got a mail before, it is a correction; if only earlier holders did, the place was
        # handed over.
        is_correction = earlier_mails.filter(
            message_key=make_private_message_key(registration), covered_sequence__lt=registration.sequence
        ).exists()
        mails_to_earlier_holders = earlier_mails.filter(
            message_key__startswith=make_private_key_prefix(registration)
        ).exclude(message_key=make_private_message_key(registration))
        if mails_to_earlier_holders.exists() and not is_correction:
            return write_holder_mail(registration, message_key)
        return _write_confirmation(
            order, registration, message_key, _("Registration updated: %(event)s") if is_correction else ""
        )


def write_reinstatement_mail(registration: Registration, message_key: str) -> MailMessage:
    """Write the mail with the new badge to an attendee, not the buyer, whose place is valid again."""
    with translation.override(registration.mail_language):
        subject = _("Registration reinstated: %(event)s")
        return _write_confirmation(registration.order, registration, message_key, subject)


def _write_confirmation(
    order: Order, registration: Registration, message_key: str, correction_subject: str
) -> MailMessage:
    """Write the confirmation, or a correction with `correction_subject` unless that is empty.

    It names no amount, since only the buyer has to know it.
    """
    event, url = order.event, build_attendee_url(registration)
    own_mails = order.deliveries.filter(
        Q(message_key=make_private_message_key(registration))
        | Q(message_key=holder_message_key(registration))
        | Q(message_key=make_reinstated_message_key(registration))
    )
    return MailMessage(
        to=registration.email,
        subject=(correction_subject or _("Registration confirmed: %(event)s")) % {"event": event.title},
        template="confirmation",
        recipient_name=registration.first_name,
        context={
            **order_context(order, [registration]),
            "is_correction": bool(correction_subject),
            "hides_prices": not registration.is_buyers_own,
            "registered_by": "" if correction_subject else _name_buyer(registration),
            "addon_changes": find_addon_changes([registration], own_mails),
            "change_sentences": [
                *describe_reinstatements([registration], own_mails),
                *(describe_corrections([registration], own_mails) if correction_subject else ()),
            ],
            "amount_due": Money(0, order.currency),
            "badge_count": 1,
            "unnamed_count": 0,
            "unanswered": _describe_open_questions(registration),
            **({} if correction_subject else build_session_context([registration], url)),
            "url": url,
        },
        language=registration.mail_language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[
            attach_calendar(LinkAccess(order, [registration], make_own_secret(registration))),
            attach_badge(registration),
        ],
    )


def _name_buyer(registration: Registration) -> str:
    """Return who registered the attendee; "" where members registered or verified themselves."""
    is_by_other = registration.gets_own_confirmation and not registration.is_private
    return (find_buyer_name(registration.order) or registration.order.email) if is_by_other else ""


def _describe_open_questions(registration: Registration) -> list[tuple[str, str, str]]:
    """Return the attendee's name, open questions and the page to answer on; [] if none is open."""
    open_questions = select_open_questions(
        load_questions(registration.event), registration.ticket, registration.answers
    )
    page = f"{build_attendee_url(registration)}{registration.reference}/answers/"
    return [(registration.name, ", ".join(map(str, open_questions)), page)] if open_questions else []


def list_buyer_notices(order: Order) -> Iterator[BuyerNotice]:
    """Yield each private place whose confirmation or cancellation the buyer was not notified of."""
    if not order.email:
        return
    rows = order.registrations.filter(is_private=True, confirmed_at__isnull=False)
    for registration in rows.select_related("ticket", "event", "order").order_by("pk"):
        if _is_cancelled_silently(registration):
            continue
        message_key = make_buyer_message_key(registration)
        # The buyer need not learn of later holders: any earlier notice about the place suffices.
        is_later_holder = registration.holder_count > 1 and not registration.cancelled_at
        any_key = f"{BUYER_KEY_PREFIX}{make_private_key_prefix(registration)}"
        earlier_mails = MailDelivery.objects.filter(
            message_key__startswith=any_key if is_later_holder else message_key
        )
        # A final refusal counts as notified: trying again would be refused again.
        if not earlier_mails.exclude(accepted_at=None, refused_at=None).exists():
            yield registration, message_key, partial(_write_buyer_notice, order, registration)


def _is_cancelled_silently(registration: Registration) -> bool:
    """Return whether the cancellation was marked as announced without an e-mail to the attendee."""
    if not registration.cancelled_at or not registration.cancellation_sent_at:
        return False
    own_key = make_private_message_key(registration)
    return not MailDelivery.objects.filter(message_key=own_key).exists()


def _write_buyer_notice(order: Order, registration: Registration, message_key: str) -> MailMessage:
    event, is_cancelled = order.event, registration.cancelled_at is not None
    subject = _("Place cancelled: %(event)s") if is_cancelled else _("Place confirmed: %(event)s")
    return MailMessage(
        to=order.email,
        subject=subject % {"event": event.title},
        template="private_place",
        recipient_name=find_buyer_first_name(order),
        context={
            **order_context(order, [registration]),
            **build_payment_context(order),
            "registration": registration,
            # The buyer knows the first holder, but need not learn who got the place from that person.
            "name": registration.name if registration.holder_count == 1 else "",
            "is_cancelled": is_cancelled,
            "settled": describe_settlement(order, [registration]) if is_cancelled else [],
            # The order's link is closed once only private places are left in it.
            "url": order.manage_url if get_full_access(order).is_usable else "",
        },
        language=order.language,
        message_key=message_key,
        accent=event.accent,
        reply_to=event.contact_email,
    )
