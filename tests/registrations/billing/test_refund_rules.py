"""Refund rules: the pure decision, and the refunds, fees and credit notes of cancellations."""

import datetime
import itertools

import pytest
from django.utils import timezone, translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convention.errors import InvalidFields
from registrations.billing.cancellation import preview_outcome
from registrations.billing.receivables import calculate_balance, sync_receivable
from registrations.billing.refund_rules import load_refund_terms, save_refund_rules
from registrations.billing.refund_terms import (
    RefundReason,
    RefundStep,
    calculate_refund_amount,
    decide_refund_terms,
    split_amount,
)
from registrations.billing.refund_text import list_cancellation_refunds, preview_refund
from registrations.booking.place_order import place_order
from registrations.changes.cancel import AlreadyCancelled, cancel_registration, cancel_with_fee
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.ledger.advice import AdviceKind
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.charges import withdraw_charges
from registrations.invoices.ledger.payments import record_payment
from registrations.invoices.ledger.refunds import complete_refund, request_refund, request_refund_again
from registrations.invoices.models import Issuer
from registrations.invoices.models.documents import Charge, Invoice, Payment, Receivable, Refund
from registrations.models import RefundRule, Registration, RegistrationAddon
from registrations.order_request import BillingDetails, OrderRequest, RequestedPlace
from registrations.payments.cards.settlement import record_order_payment
from tests.buyer_verification import make_verified_context
from tests.factories import (
    make_addon,
    make_administrator,
    make_event,
    make_order,
    make_registration,
    make_ticket,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.payments.factories import get_balance_cents, order_by_card
from tests.threads import run_in_threads

NOW = datetime.datetime(2027, 6, 1, 12, tzinfo=datetime.UTC)
DAYS = [datetime.timedelta(days=number) for number in (-1, 0, 1, 30)]
BILLING = BillingDetails(name="Acme", street="1 rue", postcode="35000", city="Rennes", country="FR")
numbers = itertools.count(1)


def make_refund_steps(*shares: int) -> list[RefundStep]:
    """Return steps that end a day ago, now, in a day and in thirty; fewer shares take the last of these."""
    return [RefundStep(NOW + day, share) for day, share in zip(DAYS[-len(shares) :], shares, strict=True)]


def decide_terms(worth: int, *shares: int, confirmed_at=NOW):
    found = decide_refund_terms(
        due_cents=worth, confirmed_at=confirmed_at, refund_steps=make_refund_steps(*shares), at=NOW
    )
    return found.released_cents, found.cancellation_fee, found.reason


def test_earliest_refund_step_not_yet_ended_decides():
    assert decide_terms(10_001, 80, 50) == (8_001, 2_000, RefundReason.RULE)
    assert decide_terms(10_000, 100, 70, 50, 0) == (7_000, 3_000, RefundReason.RULE)
    assert (
        decide_refund_terms(
            due_cents=100, confirmed_at=NOW, refund_steps=[RefundStep(NOW - DAYS[3], 100)], at=NOW
        ).cancellation_fee
        == 100
    )
    assert decide_terms(10_000, 0, confirmed_at=None) == (10_000, 0, RefundReason.NOT_CONFIRMED)
    assert decide_terms(0, 50) == (0, 0, RefundReason.FREE)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    worth=st.integers(0, 10**7),
    others=st.integers(0, 10**7),
    received=st.integers(0, 10**7),
    share=st.integers(0, 100),
    ways=st.lists(st.integers(0, 10**7), max_size=4),
)
def test_refund_and_amount_retained_add_up_to_amount_paid(worth, others, received, share, ways):
    found = decide_refund_terms(
        due_cents=worth, confirmed_at=NOW, refund_steps=[RefundStep(NOW, share)], at=NOW
    )

    assert found.released_cents + found.cancellation_fee == worth

    owed = others + found.cancellation_fee
    back = calculate_refund_amount(
        released_cents=found.released_cents, owed_cents=owed, received_cents=received
    )

    assert 0 <= back <= min(received, found.released_cents)
    assert received - back >= min(received, owed)

    parts = split_amount(back, list(enumerate(ways)))

    assert sum(part for _way, part in parts) == min(back, sum(ways))
    assert all(part <= ways[way] for way, part in parts)


