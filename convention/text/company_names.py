"""Compare company names without what people leave out, punctuation and the legal form, or mistype."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from .edit_distance import find_close_words
from .normalize import search_text

# Shorter names resemble each other by chance.
MIN_MISTYPED_CHARS: Final = 8

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


class CompanyNameIndex[T]:
    """Companies of any type by the key of their name, to find those that a name may mean."""

    def __init__(self) -> None:
        self._companies_by_key = defaultdict[str, list[T]](list)
        # By first letter and digits: “Agence 12” is not a mistyped “Agence 13”, and long lists stay quick.
        self._comparable_keys = defaultdict[tuple[str, str], list[str]](list)

    def add_company(self, name: str, company: T) -> None:
        key = make_company_key(name)
        if not key:
            return
        if key not in self._companies_by_key:
            self._comparable_keys[_group_key(key)].append(key)
        self._companies_by_key[key].append(company)

    def find_same_name(self, name: str) -> list[T]:
        """Return the companies whose name differs by its punctuation or legal form only."""
        return self._companies_by_key.get(make_company_key(name), [])

    def find_mistyped_name(self, name: str) -> Iterator[T]:
        """Yield the companies whose name is one or two typing errors away."""
        key = make_company_key(name)
        if len(key) < MIN_MISTYPED_CHARS:
            return
        pieces = _cut_into_thirds(key)
        comparable_keys = self._comparable_keys.get(_group_key(key), ())
        # Two errors leave one of three pieces intact. Counting the errors of all names would take minutes.
        candidates = (other for other in comparable_keys if any(piece in other for piece in pieces))
        for close_key in find_close_words(key, candidates):
            yield from self._companies_by_key[close_key]


def _group_key(key: str) -> tuple[str, str]:
    return key[0], "".join(filter(str.isdigit, key))


def _cut_into_thirds(key: str) -> tuple[str, str, str]:
    first, second = len(key) // 3, 2 * len(key) // 3
    return key[:first], key[first:second], key[second:]
