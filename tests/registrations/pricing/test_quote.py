"""Price calculation without a database: each price with its reasons."""

import datetime
import zoneinfo

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from registrations.invoices.tax_amounts import compute_included_vat
from registrations.pricing.quote import (
    PriceList,
    PriceRequest,
    Quote,
    TimedPrice,
    VoucherTerms,
    calculate_quote,
)
from registrations.pricing.reductions import Reduction, parse_reductions, serialize_reductions

NOW = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)
PARIS = zoneinfo.ZoneInfo("Europe/Paris")
DAY = datetime.timedelta(days=1)
GUEST = PriceList(
    slug="guest",
    price=15_000,
    timed_prices=(TimedPrice(12_000, NOW + DAY), TimedPrice(13_500, NOW + 9 * DAY)),
)
MEMBER = PriceList(slug="member", price=20_000, uses_pass=True)
SECRET = PriceList(slug="secret", price=8_000, is_hidden=True)
DINNER = PriceList(slug="dinner", price=4_500, vat_rate=1000)


def list_prices(found: Quote) -> list[tuple[int, list[tuple[str, int]]]]:
    """Return each price with its reasons."""
    return [
        (line.price, [(reduction.reason, reduction.amount) for reduction in line.reductions])
        for line in found.lines
    ]


def count_used_passes(found: Quote) -> int:
    """Return how many places a pass pays for."""
    return sum(line.uses_pass for line in found.lines)


@pytest.mark.parametrize(
    ("days", "price", "reasons"),
    [
        (0, 12_000, [("early", 3_000)]),
        (1, 13_500, [("early", 1_500)]),
        (8, 13_500, [("early", 1_500)]),
        (9, 15_000, []),
    ],
)
def test_next_price_step_applies_until_its_end(days: int, price: int, reasons: list):
    assert list_prices(calculate_quote([PriceRequest(price_list=GUEST)], at=NOW + days * DAY)) == [
        (price, reasons)
    ]


@pytest.mark.parametrize(
    ("kind", "value", "price"),
    [
        ("percent", 20, 9_600),
        ("percent", 100, 0),
        ("amount", 5_000, 7_000),
        ("amount", 50_000, 0),
        ("fixed", 9_000, 9_000),
        ("fixed", 14_000, 12_000),
        ("access", 0, 12_000),
    ],
)
def test_voucher_reduces_current_price(kind: str, value: int, price: int):
    code = VoucherTerms(code="SPRING", kind=kind, value=value)
    found = calculate_quote([PriceRequest(price_list=GUEST)], at=NOW, voucher_terms=code)

    off = [("code", 12_000 - price)] if price < 12_000 else []

    assert list_prices(found) == [(price, [("early", 3_000), *off])]
    assert found.voucher_use_count == len(off)


def test_voucher_is_limited_to_its_uses_and_tickets():
    code = VoucherTerms(code="TWO", kind="percent", value=50, uses_left=2, ticket_slugs=frozenset({"guest"}))
    asked = [
        PriceRequest(price_list=GUEST, can_use_voucher=False),
        PriceRequest(price_list=MEMBER),
        *[PriceRequest(price_list=GUEST) for _one in range(3)],
    ]

    found = calculate_quote(asked, at=NOW + 10 * DAY, voucher_terms=code)

    assert [line.price for line in found.lines] == [15_000, 20_000, 7_500, 7_500, 15_000]


def test_hidden_ticket_needs_its_voucher_and_uses_it_first():
    code = VoucherTerms(
        code="VIP", kind="percent", value=50, uses_left=1, ticket_slugs=frozenset({"guest", "secret"})
    )
    found = calculate_quote(
        [PriceRequest(price_list=GUEST), PriceRequest(price_list=SECRET), PriceRequest(price_list=SECRET)],
        at=NOW,
        voucher_terms=code,
    )

    assert [line.price for line in found.lines] == [12_000, 4_000, 8_000]
    assert found.refused_places == (2,)

    for_all = VoucherTerms(code="ALL", kind="percent", value=50)

    assert calculate_quote(
        [PriceRequest(price_list=SECRET)], at=NOW, voucher_terms=for_all
    ).refused_places == (0,)
    assert calculate_quote([PriceRequest(price_list=SECRET)], at=NOW).refused_places == (0,)


def test_free_hidden_ticket_counts_as_voucher_use():
    free = PriceList(slug="secret", is_hidden=True)
    code = VoucherTerms(code="VIP", kind="access", uses_left=5, ticket_slugs=frozenset({"secret"}))

    assert (
        calculate_quote([PriceRequest(price_list=free)] * 3, at=NOW, voucher_terms=code).voucher_use_count
        == 3
    )


def test_passes_are_used_first_and_voucher_for_the_rest():
    code = VoucherTerms(code="HALF", kind="percent", value=50)
    asked = [PriceRequest(price_list=MEMBER, can_use_pass=True)] * 3 + [
        PriceRequest(price_list=MEMBER),
        PriceRequest(price_list=GUEST, can_use_pass=True),
    ]

    found = calculate_quote(asked, at=NOW, voucher_terms=code, passes_left=2)

    assert list_prices(found)[:3] == [
        (0, [("pass", 20_000)]),
        (0, [("pass", 20_000)]),
        (10_000, [("code", 10_000)]),
    ]
    assert count_used_passes(found) == 2
    assert found.voucher_use_count == 3
    assert found.total == 10_000 + 10_000 + 6_000


def test_free_ticket_uses_no_pass():
    free = PriceList(slug="member", uses_pass=True)
    assert (
        count_used_passes(
            calculate_quote([PriceRequest(price_list=free, can_use_pass=True)], at=NOW, passes_left=1)
        )
        == 0
    )


