"""Find new people of a list who have the name of somebody in the directory."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from convention.club.models import Employment, Person
from convention.club.people import find_address_objection
from convention.club.permissions import select_people_with_roles
from convention.text.email_addresses import is_same_email
from convention.text.normalize import name_search_key

from .changes import DirectoryChanges
from .directory_index import DirectoryIndex
from .same_people import AddressChoice, SamePerson

# Of one listed person: a frequent name must not fill the page.
MAX_NAMESAKES: Final = 3


@dataclass(frozen=True)
class Namesake:
    """A new person of the list, and somebody of the same name in the directory.

    `known_company` is the latest company of the known person, "" without one. `can_replace_address` says
    whether the person who imports the list may give the known person the listed address.
    """

    listed_name: str
    listed_email: str
    company_name: str
    known_person: Person
    known_company: str = ""
    can_replace_address: bool = False

    def __str__(self) -> str:
        values = {
            "new": _describe_person(self.listed_name, self.listed_email),
            "known": _describe_person(self.known_person.name, self.known_person.email or ""),
            "company": self.known_company,
        }
        if not self.known_company:
            return _("%(new)s: the directory already has %(known)s") % values
        if self.known_company == self.company_name:
            return _("%(new)s: %(company)s already has %(known)s") % values
        return _("%(new)s: the directory already has %(known)s, at %(company)s") % values

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return the choices that both are one person, encoded, with their labels."""
        known_email = self.known_person.email
        if not self.listed_email or not known_email or is_same_email(self.listed_email, known_email):
            return [(self._encode(AddressChoice.KEEP), _("The same person"))]
        labels = [
            (AddressChoice.KEEP, _("The same person: keep %(email)s") % {"email": known_email}),
            (AddressChoice.REPLACE, _("The same person: change to %(email)s") % {"email": self.listed_email}),
        ]
        return [(self._encode(address), label) for address, label in labels[: 1 + self.can_replace_address]]

    def _encode(self, address: AddressChoice) -> str:
        return SamePerson(
            self.listed_name, self.listed_email, self.company_name, self.known_person.pk, address
        ).encode()


@dataclass(frozen=True)
class ChosenNamesake:
    """Two that were chosen to be one person, with the choice as text."""

    namesake: Namesake
    encoded_choice: str


def find_namesakes_of_new_people(
    changes: DirectoryChanges, index: DirectoryIndex, actor: Person | None
) -> list[Namesake]:
    """Return the new people with a namesake in the directory, in the order of the list.

    At another company, present or former, only people with a first and a last name count: a last name alone
    is often a coincidence.
    """
    # Of several jobs of a new person, the first.
    first_jobs = {id(job.person): job for job in reversed(changes.created_rows["employment"])}
    new_jobs = [job for job in reversed(first_jobs.values()) if job.person.pk is None]
    if not new_jobs:
        return []
    known_people = defaultdict[str, list[Person]](list)
    for person in index.people_by_id.values():
        known_people[name_search_key(person.name)].append(person)
    return [
        _make_namesake(job, person, index, actor)
        for job in new_jobs
        for person in _select_namesakes(job, known_people[name_search_key(job.person.name)], index)
    ]


def _select_namesakes(job: Employment, people: Iterable[Person], index: DirectoryIndex) -> list[Person]:
    """Return the first few of these people, colleagues first."""
    colleagues, others = list[Person](), list[Person]()
    for person in people:
        jobs = index.employments_by_person.get(id(person), [])
        is_colleague = any(other.company is job.company for other in jobs)
        (colleagues if is_colleague else others).append(person)
    has_full_name = job.person.first_name and job.person.last_name
    return [*colleagues, *(others if has_full_name else [])][:MAX_NAMESAKES]


def _make_namesake(job: Employment, person: Person, index: DirectoryIndex, actor: Person | None) -> Namesake:
    # In the order of their first days. A colleague is named with the company of the list.
    jobs = index.employments_by_person.get(id(person), [])
    companies = [other.company.name for other in jobs]
    known_company = job.company.name if job.company.name in companies else (companies or [""])[-1]
    return Namesake(
        job.person.name,
        job.person.email or "",
        job.company.name,
        person,
        known_company,
        can_replace_address=actor is not None
        and not find_address_objection(person, actor, people_with_roles=index.people_with_roles),
    )


def load_chosen_namesakes(choices: Iterable[SamePerson], actor: Person) -> Iterator[ChosenNamesake]:
    """Yield the pairs that were chosen to be one person, without people who are gone meanwhile."""
    choices = list(choices)
    ids = {choice.person_id for choice in choices}
    people = Person.objects.in_bulk(ids)
    with_roles = set(select_people_with_roles().filter(pk__in=ids).values_list("pk", flat=True))
    for choice in choices:
        if person := people.get(choice.person_id):
            namesake = Namesake(
                choice.listed_name,
                choice.listed_email,
                choice.company_name,
                person,
                can_replace_address=not find_address_objection(person, actor, people_with_roles=with_roles),
            )
            yield ChosenNamesake(namesake, choice.encode())


def _describe_person(name: str, email: str) -> str:
    return f"{name} ({email})" if email else name
