"""The letters of an order's mails: link to confirm, confirmation with badges, cancellation."""

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.addresses import folded
from convention.mail import Letter
from convention.web_addresses import unlinked
from registrations.answers import still_open
from registrations.bill import is_paid_by_card, is_settled
from registrations.calendar import where_of
from registrations.doors import whole
from registrations.members import member_by_email
from registrations.models import Order, Registration
from registrations.prove import proof_token
from registrations.questions import questions_of
from registrations.refund_words import say_settled

from .enclosed import badge_of, calendar_of, facts_of, whole_address


def proof_letter(order: Order, due: list[Registration], key: str) -> Letter:
    """The link for a member; for anyone else the truth, which only the owner of the address reads."""
    [registration] = due
    event = order.event
    is_member = member_by_email(registration.email) is not None
    subject = _("Confirm your place: %(event)s") if is_member else _("Not confirmed: %(event)s")
    guests = [t for t in event.tickets.all() if t.is_public and not t.needs_proof]
    return Letter(
        to=registration.email,
        subject=subject % {"event": event.title},
        template="proof" if is_member else "not_a_member",
        context={
            "order": order,
            "registration": registration,
            "event": event,
            "where": where_of(event),
            "url": whole_address(reverse("prove", args=[proof_token(registration)])),
            "register_url": whole_address(reverse("register", args=[event.slug])) if guests else "",
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


def confirmation_letter(order: Order, due: list[Registration], key: str) -> Letter:
    """One mail to whoever ordered, with a badge for each person newly confirmed."""
    subject = ngettext("Registered: %(event)s", "Registered, %(people)d people: %(event)s", len(due))
    return _with_badges(order, due, key, subject, {"corrected": False})


def correction_letter(order: Order, due: list[Registration], key: str) -> Letter:
    """The same for those of whom all was told before they were corrected."""
    subject = ngettext("Corrected: %(event)s", "Corrected, %(people)d people: %(event)s", len(due))
    return _with_badges(order, due, key, subject, {"corrected": True})


def _with_badges(
    order: Order, due: list[Registration], key: str, subject: str, words: dict[str, object]
) -> Letter:
    event = order.event
    badges = [badge_of(registration) for registration in due if registration.is_named]
    return Letter(
        to=order.email,
        subject=subject % {"event": event.title, "people": len(due)},
        template="confirmation",
        context={
            **facts_of(order, due),
            **words,
            **paying_of(order),
            "badges": len(badges),
            "to_name": len(due) - len(badges),
            "still_open": to_answer(order, due),
            "url": order.manage_url,
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
        attachments=[calendar_of(whole(order)), *badges],
    )


def to_answer(order: Order, due: list[Registration]) -> list[tuple[str, str, str]]:
    """Who must still answer what, and where: of those who read this mail, since it goes to their address."""
    theirs = [one for one in due if one.is_named and folded(one.email or order.email) == folded(order.email)]
    questions = questions_of(order.event) if theirs else []
    return [
        (
            one.name,
            ", ".join(map(str, still)),
            f"{order.manage_url}{one.reference}/answers/",
        )
        for one in theirs
        if (still := still_open(questions, one.ticket, one.answers))
    ]


def paying_of(order: Order) -> dict[str, object]:
    """What a mail says of money: what the order comes to, and whether and how that was paid."""
    due = order.due
    settled = bool(due.amount) and is_settled(order)
    return {"due": due, "is_settled": settled, "is_paid_by_card": settled and is_paid_by_card(order)}


def cancellation_letter(order: Order, due: list[Registration], key: str) -> Letter:
    names = unlinked(", ".join(registration.name for registration in due))
    subject = _("Cancelled: %(event)s, %(names)s") % {"event": order.event.title, "names": names}
    return Letter(
        to=order.email,
        subject=subject[:200],
        template="cancellation",
        context={**facts_of(order, due), "settled": say_settled(order, due), "url": order.manage_url},
        language=order.language,
        key=key,
        accent=order.event.accent,
        reply_to=order.event.contact_email,
    )
