"""VAT arithmetic, to the cent."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from registrations.invoices.formatting import (
    compute_unit_price,
    format_cents,
    format_unit_price,
    format_vat_rate,
)
from registrations.invoices.tax_amounts import PricedLine, allocate_cents, compute_included_vat, compute_taxes

RATES = st.sampled_from([0, 210, 550, 850, 1000, 2000, 10_000])
CENTS = st.integers(-(10**9), 10**9)


@given(CENTS, RATES)
def test_vat_is_within_half_a_cent(total, rate):
    exact = Fraction(total * rate, 10_000 + rate)

    assert abs(compute_included_vat(total, rate) - exact) <= Fraction(1, 2)
    assert compute_included_vat(-total, rate) == -compute_included_vat(total, rate)


@given(st.lists(st.builds(PricedLine, CENTS, RATES, net_cents=st.none()), min_size=1, max_size=12))
def test_nets_and_taxes_add_up_to_the_cent(lines):
    nets, taxes = compute_taxes(lines)

    assert sum(nets) == sum(tax.net for tax in taxes)
    assert sum(line.gross_cents for line in lines) == sum(tax.total for tax in taxes)
    for tax in taxes:
        assert tax.vat == compute_included_vat(
            sum(line.gross_cents for line in lines if line.vat_rate == tax.rate), tax.rate
        )
    for line, net in zip(lines, nets, strict=True):
        assert abs(net - Fraction(line.gross_cents * 10_000, 10_000 + line.vat_rate)) < 1 + len(lines) / 2


@given(CENTS, st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
def test_allocated_cents_add_up_and_are_proportional(total, weights):
    parts = allocate_cents(total, weights)

    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(total * weight, sum(weights))) < 1


@given(st.integers(1, 10**9), st.integers(1, 4_000))
def test_unit_price_times_quantity_gives_amount(net, quantity):
    assert round(compute_unit_price(net, quantity) * quantity * 100) == net


def test_amounts_rates_and_unit_prices_are_formatted():
    assert format_cents(123_450) == "1\u00a0234,50\u00a0€"
    assert format_cents(-5) == "−0,05\u00a0€"
    assert format_vat_rate(2000) == "20\u202f%"
    assert format_vat_rate(550) == "5,5\u202f%"
    assert format_unit_price(30_000, 3) == "100,00"
    assert format_unit_price(1_000, 3) == "3,333333"
