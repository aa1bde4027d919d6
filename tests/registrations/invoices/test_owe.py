"""What is owed, paid and given back."""

import pytest

from convention.audit.models import Entry
from registrations.invoices.balance import Balance, balance_of
from registrations.invoices.models import Charge, Receivable
from registrations.invoices.owe import BadCharge, Buyer, Owed, owe, withdraw
from registrations.invoices.pay import BadPayment, record_payment, record_payout
from registrations.invoices.refund import BadRefund, refund, refund_done, refund_failed
from registrations.invoices.sources import receivable_for

from .makers import make_receivable

pytestmark = pytest.mark.django_db
DINNER = Owed("dinner", "Dîner", 6_000, 1000)
GUEST = Owed("guest", "Billet Invité", 12_000, 2000)


def buyer_of(receivable):
    return Buyer(name=receivable.name)


def test_what_is_owed_is_the_sum_of_charges():
    receivable = make_receivable(GUEST, Owed("dinner", "Dîner", 6_000, 1000, quantity=3))
    assert balance_of(receivable) == Balance(owed=30_000, paid=0, given_back=0)
    assert receivable_for(receivable.reference.lower()) == receivable


def test_owing_the_same_twice_changes_nothing():
    receivable = make_receivable(GUEST, DINNER, reference="TWICE")
    rows = list(Charge.objects.values())
    entries = Entry.objects.count()
    owe(reference="TWICE", buyer=buyer_of(receivable), charges=[DINNER, GUEST])
    assert list(Charge.objects.values()) == rows
    assert Entry.objects.count() == entries + 1  # the buyer's other fields were emptied
    assert Receivable.objects.count() == 1


def test_another_price_replaces_a_charge_and_keeps_the_first():
    receivable = make_receivable(GUEST, DINNER)
    dearer = Owed("guest", "Billet Invité", 15_000, 2000)
    owe(reference=receivable.reference, buyer=buyer_of(receivable), charges=[dearer])
    assert balance_of(receivable).owed == 15_000
    assert sorted((charge.key, charge.amount) for charge in Charge.objects.standing()) == [("guest", 15_000)]
    assert sorted((charge.key, charge.amount) for charge in Charge.objects.all()) == [
        ("dinner", 6_000),
        ("guest", 12_000),
        ("guest", 15_000),
    ]


@pytest.mark.parametrize(
    "owed",
    [
        Owed("x", "x", 100, 0),
        Owed("x", "x", 100, 2000, exemption="VATEX-EU-132-1L"),
        Owed("x", "x", 100, 0, exemption="because"),
        Owed("x", "x", 100, -1),
        Owed("x", "x", 100, 10_001),
        Owed("x", "x", 100, 2000, quantity=0),
        Owed("x", "x", 10**11, 2000, quantity=2),
    ],
)
def test_what_cannot_be_invoiced_is_refused(owed):
    with pytest.raises(BadCharge):
        make_receivable(owed)
    assert Receivable.objects.count() == 0


def test_withdrawn_charges_are_owed_no_longer():
    receivable = make_receivable(GUEST, DINNER)
    assert withdraw(receivable=receivable, keys=["dinner"]) == 1
    assert balance_of(receivable).owed == 12_000
    assert withdraw(receivable=receivable) == 1
    assert balance_of(receivable).owed == 0
    assert withdraw(receivable=receivable) == 0


def test_a_payment_is_recorded_once_whatever_is_repeated():
    receivable = make_receivable()
    first = record_payment(receivable=receivable, amount=12_000, method="card", external_id="pi_1", fee=200)
    again = record_payment(receivable=receivable, amount=12_000, method="card", external_id="pi_1", fee=200)
    assert first == again
    assert balance_of(receivable) == Balance(owed=12_000, paid=12_000, given_back=0)
    with pytest.raises(BadPayment):
        record_payment(receivable=receivable, amount=1, method="card", external_id="pi_1")
    with pytest.raises(BadPayment):
        record_payment(receivable=make_receivable(), amount=12_000, method="card", external_id="pi_1")


@pytest.mark.parametrize(("amount", "fee"), [(0, 0), (-5, 0), (100, 101), (100, -1)])
def test_a_payment_of_nothing_is_refused(amount, fee):
    with pytest.raises(BadPayment):
        record_payment(receivable=make_receivable(), amount=amount, method="card", fee=fee)


def test_no_more_is_given_back_than_came_in():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="transfer")
    first = refund(payment=payment, amount=5_000, reason="annulé", external_id="re_1")
    assert refund(payment=payment, amount=5_000, reason="annulé", external_id="re_1") == first
    with pytest.raises(BadRefund, match="70"):
        refund(payment=payment, amount=7_001, reason="trop")
    refund(payment=payment, amount=7_000, reason="le reste")
    assert balance_of(receivable) == Balance(owed=12_000, paid=12_000, given_back=12_000)


def test_a_failed_refund_is_owed_again_and_a_done_one_stays():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="card")
    gone, failed = (refund(payment=payment, amount=3_000, reason="annulé") for _ in range(2))
    refund_done(refund=gone, external_id="re_9")
    refund_failed(refund=failed, reason="compte fermé")
    assert (gone.state, gone.external_id, failed.state) == ("done", "re_9", "failed")
    refund_done(refund=failed)
    assert failed.state == "failed"
    assert balance_of(receivable).given_back == 3_000


def test_a_list_shows_the_balance_of_each():
    receivable, other = make_receivable(GUEST, DINNER), make_receivable()
    payment = record_payment(receivable=receivable, amount=20_000, method="card")
    refund(payment=payment, amount=1_000, reason="trop")
    rows = Receivable.objects.with_balance().values_list("pk", "owed", "paid", "given_back", "due")
    assert sorted(rows) == [(receivable.pk, 18_000, 20_000, 1_000, -1_000), (other.pk, 12_000, 0, 0, 12_000)]


def test_a_payout_names_what_it_is_made_of():
    receivable = make_receivable()
    payment = record_payment(receivable=receivable, amount=12_000, method="card", fee=200)
    payout = record_payout(
        external_id="po_1", amount=11_800, arrived_on=payment.received_on, payments=[payment]
    )
    assert list(payout.payments.all()) == [payment]
    with pytest.raises(BadPayment):
        record_payout(external_id="po_1", amount=1, arrived_on=payment.received_on)


def test_what_is_too_long_is_cut_and_numbers_lose_their_spaces():
    numbers = {"siren": "542 051 180", "vat_number": "fr 59 542051180"}
    receivable = make_receivable(Owed("guest", "é" * 500, 12_000, 2000), name="n" * 400, **numbers)
    assert (receivable.siren, receivable.vat_number) == ("542051180", "FR59542051180")
    assert (len(receivable.name), len(receivable.charges.get().description)) == (300, 300)