@pytest.fixture
def congress(db):
    event = make_event(slug="congress", starts_at=timezone.now() + datetime.timedelta(days=20))
    make_ticket(event, price=12_000, capacity=50)
    save_refund_rules(
        event=event,
        refund_rules=[
            RefundRule(days_before=30, refund_percent=100),
            RefundRule(days_before=7, refund_percent=50),
        ],
    )
    return event


def make_paid_order(event, people: int, method: str = "transfer"):
    order = order_by_card(event, people=people, payment="card" if method == "test" else "invoice")
    record_order_payment(
        order=order, amount=order.amount_due.amount, method=method, external_id=f"p{next(numbers)}"
    )
    return order, list(order.registrations.order_by("pk"))


def make_unpaid_order(event, people: int):
    order = order_by_card(event, people=people, payment="invoice")
    return order, list(order.registrations.order_by("pk"))


def test_cancellation_by_rule_refunds_half_and_retains_half_once(congress, run_tasks):
    order, [first, _second] = make_paid_order(congress, 2, "test")
    cancelled = cancel_registration(registration=first)

    assert cancelled.cancellation_fee == 6_000
    assert get_balance_cents(order) == (18_000, 24_000, 6_000)
    assert order.amount_due.amount == 18_000

    run_tasks()

    assert [(row.amount, row.state) for row in Refund.objects.all()] == [(6_000, "done")]
    with pytest.raises(AlreadyCancelled):
        cancel_registration(registration=first)
    assert Refund.objects.count() == 1


def test_refund_requested_again_is_in_the_sentences_on_the_cancellation(congress):
    order, [registration] = make_paid_order(congress, 1)
    cancel_registration(registration=registration)
    refund = Refund.objects.get()
    complete_refund(refund=refund)
    refund.refresh_from_db()

    again = request_refund_again(refund=refund, reason="Wrong line")

    assert list_cancellation_refunds(order, [registration]) == [again]


def test_cancelling_unpaid_registration_leaves_only_fee_due(congress):
    order = order_by_card(congress, payment="invoice")
    cancel_registration(registration=order.registrations.get())

    assert get_balance_cents(order) == (6_000, 0, 0)
    assert order.amount_due.amount == 6_000


def test_ticket_refund_rules_replace_event_rules(congress):
    ticket = congress.tickets.get()
    save_refund_rules(
        event=congress,
        refund_rules=[
            RefundRule(days_before=0, refund_percent=100),
            RefundRule(days_before=0, refund_percent=0, ticket=ticket),
        ],
    )
    order, [only] = make_paid_order(congress, 1)

    cancel_registration(registration=only)

    assert get_balance_cents(order) == (12_000, 12_000, 0)


def test_organizer_sets_another_fee_with_reason(congress):
    order, [only] = make_paid_order(congress, 1)
    for kept, reason in ((12_001, "x"), (1, "")):
        with pytest.raises(InvalidFields):
            cancel_with_fee(registration=only, fee_cents=kept, reason=reason)

    cancel_with_fee(registration=only, fee_cents=1_000, reason="Certificat médical")

    assert get_balance_cents(order) == (1_000, 12_000, 11_000)
    assert Refund.objects.get().reason == "Certificat médical"


def test_cancellation_credits_invoice_and_invoices_fee(congress):
    make_issuer()
    order, [first, _second] = make_paid_order(congress, 2)
    issue_invoice(receivable=Receivable.objects.get())

    cancel_registration(registration=first)

    documents = Invoice.objects.order_by("pk").values_list("kind", "total")
    assert list(documents) == [("invoice", 24_000), ("credit_note", 12_000), ("invoice", 6_000)]
    assert get_balance_cents(order) == (18_000, 24_000, 6_000)


def test_discount_remains_when_a_registration_is_cancelled(congress):
    make_issuer()
    order, [first, _second] = make_paid_order(congress, 2)
    credit_invoice_amount(
        invoice=issue_invoice(receivable=Receivable.objects.get()), amount=4_000, reason="Geste"
    )

    cancel_registration(registration=first)

    assert get_balance_cents(order) == (14_000, 24_000, 6_000)


