"""Describe the state of an order's places, where its confirmation is and which steps are open."""

import datetime
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from registrations.booking.verification import awaits_attendee, awaits_buyer_alone
from registrations.models import Order, Registration
from registrations.permissions import LinkAccess

State = Registration.State


def describe_order_state(registrations: Sequence[Registration]) -> str:
    """Return the next step, or the state of all places; if they differ, how many are in each."""
    counts = {state: sum(row.state == state for row in registrations) for state in State}
    pending = [row for row in registrations if row.state == State.PENDING]
    if pending and not all(map(_awaits_only_attendee, pending)):
        return _("One more step: check your inbox")
    if pending and not counts[State.CONFIRMED]:
        return _describe_awaited_attendees(pending)
    if not counts[State.CONFIRMED]:
        return _("Your registration")
    if counts[State.CONFIRMED] == len(registrations):
        return ngettext("Registration confirmed", "%(count)d registrations confirmed", len(registrations)) % {
            "count": len(registrations)
        }
    confirmed, expired, cancelled = (
        counts[state] for state in (State.CONFIRMED, State.EXPIRED, State.CANCELLED)
    )
    parts = [
        (confirmed, ngettext("%(count)d confirmed", "%(count)d confirmed", confirmed)),
        (expired, ngettext("%(count)d expired", "%(count)d expired", expired)),
        (cancelled, ngettext("%(count)d cancelled", "%(count)d cancelled", cancelled)),
    ]
    sentences = [sentence % {"count": count} for count, sentence in parts if count]
    if pending:
        sentences.insert(1, _describe_pending(pending))
    return ", ".join(sentences)


def describe_state_for_reader(link_access: LinkAccess) -> str:
    """Return what `describe_order_state` does, in the words of the attendee behind their own link."""
    if link_access.is_full:
        return describe_order_state([*link_access.registrations, *link_access.private_registrations])
    pending = [row for row in link_access.registrations if row.state == State.PENDING]
    if not pending:
        return describe_order_state(link_access.registrations)
    if all(awaits_buyer_alone(link_access.order, row) for row in pending):
        return _("Waiting for the buyer to confirm")
    return _("One more step: check your inbox")


def _awaits_only_attendee(registration: Registration) -> bool:
    """Return whether nobody but the attendee, at an address of their own, can confirm the registration."""
    order = registration.order
    return not order.awaits_verification and awaits_attendee(order, registration)


def _describe_awaited_attendees(registrations: Sequence[Registration]) -> str:
    """Return who has to open the link for these places, of which the buyer can confirm none."""
    if name := _find_only_name(registrations):
        return _("Waiting for %(name)s to confirm") % {"name": name}
    count = len(registrations)
    sentence = ngettext(
        "Waiting for %(count)d attendee to confirm", "Waiting for %(count)d attendees to confirm", count
    )
    return sentence % {"count": count}


def _describe_pending(registrations: Sequence[Registration]) -> str:
    """Return how many places wait for their attendees, and for whom if it is a single one."""
    if name := _find_only_name(registrations):
        return _("1 waiting for %(name)s") % {"name": name}
    return _("%(count)d waiting for confirmation") % {"count": len(registrations)}


def _find_only_name(registrations: Sequence[Registration]) -> str:
    """Return the name of a single attendee; "" for several, or without a name."""
    return registrations[0].name if len(registrations) == 1 and registrations[0].has_name else ""


def list_names_by_state(registrations: Sequence[Registration]) -> list[tuple[str, str]]:
    """Return each state with its attendees' names; [] where all are in the same state."""
    names = defaultdict[str, list[str]](list)
    for registration in registrations:
        names[registration.state].append(registration.name)
    if len(names) < 2:
        return []
    return [(capfirst(str(state.label)), ", ".join(names[state])) for state in State if state in names]


def describe_confirmation(link_access: LinkAccess, *, at: datetime.datetime) -> list[str]:
    """Return the sentences about the badges of confirmed places; [] if the event is over at `at`."""
    if link_access.order.event.is_over(at=at):
        return []
    order = link_access.order
    confirmed = [row for row in link_access.registrations if row.state == State.CONFIRMED]
    badges = [row for row in confirmed if row.has_name]
    sentences = []
    if badges and link_access.is_full and order.email:
        # After a correction, only the badges of the corrected places are sent again.
        unsent = [row for row in badges if not _is_mail_sent(row)]
        mailed = unsent or badges
        is_part = len(mailed) < len(link_access.registrations)
        sentence = _choose_mail_sentence(
            order, mailed, names=", ".join(row.name for row in mailed) if is_part else ""
        )
        sentences.append(sentence)
        if any(row.gets_own_confirmation for row in badges):
            sentences.append(_("We also e-mail attendees their own badge and personal link."))
    elif badges:
        sentences.append(_("Show the badge at the entrance, on paper or on your phone."))
    if missing := len(confirmed) - len(badges):
        sentence = ngettext(
            "One name is still missing: we will e-mail the badge once you have entered it.",
            "%(counter)s names are still missing: we will e-mail their badges once you have entered them.",
            missing,
        )
        sentences.append(sentence % {"counter": missing})
    return sentences


def _is_mail_sent(registration: Registration) -> bool:
    """Return whether the badge was sent; the mail about an unpaid add-on waits for the payment."""
    return registration.confirmation_sent_at is not None or bool(registration.unpaid_addons)


def _choose_mail_sentence(order: Order, badges: Sequence[Registration], *, names: str) -> str:
    """Say whether the mail was sent; with `names` where some of the order's places have no badge."""
    is_sent = all(map(_is_mail_sent, badges))
    if names:
        sentence = (
            ngettext(
                "We have e-mailed the badge of %(names)s to %(email)s.",
                "We have e-mailed the badges of %(names)s to %(email)s.",
                len(badges),
            )
            if is_sent
            else ngettext(
                "The badge of %(names)s is on its way to %(email)s.",
                "The badges of %(names)s are on their way to %(email)s.",
                len(badges),
            )
        )
    else:
        sentence = (
            ngettext(
                "We have e-mailed the confirmation to %(email)s, with the badge and a calendar file.",
                "We have e-mailed the confirmation to %(email)s, with the badges and a calendar file.",
                len(badges),
            )
            if is_sent
            else ngettext(
                "The confirmation is on its way to %(email)s, with the badge and a calendar file.",
                "The confirmation is on its way to %(email)s, with the badges and a calendar file.",
                len(badges),
            )
        )
    return sentence % {"names": names, "email": order.email}


@dataclass(frozen=True)
class OpenStep:
    """A step in words, and the path of its page; "" while it cannot be done yet."""

    label: str
    path: str


def list_open_steps(registrations: Collection[Registration]) -> dict[int, list[OpenStep]]:
    """Return the open steps by registration id; registrations without any are left out."""
    steps: dict[int, list[OpenStep]] = {}
    for list_steps in hooks.attendee_steps.providers() if registrations else ():
        for pk, found in list_steps(registrations).items():
            steps.setdefault(pk, []).extend(found)
    return steps
