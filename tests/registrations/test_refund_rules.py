"""What comes back: the rules, the pure decision, and that refunded and kept are what was paid."""

import datetime
import itertools

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convention.errors import InvalidFields
from registrations.bill import receivable_of
from registrations.cancel import AlreadyCancelled, cancel, cancel_keeping
from registrations.checkout.settle import pay_order
from registrations.invoices.balance import balance_of
from registrations.invoices.credit import credit, credit_amount
from registrations.invoices.issue import issue
from registrations.invoices.models import Invoice, Payment, Receivable, Refund
from registrations.invoices.refund import refund
from registrations.models import RefundRule, Registration
from registrations.refund_rules import save_refund_rules, terms_of
from registrations.refund_words import foreseen
from registrations.release import foresee
from registrations.terms import Rule, Why, parted, refund_for, returning
from tests.factories import make_event, make_ticket
from tests.registrations.checkout.makers import money, order_by_card
from tests.registrations.invoices.makers import make_issuer
from tests.rush import in_threads

NOW = datetime.datetime(2027, 6, 1, 12, tzinfo=datetime.UTC)
DAYS = [datetime.timedelta(days=number) for number in (-1, 0, 1, 30)]
numbers = itertools.count(1)


def rules(*shares: int) -> list[Rule]:
    """They end a day ago, now, in a day and in thirty, as many as are named from the last."""
    return [Rule(NOW + day, share) for day, share in zip(DAYS[-len(shares) :], shares, strict=True)]


def terms(worth: int, *shares: int, confirmed_at=NOW):
    found = refund_for(worth=worth, confirmed_at=confirmed_at, rules=rules(*shares), at=NOW)
    return found.released, found.kept, found.why


def test_the_rule_that_ends_first_decides():
    assert terms(10_001, 80, 50) == (8_001, 2_000, Why.RULE)
    assert terms(10_000, 100, 70, 50, 0) == (7_000, 3_000, Why.RULE)
    assert refund_for(worth=100, confirmed_at=NOW, rules=[Rule(NOW - DAYS[3], 100)], at=NOW).kept == 100
    assert terms(10_000, 0, confirmed_at=None) == (10_000, 0, Why.NOT_CONFIRMED)
    assert terms(0, 50) == (0, 0, Why.FREE)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    worth=st.integers(0, 10**7),
    others=st.integers(0, 10**7),
    received=st.integers(0, 10**7),
    share=st.integers(0, 100),
    ways=st.lists(st.integers(0, 10**7), max_size=4),
)
def test_refunded_and_kept_are_what_was_paid(worth, others, received, share, ways):
    found = refund_for(worth=worth, confirmed_at=NOW, rules=[Rule(NOW, share)], at=NOW)
    assert found.released + found.kept == worth
    owed = others + found.kept
    back = returning(released=found.released, owed=owed, received=received)
    assert 0 <= back <= min(received, found.released)
    assert received - back >= min(received, owed)
    parts = parted(back, list(enumerate(ways)))
    assert sum(part for _way, part in parts) == min(back, sum(ways))
    assert all(part <= ways[way] for way, part in parts)


@pytest.fixture
def congress(db):
    event = make_event(slug="congress", starts_at=timezone.now() + datetime.timedelta(days=20))
    make_ticket(event, price=12_000, capacity=50)
    save_refund_rules(event=event, rules=[RefundRule(days=30, share=100), RefundRule(days=7, share=50)])
    return event


def paid_order(event, people: int, method: str = "transfer"):
    order = order_by_card(event, people=people, payment="card" if method == "test" else "invoice")
    pay_order(order=order, amount=order.due.amount, method=method, external_id=f"p{next(numbers)}")
    return order, list(order.registrations.order_by("pk"))


def unpaid_order(event, people: int):
    order = order_by_card(event, people=people, payment="invoice")
    return order, list(order.registrations.order_by("pk"))


def test_by_the_rules_half_comes_back_and_half_stays_owed(congress, run_tasks):
    order, [first, _second] = paid_order(congress, 2, "test")
    cancelled = cancel(registration=first)
    assert cancelled.kept == 6_000
    assert (money(order), order.due.amount) == ((18_000, 24_000, 6_000), 18_000)
    run_tasks()
    assert [(row.amount, row.state) for row in Refund.objects.all()] == [(6_000, "done")]
    with pytest.raises(AlreadyCancelled):
        cancel(registration=first)
    assert Refund.objects.count() == 1


def test_what_was_not_paid_is_owed_no_longer(congress):
    order = order_by_card(congress, payment="invoice")
    cancel(registration=order.registrations.get())
    assert (money(order), order.due.amount) == ((6_000, 0, 0), 6_000)


def test_a_ticket_with_rules_of_its_own_follows_these_alone(congress):
    ticket = congress.tickets.get()
    save_refund_rules(
        event=congress,
        rules=[RefundRule(days=0, share=100), RefundRule(days=0, share=0, ticket=ticket)],
    )
    order, [only] = paid_order(congress, 1)
    cancel(registration=only)
    assert money(order) == (12_000, 12_000, 0)