@pytest.mark.parametrize("is_paid", [True, False])
def test_no_fee_is_due_for_registration_credited_in_full(congress, is_paid):
    make_issuer()
    order, [first, second] = make_paid_order(congress, 2) if is_paid else make_unpaid_order(congress, 2)
    document = issue_invoice(receivable=sync_receivable(order))
    paid = 24_000 if is_paid else 0

    credit_invoice(
        invoice=document, line_ids=[document.lines.order_by("position").first().pk], reason="Geste"
    )

    assert describe_refund(first) == [
        "The invoice for this place has been credited: there is no fee and nothing is due."
    ]
    with pytest.raises(InvalidFields):
        cancel_with_fee(registration=first, fee_cents=1, reason="x")
    assert cancel_registration(registration=first).cancellation_fee == 0
    assert get_balance_cents(order) == (12_000, paid, 0)
    assert cancel_registration(registration=second).cancellation_fee == 6_000
    assert get_balance_cents(order) == (6_000, paid, min(6_000, paid))
    kinds = Invoice.objects.order_by("pk").values_list("kind", "total")
    assert list(kinds)[2:] == [("credit_note", 12_000), ("invoice", 6_000)]


@pytest.mark.parametrize(("discount", "kept"), [(12_000, 0), (8_000, 2_000), (2_000, 5_000)])
def test_fee_is_share_of_discounted_price(congress, discount, kept):
    make_issuer()
    order, [only] = make_paid_order(congress, 1)
    document = issue_invoice(receivable=Receivable.objects.get())
    credit_invoice_amount(invoice=document, amount=discount, reason="Geste")
    request_refund(payment=Payment.objects.get(), amount=discount, reason="Geste")
    outcome = preview_outcome(only, load_refund_terms(only, at=timezone.now()))

    cancel_registration(registration=only)

    only.refresh_from_db()
    assert only.cancellation_fee == kept
    assert outcome.refund_cents == 12_000 - discount - kept
    assert get_balance_cents(order) == (kept, 12_000, 12_000 - kept)
    assert sum(invoice.sign * invoice.total for invoice in Invoice.objects.all()) == kept


@pytest.mark.parametrize("discount", [1_000, 13_000, 23_000])
def test_cancelling_discounted_order_one_by_one_never_makes_amount_owed_negative(congress, discount):
    make_issuer()
    _order, places = make_paid_order(congress, 2)
    document = issue_invoice(receivable=Receivable.objects.get())
    credit_invoice_amount(invoice=document, amount=discount, reason="Geste")

    for place in places:
        before = compute_balance(Receivable.objects.get())
        outcome = preview_outcome(place, load_refund_terms(place, at=timezone.now()))
        cancel_registration(registration=place)
        after = compute_balance(Receivable.objects.get())
        assert 0 <= after.amount_owed == before.amount_owed - outcome.refund_terms.released_cents
        assert after.amount_refunded - before.amount_refunded == outcome.refund_cents

    assert sum(invoice.sign * invoice.total for invoice in Invoice.objects.all()) == after.amount_owed


def describe_refund(registration) -> list[str]:
    with translation.override("en"):
        return preview_refund(registration)


@pytest.mark.parametrize(
    ("sends_since", "promise"),
    [
        (None, "An invoice has been issued, so we will issue a credit note for it."),
        (NOW, "An invoice has been issued, so we will send a credit note."),
    ],
)
def test_credit_note_is_promised_by_email_only_if_documents_are_sent(congress, sends_since, promise):
    make_issuer()
    Issuer.objects.update(sends_since=sends_since)
    _order, [place] = make_paid_order(congress, 1)
    issue_invoice(receivable=Receivable.objects.get())

    sentences = describe_refund(place)

    assert sentences[-1] == promise


