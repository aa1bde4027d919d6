"""People of a list who stand for somebody in the directory, as chosen in the preview of an import."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from django.db.models import BigIntegerField

from convention.text.email_addresses import normalize_email
from convention.text.normalize import casefold_text

type ListedPersonKey = tuple[str, ...]


class AddressChoice(Enum):
    """Which address a person has after the import: the directory's or the list's."""

    KEEP = "keep"
    REPLACE = "replace"


@dataclass(frozen=True)
class SamePerson:
    """Somebody as named in the list, and the key of the person of the directory who is meant."""

    listed_name: str
    listed_email: str
    company_name: str
    person_id: int
    address: AddressChoice

    @property
    def replaces_address(self) -> bool:
        return self.address is AddressChoice.REPLACE

    def encode(self) -> str:
        """Return the choice as text, for a form or the payload of a job."""
        listed = [self.listed_name, self.listed_email, self.company_name]
        return json.dumps([*listed, self.person_id, self.address.value])


def make_listed_person_key(email: str, company_name: str, name: str) -> ListedPersonKey:
    """Return what the rows of one person share: the address, or else the company and the name."""
    if email:
        return (normalize_email(email),)
    return casefold_text(company_name), casefold_text(name)


def index_same_people(
    choices: Iterable[SamePerson], same_companies: Mapping[str, str]
) -> dict[ListedPersonKey, SamePerson]:
    """Return the choices by the key of the listed person; the first of several for one person.

    `same_companies` are the names that stand for other companies (`index_same_companies`).
    """
    by_key: dict[ListedPersonKey, SamePerson] = {}
    for choice in choices:
        company_name = same_companies.get(casefold_text(choice.company_name), choice.company_name)
        key = make_listed_person_key(choice.listed_email, company_name, choice.listed_name)
        by_key.setdefault(key, choice)
    return by_key


def decode_same_people(texts: Iterable[str]) -> tuple[SamePerson, ...]:
    """Return the choices; skip texts that `encode` did not make, such as the choice of another person."""
    return tuple(choice for choice in map(_decode, texts) if choice)


def _decode(text: str) -> SamePerson | None:
    try:
        match json.loads(text):
            case [str(name), str(email), str(company), int(person_id), str(address)] if (
                0 < person_id <= BigIntegerField.MAX_BIGINT
            ):
                # Refuse lone surrogates, which JSON can escape and no page can show.
                (name + email + company).encode()
                return SamePerson(name, email, company, person_id, AddressChoice(address))
    # Deeply nested brackets exhaust the stack.
    except (ValueError, RecursionError):
        pass
    return None