def test_an_organizer_keeps_another_amount_with_a_reason(congress):
    order, [only] = paid_order(congress, 1)
    for kept, reason in ((12_001, "x"), (1, "")):
        with pytest.raises(InvalidFields):
            cancel_keeping(registration=only, kept=kept, reason=reason)
    cancel_keeping(registration=only, kept=1_000, reason="Certificat médical")
    assert money(order) == (1_000, 12_000, 11_000)
    assert Refund.objects.get().reason == "Certificat médical"


def test_an_invoice_is_credited_and_what_is_kept_invoiced(congress):
    make_issuer()
    order, [first, _second] = paid_order(congress, 2)
    issue(receivable=Receivable.objects.get())
    cancel(registration=first)
    documents = Invoice.objects.order_by("pk").values_list("kind", "total")
    assert list(documents) == [("invoice", 24_000), ("credit_note", 12_000), ("invoice", 6_000)]
    assert money(order) == (18_000, 24_000, 6_000)


def test_a_discount_stays_when_another_place_is_cancelled(congress):
    make_issuer()
    order, [first, _second] = paid_order(congress, 2)
    credit_amount(invoice=issue(receivable=Receivable.objects.get()), amount=4_000, reason="Geste")
    cancel(registration=first)
    assert money(order) == (14_000, 24_000, 6_000)


@pytest.mark.parametrize("is_paid", [True, False])
def test_nothing_is_kept_of_what_was_credited_as_a_whole(congress, is_paid):
    make_issuer()
    order, [first, second] = paid_order(congress, 2) if is_paid else unpaid_order(congress, 2)
    document = issue(receivable=receivable_of(order))
    paid = 24_000 if is_paid else 0
    credit(invoice=document, lines=[document.lines.order_by("position").first().pk], reason="Geste")
    assert say(first) == [
        "The organizer has credited what was asked for it: nothing is kept, and nothing is owed."
    ]
    with pytest.raises(InvalidFields):
        cancel_keeping(registration=first, kept=1, reason="x")
    assert cancel(registration=first).kept == 0
    assert money(order) == (12_000, paid, 0)
    assert cancel(registration=second).kept == 6_000
    assert money(order) == (6_000, paid, min(6_000, paid))
    kinds = Invoice.objects.order_by("pk").values_list("kind", "total")
    assert list(kinds)[2:] == [("credit_note", 12_000), ("invoice", 6_000)]


@pytest.mark.parametrize(("discount", "kept"), [(12_000, 0), (8_000, 2_000), (2_000, 5_000)])
def test_a_fee_is_a_share_of_what_a_discount_left(congress, discount, kept):
    make_issuer()
    order, [only] = paid_order(congress, 1)
    document = issue(receivable=Receivable.objects.get())
    credit_amount(invoice=document, amount=discount, reason="Geste")
    refund(payment=Payment.objects.get(), amount=discount, reason="Geste")
    outcome = foresee(order, terms_of(only, at=timezone.now()))
    cancel(registration=only)
    only.refresh_from_db()
    assert (only.kept, outcome.returned) == (kept, 12_000 - discount - kept)
    assert money(order) == (kept, 12_000, 12_000 - kept)
    assert sum(one.sign * one.total for one in Invoice.objects.all()) == kept


@pytest.mark.parametrize("discount", [1_000, 13_000, 23_000])
def test_cancelled_one_by_one_a_discounted_order_never_owes_less_than_nothing(congress, discount):
    make_issuer()
    order, places = paid_order(congress, 2)
    document = issue(receivable=Receivable.objects.get())
    credit_amount(invoice=document, amount=discount, reason="Geste")
    for place in places:
        before = balance_of(Receivable.objects.get())
        outcome = foresee(order, terms_of(place, at=timezone.now()))
        cancel(registration=place)
        after = balance_of(Receivable.objects.get())
        assert 0 <= after.owed == before.owed - outcome.terms.released
        assert after.given_back - before.given_back == outcome.returned
    assert sum(one.sign * one.total for one in Invoice.objects.all()) == after.owed


def say(registration) -> list[str]:
    with translation.override("en"):
        return foreseen(registration)


def test_a_later_rule_never_gives_more(congress):
    for odd in ([(7, 50), (7, 20)], [(30, 10), (7, 20)]):
        with pytest.raises(InvalidFields):
            save_refund_rules(event=congress, rules=[RefundRule(days=d, share=s) for d, s in odd])
    assert congress.refund_rules.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_clicks_give_back_once():
    event = make_event(slug="clicks")
    make_ticket(event, price=12_000, capacity=50)
    order, rows = paid_order(event, 3)
    told = in_threads([lambda one=one: cancel(registration=one) for one in rows * 3])
    assert sum(isinstance(one, Registration) for one in told) == 3
    assert (money(order), Refund.objects.count()) == ((0, 36_000, 36_000), 3)
    assert balance_of(Receivable.objects.get()).is_settled
