"""Find new people of a list who have the name of somebody at their company. No database access."""

from collections import defaultdict
from dataclasses import dataclass

from django.utils.translation import gettext as _

from convention.club.models import Person
from convention.text.normalize import name_search_key

from .changes import DirectoryChanges
from .directory_index import DirectoryIndex


@dataclass(frozen=True)
class Namesake:
    """A new person, and somebody of the same name at the same company in the directory."""

    new_person: Person
    known_person: Person
    company_name: str

    def __str__(self) -> str:
        return _("%(new)s: %(company)s already has %(known)s") % {
            "new": _describe_person(self.new_person),
            "company": self.company_name,
            "known": _describe_person(self.known_person),
        }


def find_namesakes_of_new_people(changes: DirectoryChanges, index: DirectoryIndex) -> list[Namesake]:
    """Return the new people with a namesake at their company, present or former, in the order of the list."""
    new_jobs = [job for job in changes.created_rows["employment"] if job.person.pk is None and job.company.pk]
    if not new_jobs:
        return []
    # By key of the person, since several jobs at one company are one person.
    known_people: dict[tuple[int, str], dict[int, Person]] = defaultdict(dict)
    for jobs in index.employments_by_person.values():
        for job in jobs:
            if job.person.pk:
                known_people[job.company.pk, name_search_key(job.person.name)][job.person.pk] = job.person
    return [
        Namesake(job.person, known_person, job.company.name)
        for job in new_jobs
        for known_person in known_people[job.company.pk, name_search_key(job.person.name)].values()
    ]


def _describe_person(person: Person) -> str:
    return f"{person.name} ({person.email})" if person.email else person.name
