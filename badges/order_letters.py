"""Mails of an order: links to confirm it or a place of it, confirmation with badges, cancellation."""

from collections import Counter

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
from registrations.models import Order, Registration, Sponsorship
from registrations.questions import questions_of
from registrations.refund_words import say_settled
from registrations.verification import verification_token

from .enclosed import badge_of, calendar_of, facts_of, whole_address


def verification_letter(order: Order, due: list[Registration], key: str) -> Letter:
    """Return the mail with the link by which the buyer confirms an order on invoice.

    It repeats nothing that was typed: whoever typed the address may not be its owner.
    """
    event = order.event
    packages = list(Sponsorship.objects.standing().filter(order=order).select_related("package"))
    waiting: list[Registration | Sponsorship] = [*due, *packages]
    held = [one.held_until for one in waiting if one.takes_place and one.held_until]
    return Letter(
        to=order.email,
        subject=_("Confirm your order: %(event)s") % {"event": event.title},
        template="verification",
        context={
            "order": order,
            "event": event,
            "where": where_of(event),
            "tickets": list(Counter(one.ticket.title for one in due).items()),
            "packages": packages,
            "held_until": min(held, default=None),
            "url": whole_address(reverse("prove", args=[verification_token(order, order.email)])),
        },
        language=order.language,
        key=key,
        accent=event.accent,
        reply_to=event.contact_email,
    )


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
            "url": whole_address(reverse("prove", args=[verification_token(order, registration.email)])),
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
