"""Load and draw a sign-in sheet: who is expected at a checkpoint on a day, in the order on paper."""

import datetime
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Min, Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from badges.attendance.models import Checkpoint, Scan
from badges.attendance.reports.day_figures import find_holder_scans, list_event_days
from badges.attendance.reports.headcount import expected_registrations
from badges.attendance.reports.printed_list import ListColumn, PrintedList, draw_printed_list
from badges.attendance.scanning.batch_state import UNDONE
from badges.attendance.scanning.presence_store import OWNER, filter_by_checkpoint
from convention.text.dates import format_date_with_weekday, format_time_range
from convention.text.normalize import name_search_key
from convention.text.punctuation import format_last_name_first
from registrations.models import Registration, SessionBooking

if TYPE_CHECKING:
    from convention.events.models import Event

SHEET_ORDERS = ("name", "company", "ticket")
# Any constant: the same signature always gets the same id, so that entering a sheet twice records it once.
SHEET_NAMESPACE = uuid.UUID("3f0f6a52-3f4b-4a4e-9d0a-6f7f0f6c1d11")
ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One attendee on a sheet; `arrived_at` is the first entry of the day, None if there is none yet.

    `signature` is the id of the scan that was entered for them on this sheet, None without one.
    """

    registration: Registration
    arrived_at: datetime.datetime | None
    signature: uuid.UUID | None = None

    @property
    def name(self) -> str:
        """Return the last name first, as the sheet is sorted."""
        person = self.registration
        return format_last_name_first(person.first_name, person.last_name) or person.reference


@dataclass(frozen=True, slots=True)
class SheetKey:
    """A checkpoint and a day, which name one sheet."""

    checkpoint: Checkpoint
    day: datetime.date

    @property
    def recorded_time(self) -> datetime.datetime:
        """Return the time that signatures are recorded with: when the session or the day begins."""
        event, session = self.checkpoint.event, self.checkpoint.session
        if session and session.starts_at:
            return session.starts_at
        opening = event.starts_at.astimezone(event.zone).time()
        return datetime.datetime.combine(self.day, opening, event.zone)


def list_sheets(event: "Event") -> list[SheetKey]:
    """Return the sheets that can be printed: each entrance on each day, then each session."""
    days = list_event_days(event, until=datetime.date.max)
    checkpoints = (
        Checkpoint.objects.filter(event=event, counts_as__isnull=True)
        .exclude(kind__in=(Checkpoint.Kind.COACH, Checkpoint.Kind.EXIT))
        .select_related("event", "session__room")
        .order_by("position", "session__starts_at", "pk")
    )
    sheets = []
    for checkpoint in checkpoints:
        session = checkpoint.session
        if session is None:
            sheets += [SheetKey(checkpoint, day) for day in days]
        elif session.starts_at and session.cancelled_at is None:
            sheets.append(SheetKey(checkpoint, session.starts_at.astimezone(event.zone).date()))
    return sheets


def load_sheet(key: SheetKey, *, order: str = "name") -> list[SheetRow]:
    """Return all expected attendees, and others who came, sorted by `order` (one of SHEET_ORDERS)."""
    event, checkpoint = key.checkpoint.event, key.checkpoint
    arrivals = _load_arrivals(key)
    people = expected_registrations(event).select_related("ticket")
    if checkpoint.booked_session_id:
        booked = SessionBooking.objects.active().filter(session=checkpoint.booked_session_id)
        people = people.filter(Q(pk__in=booked.values("registration")) | Q(pk__in=list(arrivals)))
    signatures = load_signatures(key)
    rows = [
        SheetRow(
            person,
            arrivals.get(person.pk),
            signature.active if (signature := signatures.get(person.pk)) else None,
        )
        for person in people.order_by("pk")
    ]
    return sorted(rows, key=lambda row: make_sheet_sort_key(row, order))


def make_sheet_sort_key(row: SheetRow, order: str) -> tuple[str, ...]:
    # In Python: collations of PostgreSQL and SQLite differ, and paper and page need one order.
    person = row.registration
    group = {"company": person.company, "ticket": person.ticket.title}.get(order, "")
    return name_search_key(group), name_search_key(row.name), person.reference


def _load_arrivals(key: SheetKey) -> dict[int, datetime.datetime]:
    """Return the first entry of the day by registration; scans of merged badges count for the survivor."""
    event, checkpoint = key.checkpoint.event, key.checkpoint.presence_checkpoint_id
    midnight = datetime.datetime.combine(key.day, datetime.time(), event.zone)
    # Any: the plug-in of mypy does not see `owner`, which the function annotates.
    scans: Any = find_holder_scans(event)
    rows = (
        scans.filter(filter_by_checkpoint(checkpoint))
        .filter(direction=Scan.Direction.IN, effective_at__gte=midnight, effective_at__lt=midnight + ONE_DAY)
        .values_list("owner")
        .annotate(first_entry=Min("effective_at"))
    )
    return dict(rows)


@dataclass(frozen=True, slots=True)
class SheetSignature:
    """The entry of one attendee on a sheet: `active` is the id of its scan, None if all were undone."""

    active: uuid.UUID | None
    undone_count: int


def load_signatures(key: SheetKey) -> dict[int, SheetSignature]:
    """Return the signatures that were entered on this sheet, by registration, merged ones included."""
    desk_scans = Scan.objects.filter(
        event=key.checkpoint.event, checkpoint=key.checkpoint, device__is_desk=True, undoes__isnull=True
    )
    scans: dict[int, list[tuple[int, uuid.UUID]]] = {}
    for owner, registration, uid in desk_scans.filter(registration__isnull=False).values_list(
        OWNER, "registration", "uid"
    ):
        scans.setdefault(owner, []).append((registration, uid))
    signatures = {owner: _filter_signatures(key, entries) for owner, entries in scans.items()}
    # Also those undone at the desk.
    desk_uids = desk_scans.values("uid")
    undos = Scan.objects.filter(event=key.checkpoint.event, reason=UNDONE, undoes__in=desk_uids)
    undone_uids = set(undos.values_list("undoes", flat=True))
    return {
        owner: SheetSignature(
            next((uid for uid in uids if uid not in undone_uids), None), len(undone_uids.intersection(uids))
        )
        for owner, uids in signatures.items()
        if uids
    }


def _filter_signatures(key: SheetKey, entries: Sequence[tuple[int, uuid.UUID]]) -> list[uuid.UUID]:
    """Return those of one attendee's desk scans that were entered on the sheet."""
    # By id, not by time: the session may have been moved since the signature was recorded.
    return [
        uid
        for registration, uid in entries
        if any(uid == make_signature_id(key, registration, count) for count in range(len(entries)))
    ]


