"""Charges, payments, refunds and balance."""

import pytest

from convention.audit.models import AuditEntry
from registrations.invoices.ledger.balance import ReceivableBalance, compute_balance
from registrations.invoices.ledger.charges import (
    Buyer,
    ChargeItem,
    InvalidCharge,
    record_charges,
    withdraw_charges,
)
from registrations.invoices.ledger.payments import InvalidPayment, record_payment, record_payout
from registrations.invoices.ledger.receivable_sources import get_receivable
from registrations.invoices.ledger.refunds import (
    InvalidRefund,
    complete_refund,
    fail_refund,
    request_manual_refund,
    request_refund,
)
from registrations.invoices.models import Charge, Receivable
from tests.registrations.invoices.factories import make_receivable

pytestmark = pytest.mark.django_db
DINNER = ChargeItem("dinner", "Dîner", 6_000, 1000)
GUEST = ChargeItem("guest", "Billet Invité", 12_000, 2000)


def make_buyer(receivable):
    return Buyer(name=receivable.name)


def test_amount_owed_is_sum_of_charges():
    receivable = make_receivable(GUEST, ChargeItem("dinner", "Dîner", 6_000, 1000, quantity=3))

    assert compute_balance(receivable) == ReceivableBalance(
        amount_owed=30_000, amount_paid=0, amount_refunded=0
    )
    assert get_receivable(receivable.reference.lower()) == receivable


def test_recording_same_charges_again_changes_nothing():
    receivable = make_receivable(GUEST, DINNER, reference="TWICE")
    rows = list(Charge.objects.values())
    entries = AuditEntry.objects.count()

    record_charges(reference="TWICE", buyer=make_buyer(receivable), items=[DINNER, GUEST])

    assert list(Charge.objects.values()) == rows
    assert AuditEntry.objects.count() == entries + 1  # the buyer's other fields were emptied
    assert Receivable.objects.count() == 1


def test_new_price_replaces_active_charges_and_old_rows_remain():
    receivable = make_receivable(GUEST, DINNER)
    dearer = ChargeItem("guest", "Billet Invité", 15_000, 2000)

    record_charges(reference=receivable.reference, buyer=make_buyer(receivable), items=[dearer])

    assert compute_balance(receivable).amount_owed == 15_000
    assert sorted((charge.key, charge.amount) for charge in Charge.objects.active()) == [("guest", 15_000)]
    assert sorted((charge.key, charge.amount) for charge in Charge.objects.all()) == [
        ("dinner", 6_000),
        ("guest", 12_000),
        ("guest", 15_000),
    ]


@pytest.mark.parametrize(
    "owed",
    [
        ChargeItem("x", "x", 100, 0),
        ChargeItem("x", "x", 100, 2000, exemption="VATEX-EU-132-1L"),
        ChargeItem("x", "x", 100, 0, exemption="because"),
        ChargeItem("x", "x", 100, -1),
        ChargeItem("x", "x", 100, 10_001),
        ChargeItem("x", "x", 100, 2000, quantity=0),
        ChargeItem("x", "x", 10**11, 2000, quantity=2),
    ],
)
def test_charge_with_invalid_vat_or_amount_is_refused(owed):
    with pytest.raises(InvalidCharge):
        make_receivable(owed)
    assert Receivable.objects.count() == 0


def test_withdrawn_charges_are_no_longer_owed():
    receivable = make_receivable(GUEST, DINNER)

    assert withdraw_charges(receivable=receivable, keys=["dinner"]) == 1
    assert compute_balance(receivable).amount_owed == 12_000
    assert withdraw_charges(receivable=receivable) == 1
    assert compute_balance(receivable).amount_owed == 0
    assert withdraw_charges(receivable=receivable) == 0


def test_repeated_payment_is_recorded_once():
    receivable = make_receivable()
    first = record_payment(receivable=receivable, amount=12_000, method="card", external_id="pi_1", fee=200)

    again = record_payment(receivable=receivable, amount=12_000, method="card", external_id="pi_1", fee=200)

    assert first == again
    assert compute_balance(receivable) == ReceivableBalance(
        amount_owed=12_000, amount_paid=12_000, amount_refunded=0
    )
    with pytest.raises(InvalidPayment):
        record_payment(receivable=receivable, amount=1, method="card", external_id="pi_1")
    with pytest.raises(InvalidPayment):
        record_payment(receivable=make_receivable(), amount=12_000, method="card", external_id="pi_1")


@pytest.mark.parametrize(("amount", "fee"), [(0, 0), (-5, 0), (100, 101), (100, -1)])
def test_payment_with_invalid_amount_or_fee_is_refused(amount, fee):
    with pytest.raises(InvalidPayment):
        record_payment(receivable=make_receivable(), amount=amount, method="card", fee=fee)


def test_refunds_cannot_exceed_payment():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer")

    first = request_refund(payment=payment, amount=5_000, reason="annulé", external_id="re_1")

    assert request_refund(payment=payment, amount=5_000, reason="annulé", external_id="re_1") == first
    with pytest.raises(InvalidRefund, match="50"):
        request_manual_refund(payment=payment, amount=6_000, reason="annulé", external_id="re_1")
    with pytest.raises(InvalidRefund, match="70"):
        request_refund(payment=payment, amount=7_001, reason="trop")

    request_refund(payment=payment, amount=7_000, reason="le reste")

    assert compute_balance(receivable) == ReceivableBalance(
        amount_owed=12_000, amount_paid=12_000, amount_refunded=12_000
    )


def test_failed_refund_does_not_count_and_completed_one_does():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="card")
    gone, failed = (request_refund(payment=payment, amount=3_000, reason="annulé") for _ in range(2))
    complete_refund(refund=gone, external_id="re_9")

    fail_refund(refund=failed, reason="compte fermé")

    assert gone.state == "done"
    assert gone.external_id == "re_9"
    assert failed.state == "failed"

    complete_refund(refund=failed)

    assert failed.state == "failed"
    assert compute_balance(receivable).amount_refunded == 3_000


def test_with_balance_annotates_each_receivable():
    receivable, other = make_receivable(GUEST, DINNER), make_receivable()
    payment = record_payment(receivable=receivable, amount=20_000, method="card")

    request_refund(payment=payment, amount=1_000, reason="trop")

    rows = Receivable.objects.with_balance().values_list(
        "pk", "amount_owed", "amount_paid", "amount_refunded", "amount_due"
    )
    assert sorted(rows) == [(receivable.pk, 18_000, 20_000, 1_000, -1_000), (other.pk, 12_000, 0, 0, 12_000)]


def test_payout_lists_its_payments_and_refuses_another_amount():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="card", fee=200)

    payout = record_payout(
        external_id="po_1", amount=11_800, arrived_on=payment.received_on, payments=[payment]
    )

    assert list(payout.payments.all()) == [payment]
    with pytest.raises(InvalidPayment):
        record_payout(external_id="po_1", amount=1, arrived_on=payment.received_on)


def test_long_texts_are_truncated_and_numbers_lose_spaces():
    numbers = {"siren": "542 051 180", "vat_number": "fr 59 542051180"}
    receivable = make_receivable(ChargeItem("guest", "é" * 500, 12_000, 2000), name="n" * 400, **numbers)

    assert receivable.siren == "542051180"
    assert receivable.vat_number == "FR59542051180"
    assert len(receivable.name) == 300
    assert len(receivable.charges.get().description) == 300
