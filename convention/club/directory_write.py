"""What an import of the directory writes, in bulk, and what is kept of it to undo it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.utils.translation import gettext as _

from convention.actor import current_actor

from .models import Company, CompanyContact, CompanyRole, DirectoryImport, Employment, Market, Person, Seat
from .seats import take_seat

BATCH: Final = 500
KINDS: Final[dict[str, Any]] = {
    "company": Company, "role": CompanyRole, "person": Person, "employment": Employment,
    "contact": CompanyContact, "seat": Seat,
}  # fmt: skip
"""What an import makes, in the order in which it is written."""
DATED: Final = ("role", "employment", "contact", "seat")


@dataclass
class Brought:
    """What an import did, or would do; `before` holds former values by kind and row."""

    new: dict[str, list[Any]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    markets: list[tuple[Company, Market]] = field(default_factory=list)
    changed: dict[str, dict[Any, Any]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    before: dict[str, dict[Any, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    rows_new: int = 0
    rows_changed: int = 0
    rows_unchanged: int = 0
    ignored_columns: list[str] = field(default_factory=list)
    run: DirectoryImport | None = None

    def __str__(self) -> str:
        made = _("New companies: %(companies)d, people: %(people)d, seats: %(seats)d.") % {
            "companies": len(self.new["company"]),
            "people": len(self.new["person"]),
            "seats": len(self.new["seat"]),
        }
        rows = _("Rows: %(new)d new, %(changed)d updated, %(unchanged)d unchanged.") % {
            "new": self.rows_new,
            "changed": self.rows_changed,
            "unchanged": self.rows_unchanged,
        }
        return f"{made} {rows}"

    @property
    def weight(self) -> tuple[int, int]:
        """How much is new and how much changed so far: what a row added to either tells what it is."""
        made = sum(len(rows) for rows in self.new.values()) + len(self.markets)
        return made, sum(len(values) for rows in self.before.values() for values in rows.values())

    def change(self, kind: str, row: models.Model, values: Mapping[str, Any]) -> None:
        """Set what differs, and remember what stood there; a row that is new has no former values."""
        for name, value in values.items():
            former = getattr(row, name)
            if former == value:
                continue
            setattr(row, name, value)
            if row.pk:
                self.changed[kind][row.pk] = row
                self.before[kind].setdefault(row.pk, {}).setdefault(name, former)


def write(done: Brought) -> None:
    """Write everything but the seats, which are counted first."""
    for kind, model in KINDS.items():
        if kind != "seat":
            _create(model, done.new[kind])
            changed = done.changed[kind]
            names = sorted({name for values in done.before[kind].values() for name in values})
            if changed:
                model.objects.bulk_update(changed.values(), names, BATCH)
    through = Company.markets.through
    through.objects.bulk_create(
        [through(company=company, market=market) for company, market in done.markets], BATCH
    )


def ends_of_jobs(done: Brought) -> dict[tuple[int, int], Any]:
    """The last days of employments that the list ends, by person and company."""
    return {
        (job.person_id, job.company_id): job.ends_on
        for pk, job in done.changed["employment"].items()
        if "ends_on" in done.before["employment"][pk]
    }


def end_seats_with_jobs(done: Brought) -> None:
    """No seat outlasts an employment that the list ends."""
    ended = ends_of_jobs(done)
    seats = Seat.objects.filter(person__in={person for person, _company in ended})
    for seat in seats.select_related("membership").order_by("membership", "pk"):
        last = ended.get((seat.person_id, seat.membership.company_id))
        if last and (seat.ends_on is None or seat.ends_on > last):
            take_seat(seat=seat, last_day=last)


def write_seats(seats: Iterable[Seat]) -> None:
    """Write the seats, once they are known to fit."""
    _create(Seat, list(seats))


def _create(model: Any, rows: list[Any]) -> None:
    """Create in bulk; keys that only now are known are given on to what points at them."""
    for row in rows:
        for name in ("company", "person", "membership"):
            if hasattr(row, f"{name}_id"):
                setattr(row, name, getattr(row, name))
    model.objects.bulk_create(rows, BATCH)


def keep_run(done: Brought, *, mapping: Mapping[str, str], file_name: str) -> DirectoryImport:
    """The import as a row, with what it made and what stood there before."""
    made: dict[str, Any] = {kind: [row.pk for row in rows] for kind, rows in done.new.items() if rows}
    if done.markets:
        made["market"] = [[company.pk, market.pk] for company, market in done.markets]
    done.run = DirectoryImport.objects.create(
        person_id=current_actor.get().person_id,
        file_name=file_name[-200:],
        mapping=dict(mapping),
        new=done.rows_new,
        changed=done.rows_changed,
        unchanged=done.rows_unchanged,
        made=made,
        before={kind: {str(pk): said(old) for pk, old in rows.items()} for kind, rows in done.before.items()},
        after=_after(done),
    )
    return done.run


def _after(done: Brought) -> dict[str, dict[str, dict[str, Any]]]:
    """What the rows say now: of those that changed, what changed; of new dated ones, their end."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for kind, rows in done.before.items():
        now = done.changed[kind]
        found[kind] = {
            str(pk): said({name: getattr(now[pk], name) for name in old}) for pk, old in rows.items()
        }
    for kind in DATED:
        ends = {str(row.pk): said({"ends_on": row.ends_on}) for row in done.new[kind]}
        found[kind] = {**found.get(kind, {}), **ends}
    return found


def said(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they are kept: days as text."""
    return {
        name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in values.items()
    }
