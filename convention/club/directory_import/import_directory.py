"""Import a list of companies and people: all rows or none; known companies and people are updated.

One import at a time. A company is known by its SIREN or its name, a person by the e-mail address, or by the
name among the company's people; the preview asks about others who may be known. Nobody gets a mail but the
former address of a person whose address is replaced. Somebody who works elsewhere changes employer only if
that is chosen (`employer_changes.py`).
"""

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import (
    Company,
    CompanyContact,
    CompanyRole,
    DirectoryImport,
    Employment,
    Market,
    Membership,
    Person,
    Plan,
)
from convention.club.people import record_new_address
from convention.club.periods import DateSpan
from convention.db.advisory_locks import acquire_advisory_lock
from convention.tables.columns import index_columns, merge_remembered_columns, remember_columns
from convention.tables.files import ParsedTable
from convention.tables.row_errors import InvalidRows
from convention.text.email_addresses import normalize_email
from convention.text.normalize import casefold_text
from convention.text.phone_numbers import is_same_phone

from .changes import (
    DirectoryChanges,
    create_seats,
    end_seats_with_employments,
    find_employment_ends,
    save_import,
    write_changes,
)
from .columns import COLUMN_LABELS, REQUIRED_COLUMNS, guess_columns
from .directory_index import NO_EMPLOYER_CHOICES, DirectoryIndex
from .employer_changes import (
    find_change_objection,
    find_employer_conflict,
    get_employment_span,
    plan_employer_change,
    record_employer_changes,
)
from .employer_choices import EmployerChoices, EmployerOutcome
from .forbidden_changes import find_forbidden_changes
from .listed_memberships import MembershipIndex, NewMemberships, compare_membership, write_memberships
from .membership_cells import MEMBERSHIP_FIELDS
from .namesakes import Namesake, find_namesakes_of_new_people
from .rows import CellVocabulary, DirectoryRow, parse_rows
from .same_companies import SameCompany
from .same_people import SamePerson
from .seat_requests import MissingMembership, SeatPlan, SeatRequest, plan_seats
from .similar_companies import SimilarCompany, find_similar_companies

# Advisory lock of imports, undos and mergers, which all write by what they read before.
DIRECTORY_LOCK = "club:directory"
type NumberedRows = Iterable[tuple[int, list[str]]]


@dataclass(frozen=True)
class ParsedDirectory:
    """The rows of a list and how its columns were read, before the directory is consulted."""

    rows: list[DirectoryRow]
    columns: Mapping[str, int]
    ignored_columns: list[str]
    mapping: Mapping[str, str]
    file_name: str = ""
    same_companies: tuple[SameCompany, ...] = ()
    same_people: tuple[SamePerson, ...] = ()
    # None for the command on the server, which may do everything.
    actor: Person | None = None
    missing_membership: MissingMembership = MissingMembership.REFUSE
    employer_choices: EmployerChoices = NO_EMPLOYER_CHOICES
    new_memberships: NewMemberships = NewMemberships.DRAFT
    default_ends_on: datetime.date | None = None


@dataclass(frozen=True)
class DirectoryPreview:
    """The changes that an import would make, and what is new but the directory may have already."""

    changes: DirectoryChanges
    similar_companies: list[SimilarCompany]
    namesakes: list[Namesake]


