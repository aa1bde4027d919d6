"""Find people of a list who work at another company, and record their change of employer."""

import datetime
from collections.abc import Iterator

from django.utils.translation import gettext as _

from convention.club.change_employer import change_employer
from convention.club.models import Company, Employment, Person
from convention.club.periods import DateSpan
from convention.club.permissions import can_manage_directory
from convention.errors import InvalidFields

from .changes import DirectoryChanges, EmployerChange
from .directory_index import DirectoryIndex
from .employer_choices import EmployerConflict, EmployerOutcome
from .rows import DirectoryRow


def get_employment_span(row: DirectoryRow, today: datetime.date) -> DateSpan:
    """Return the days of the row's employment; without a first day, from today or its last day."""
    return row.starts_on or min(today, row.ends_on or today), row.ends_on


def find_employer_conflict(row: DirectoryRow, index: DirectoryIndex) -> EmployerConflict | None:
    """Return the conflict if a known person of the row works elsewhere on its days, with the outcome."""
    company = index.find_company(row)
    if not row.has_person or (company is None and (not row.company or index.has_same_company(row))):
        return None
    # A company that the list adds has no people yet: the person is found by address or by choice.
    company = company or Company(name=row.company)
    person = index.find_person(row, company)
    if person is None or person.pk is None or not person.is_active:
        return None
    span = get_employment_span(row, index.today)
    jobs = index.find_employments(person, span)
    if not jobs or any(job.company == company for job in jobs):
        return None
    # As in `change_employer`. A job that the list itself adds has no key yet, and cannot end again.
    can_record = span[1] is None and all(job.pk and job.starts_on < span[0] for job in jobs)
    listed_company = row.company or row.siren
    outcome = index.employer_choices.get_outcome(person.pk, listed_company)
    if outcome is EmployerOutcome.RECORD and not can_record:
        outcome = EmployerOutcome.REFUSE
    former_companies = ", ".join(dict.fromkeys(job.company.name for job in jobs))
    return EmployerConflict(
        person, listed_company, outcome, former_companies, first_day=span[0], can_record=can_record
    )


def find_change_objection(conflict: EmployerConflict | None, actor: Person | None) -> Iterator[str]:
    """Yield an error if the actor may not record the change of employer; None may record all."""
    is_recorded = conflict is not None and conflict.outcome is EmployerOutcome.RECORD
    # The role may have ended before the job that imports a long list has run.
    if is_recorded and actor is not None and not can_manage_directory(actor):
        yield _("Only the club’s secretary and administrators record changes of employer.")


def plan_employer_change(
    changes: DirectoryChanges, row: DirectoryRow, person: Person, company: Company, index: DirectoryIndex
) -> Employment:
    """Add the change to be recorded; return the new employment, which is not stored."""
    first_day, _last_day = span = get_employment_span(row, index.today)
    former_jobs = index.find_employments(person, span)
    index.end_employments(former_jobs, before=first_day)
    employment = Employment(
        person=person, company=company, starts_on=first_day, title=row.title, level=row.level
    )
    index.add_employment(employment)
    changes.employer_changes.append(EmployerChange(row.number, employment, former_jobs))
    return employment


def record_employer_changes(changes: DirectoryChanges) -> list[tuple[int, str]]:
    """Record the planned changes of employer, so that they can be undone; return the errors by row."""
    errors: list[tuple[int, str]] = []
    for change in changes.employer_changes:
        planned = change.employment
        try:
            stored = change_employer(
                person=planned.person,
                to=planned.company,
                on=planned.starts_on,
                title=planned.title,
                level=planned.level,
            )
        except InvalidFields as error:
            errors += [(change.row_number, text) for texts in error.field_errors.values() for text in texts]
            continue
        changes.created_rows["employment"].append(stored)
        for job in change.former_employments:
            last_day_before = job.ends_on
            job.refresh_from_db(fields=["ends_on"])
            changes.changed_rows["employment"][job.pk] = job
            changes.values_before["employment"].setdefault(job.pk, {}).setdefault("ends_on", last_day_before)
    return errors
