"""Import a list of companies and people: all of it or nothing; who and what is known is updated.

One list at a time. A company is known by its SIREN or its name, a person by the e-mail address, or by
the name among the company's people. Nobody is written to, and nobody's employer changes: that is an act of
its own.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.bad_rows import BadRows
from convention.columns import columns_from, mapping_of
from convention.tables import Table
from convention.text import fold
from convention.turns import take_turn

from .directory_columns import NEEDED, guessed
from .directory_known import Known
from .directory_rows import Row, Words, read_rows
from .directory_seats import Wish, seats_for
from .directory_write import Brought, end_seats_with_jobs, ends_of_jobs, keep_run, write, write_seats
from .models import Company, CompanyContact, CompanyRole, DirectoryImport, Employment, Market, Person
from .periods import Span

TURN = "club:directory"
type Lines = Iterable[tuple[int, list[str]]]


@dataclass(frozen=True)
class Listed:
    """A list that was read: its rows, and what is remembered of it. The directory was not asked yet."""

    rows: list[Row]
    columns: Mapping[str, int]
    ignored: list[str]
    mapping: Mapping[str, str]
    file_name: str


def import_directory(*, table: Table, picks: Sequence[str] | None = None, file_name: str = "") -> Brought:
    """Add or update everything in the table. `picks` say what each column is; else it is guessed.

    Raises Unreadable where columns are missing, and BadRows; then nothing is kept.
    """
    return bring_in(listed=read_list(table=table, picks=picks, file_name=file_name))


def read_list(
    *, table: Table, picks: Sequence[str] | None = None, file_name: str = "", lines: Lines | None = None
) -> Listed:
    """Read the rows, each once, out of the table or as `lines` brings them. Raises Unreadable and BadRows."""
    header = table.header
    picks = picks_for(header) if picks is None else picks
    columns, ignored = columns_from(header, picks, NEEDED)
    rows = read_rows(lines or table.rows, columns, Words.known(Market.objects.all()))
    return Listed(rows, columns, ignored, mapping_of(header, picks), file_name)


@transaction.atomic
def bring_in(*, listed: Listed) -> Brought:
    """Add or update what was read, all of it or nothing. Raises BadRows."""
    take_turn(TURN)
    done, wishes, errors = _sort(listed, Known.now(timezone.localdate()))
    if errors:
        raise BadRows(errors + seats_for(wishes)[1])
    write(done)
    end_seats_with_jobs(done)
    done.new["seat"], errors = seats_for(wishes)
    if errors:
        raise BadRows(errors)
    write_seats(done.new["seat"])
    run = keep_run(done, mapping=listed.mapping, file_name=listed.file_name)
    record("directory.import", run, fields=sorted(listed.columns))
    return done


@transaction.atomic
def rehearse_directory(*, table: Table, picks: Sequence[str] | None = None) -> Brought:
    """What `import_directory` would do; nothing is written meanwhile. Raises the same."""
    take_turn(TURN)
    done, wishes, errors = _sort(read_list(table=table, picks=picks), Known.now(timezone.localdate()))
    done.new["seat"], too_many = seats_for(wishes, ended=ends_of_jobs(done))
    if errors or too_many:
        raise BadRows(errors + too_many)
    return done


def picks_for(header: Sequence[str]) -> list[str]:
    """What each column is taken for: as in earlier lists, or as its heading says."""
    runs = DirectoryImport.objects.order_by("-pk").values_list("mapping", flat=True)[:20]
    before = {heading: pick for mapping in reversed(runs) for heading, pick in mapping.items()}
    return guessed(header, before)


def _sort(listed: Listed, known: Known) -> tuple[Brought, list[Wish], list[tuple[int, str]]]:
    """Each row adds, changes or says nothing new; who asks for a seat, and what is wrong."""
    done = Brought(ignored_columns=listed.ignored)
    wishes, errors = list[Wish](), list[tuple[int, str]]()
    for row in listed.rows:
        before = done.weight
        wrong = list(_take_in(done, row, known, wishes))
        errors += [(row.number, sentence) for sentence in wrong]
        made, changed = (now > then for now, then in zip(done.weight, before, strict=True))
        done.rows_new += made
        done.rows_changed += changed and not made
        done.rows_unchanged += not (made or changed)
    return done, wishes, errors


def _take_in(done: Brought, row: Row, known: Known, wishes: list[Wish]) -> Iterator[str]:
    """Note what one row brings; yields what speaks against it."""
    company = known.company_of(row)
    if company is None and not row.company:
        yield _("There is no company with this SIREN yet: write its name too.")
        return
    if company and row.siren and company.siren not in ("", row.siren):
        yield _("“%(company)s” has another SIREN here.") % {"company": company}
        return
    company = company or _new_company(done, row, known)
    _update_company(done, row, company, known)
    if row.names_somebody:
        yield from _take_in_person(done, row, company, known, wishes)


def _new_company(done: Brought, row: Row, known: Known) -> Company:
    company = Company(name=row.company, siren=row.siren)
    known.add_company(company)
    done.new["company"].append(company)
    return company


def _update_company(done: Brought, row: Row, company: Company, known: Known) -> None:
    done.change("company", company, {**row.facts, **({"siren": row.siren} if row.siren else {})})
    for role in row.roles:
        if (id(company), role) not in known.roles:
            known.roles.add((id(company), role))
            done.new["role"].append(CompanyRole(company=company, role=role, starts_on=known.today))
    for slug in row.markets:
        if (id(company), slug) not in known.sold:
            known.sold.add((id(company), slug))
            done.markets.append((company, known.markets[slug]))


def _take_in_person(
    done: Brought, row: Row, company: Company, known: Known, wishes: list[Wish]
) -> Iterator[str]:
    person = known.person_of(row, company)
    if person is None and not row.name:
        yield _("Write a name: the club does not know this address yet.")
        return
    if person and not person.is_active:
        yield _("This person may not sign in any more: write to them before adding them again.")
        return
    person = person or _new_person(done, row, known)
    done.change("person", person, _rewritten(person, row))
    job = _job_of(done, row, (person, company), known)
    if isinstance(job, str):
        yield job
        return
    if row.contact and (id(company), id(person)) not in known.contacts:
        known.contacts.add((id(company), id(person)))
        first = max(job.starts_on, known.today)
        done.new["contact"].append(CompanyContact(company=company, person=person, starts_on=first))
    if row.seat:
        span: Span = (max(job.starts_on, known.today), job.ends_on)
        if job.ends_on and job.ends_on < span[0]:
            yield _("This employment is over: no seat can be given.")
        else:
            wishes.append(Wish(row.number, company, person, span))


def _rewritten(person: Person, row: Row) -> dict[str, str]:
    """What the row writes of somebody otherwise; capitals and accents alone are no other name."""
    names = {"first_name": row.first_name, "last_name": row.last_name}
    found = {name: said for name, said in names.items() if said and fold(said) != fold(getattr(person, name))}
    return found if person.email or not row.email else {**found, "email": row.email}


def _new_person(done: Brought, row: Row, known: Known) -> Person:
    person = known.new_person(row)
    done.new["person"].append(person)
    return person


def _job_of(done: Brought, row: Row, who: tuple[Person, Company], known: Known) -> Employment | str:
    """The employment that the row is about, noted or brought up to date; or what speaks against it."""
    person, company = who
    span: Span = (row.starts_on or min(known.today, row.ends_on or known.today), row.ends_on)
    held = known.jobs_during(person, span)
    here = next((job for job in held if job.company == company), None)
    if here is None and held:
        sentence = _("%(name)s works at %(company)s: note the change of employer on their page first.")
        return sentence % {"name": person.name, "company": held[0].company}
    if here is None:
        here = Employment(person=person, company=company, starts_on=span[0], ends_on=span[1])
        here.title, here.level = row.title, row.level
        known.add_job(here)
        done.new["employment"].append(here)
        return here
    if row.ends_on and row.ends_on < here.starts_on:
        return _("The last day must not come before the first.")
    said = {"title": row.title, "level": row.level, "ends_on": row.ends_on}
    done.change("employment", here, {name: value for name, value in said.items() if value})
    return here