def import_directory(
    *,
    table: ParsedTable,
    picks: Sequence[str] | None = None,
    file_name: str = "",
    same_companies: tuple[SameCompany, ...] = (),
    same_people: tuple[SamePerson, ...] = (),
    actor: Person | None = None,
    missing_membership: MissingMembership = MissingMembership.REFUSE,
    employer_choices: EmployerChoices = NO_EMPLOYER_CHOICES,
    new_memberships: NewMemberships = NewMemberships.DRAFT,
    default_ends_on: datetime.date | None = None,
) -> DirectoryChanges:
    """Add or update everything in the table; `picks` are the fields of its columns, guessed if None.

    `same_companies` are names of the table that stand for companies with another name, `same_people` people
    of the table who stand for others of the directory. `missing_membership` says what becomes of seats at
    companies without a membership, `employer_choices` what becomes of people who work elsewhere,
    `new_memberships` whether memberships without a day of confirmation are confirmed, `default_ends_on` when
    new ones without a last day in the table end. A person whose address is replaced is signed out, and the
    former address gets an e-mail. Raise UnreadableFile if columns are
    missing, and InvalidRows, also for what `actor` may not change; then nothing is stored.
    """
    parsed = parse_directory(
        table=table,
        picks=picks,
        file_name=file_name,
        same_companies=same_companies,
        same_people=same_people,
        actor=actor,
        missing_membership=missing_membership,
        employer_choices=employer_choices,
        new_memberships=new_memberships,
        default_ends_on=default_ends_on,
    )
    return apply_directory(parsed=parsed)


def parse_directory(
    *,
    table: ParsedTable,
    picks: Sequence[str] | None = None,
    file_name: str = "",
    lines: NumberedRows | None = None,
    same_companies: tuple[SameCompany, ...] = (),
    same_people: tuple[SamePerson, ...] = (),
    actor: Person | None = None,
    missing_membership: MissingMembership = MissingMembership.REFUSE,
    employer_choices: EmployerChoices = NO_EMPLOYER_CHOICES,
    new_memberships: NewMemberships = NewMemberships.DRAFT,
    default_ends_on: datetime.date | None = None,
) -> ParsedDirectory:
    """Parse the rows of the table, or of `lines` in its place. Raise UnreadableFile and InvalidRows."""
    parsed, errors = _parse_table(table, picks, lines or table.rows)
    if errors:
        raise InvalidRows(errors)
    return replace(
        parsed,
        file_name=file_name,
        same_companies=same_companies,
        same_people=same_people,
        actor=actor,
        missing_membership=missing_membership,
        employer_choices=employer_choices,
        new_memberships=new_memberships,
        default_ends_on=default_ends_on,
    )


def _parse_table(
    table: ParsedTable, picks: Sequence[str] | None, lines: NumberedRows
) -> tuple[ParsedDirectory, list[tuple[int, str]]]:
    """Return the parsed rows, and the errors of their cells by row. Raise UnreadableFile."""
    header = table.header
    picks = guess_picks(header) if picks is None else picks
    columns, ignored = index_columns(header, picks, REQUIRED_COLUMNS, COLUMN_LABELS)
    mapping = remember_columns(header, picks, guess_columns(header))
    vocabulary = CellVocabulary.from_directory(Market.objects.all(), Plan.objects.all())
    rows, errors = parse_rows(lines, columns, vocabulary)
    return ParsedDirectory(rows, columns, ignored, mapping), errors


@transaction.atomic
def apply_directory(*, parsed: ParsedDirectory) -> DirectoryChanges:
    """Write a parsed list, all of it or nothing. Raise InvalidRows."""
    acquire_advisory_lock(DIRECTORY_LOCK)
    index = DirectoryIndex.load_current(
        timezone.localdate(), parsed.same_companies, parsed.same_people, parsed.employer_choices
    )
    changes, seat_requests, errors = _compare_rows(parsed, index)
    if errors:
        # Seats are counted all the same, so that all errors are listed at once.
        seat_errors = _plan_unwritten_seats(changes, seat_requests).list_errors(parsed.missing_membership)
        raise InvalidRows(errors + seat_errors)
    write_changes(changes)
    # Before seats are given, and before anything else locks memberships, since it locks their companies.
    if errors := write_memberships(changes):
        raise InvalidRows(errors)
    _replace_addresses(changes)
    # After the rows, since the new employer may be a company of the list.
    if errors := record_employer_changes(changes):
        raise InvalidRows(errors)
    # Before seats are planned: an employment that ends in this list frees its seat for another row.
    end_seats_with_employments(changes)
    # Planned under the locks of the memberships, also against contacts who give seats at this moment.
    # Read again: a draft may have been changed by hand before it was locked.
    written = Membership.objects.filter(pk__in=[row.pk for _number, row in changes.membership_rows])
    plan = plan_seats(seat_requests, listed_memberships=written)
    _add_seats(changes, plan)
    if errors := plan.list_errors(parsed.missing_membership):
        raise InvalidRows(errors)
    create_seats(changes)
    import_record = save_import(changes, mapping=parsed.mapping, file_name=parsed.file_name)
    record_action("directory.import", import_record, fields=sorted(parsed.columns))
    return changes


