"""Session tables, CSV and XLSX: import with columns in any order, export of all fields, and re-import."""

import datetime
import io
import zoneinfo

import pytest
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import translation
from lxml import html

from convention.errors import UnreadableFile
from convention.tables.files import read_table
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.import_notes import NoteReason
from schedule.exchange.importing.import_schedule import import_schedule, preview_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.parsing import table_cells
from schedule.exchange.parsing.table_columns import TABLE_COLUMNS, find_column
from schedule.exchange.read_schedule import read_schedule
from schedule.models import Schedule, Session, Speaker
from tests.factories import make_administrator, make_event, make_room, make_session, make_track

from .files import make_csv

pytestmark = pytest.mark.once

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
TABLES = [ScheduleFormat.CSV, ScheduleFormat.XLSX]


def at(day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 10, day, hour, minute, tzinfo=PARIS, fold=fold).astimezone(datetime.UTC)


@pytest.fixture
def event():
    """An event with a complete session, a cancelled one, and one in the repeated hour of a clock change."""
    event = make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")
    Schedule.objects.create(event=event)
    links = [{"url": "https://a.example/x|y", "title": "A | B", "type": "slides", "service": "S"}]
    make_session(
        event, "Talk", room=make_room(event, "Hall"), track=make_track(event, "Web"), starts_at=at(24, 9),
        speakers=("Ada", "Müller, Zoé"), subtitle="=1+1", abstract="- one\n- two", description="x" * 70_000,
        language="fr", kind="talk", slug="a", url="https://talk.example/", links=links,
        attachments=[{"url": "/a.pdf", "title": "Slides"}], recording_optout=True, recording_license="CC",
        extra={"code": "ABCDEF", "logo": "https://a.example/l.png"}, source_id="u@x", number=7,
    )  # fmt: skip
    make_session(event, "Called off", starts_at=at(24, 11), cancelled_at=at(1, 1))
    make_session(event, "Night", starts_at=at(25, 2, 30, fold=1), day=datetime.date(2026, 10, 24))
    return event


def read_rows(data: bytes) -> tuple[list[str], list[list[str]]]:
    table = read_table("", data)
    return table.header, [cells for _number, cells in table.rows]


def edit_row(data: bytes, row_title: str, **cells: str) -> bytes:
    """Change cells of the row with that title, as CSV."""
    header, rows = read_rows(data)
    names = [find_column(heading)[0] for heading in header]
    for row in rows:
        if row[names.index("title")] == row_title:
            for name, text in cells.items():
                row[names.index(name)] = text
    return make_csv(header, *rows)


def list_changes(report) -> list[list[str]]:
    return [[str(field) for field in change.fields] for change in report.changes]


# --- export and re-import -------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", TABLES)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_table_exported_in_any_language_imports_without_changes(event, fmt, language):
    with translation.override(language):
        data = export_schedule(event=event, file_format=fmt)

    report = import_schedule(slug="conf", data=data)

    assert report.format == fmt
    assert report.added == ()
    assert report.changed == ()
    assert report.unchanged == 3
    assert Schedule.objects.get().revision == 0


@pytest.mark.django_db
@pytest.mark.parametrize("fmt", TABLES)
def test_table_import_into_another_event_copies_every_field(event, fmt):
    original = Session.objects.get(title="Talk")

    other = import_schedule(slug="other", data=export_schedule(event=event, file_format=fmt)).event

    assert other.timezone == "Europe/Paris"
    copy = other.sessions.get(title="Talk")
    for name in (
        *("guid", "number", "subtitle", "abstract", "description", "language", "kind", "slug", "url"),
        *(
            "starts_at",
            "ends_at",
            "attachments",
            "recording_optout",
            "recording_license",
            "extra",
            "source_id",
        ),
    ):
        assert getattr(copy, name) == getattr(original, name), name
    assert copy.room.name == "Hall"
    assert copy.track.name == "Web"
    assert copy.links == [original.links[0] | {"url": "https://a.example/x%7Cy"}]
    assert list(copy.speakers.values_list("guid", "name").order_by("appearances__position")) == list(
        original.speakers.values_list("guid", "name").order_by("appearances__position")
    )
    assert other.sessions.get(title="Called off").cancelled_at
    night = other.sessions.get(title="Night")
    assert night.starts_at == at(25, 2, 30, fold=1)
    assert night.day == datetime.date(2026, 10, 24)


@pytest.mark.django_db
def test_formulas_are_neutralized(event):
    data = export_schedule(event=event, file_format=ScheduleFormat.CSV).decode("utf-8-sig")

    assert ",'=1+1," in data
    assert "'- one\n'- two" in data


