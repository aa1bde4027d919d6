"""VAT inside prices, to the cent."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from registrations.invoices.amounts import Priced, allotted, taxed, vat_within
from registrations.invoices.saying import say_amount, say_rate, say_unit_price, unit_price

RATES = st.sampled_from([0, 210, 550, 850, 1000, 2000, 10_000])
CENTS = st.integers(-(10**9), 10**9)


@given(CENTS, RATES)
def test_vat_is_within_half_a_cent(total, rate):
    exact = Fraction(total * rate, 10_000 + rate)
    assert abs(vat_within(total, rate) - exact) <= Fraction(1, 2)
    assert vat_within(-total, rate) == -vat_within(total, rate)


@given(st.lists(st.builds(Priced, CENTS, RATES, net=st.none()), min_size=1, max_size=12))
def test_nets_and_taxes_add_up_to_the_cent(lines):
    nets, taxes = taxed(lines)
    assert sum(nets) == sum(tax.net for tax in taxes)
    assert sum(line.amount for line in lines) == sum(tax.total for tax in taxes)
    for tax in taxes:
        assert tax.vat == vat_within(sum(line.amount for line in lines if line.rate == tax.rate), tax.rate)
    for line, net in zip(lines, nets, strict=True):
        assert abs(net - Fraction(line.amount * 10_000, 10_000 + line.rate)) < 1 + len(lines) / 2


@given(CENTS, st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
def test_what_is_allotted_adds_up_and_is_fair(total, weights):
    parts = allotted(total, weights)
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(st.integers(1, 10**9), st.integers(1, 4_000))
def test_the_unit_price_gives_the_amount_back(net, quantity):
    assert round(unit_price(net, quantity) * quantity * 100) == net


def test_amounts_are_said_as_people_read_them():
    assert (say_amount(123_450), say_amount(-5), say_rate(2000), say_rate(550)) == (
        "1\u00a0234,50\u00a0€",
        "−0,05\u00a0€",
        "20\u202f%",
        "5,5\u202f%",
    )
    assert (say_unit_price(30_000, 3), say_unit_price(1_000, 3)) == ("100,00", "3,333333")
