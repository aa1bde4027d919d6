"""Find the people of the directory that a typed name, or an unknown address, may mean."""

from typing import Final

from convention.club.models import Company, Employment, Person
from convention.club.people import MAX_NAMESAKES, find_namesakes, prefetch_current_positions, search_people
from convention.text.edit_distance import find_close_words
from convention.text.email_addresses import normalize_email
from convention.text.normalize import name_search_key

MAX_CANDIDATES: Final = 10
MAX_COLLEAGUES: Final = 200


def find_people_by_name(words: str) -> list[Person]:
    """Return the people with an open account whose name or address has these words: one more than shown."""
    return _load_positions(list(search_people(words)[: MAX_CANDIDATES + 1]))


def has_exact_name(person: Person, words: str) -> bool:
    """Return whether the words are the whole name, in either order, without accents and capitals."""
    return name_search_key(words) in {name_search_key(person.name), person.sort_name}


def find_people_of_unknown_address(address: str, *, first_name: str, last_name: str) -> list[Person]:
    """Return the people of that name, and those whose address is a typing error away from this one."""
    people = find_namesakes(first_name=first_name, last_name=last_name) + _find_similar_addresses(address)
    return _load_positions(list(dict.fromkeys(people)))


def list_colleagues(company: Company) -> list[Person]:
    """Return the people with an address who work at the company today, by name."""
    employed = Employment.objects.open().filter(company=company)
    people = Person.objects.filter(pk__in=employed.values("person"), is_active=True).exclude(email=None)
    return list(people.order_by("sort_name", "pk")[:MAX_COLLEAGUES])


def _find_similar_addresses(address: str) -> list[Person]:
    """Return the first few people whose address differs by typing errors before or after the @."""
    local_part, _at, domain = normalize_email(address).rpartition("@")
    of_domain = _split_addresses(email__iendswith=f"@{domain}")
    of_local_part = _split_addresses(email__istartswith=f"{local_part}@")
    local_parts = {typed: person_id for typed, _domain, person_id in of_domain}
    domains = {typed: person_id for _local_part, typed, person_id in of_local_part}
    close_ids = [
        *(local_parts[word] for word in find_close_words(local_part, local_parts)),
        *(domains[word] for word in find_close_words(domain, domains)),
    ]
    return list(Person.objects.filter(pk__in=close_ids[:MAX_NAMESAKES]).order_by("pk"))


def _split_addresses(**condition: str) -> list[tuple[str, str, int]]:
    """Return both parts of each address that meets the condition, and the person's key."""
    # Only the columns compared: a large company has thousands of addresses at one domain.
    rows = Person.objects.filter(**condition).values_list("email", "pk")
    return [(*normalize_email(email or "").rpartition("@")[::2], pk) for email, pk in rows]


def _load_positions(people: list[Person]) -> list[Person]:
    """Return the same people with their current employments."""
    rows = prefetch_current_positions(Person.objects.all()).in_bulk([person.pk for person in people])
    return [rows[person.pk] for person in people]