# --- edited cells ---------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("cells", "changes"),
    [
        ({"title": "Chat"}, ["Title: Talk → Chat"]),
        ({"room": "Lab"}, ["Room: Hall → Lab"]),
        ({"room": ""}, ["Room: Hall → (empty)"]),
        ({"speakers": "Ada; Bob"}, ["Speakers: Ada; Müller, Zoé → Ada; Bob"]),
        ({"cancelled": "oui"}, ["Cancelled: no → yes"]),
        ({"duration": "1h30"}, ["End (Europe/Paris): 2026-10-24 09:50 → 2026-10-24 10:30"]),
        ({"end": "24/10/2026 10:00"}, ["End (Europe/Paris): 2026-10-24 09:50 → 2026-10-24 10:00"]),
        (
            {"start": "2026-10-25 14:00"},
            [
                "Start (Europe/Paris): 2026-10-24 09:00 → 2026-10-25 14:00",
                "End (Europe/Paris): 2026-10-24 09:50 → 2026-10-25 14:50",
                "Day: (empty) → 2026-10-25",
            ],
        ),
        (
            {"start": "2026-10-24 08:00"},
            [
                "Start (Europe/Paris): 2026-10-24 09:00 → 2026-10-24 08:00",
                "End (Europe/Paris): 2026-10-24 09:50 → 2026-10-24 08:50",
            ],
        ),
        ({"links": "https://b.example | B"}, None),
    ],
)
def test_edited_cells_change_only_their_fields(event, cells, changes):
    data = export_schedule(event=event, file_format=ScheduleFormat.CSV)

    report = import_schedule(slug="conf", data=edit_row(data, "Talk", **cells))

    assert report.added == ()
    assert report.unchanged == 2
    if changes is None:
        assert Session.objects.get(title="Talk").links == [{"url": "https://b.example", "title": "B"}]
    else:
        assert list_changes(report) == [changes]


@pytest.mark.django_db
def test_speakers_of_equal_name_remain_separate(event):
    session = make_session(event, "Pair", starts_at=at(24, 15))
    for _number in range(2):
        session.appearances.create(speaker=Speaker.objects.create(event=event, name="Marc"))

    report = import_schedule(slug="conf", data=export_schedule(event=event, file_format=ScheduleFormat.CSV))

    assert report.changed == ()
    assert session.speakers.count() == 2


@pytest.mark.django_db
def test_start_added_to_a_row_schedules_an_unscheduled_session(event):
    make_session(event, "Open", starts_at=None, number=20)
    data = export_schedule(event=event, file_format=ScheduleFormat.CSV)

    report = import_schedule(slug="conf", data=data)
    changed = import_schedule(slug="conf", data=edit_row(data, "Open", start="25/10/2026 10h", duration="45"))

    assert [note.subject_text for note in report.notes if note.reason.name == "NO_START_YET"] == ["Open"]
    assert report.added == ()
    assert report.changed == ()
    assert changed.added == ()
    assert changed.changed == ("Open",)
    session = Session.objects.get(title="Open")
    assert session.starts_at == at(25, 10)
    assert session.ends_at == at(25, 10, 45)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("header", "row", "length"),
    [
        (["Title", "Date", "End"], ["A", "2026-10-24 22:00", "2026-10-25 01:00"], 3),
        (
            ["Titre", "Date de début", "Heure de début", "Date de fin", "Heure de fin"],
            ["A", "24/10/2026", "22h", "25/10/2026", "1h"],
            3,
        ),
        (["Titre", "Jour", "Début", "Fin"], ["A", "24/10/2026", "22:00", "23:00"], 1),
        (["Title", "Start", "Duration"], ["A", "2026-10-24 22:00", "300:00"], 300),
    ],
)
def test_other_time_formats_are_imported(header, row, length):
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")

    import_schedule(slug="conf", data=make_csv(header, row))

    session = Session.objects.get()
    assert session.starts_at == at(24, 22)
    assert session.duration == datetime.timedelta(hours=length)


# --- import ---------------------------------------------------------------------------------------------


def test_each_heading_names_one_column_in_both_languages():
    for language in ("en", "fr"):
        with translation.override(language):
            found = {name: find_column(str(column.label))[0] for name, column in TABLE_COLUMNS.items()}
        assert found == {name: name for name in TABLE_COLUMNS}
    headings = [heading for column in TABLE_COLUMNS.values() for heading in column.headings]

    assert len(headings) == len(set(headings))


