"""The mails about a place that changed hands: to its new and former attendee, and to the buyer."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from convention.mail.messages import MailMessage
from registrations.billing.buyer_name import find_buyer_first_name, find_buyer_name
from registrations.changes.cancel import is_left_to_contact
from registrations.changes.handover_text import has_own_mailbox
from registrations.changes.links import build_attendee_url
from registrations.company.invitations import build_details_url
from registrations.models import GivenBy, Order, Registration, TransferNotice
from registrations.orders.second_registrations import find_second_registrations_of_holder
from registrations.permissions import LinkAccess, get_full_access, make_own_secret
from registrations.questions.answers import select_open_questions, select_unasked_questions
from registrations.questions.queries import load_questions
from registrations.sessions.awaited import load_awaited_sessions
from registrations.sessions.booking import list_session_bookings

from .attachments import absolute_url, attach_badge, attach_calendar, build_session_context, order_context


def write_holder_mail(registration: Registration, message_key: str) -> MailMessage:
    """Write the mail to the new holder, with the badge and a link to this registration alone."""
    order, event = registration.order, registration.event
    with translation.override(registration.mail_language):
        url, is_from_company = build_attendee_url(registration), order.source == Order.Source.COMPANY_CONTACT
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
                "second_registrations": find_second_registrations_of_holder(registration),
                "lost_link_url": absolute_url(reverse("lost-link")),
                "addons": ", ".join(item.addon.title for item in registration.active_addons),
                # A buyer who had no part in it, such as in a change at the desk, is not named.
                "buyer": (find_buyer_name(order) or order.email) if _is_named_buyer(registration) else "",
                "sessions": [booking.session for booking in list_session_bookings(registration)],
                "awaited_sessions": [
                    row.session for row in load_awaited_sessions([registration]).get(registration.pk, [])
                ],
                "is_left_to_contact": is_left_to_contact(registration),
                "details_url": build_details_url(registration) if is_from_company else "",
                **build_session_context([registration], url),
                # The page of the details leads on to the questions.
                "questions": "" if is_from_company else _describe_new_questions(registration),
                "answers_url": f"{url}{registration.reference}/answers/",
                "url": url,
            },
            language=registration.mail_language,
            message_key=message_key,
            accent=event.accent,
            reply_to=event.contact_email,
            attachments=[attach_calendar(link_access), attach_badge(registration)],
        )


def _describe_new_questions(registration: Registration) -> str:
    """Return the questions that the new attendee has not answered, required or not."""
    questions = load_questions(registration.event)
    open_questions = select_open_questions(questions, registration.ticket, registration.answers)
    unasked = select_unasked_questions(questions, registration)
    return ", ".join(str(row) for row in questions if row in open_questions or row in unasked)


def _is_named_buyer(registration: Registration) -> bool:
    return registration.is_transferred_by_buyer and not registration.is_private


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


def write_former_attendee_mail(notices: Sequence[TransferNotice]) -> MailMessage:
    """Write the mail about all places of an order that one address lost; it never names the new holders."""
    notice = notices[0]
    # A place that changed hands twice is one place; the last change counts.
    by_registration = {notice.registration_id: notice for notice in notices}
    names = {notice.first_name for notice in notices}
    order, event = notice.registration.order, notice.registration.event
    language = notice.language or order.language
    with translation.override(language):
        subject = (
            _("Your places have been given to somebody else: %(event)s")
            if len(by_registration) > 1
            else _("Your place has been given to somebody else: %(event)s")
        )
        return MailMessage(
            to=notice.email,
            subject=subject % {"event": event.title},
            template="place_given_away",
            # Several people can share a mailbox.
            recipient_name=names.pop() if len(names) == 1 else "",
            context={
                "event": event,
                "places": [
                    {
                        "ticket": place.registration.ticket,
                        "giver": _find_giver_name(place),
                        "reference": place.registration.reference,
                    }
                    for place in by_registration.values()
                ],
            },
            language=language,
            message_key=f"former-{notice.registration.reference}-{notice.holder_count}",
            accent=event.accent,
            reply_to=event.contact_email,
        )


def _find_giver_name(notice: TransferNotice) -> str:
    """Return the name of the buyer or the company that gave the place away; "" for the organizers."""
    registration = notice.registration
    if notice.given_by == GivenBy.BUYER and not registration.is_private:
        return find_buyer_name(registration.order)
    return registration.order.company if notice.given_by == GivenBy.CONTACT else ""
