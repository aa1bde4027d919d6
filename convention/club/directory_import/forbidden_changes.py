"""Find what an import, or its undoing, would change although the actor may not change it by hand."""

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from convention.club.models import Company, CompanyRole, Person
from convention.club.people import find_address_objection
from convention.club.permissions import (
    can_change_address,
    list_assignable_company_roles,
    select_people_with_roles,
)

from .directory_index import DirectoryIndex
from .rows import DirectoryRow


def find_forbidden_changes(row: DirectoryRow, index: DirectoryIndex, actor: Person | None) -> Iterator[str]:
    """Yield an error for each role and address of the row that the actor may not give; None may give all."""
    if actor is None:
        return
    company = index.find_company(row)
    for role in row.roles:
        # A role that the company has already is not given again.
        if (id(company), role) not in index.roles and role not in list_assignable_company_roles(actor):
            sentence = _("Only administrators give companies the role “%(role)s”. Take it out of the list.")
            yield sentence % {"role": CompanyRole.Role(role).label}
    if company and row.has_person:
        yield from _find_address_errors(row, company, index, actor)


def _find_address_errors(
    row: DirectoryRow, company: Company, index: DirectoryIndex, actor: Person
) -> Iterator[str]:
    person = index.find_person(row, company)
    if person is None or not person.pk or not row.email:
        return
    if not person.email:
        if not can_change_address(actor, person, people_with_roles=index.people_with_roles):
            sentence = _(
                "Only administrators can enter an address for %(name)s: this person has a role or has signed "
                "in."
            )
            yield sentence % {"name": person}
        return
    same = index.find_same_person(row, company)
    if same and same.replaces_address:
        objection = find_address_objection(person, actor, people_with_roles=index.people_with_roles)
        if objection:
            yield f"{person} – {objection}"


def find_protected_people(people: Collection[int], actor: Person | None) -> set[int]:
    """Return the ids of those of these people whose address the actor may not change."""
    if actor is None:
        return set()
    with_roles = set(select_people_with_roles().filter(pk__in=people).values_list("pk", flat=True))
    return {
        person.pk
        for person in Person.objects.filter(pk__in=people)
        if find_address_objection(person, actor, people_with_roles=with_roles)
    }


def find_protected_roles(roles: Collection[int], actor: Person | None) -> set[int]:
    """Return the ids of those of these roles of companies that the actor may not end."""
    if actor is None:
        return set()
    rows = CompanyRole.objects.filter(pk__in=roles).exclude(role__in=list_assignable_company_roles(actor))
    return set(rows.values_list("pk", flat=True))