@pytest.mark.django_db
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_handmade_french_table_is_imported(delimiter):
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")
    data = make_csv(
        ["Programme du congrès"],
        ["Jour", "Heure", "Durée", "Titre", "Salle", "Intervenants"],
        ["24/10/2026", "9h30", "45 min", "Ouverture", "Grand amphi", "Zoé Müller, Ada"],
        ["samedi 24 octobre 2026", "0h30", "1 h", "Nuit", "", ""],
        delimiter=delimiter,
    )

    report = import_schedule(slug="conf", data=data)

    assert report.format == ScheduleFormat.CSV
    assert report.added == ("Ouverture", "Nuit")
    opening, night = Session.objects.all()
    assert opening.starts_at == at(24, 9, 30)
    assert opening.ends_at == at(24, 10, 15)
    assert [appearance.speaker.name for appearance in opening.appearances.all()] == ["Zoé Müller", "Ada"]
    assert night.starts_at == at(25, 0, 30)
    assert night.day == datetime.date(2026, 10, 24)


@pytest.mark.django_db
def test_workbook_with_excel_dates_is_imported():
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet, moment = book.add_worksheet("Sessions"), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        clock = book.add_format({"num_format": "hh:mm"})
        sheet.write_row(0, 0, ["Title", "Start", "End"])
        sheet.write_string(1, 0, "Opening")
        sheet.write_datetime(1, 1, datetime.datetime(2026, 10, 24, 9, 30), moment)
        sheet.write_datetime(1, 2, datetime.time(10, 15), clock)
        sheet.write_string(2, 0, "Midnight")
        sheet.write_datetime(2, 1, datetime.datetime(2026, 10, 25), moment)
        sheet.write_number(2, 2, 46320.0625)

    import_schedule(slug="conf", data=file.getvalue())

    opening, midnight = Session.objects.order_by("starts_at")
    assert opening.starts_at == at(24, 9, 30)
    assert opening.ends_at == at(24, 10, 15)
    assert midnight.starts_at == at(25, 0)
    assert midnight.ends_at == at(25, 1, 30)


@pytest.mark.django_db
def test_time_zone_in_a_heading_is_used():
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")

    import_schedule(
        slug="conf", data=make_csv(["Title", "Start (Asia/Tokyo)"], ["Opening", "2026-10-24 18:00"])
    )

    assert Session.objects.get().starts_at == datetime.datetime(2026, 10, 24, 9, tzinfo=datetime.UTC)


@pytest.mark.django_db
def test_missing_columns_leave_their_fields_unchanged(event):
    guid = str(Session.objects.get(title="Talk").guid)

    report = import_schedule(
        slug="conf", data=make_csv(["GUID", "Title", "Start"], [guid, "Chat", "2026-10-24 09:00"])
    )

    assert list_changes(report) == [["Title: Talk → Chat"]]


@pytest.mark.django_db
def test_invalid_cells_are_reported_by_row():
    make_event(slug="conf", starts_at=at(24, 8), ends_at=at(25, 18), timezone="Europe/Paris")
    data = make_csv(
        ["Title", "Start", "End", "Duration", "Cancelled", "Budget"],
        ["A", "2026-10-24 09:00", "2026-10-24 10:00", "30", "", ""],
        ["", "2026-10-24 09:00", "", "", "", ""],
        ["B", "soon", "", "", "", ""],
        ["C", "later", "", "", "", ""],
        ["D", "2026-10-24 11:00", "late", "?", "perhaps", ""],
    )

    with translation.override("en"):
        lines = [str(group) for group in import_schedule(slug="conf", data=data).note_groups]

    assert "Skipped (2): no readable start time. Rows 4–5: B; C." in lines
    assert "Skipped (1): no title. Row 3: 2026-10-24T09:00:00." in lines
    assert "Skipped (2): a value that cannot be read. Row 6: late; ?." in lines
    assert "Skipped (1): a cell that is neither yes nor no. Row 6: perhaps." in lines
    assert "Skipped (1): a field that is not imported. Budget." in lines
    assert any(line.startswith("Repaired (1): end and duration differ") for line in lines)
    assert Session.objects.count() == 2