def make_signature_id(key: SheetKey, registration: int, undone_count: int) -> uuid.UUID:
    """Return the id of the scan for an attendee who was ticked, after that many undone ones."""
    name = f"{key.checkpoint.pk}:{key.day}:{registration}"
    # A name that is ticked again after it was undone is another scan.
    return uuid.uuid5(SHEET_NAMESPACE, f"{name}:{undone_count}" if undone_count else name)


def count_arrived(rows: Sequence[SheetRow]) -> int:
    return sum(row.arrived_at is not None for row in rows)


def draw_sheet(key: SheetKey, rows: Sequence[SheetRow]) -> bytes:
    """Return the sheet as a PDF, in the active language."""
    event = key.checkpoint.event
    count = ngettext("%(count)d name", "%(count)d names", len(rows)) % {"count": len(rows)}
    sheet = PrintedList(
        title=_("Sign-in sheet"),
        subtitles=[describe_sheet(key), count],
        columns=[ListColumn(_("Name"), 190), ListColumn(_("Company"), 110), ListColumn(_("Ticket"), 70)],
        rows=[[row.name, row.registration.company, row.registration.ticket.title] for row in rows],
        empty_text=_("Nobody is expected here."),
        signature_heading=_("Signature"),
    )
    return draw_printed_list(event, sheet)


def describe_sheet(key: SheetKey) -> str:
    """Return checkpoint or session, room, day and hours as one line."""
    event, session = key.checkpoint.event, key.checkpoint.session
    parts = [session.title if session else key.checkpoint.name]
    if session and session.room:
        parts.append(session.room.name)
    parts.append(format_date_with_weekday(key.day))
    if session and session.starts_at:
        parts.append(format_time_range(session.starts_at, session.ends_at, event.zone))
    return " · ".join(parts)
