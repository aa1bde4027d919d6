"""Hypothesis strategies of charge items."""

from hypothesis import strategies as st

from registrations.invoices.formatting import clean_line
from registrations.invoices.ledger.charges import ChargeItem
from registrations.invoices.vat_exemptions import REVERSE_CHARGE, VAT_EXEMPTIONS

# The reverse charge needs a buyer in another country.
EXEMPTIONS = sorted(set(VAT_EXEMPTIONS) - {REVERSE_CHARGE})
RATES = [2000, 1000, 550, 210]
WORDS = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFF), min_size=1, max_size=60)


@st.composite
def charges(draw, most: int = 5) -> list[ChargeItem]:
    """Generate items with mixed rates, exemptions, odd prices and large quantities."""
    found = []
    for number in range(draw(st.integers(1, most))):
        rate = draw(st.sampled_from([*RATES, 0]))
        found.append(
            ChargeItem(
                key=f"thing{number}",
                description=draw(WORDS.map(lambda text: clean_line(text) or "Billet")),
                unit_price=draw(st.integers(0, 99_999)),
                vat_rate=rate,
                quantity=draw(st.integers(1, 40)),
                exemption="" if rate else draw(st.sampled_from(EXEMPTIONS)),
            )
        )
    return found