@transaction.atomic
def preview_directory_import(
    *,
    table: ParsedTable,
    picks: Sequence[str] | None = None,
    same_companies: tuple[SameCompany, ...] = (),
    same_people: tuple[SamePerson, ...] = (),
    actor: Person | None = None,
    missing_membership: MissingMembership = MissingMembership.REFUSE,
    employer_choices: EmployerChoices = NO_EMPLOYER_CHOICES,
    new_memberships: NewMemberships = NewMemberships.DRAFT,
    default_ends_on: datetime.date | None = None,
) -> DirectoryPreview:
    """Return what `import_directory` would do, without writing.

    Raise UnreadableFile, and InvalidRows with the errors of all stages.
    """
    acquire_advisory_lock(DIRECTORY_LOCK)
    index = DirectoryIndex.load_current(timezone.localdate(), same_companies, same_people, employer_choices)
    # Rows with a wrong cell are compared with the directory too: later rows may need their company.
    parsed, cell_errors = _parse_table(table, picks, table.rows)
    parsed = replace(parsed, actor=actor, new_memberships=new_memberships, default_ends_on=default_ends_on)
    changes, seat_requests, errors = _compare_rows(parsed, index)
    plan = _plan_unwritten_seats(changes, seat_requests)
    _add_seats(changes, plan)
    seat_errors = plan.list_errors(missing_membership)
    # Of a row with a wrong cell the rest may be wrong for that reason alone.
    wrong_rows = {number for number, _sentence in cell_errors}
    row_errors = [error for error in errors + seat_errors if error[0] not in wrong_rows]
    if cell_errors or row_errors:
        raise InvalidRows(cell_errors + row_errors)
    return DirectoryPreview(
        changes, find_similar_companies(changes, index), find_namesakes_of_new_people(changes, index, actor)
    )


def _plan_unwritten_seats(changes: DirectoryChanges, seat_requests: list[SeatRequest]) -> SeatPlan:
    """Return the seats as they will be once the memberships and the ends of employments are written."""
    return plan_seats(
        seat_requests,
        employment_ends=find_employment_ends(changes),
        listed_memberships=[membership for _number, membership in changes.membership_rows],
    )


def _replace_addresses(changes: DirectoryChanges) -> None:
    """End what the former addresses gave access to, as when an address is entered by hand."""
    for pk, values in changes.values_before["person"].items():
        if "email" in values:
            record_new_address(person=changes.changed_rows["person"][pk], former_email=values["email"])


def _add_seats(changes: DirectoryChanges, plan: SeatPlan) -> None:
    changes.created_rows["seat"] = plan.seats
    changes.people_without_seat = [f"{one.person}, {one.company}" for one in plan.without_membership]


def load_remembered_columns() -> dict[str, str]:
    """Return the fields chosen in earlier imports, by heading."""
    mappings = DirectoryImport.objects.order_by("-pk").values_list("mapping", flat=True)[:20]
    return merge_remembered_columns(list(mappings))


def guess_picks(header: Sequence[str]) -> list[str]:
    """Return the field of each column, as chosen in earlier imports or recognized by its heading."""
    return guess_columns(header, load_remembered_columns())


