"""Read a pasted table of titles and speakers, and create its sessions in the tray."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils.text import slugify
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from convention.tables.columns import PERSON_HEADINGS, choose_fields_once, find_field, is_heading_row
from convention.tables.files import read_pasted_rows
from convention.text.normalize import casefold_text, make_unique_slug, search_text
from schedule.editing.appearances import replace_appearances
from schedule.editing.draft_slots import lock_current_draft
from schedule.editing.revision import raise_revision
from schedule.editing.sessions import get_or_create_speakers, index_speakers
from schedule.exchange.parsing.table_cells import parse_yes_or_no
from schedule.models import Session, Speaker, Track
from schedule.speakers.addresses import change_address, is_address

HEADINGS: Final = {
    "title": ("title", "titre", "session", "talk", "sujet", "intitule", "conference"),
    "speakers": (
        *("speakers", "speaker", "speaker(s)", "intervenants", "intervenant", "orateurs", "orateur"),
        *("intervenant(s)", "orateur(s)", "names", "noms", "nom"),
    ),
    "minutes": ("minutes", "length", "duration", "duree", "min", "duree (min)", "duree en minutes"),
    "track": ("track", "parcours", "theme", "thematique", "piste"),
    "emails": (
        *PERSON_HEADINGS["email"],
        *("emails", "e mails", "mails", "email addresses", "e mail addresses", "speaker email"),
        *("courriels", "adresses e mail", "adresses email", "e mail de l'intervenant"),
    ),
    "members": ("members only", "for members only", "reserve aux adherents", "adherents seulement"),
}
MAX_SESSIONS: Final = 500
MAX_MINUTES: Final = 24 * 60
MAX_SPEAKERS: Final = 100
MAX_TITLE_CHARS: Final = 2000
MAX_NAME_CHARS: Final = 300
MINUTES_PATTERN: Final = re.compile(
    r"(?:(\d{1,2}) ?[h:] ?(\d{0,2})|(\d{1,4}))(?: ?(?:min|minutes|mn|'))?", re.ASCII
)
# Without the blanks around a separator, which would make it backtrack: names are stripped afterwards.
SPEAKER_SEPARATOR: Final = re.compile(r"[,&\n]|\s/\s")

EMAIL_SEPARATOR: Final = re.compile(r"[\s,;&<>/]+")


class InvalidPastedTable(ConventionError):
    """The pasted table has rows that cannot be read."""

    kind = "invalid-table"


class SessionsAddedMeanwhile(ConventionError):
    """The event has other sessions than in the preview, such as those of the same form sent twice."""

    kind = "changed-meanwhile"
    status = 409


@dataclass(frozen=True, slots=True)
class PastedSession:
    """One row: a session to create, or an `error` that says what is wrong with it."""

    line: int
    title: str
    speakers: tuple[str, ...] = ()
    minutes: int | None = None
    track: str = ""
    emails: tuple[str, ...] = ()
    is_for_members: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True)
class PastedTable:
    """The rows of a pasted table; sessions whose title the event has already are in `known_titles`.

    `ignored_headings` are those of columns that are not read, and `last_number` is that of the event's
    last session: the preview is out of date once there is another one.
    """

    rows: list[PastedSession] = field(default_factory=list)
    known_titles: list[str] = field(default_factory=list)
    new_tracks: list[str] = field(default_factory=list)
    ignored_headings: list[str] = field(default_factory=list)
    last_number: int = 0

    @property
    def errors(self) -> list[PastedSession]:
        return [row for row in self.rows if row.error]


def parse_pasted_sessions(text: str) -> list[PastedSession]:
    """Return the sessions of tab- or semicolon-separated text, one for each row.

    Columns are title, speakers, minutes, track, addresses, and whether the session is for members only. A
    first row of headings says which column is which. Raise UnreadableFile.
    """
    rows = read_pasted_rows(text)
    columns: Sequence[str] = tuple(HEADINGS)
    if rows and is_heading_row(HEADINGS, rows[0][1]):
        columns = choose_columns(rows[0][1])
        rows = rows[1:]
    if len(rows) > MAX_SESSIONS:
        raise UnreadableFile(_("Paste at most %(most)d sessions at once.") % {"most": MAX_SESSIONS})
    return [parse_row(line, dict(zip(columns, cells, strict=False))) for line, cells in rows]


def choose_columns(headings: Sequence[str]) -> list[str]:
    """Return the field of each column, "" for none; the first of two columns counts."""
    return choose_fields_once(headings, [find_field(HEADINGS, heading) for heading in headings], HEADINGS)


def list_ignored_headings(text: str) -> list[str]:
    """Return the headings of columns that are not read. Raise UnreadableFile."""
    rows = read_pasted_rows(text)
    if not rows or not is_heading_row(HEADINGS, rows[0][1]):
        return []
    headings = rows[0][1]
    return [
        heading
        for heading, name in zip(headings, choose_columns(headings), strict=True)
        if heading and not name
    ]


def parse_row(line: int, cells: dict[str, str]) -> PastedSession:
    title = " ".join(cells.get("title", "").split())
    names = (" ".join(name.split()) for name in SPEAKER_SEPARATOR.split(cells.get("speakers", "")))
    speakers = tuple(dict.fromkeys(name for name in names if name))
    minutes_text = cells.get("minutes", "").strip()
    minutes = parse_minutes(minutes_text)
    track = " ".join(cells.get("track", "").split())[:500]
    emails = tuple(part for part in EMAIL_SEPARATOR.split(cells.get("emails", "")) if part)
    members_text = cells.get("members", "")
    is_for_members = parse_yes_or_no(members_text)
    row = PastedSession(line, title, speakers, minutes, track, emails, bool(is_for_members))
    error = find_row_error(row, minutes_text) or find_address_error(row)
    if not error and is_for_members is None:
        error = _("“%(text)s” is not recognized: enter “yes” or “no”.") % {"text": members_text[:50]}
    return replace(row, error=error)


def find_address_error(row: PastedSession) -> str:
    """Return what is wrong with the addresses, one for each speaker in their order; "" for nothing."""
    for email in row.emails:
        if not is_address(email):
            return _("“%(text)s” is not an e-mail address.") % {"text": email[:100]}
    if row.emails and len(row.emails) != len(row.speakers):
        return _("Give one e-mail address for each speaker, in the same order, or none.")
    return ""


def parse_minutes(text: str) -> int | None:
    """Return the minutes of “45”, “45 min” or “1h30”; None if the text is empty or something else."""
    match = MINUTES_PATTERN.fullmatch(text.casefold().strip())
    if not match:
        return None
    hours, rest, minutes = match.groups()
    return int(minutes) if minutes else int(hours) * 60 + int(rest or 0)


def find_row_error(row: PastedSession, minutes_text: str) -> str:
    """Return what is wrong with a row, "" for nothing."""
    if not any(character.isprintable() and not character.isspace() for character in row.title):
        return _("The title is missing.")
    if len(row.title) > MAX_TITLE_CHARS:
        return _("The title is too long.")
    if minutes_text and not (row.minutes and row.minutes <= MAX_MINUTES):
        return _("“%(text)s” is not a length in minutes.") % {"text": minutes_text[:50]}
    if len(row.speakers) > MAX_SPEAKERS or any(len(name) > MAX_NAME_CHARS for name in row.speakers):
        return _("Separate the speakers by commas; a name has at most 300 characters.")
    return ""


def preview_pasted_sessions(*, event: Event, text: str) -> PastedTable:
    """Return what `create_pasted_sessions` would do. Raise UnreadableFile."""
    rows = parse_pasted_sessions(text)
    sessions = list(event.sessions.values_list("title", "number"))
    titles = {casefold_text(title) for title, _number in sessions}
    tracks = {casefold_text(name) for name in event.tracks.values_list("name", flat=True)}
    new_tracks = {casefold_text(row.track): row.track for row in rows if row.track}
    return PastedTable(
        rows,
        [row.title for row in rows if casefold_text(row.title) in titles],
        [name for key, name in new_tracks.items() if key not in tracks],
        list_ignored_headings(text),
        max((number for _title, number in sessions), default=0),
    )


@transaction.atomic
def create_pasted_sessions(*, event: Event, text: str, seen_number: int | None = None) -> list[Session]:
    """Create the sessions of a pasted table, unplaced; all or none of them.

    Raise UnreadableFile, InvalidPastedTable if a row is wrong, or SessionsAddedMeanwhile if `seen_number` is
    given and no longer the number of the last session.
    """
    rows = parse_pasted_sessions(text)
    if not rows or any(row.error for row in rows):
        raise InvalidPastedTable(_("Nothing was created: some rows need correcting."))
    # Locked, since two sessions added at once would get the same number. Lock order: draft, then event.
    lock_current_draft(event, author=None)
    Event.objects.select_for_update().get(pk=event.pk)
    last = event.sessions.aggregate(last=Max("number"))["last"] or 0
    if seen_number not in {None, last}:
        raise SessionsAddedMeanwhile(
            _(
                "Sessions were added in the meantime, perhaps these. Nothing was created; look at the "
                "preview again."
            )
        )
    tracks = get_or_create_tracks(event, [row.track for row in rows if row.track])
    known_speakers = index_speakers(event)
    sessions, speakers = [], []
    for number, row in enumerate(rows, start=last + 1):
        session = Session.objects.create(
            event=event,
            number=number,
            title=row.title,
            slug=slugify(row.title)[:300],
            track=tracks.get(casefold_text(row.track)),
            planned_minutes=row.minutes,
            is_for_members=row.is_for_members,
        )
        speakers.append(get_or_create_speakers(event, row.speakers, known_speakers))
        set_missing_addresses(row, known_speakers)
        record_action("session.add", session, event=event)
        sessions.append(session)
    replace_appearances(list(zip(sessions, speakers, strict=True)))
    raise_revision(event=event)
    return sessions


def set_missing_addresses(row: PastedSession, known_speakers: dict[str, Speaker]) -> None:
    """Give the speakers of a row their addresses; those who have one already keep it."""
    for name, email in zip(row.speakers, row.emails, strict=False):
        speaker = known_speakers[search_text(name)]
        if not speaker.email:
            change_address(speaker=speaker, email=email)


def get_or_create_tracks(event: Event, names: Sequence[str]) -> dict[str, Track]:
    """Return the event's tracks by casefolded name; unknown names become new tracks after the others."""
    tracks = {casefold_text(track.name): track for track in event.tracks.all()}
    slugs = {track.slug for track in tracks.values()}
    position = max((track.position + 1 for track in tracks.values()), default=0)
    for name in names:
        key = casefold_text(name)
        if key not in tracks:
            slug = make_unique_slug(name, taken=slugs, fallback="track")
            slugs.add(slug)
            tracks[key] = Track.objects.create(event=event, name=name, slug=slug, position=position)
            record_action("track.add", tracks[key], event=event)
            position += 1
    return tracks
