"""Names of a list that stand for companies with another name, as chosen in the preview of an import."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from convention.text.normalize import casefold_text


@dataclass(frozen=True)
class SameCompany:
    """A name in the list, and the name of the company of the directory or of an earlier row that is meant."""

    listed_name: str
    other_name: str

    def encode(self) -> str:
        """Return the choice as text, for a form or the payload of a job."""
        return json.dumps([self.listed_name, self.other_name])


def decode_same_companies(texts: Iterable[str]) -> tuple[SameCompany, ...]:
    """Return the choices; skip texts that `encode` did not make, such as the choice of a new company."""
    return tuple(choice for choice in map(_decode, texts) if choice)


def _decode(text: str) -> SameCompany | None:
    try:
        match json.loads(text):
            case [str(listed_name), str(other_name)]:
                # Refuse lone surrogates, which JSON can escape and no page can show.
                (listed_name + other_name).encode()
                return SameCompany(listed_name, other_name)
    # Deeply nested brackets exhaust the stack.
    except (ValueError, RecursionError):
        pass
    return None


def index_same_companies(choices: Iterable[SameCompany]) -> dict[str, str]:
    """Return the casefolded name that is meant by each casefolded name of the list."""
    next_names = {casefold_text(one.listed_name): casefold_text(one.other_name) for one in choices}
    return {name: _follow_names(name, next_names) for name in next_names}


def _follow_names(name: str, next_names: dict[str, str]) -> str:
    """Follow a name to the last one, since an earlier row may have another name of its own."""
    # A forged form can name two companies by each other, which must not loop for ever.
    for _step in next_names:
        name = next_names.get(name, name)
    return name