def _compare_rows(
    parsed: ParsedDirectory, index: DirectoryIndex
) -> tuple[DirectoryChanges, list[SeatRequest], list[tuple[int, str]]]:
    """Compare the rows with the directory; return the changes, the requested seats and the errors by row."""
    changes = DirectoryChanges(ignored_columns=parsed.ignored_columns)
    seat_requests, errors = list[SeatRequest](), list[tuple[int, str]]()
    if MEMBERSHIP_FIELDS.keys() & parsed.columns.keys():
        index.memberships = MembershipIndex.load_current(parsed.new_memberships, parsed.default_ends_on)
    for row in parsed.rows:
        conflict = find_employer_conflict(row, index)
        if conflict and conflict.outcome is not EmployerOutcome.REFUSE:
            changes.employer_conflicts.append(conflict)
        if conflict and conflict.outcome is EmployerOutcome.LEAVE_OUT:
            continue
        # Counted before and after each row: only the difference shows whether it is new or changed.
        counts_before = changes.change_counts
        row_errors = [
            *find_forbidden_changes(row, index, parsed.actor),
            *find_change_objection(conflict, parsed.actor),
            *_apply_row(changes, row, index, seat_requests),
        ]
        errors += [(row.number, sentence) for sentence in row_errors]
        created, changed = (
            after > before for after, before in zip(changes.change_counts, counts_before, strict=True)
        )
        changes.new_row_count += created
        changes.changed_row_count += changed and not created
        changes.unchanged_row_count += not (created or changed)
    return changes, seat_requests, errors


def _apply_row(
    changes: DirectoryChanges, row: DirectoryRow, index: DirectoryIndex, seat_requests: list[SeatRequest]
) -> Iterator[str]:
    """Add one row to the changes; yield its errors."""
    company = index.find_company(row)
    if company is None and index.has_same_company(row):
        sentence = _("“%(company)s”: the company that you chose has been renamed or removed. Choose again.")
        yield sentence % {"company": row.company}
        return
    if company is None and not row.company:
        yield _("There is no company with this SIREN yet. Enter its name too.")
        return
    # Two companies of one name: overwriting the number would turn one into the other.
    if company and row.siren and company.siren not in ("", row.siren):
        yield _("“%(company)s” has a different SIREN in the directory.") % {"company": company}
        return
    company = company or _add_company(changes, row, index)
    _update_company(changes, row, company, index)
    yield from compare_membership(changes, row, company, index.memberships)
    if row.has_person:
        yield from _apply_person(changes, row, company, index, seat_requests)


def _add_company(changes: DirectoryChanges, row: DirectoryRow, index: DirectoryIndex) -> Company:
    company = Company(name=row.company, siren=row.siren)
    index.add_company(company)
    changes.created_rows["company"].append(company)
    return company


def _update_company(
    changes: DirectoryChanges, row: DirectoryRow, company: Company, index: DirectoryIndex
) -> None:
    values = {**row.company_values, **({"siren": row.siren} if row.siren else {})}
    if is_same_phone(company.phone, values.get("phone", "")):
        # Written differently, with dots for example.
        values.pop("phone", None)
    changes.set_values("company", company, values)
    for role in row.roles:
        if (id(company), role) not in index.roles:
            index.roles.add((id(company), role))
            changes.created_rows["role"].append(
                CompanyRole(company=company, role=role, starts_on=index.today)
            )
    for slug in row.markets:
        if (id(company), slug) not in index.company_markets:
            index.company_markets.add((id(company), slug))
            changes.markets.append((company, index.markets[slug]))


def _apply_person(
    changes: DirectoryChanges,
    row: DirectoryRow,
    company: Company,
    index: DirectoryIndex,
    seat_requests: list[SeatRequest],
) -> Iterator[str]:
    person = index.find_person(row, company)
    if objection := _find_person_objection(person, row, company, index):
        yield objection
        return
    person = person or _add_person(changes, row, index)
    _update_person(changes, row, (person, company), index)
    employment = _find_or_add_employment(changes, row, (person, company), index)
    if isinstance(employment, str):
        yield employment
        return
    if row.contact and (id(company), id(person)) not in index.contacts:
        index.contacts.add((id(company), id(person)))
        # Never in the past: nobody registered for the company before today.
        first = max(employment.starts_on, index.today)
        changes.created_rows["contact"].append(
            CompanyContact(company=company, person=person, starts_on=first)
        )
    if row.seat:
        span: DateSpan = (max(employment.starts_on, index.today), employment.ends_on)
        if employment.ends_on and employment.ends_on < span[0]:
            yield _("This employment has ended, so no seat can be given.")
        else:
            seat_requests.append(SeatRequest(row.number, company, person, span))