def test_addons_follow_their_ticket_and_are_not_discounted():
    code = VoucherTerms(code="ALL", kind="percent", value=100)
    found = calculate_quote(
        [PriceRequest(price_list=GUEST, addons=(DINNER,)), PriceRequest(price_list=MEMBER)],
        at=NOW,
        voucher_terms=code,
    )

    assert [(line.place_number, line.price_list.slug, line.price) for line in found.lines] == [
        (0, "guest", 0), (0, "dinner", 4_500), (1, "member", 0),
    ]  # fmt: skip


def test_vat_is_summed_by_rate_and_exemption():
    dues = PriceList(slug="dues", price=9_999, vat_rate=0, vat_exemption="VATEX-EU-132-1L")
    found = calculate_quote(
        [
            PriceRequest(price_list=MEMBER, addons=(DINNER,)),
            PriceRequest(price_list=MEMBER),
            PriceRequest(price_list=dues),
        ],
        at=NOW,
    )

    assert [(one.rate, one.exemption, one.net_amount, one.vat_amount) for one in found.vat_by_rate] == [
        (2000, "", 33_333, 6_667), (1000, "", 4_091, 409), (0, "VATEX-EU-132-1L", 9_999, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gross", "rate", "vat"), [(12_000, 2000, 2_000), (1, 2000, 0), (3, 2000, 1), (0, 550, 0)]
)
def test_half_a_cent_is_rounded_up(gross: int, rate: int, vat: int):
    assert compute_included_vat(gross, rate) == vat


def test_reductions_are_serialized_and_described():
    kept = serialize_reductions(
        [Reduction("early", 1, NOW.replace(hour=22, day=31)), Reduction("code", 2, code="X", percent=5)]
    )

    assert kept == [
        {"reason": "early", "amount": 1, "until": "2027-03-31T22:00:00+00:00"},
        {"reason": "code", "amount": 2, "percent": 5},
    ]

    with translation.override("en"):
        said = [reduction.describe_reason(PARIS) for reduction in parse_reductions(kept, code="X")]

    assert said == ["early-bird price, until 31\u00a0March\u00a02027", "code X: 5% off"]


# --- random requests --------------------------------------------------------------------------------

cents = st.integers(0, 1_000_000)
steps = st.lists(st.tuples(cents, st.integers(-5, 20)), max_size=3, unique_by=lambda step: step[1])


@st.composite
def price_lists(draw, slugs=("a", "b", "c")):
    found = sorted(draw(steps), key=lambda step: step[1])
    rate = draw(st.sampled_from([2000, 1000, 550, 210, 0]))
    return PriceList(
        slug=draw(st.sampled_from(slugs)),
        price=draw(cents),
        timed_prices=tuple(TimedPrice(price, NOW + days * DAY) for price, days in found),
        vat_rate=rate,
        vat_exemption="" if rate else "VATEX-EU-132-1L",
        uses_pass=draw(st.booleans()),
        is_hidden=draw(st.booleans()),
    )


price_requests = st.lists(
    st.builds(
        PriceRequest,
        price_list=price_lists(),
        addons=st.lists(price_lists(("x", "y")), max_size=2).map(tuple),
        can_use_pass=st.booleans(),
        can_use_voucher=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
kinds = st.sampled_from([("percent", 100), ("amount", 2_000_000), ("fixed", 2_000_000), ("access", 0)])
codes = st.none() | kinds.flatmap(
    lambda kind: st.builds(
        VoucherTerms,
        code=st.just("CODE"),
        kind=st.just(kind[0]),
        value=st.integers(0, kind[1]),
        uses_left=st.none() | st.integers(0, 5),
        ticket_slugs=st.frozensets(st.sampled_from("abc")),
    )
)


@given(asked=price_requests, code=codes, passes=st.integers(0, 5), days=st.integers(-6, 21))
def test_any_quote_has_consistent_sums_and_respects_limits(asked, code, passes, days):
    at = NOW + days * DAY
    found = calculate_quote(asked, at=at, voucher_terms=code, passes_left=passes)

    assert (
        found.total
        == sum(line.price for line in found.lines)
        == sum(one.gross_amount for one in found.vat_by_rate)
    )
    assert all(
        one.net_amount + one.vat_amount == one.gross_amount and 0 <= one.vat_amount <= one.gross_amount
        for one in found.vat_by_rate
    )
    assert all(
        line.price >= 0 and all(reduction.amount > 0 for reduction in line.reductions) for line in found.lines
    )
    assert count_used_passes(found) <= passes
    assert code is None or code.uses_left is None or found.voucher_use_count <= code.uses_left
    assert len(found.lines) == sum(1 + len(place.addons) for place in asked)

    for line in found.lines:
        step = line.price_list.find_price_at(at)
        assert line.price_before == max(line.price_list.price, step.price if step else 0)
        reasons = [reduction.reason for reduction in line.reductions]
        assert reasons == sorted(reasons, key=["early", "pass", "code"].index)
        assert len(set(reasons)) == len(reasons)
        assert not {"pass", "code"} <= set(reasons)


@given(asked=price_requests, code=codes, days=st.integers(-6, 21))
def test_voucher_or_pass_never_raises_a_price(asked, code, days):
    at = NOW + days * DAY
    plain = calculate_quote(asked, at=at)

    lowered = calculate_quote(asked, at=at, voucher_terms=code, passes_left=3)

    assert all(after.price <= before.price for before, after in zip(plain.lines, lowered.lines, strict=True))
