"""Orders of every kind, for hypothesis."""

from hypothesis import strategies as st

from registrations.invoices.complete import clean
from registrations.invoices.exemptions import EXEMPTIONS
from registrations.invoices.owe import Owed

RATES = [2000, 1000, 550, 210]
WORDS = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x2FFF), min_size=1, max_size=60)


@st.composite
def charges(draw, most: int = 5) -> list[Owed]:
    """Things owed: mixed rates, exempt ones, odd prices, many of one."""
    found = []
    for number in range(draw(st.integers(1, most))):
        rate = draw(st.sampled_from([*RATES, 0]))
        found.append(
            Owed(
                key=f"thing{number}",
                description=draw(WORDS.map(lambda text: clean(text) or "Billet")),
                unit_price=draw(st.integers(0, 99_999)),
                vat_rate=rate,
                quantity=draw(st.integers(1, 40)),
                exemption="" if rate else draw(st.sampled_from(sorted(EXEMPTIONS))),
            )
        )
    return found