@pytest.mark.parametrize(
    "rows",
    [
        [["Title", "Seat"], ["A", "Aula"]],
        [["Start", "Title2"], ["9:00", "A"]],
        [["a", "b", "c"], ["1", "2", "3"]],
    ],
)
def test_a_table_needs_titles_and_another_known_heading(rows):
    with pytest.raises(UnreadableFile):
        read_schedule(make_csv(*rows))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-24 09:30", "2026-10-24T09:30:00"),
        ("2026-10-24T09:30:00+02:00", "2026-10-24T09:30:00+02:00"),
        ("2026-10-25 02:30:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("24/10/2026 9:30", "2026-10-24T09:30:00"),
        ("24.10.2026, 9h30", "2026-10-24T09:30:00"),
        ("samedi 24 octobre 2026 à 9h30", "2026-10-24T09:30:00"),
        ("Saturday, October 24th, 2026 at 9:30 PM", "2026-10-24T21:30:00"),
        ("24 oct. 2026 12:15 am", "2026-10-24T00:15:00"),
        ("1er août 2026 14 h 05", "2026-08-01T14:05:00"),
        ("46319.395833333336", "2026-10-24T09:30:00"),
        ("2026-10-24", None),
        ("9:30", None),
        ("31/02/2026 9:30", None),
        ("x" * 200, None),
    ],
)
def test_datetime_cells_are_parsed(text, moment):
    found = table_cells.parse_moment(text)

    assert (found and found.isoformat()) == moment


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("17 juin 2026", (2026, 6, 17)),
        ("17 juillet 2026", (2026, 7, 17)),
        ("mercredi 17 février 2027", (2027, 2, 17)),
        ("March 3, 2027", (2027, 3, 3)),
        ("3 May 2027", (2027, 5, 3)),
        ("17/06/2026", (2026, 6, 17)),
        ("46319", (2026, 10, 24)),
        ("30 février 2026", None),
        ("17 foo 2026", None),
        ("", None),
    ],
)
def test_date_cells_are_parsed(text, day):
    assert table_cells.parse_day(text) == (datetime.date(*day) if day else None)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("90", 90), ("1:30", 90), ("1h30", 90), ("1 h 30 min", 90), ("90 minutes", 90), ("2h", 120),
        ("01:30:00", 90), ("1 day, 1:00:00", 1500), ("PT45M", 45), ("1 jour 2 heures", 1560), ("soon", None),
        ("", None),
    ],
)  # fmt: skip
def test_duration_cells_are_parsed(text, minutes):
    assert table_cells.parse_duration(text) == (
        None if minutes is None else datetime.timedelta(minutes=minutes)
    )


@pytest.mark.parametrize(
    "names", [[], ["Ada"], ["Ada", "Bob"], ["Müller, Zoé"], ["A;B"], ["A;B", "C, D"], ["A, B", "C"]]
)
def test_joined_names_are_split_into_the_same_names(names):
    assert table_cells.split_names(table_cells.format_names(names)) == names


# --- commands and pages ---------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_command_writes_and_reads_tables(event, tmp_path):
    for fmt in TABLES:
        path = tmp_path / str(fmt)
        call_command("schedule_export", "conf", format=str(fmt), output=path)
        call_command("schedule_import", "conf", path)

    assert Schedule.objects.get().revision == 0


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_organizer_downloads_edits_and_uploads_the_table(event, client, kind):
    client.force_login(make_administrator())
    data = client.get(f"/organize/conf/lists/programme.{kind}").content
    file = SimpleUploadedFile("programme.csv", edit_row(data, "Talk", title="Chat"))

    preview = client.post("/organize/conf/schedule/import/", {"file": file})["Location"]
    client.post(preview)

    assert Session.objects.filter(title="Chat").exists()
    assert f"lists/programme.{kind}" in client.get("/organize/conf/schedule/").text


@pytest.mark.django_db
def test_a_preview_of_a_table_changes_nothing(event):
    data = edit_row(export_schedule(event=event, file_format=ScheduleFormat.CSV), "Talk", title="Chat")

    assert preview_schedule(slug="conf", data=data).changed == ("Chat",)
    assert not Session.objects.filter(title="Chat").exists()


@pytest.mark.django_db
def test_changed_start_moves_the_session_without_a_note(event):
    data = edit_row(
        export_schedule(event=event, file_format=ScheduleFormat.CSV), "Talk", start="2026-10-24 14:00"
    )

    report = import_schedule(slug="conf", data=data)

    moved = Session.objects.get(title="Talk")
    assert moved.starts_at == at(24, 14)
    assert moved.ends_at == at(24, 14, 50)
    assert [note for note in report.notes if note.reason == NoteReason.BAD_END] == []


@pytest.mark.django_db
def test_the_pages_offer_one_table_for_editing(event, client):
    client.force_login(make_administrator())

    overview = html.fromstring(client.get("/en/organize/conf/schedule/").text)
    upload = html.fromstring(client.get("/en/organize/conf/schedule/import/").text)

    for page in (overview, upload):
        links = page.xpath("//a[contains(., 'Table for editing and re-importing CSV')]/@href")
        assert links == ["/en/organize/conf/lists/programme.csv"]
    other = overview.xpath("//a[contains(@href, 'lists/sessions.csv')]")
    assert [" ".join(link.text_content().split()) for link in other] == ["Short list of sessions CSV"]


@pytest.mark.django_db
def test_short_session_list_has_speakers_in_their_order(event, client):
    make_session(event, "Pair", speakers=("Zoé", "Ana"), starts_at=at(25, 9))
    client.force_login(make_administrator())

    header, rows = read_rows(client.get("/en/organize/conf/lists/sessions.csv").content)

    assert "Zoé, Ana" in [row[header.index("Speakers")] for row in rows]
