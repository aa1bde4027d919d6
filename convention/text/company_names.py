"""Compare company names without what people leave out: punctuation and the legal form."""

from typing import Final

from .normalize import search_text

LEGAL_FORMS: Final = frozenset(
    """
    sa sas sasu sarl eurl sca scs snc sci scop scic gie selarl se gmbh ag kg ltd limited plc llp llc inc corp
    bv nv srl spa oy ab aps co cie
    """.split()
)


def make_company_key(name: str) -> str:
    """Return what names of one company share: “Banque Armoricaine S.A.” is “banque armoricaine”."""
    # Without its dots, since a legal form is written with or without them.
    words = search_text(name.replace(".", "")).split()
    # At either end only: inside a name the same letters may be a word of it.
    while len(words) > 1 and words[-1] in LEGAL_FORMS:
        words.pop()
    while len(words) > 1 and words[0] in LEGAL_FORMS:
        words.pop(0)
    return " ".join(words)