def _find_person_objection(
    person: Person | None, row: DirectoryRow, company: Company, index: DirectoryIndex
) -> str:
    """Return why the row's person can be neither added nor updated, or ""."""
    if person is None and index.find_same_person(row, company):
        sentence = _("%(name)s: the person that you chose is no longer in the directory. Choose again.")
        return sentence % {"name": row.name or row.email}
    if person is None and not row.name:
        return _("Enter a name: nobody in the directory has this address yet.")
    # An account that was closed must not be opened again by a list.
    if person and not person.is_active:
        return _("This person’s account is closed. Contact them before adding them again.")
    return ""


def _update_person(
    changes: DirectoryChanges,
    row: DirectoryRow,
    person_and_company: tuple[Person, Company],
    index: DirectoryIndex,
) -> None:
    person, company = person_and_company
    same = index.find_same_person(row, company)
    values = _find_chosen_address(person, row, same) if same else _find_changed_names(person, row)
    if row.phone and not is_same_phone(person.phone, row.phone):
        values["phone"] = row.phone
    if "email" in values:
        # As by hand: the address that a company's contact gave is replaced, and its owner is not asked.
        values["claimed_email"] = ""
    changes.set_values("person", person, values)
    if row.email:
        # Further rows with this address are the same person, too.
        index.people_by_email[normalize_email(row.email)] = person


def _find_changed_names(person: Person, row: DirectoryRow) -> dict[str, str]:
    """Return the names that differ by more than capitals and accents, and an address if none is known."""
    names = {"first_name": row.first_name, "last_name": row.last_name}
    changed = {
        name: text
        for name, text in names.items()
        if text and casefold_text(text) != casefold_text(getattr(person, name))
    }
    return changed if person.email or not row.email else {**changed, "email": row.email}


def _find_chosen_address(person: Person, row: DirectoryRow, same: SamePerson) -> dict[str, str]:
    """Return the address to enter for a person of another spelling or address, who keeps the name."""
    gets_address = row.email and (same.replaces_address or not person.email)
    return {"email": row.email} if gets_address else {}


def _add_person(changes: DirectoryChanges, row: DirectoryRow, index: DirectoryIndex) -> Person:
    person = index.create_person(row)
    changes.created_rows["person"].append(person)
    return person


def _find_or_add_employment(
    changes: DirectoryChanges,
    row: DirectoryRow,
    person_and_company: tuple[Person, Company],
    index: DirectoryIndex,
) -> Employment | str:
    """Return the employment of the row, added or updated, or an error."""
    person, company = person_and_company
    span = get_employment_span(row, index.today)
    employments = index.find_employments(person, span)
    # By object, not by key: a company of this list has no key yet.
    employment = next((other for other in employments if other.company == company), None)
    # A change of employer ends seats and roles, so that it has to be chosen for each person.
    if employment is None and employments:
        conflict = find_employer_conflict(row, index)
        if conflict and conflict.outcome is EmployerOutcome.RECORD:
            return plan_employer_change(changes, row, person, company, index)
        sentence = _("%(name)s works at %(company)s. Record the change of employer on their page first.")
        return sentence % {"name": person.name, "company": employments[0].company}
    if employment is None:
        employment = Employment(person=person, company=company, starts_on=span[0], ends_on=span[1])
        employment.title, employment.level = row.title, row.level
        index.add_employment(employment)
        changes.created_rows["employment"].append(employment)
        return employment
    if row.ends_on and row.ends_on < employment.starts_on:
        return _("The last day must not be before the first.")
    values = {"title": row.title, "level": row.level, "ends_on": row.ends_on}
    # Only filled cells: an empty one changes nothing.
    changes.set_values("employment", employment, {name: value for name, value in values.items() if value})
    return employment
