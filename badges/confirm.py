"""Mails of an order, sent by the worker in the order's language.

`send_confirmation` looks at what stands, not at what happened: an order on invoice that awaits its
verification gets the link, a member's place that waits for its proof its own, a confirmed one its badge, a
cancelled one a word, and one that changed hands a word to both (`handover.py`). One process at a time sends
an order’s. Each is marked once the mail server has it (`registrations.deliver`): none is lost.
"""

import datetime
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from django.tasks import task
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention.addresses import folded, same
from convention.leases import leased
from convention.mail import Letter, NotSent
from registrations.answers import still_open
from registrations.bill import is_paid_by_card, is_settled
from registrations.calendar import where_of
from registrations.deliver import MARKS, deliver, deliver_to_holder
from registrations.doors import whole
from registrations.members import member_by_email
from registrations.models import Delivery, Order, Registration, Sponsorship
from registrations.questions import questions_of
from registrations.refund_words import say_settled
from registrations.verification import (
    is_unprovable,
    verification_token,
    waits_for_buyer,
    waits_for_buyer_alone,
)

from .enclosed import badge_of, calendar_of, facts_of, whole_address
from .handover import new_holders, to_buyer, to_holder
from .politeness import wait_for
from .told import Told, handover_stem, holder_stem

type Write = Callable[[Order, list[Registration], str], Letter]


class Mail(NamedTuple):
    """Of whom a mail tells, who writes it, and what names it where it is not the order's usual one."""

    due: list[Registration]
    write: Write
    stem: str = ""


@task()
def send_confirmation(order_id: int) -> None:
    """Send whatever mails of this order are due."""
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if order.email and (wait := wait_for(order.email)):
        _send_later(order_id, wait)
        return
    with leased(f"mails:{order.pk}"), translation.override(order.language):
        failures = [failure for kind in Delivery.Kind for failure in _send_due(order, kind)]
        failures += _send_to_holders(order)
    if failures:
        raise failures[0]


@task()
def send_cancellation(order_id: int) -> None:
    """Tell the buyer of all cancelled places of the order that they were not told of, held ones too."""
    order = Order.objects.select_related("event__venue", "event__host").get(pk=order_id)
    if not order.email:
        return
    if wait := wait_for(order.email):
        later = timezone.now() + datetime.timedelta(seconds=wait)
        send_cancellation.using(run_after=later).enqueue(order_id)
        return
    with leased(f"mails:{order.pk}"), translation.override(order.language):
        rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
        due = list(rows.filter(cancelled_at__isnull=False, cancellation_sent_at__isnull=True))
        if due:
            write = partial(_cancellation, order, due)
            deliver(order=order, kind=Delivery.Kind.CANCELLATION, due=due, write=write)


def _send_later(order_id: int, seconds: int) -> None:
    later = timezone.now() + datetime.timedelta(seconds=seconds)
    send_confirmation.using(run_after=later).enqueue(order_id)


def _send_due(order: Order, kind: Delivery.Kind) -> list[Exception]:
    """Send what is due; what failed for a reason that may pass does not keep back the rest."""
    failures: list[Exception] = []
    for mail in _mails(order, kind, _due(order, kind)):
        try:
            write = partial(mail.write, order, mail.due)
            deliver(order=order, kind=kind, due=mail.due, write=write, stem=mail.stem)
        except NotSent as failure:
            failures.append(failure)
    return failures


def _send_to_holders(order: Order) -> list[Exception]:
    """Tell each who got a place from somebody else; later where their mailbox has had enough for now."""
    failures: list[Exception] = []
    waits: list[int] = []
    for registration in new_holders(order):
        if wait := wait_for(registration.email):
            waits.append(wait)
            continue
        try:
            stem = holder_stem(registration)
            deliver_to_holder(registration=registration, stem=stem, write=partial(to_holder, registration))
        except NotSent as failure:
            failures.append(failure)
    if waits:  # once for all of them: each time looks at the whole order
        _send_later(order.pk, min(waits))
    return failures


def _due(order: Order, kind: Delivery.Kind) -> list[Registration]:
    """Whose mail of this kind has not been taken by the mail server."""
    if not order.email and kind != Delivery.Kind.PROOF:
        return []
    rows = order.registrations.select_related("ticket__event", "event", "order").order_by("pk")
    rows = rows.prefetch_related("addons__addon")
    if kind == Delivery.Kind.VERIFICATION:
        return [] if order.verification_sent_at else [r for r in rows if _is_verified_by_link(order, r)]
    mark = MARKS[kind]
    return [r for r in rows if getattr(r, mark) is None and _is_due(r, mark)]


def _mails(order: Order, kind: Delivery.Kind, due: list[Registration]) -> list[Mail]:
    """One for all of an order, but one for each who gets a link, and for each place that changed hands."""
    if kind == Delivery.Kind.VERIFICATION and (due or _has_waiting_package(order)):
        return [Mail(due, _verification)]
    if not due:
        return []
    if kind == Delivery.Kind.PROOF:
        return [Mail([registration], _proof) for registration in due]
    if kind == Delivery.Kind.CANCELLATION:
        return [Mail(due, _cancellation)]
    told = Told.of(order)
    given = [registration for registration in due if told.has_new_holder(registration)]
    others = [registration for registration in due if registration not in given]
    write = _correction if all(map(told.knows, others)) else _confirmation
    rest = [Mail(others, write)] if others else []
    return [*rest, *(Mail([registration], to_buyer, handover_stem(registration)) for registration in given)]


def _is_due(registration: Registration, mark: str) -> bool:
    if registration.cancelled_at:
        return mark == "cancellation_sent_at" and registration.confirmed_at is not None
    if registration.confirmed_at:
        return mark == "confirmation_sent_at"
    if mark != "proof_sent_at" or registration.held_until is None or not registration.awaits_proof:
        return False
    is_alone = waits_for_buyer_alone(registration.order, registration)  # then one link does both
    return not is_alone or is_unprovable(registration)


def _is_verified_by_link(order: Order, registration: Registration) -> bool:
    """Return whether the buyer's link may bring a place nearer to being confirmed."""
    is_own = same(registration.email, order.email)
    return waits_for_buyer(order, registration) and not (is_own and is_unprovable(registration))


def _has_waiting_package(order: Order) -> bool:
    """Return whether a sponsor's package waits for the link, and it was not sent yet."""
    if not order.needs_verification or order.verification_sent_at:
        return False
    return Sponsorship.objects.standing().filter(order=order, confirmed_at__isnull=True).exists()


def _verification(order: Order, due: list[Registration], key: str) -> Letter:
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


def _proof(order: Order, due: list[Registration], key: str) -> Letter:
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


def _confirmation(order: Order, due: list[Registration], key: str) -> Letter:
    """One mail to whoever ordered, with a badge for each person newly confirmed."""
    subject = ngettext("Registered: %(event)s", "Registered, %(people)d people: %(event)s", len(due))
    return _with_badges(order, due, key, subject, {"corrected": False})


def _correction(order: Order, due: list[Registration], key: str) -> Letter:
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


def _cancellation(order: Order, due: list[Registration], key: str) -> Letter:
    names = ", ".join(registration.name for registration in due)
    subject = _("Cancelled: %(event)s, %(names)s") % {"event": order.event.title, "names": names}
    return Letter(
        to=order.email,
        subject=subject[:200],
        template="cancellation",
        context={**facts_of(order, due), "settled": say_settled(order, due)},
        language=order.language,
        key=key,
        accent=order.event.accent,
        reply_to=order.event.contact_email,
    )