def test_duplicate_or_increasing_refund_rules_are_refused(congress):
    for odd in ([(7, 50), (7, 20)], [(30, 10), (7, 20)]):
        with pytest.raises(InvalidFields):
            save_refund_rules(
                event=congress, refund_rules=[RefundRule(days_before=d, refund_percent=s) for d, s in odd]
            )
    assert congress.refund_rules.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_cancellations_refund_once():
    event = make_event(slug="clicks")
    make_ticket(event, price=12_000, capacity=50)
    order, rows = make_paid_order(event, 3)

    told = run_in_threads([lambda row=row: cancel_registration(registration=row) for row in rows * 3])

    assert sum(isinstance(one, Registration) for one in told) == 3
    assert get_balance_cents(order) == (0, 36_000, 36_000)
    assert Refund.objects.count() == 3
    assert compute_balance(Receivable.objects.get()).is_settled


@pytest.mark.django_db
def test_cancellation_fee_is_shared_by_ticket_and_addon():
    """Ticket and add-on have different VAT rates."""
    ticket = make_ticket(price=10_000)
    order = make_order(ticket.event, payment="invoice", total=14_000)
    registration = make_registration(ticket, order=order, price=10_000, vat_rate=2_000)
    addon = make_addon(ticket.event, reserved=1)
    RegistrationAddon.objects.create(registration=registration, addon=addon, price=4_000, vat_rate=1_000)
    sync_receivable(order)

    cancel_with_fee(registration=registration, fee_cents=7_000, reason="Trop tard")

    charges = Charge.objects.active().filter(receivable__reference=order.reference)
    assert dict(charges.values_list("vat_rate", "amount")) == {2_000: 5_000, 1_000: 2_000}


def test_fee_has_no_part_of_a_credited_item_and_its_vat_rate(congress):
    make_issuer()
    make_addon(congress, vat_rate=1_000)
    save_refund_rules(event=congress, refund_rules=[RefundRule(days_before=0, refund_percent=0)])
    place = RequestedPlace(
        ticket="guest", first_name="Zoé", last_name="M", email="z@example.org", addons=("dinner",)
    )
    request = OrderRequest(email="b@example.org", places=(place,), billing=BILLING)
    order = place_order(event=congress, request=request, context=make_verified_context())
    receivable = sync_receivable(order)
    document = issue_invoice(receivable=receivable)
    credit_invoice(invoice=document, line_ids=[document.lines.get(vat_rate=2_000).pk], reason="Billet offert")
    registration = cancel_registration(registration=order.registrations.get())

    owed = list(receivable.charges.active().values_list("key", "amount", "vat_rate"))

    assert registration.cancellation_fee == 4_500
    assert owed == [(f"{registration.reference}/dinner/kept", 4_500, 1_000)]
    assert calculate_balance(order).amount == 4_500


def test_deposit_that_exceeds_the_remaining_place_is_credited_and_the_place_invoiced(congress):
    make_issuer()
    order, places = make_unpaid_order(congress, 2)
    receivable = sync_receivable(order)
    issue_deposit_invoice(receivable=receivable, amount=15_000)
    record_payment(receivable=receivable, amount=15_000, method="transfer")

    cancel_with_fee(registration=places[0], fee_cents=0, reason="Accord")

    documents = [(row.kind, row.total) for row in Invoice.objects.order_by("pk")]
    assert documents == [("deposit", 15_000), ("credit_note", 15_000), ("invoice", 12_000)]
    assert get_balance_cents(order) == (12_000, 15_000, 3_000)


def test_too_large_deposit_is_to_be_credited_before_the_rest_is_invoiced(congress, client):
    make_issuer()
    order, _places = make_unpaid_order(congress, 2)
    receivable = sync_receivable(order)
    issue_deposit_invoice(receivable=receivable, amount=15_000)
    withdraw_charges(receivable=receivable, keys=[receivable.charges.first().key])
    client.force_login(make_administrator())
    page = client.get(f"/organize/money/owed/{receivable.reference}/")

    advice = [(row.kind, row.amount_cents) for row in page.context["advice"]]

    assert advice == [(AdviceKind.NEEDS_CREDIT, 15_000)]
    assert page.context["uninvoiced"] == 0
