"""What comes back to whoever cancels, in sentences: before, with the reason; and afterwards, as it went."""

import datetime
from collections.abc import Iterable, Iterator

from django.utils import timezone
from django.utils.translation import gettext as _

from convention.dates import say_until
from convention.events.models import Event
from convention.money import Money

from .bill import is_settled
from .invoices.models import Payment, Refund
from .models import Order, Registration, Ticket
from .refund_rules import rules_for, terms_of
from .release import Outcome, foresee, marks_of
from .terms import Rule, Terms, Why


def foreseen(registration: Registration) -> list[str]:
    """What cancelling this registration would come to at this moment, in sentences."""
    order, event = registration.order, registration.event
    outcome = foresee(order, terms_of(registration, at=timezone.now()))
    return say_outcome(outcome, currency=order.currency, zone=event.zone)


def say_outcome(outcome: Outcome, *, currency: str, zone: datetime.tzinfo) -> list[str]:
    """What cancelling comes to, and why: to be read before the button is pressed."""
    said = [say_why(outcome.terms, zone)]
    said += [say_way(payment.method, Money(amount, currency)) for payment, amount in outcome.returns]
    if outcome.waived and not outcome.returns:
        waived = Money(outcome.waived, currency)
        said.append(_("%(amount)s, not paid yet, are owed no longer.") % {"amount": waived})
    if outcome.terms.kept:
        say = say_kept if outcome.is_paid else say_left
        said.append(say(Money(outcome.terms.kept, currency)))
    if outcome.is_invoiced and outcome.terms.released:
        said.append(_("An invoice was issued: a credit note follows."))
    return said


def say_why(terms: Terms, zone: datetime.tzinfo) -> str:
    """The reason."""
    if terms.why == Why.FREE:
        return _("The ticket was free: there is nothing to refund.")
    if terms.why == Why.CREDITED:
        return _("The organizer has credited what was asked for it: nothing is kept, and nothing is owed.")
    if terms.why == Why.NOT_CONFIRMED:
        return _("The place was not confirmed yet: nothing is kept.")
    if terms.why == Why.ORGANIZER:
        return _("An organizer decided what is kept.")
    if terms.why == Why.RULE and terms.rule:
        return say_rule(terms.rule, zone)
    if terms.rule is None:
        return _("Nothing comes back for this ticket.")
    until = say_until(terms.rule.until, zone)
    return _("Cancelling with a refund was possible until %(until)s; since then nothing comes back.") % {
        "until": until
    }


def say_refunds(event: Event, tickets: Iterable[Ticket]) -> list[tuple[str, list[str]]]:
    """What comes back to whoever cancels, to be read before booking: tickets by name, and their sentences.

    Tickets with the same rules stand together; where all have the same, none is named.
    """
    now = timezone.now()
    by_words: dict[tuple[str, ...], list[str]] = {}
    for ticket in dict.fromkeys(tickets):
        said = tuple(say_rules(rules_for(ticket, event), at=now, zone=event.zone))
        by_words.setdefault(said, []).append(ticket.title)
    alike = len(by_words) == 1
    return [("" if alike else ", ".join(names), list(said)) for said, names in by_words.items()]


def say_rules(rules: Iterable[Rule], *, at: datetime.datetime, zone: datetime.tzinfo) -> Iterator[str]:
    """Each rule that still runs, in the order in which they end, and what comes after the last."""
    running = [rule for rule in sorted(rules, key=lambda rule: rule.until) if at <= rule.until and rule.share]
    if not running:
        yield _("Nothing comes back to whoever cancels.")
        return
    yield from (say_rule(rule, zone) for rule in running)
    yield _("After that nothing comes back.")


def say_rule(rule: Rule, zone: datetime.tzinfo) -> str:
    """A rule that still runs."""
    said = {"until": say_until(rule.until, zone), "share": rule.share}
    if rule.share == 100:
        return _("Until %(until)s all of the price comes back.") % said
    if rule.share == 0:
        return _("Nothing comes back for this ticket.")
    return _("Until %(until)s, %(share)d%% of the price come back.") % said


def say_way(method: str, amount: Money) -> str:
    """How and when an amount goes back, by the way in which it came."""
    sentences = {
        Payment.Method.CARD: _("%(amount)s go back to the card by themselves, usually within 5 to 10 days."),
        Payment.Method.SEPA_DEBIT: _(
            "%(amount)s go back to the account that was debited, usually within 10 days."
        ),
        Payment.Method.TEST: _("%(amount)s of the test payment count as given back; no money moves."),
        Payment.Method.CASH: _("%(amount)s paid in cash: the treasurer gives them back and writes how."),
    }
    by_transfer = _("The treasurer sends %(amount)s back by bank transfer, usually within 14 days.")
    return sentences.get(Payment.Method(method), by_transfer) % {"amount": amount}


def say_kept(amount: Money) -> str:
    """What does not come back, of what was paid."""
    return _("%(amount)s are kept of what was paid.") % {"amount": amount}


def say_left(amount: Money) -> str:
    """What is still to be paid, though nobody comes."""
    return _("%(amount)s remain to be paid.") % {"amount": amount}


def say_settled(order: Order, registrations: Iterable[Registration]) -> list[str]:
    """What became of the money of what was cancelled, as it stands now; nothing where it was free."""
    gone = [
        registration for registration in registrations if registration.cancelled_at and registration.worth
    ]
    if not gone:
        return []
    marks = tuple(marks_of(registration) for registration in gone)
    rows = (
        Refund.objects.filter(receivable__reference=order.reference).select_related("payment").order_by("pk")
    )
    refunds = [row for row in rows if (row.external_id or "").startswith(marks)]
    said = [_say_refund(row, Money(row.amount, order.currency)) for row in refunds]
    if kept := sum(registration.kept for registration in gone):
        say = say_kept if is_settled(order) else say_left
        said.append(say(Money(kept, order.currency)))
    return said or [_("Nothing will be invoiced for it, or what was invoiced is credited.")]


def _say_refund(row: Refund, amount: Money) -> str:
    if row.state == Refund.State.DONE:
        return _("%(amount)s were given back.") % {"amount": amount}
    if row.state == Refund.State.FAILED:
        return _("Giving %(amount)s back did not work; the treasurer looks at it.") % {"amount": amount}
    return say_way(row.payment.method, amount)
