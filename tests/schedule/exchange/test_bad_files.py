"""Files that are not schedules: refused with one sentence and exit status 2, and nothing is stored."""

import gzip
import io
import json
import zipfile

import pytest
from django.core.management import call_command
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from convention.errors import ConventionError, UnreadableFile
from convention.events.models import Event
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsing.decode_file import MAX_FILE_BYTES
from schedule.exchange.read_schedule import read_schedule
from tests.schedule.exchange.files import event, frab_json, ics, make_one_room_xml, vevent

pytestmark = pytest.mark.once

BILLION_LAUGHS_XML = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">]>
<schedule><conference><title>&lol3;</title></conference></schedule>"""
EXTERNAL_ENTITY_XML = b"""<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<schedule><day date="2026-06-17"><event><title>&x;</title><start>10:00</start></event></day></schedule>"""


def make_zip() -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "a")
    return held.getvalue()


BAD_FILES = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "only NUL": b"\x00" * 100,
    "binary": bytes(range(256)) * 40,
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 50,
    "PDF": b"%PDF-1.7 ...",
    "a ZIP archive": make_zip(),
    "compressed": gzip.compress(make_one_room_xml(event())),
    "too large": b"<schedule>" + b" " * (MAX_FILE_BYTES + 1),
    "laughs": BILLION_LAUGHS_XML,
    "outside": EXTERNAL_ENTITY_XML,
    "entities after a comment with a tag": EXTERNAL_ENTITY_XML.replace(
        b"<!DOCTYPE", b"<!-- <a> --><!DOCTYPE"
    ),
    "cut XML": make_one_room_xml(event())[:-60],
    "cut JSON": frab_json({"title": "A"})[:-5],
    "cut calendar": ics(vevent("DURATION:PT1H"))[:-30],
    "deep JSON": b"[" * 200_000,
    "deep XML": b"<schedule>" + b"<a>" * 20_000,
    "a large number": b'{"schedule": {"conference": {"x": ' + b"9" * 5000 + b"}}}",
    "HTML": b"<!DOCTYPE html><html><body>Hello</body></html>",
    "RSS": b'<rss version="2.0"><channel/></rss>',
    "xCal": b'<icalendar xmlns="urn:ietf:params:xml:ns:icalendar-2.0"/>',
    "other XML": b"<programme/>",
    "CSV": b"name,price,places\nA,10,12\n",
    "a table without starts": b"title,room\nA,Aula\n",
    "a table without dates": b"title,start,room\nA,10:00,Aula\n",
    "text": b"Programme: to follow.",
    "vCard": b"BEGIN:VCARD\r\nFN:Ada\r\nEND:VCARD\r\n",
    "a list": b"[]",
    "a number": b"[1]",
    "an object": b"{}",
    "Sessionize": json.dumps([{"groupId": 1, "sessions": []}]).encode(),
    "pretalx": json.dumps({"count": 1, "next": None, "previous": None, "results": []}).encode(),
    "jCal": json.dumps(["vcalendar", [], []]).encode(),
    "no session": make_one_room_xml(),
    "an empty calendar": ics(),
}


@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD_FILES)
def test_bad_file_is_refused_with_one_short_sentence(name):
    with pytest.raises(UnreadableFile) as refused:
        import_schedule(slug="conf", data=BAD_FILES[name])

    sentence = str(refused.value)

    assert sentence.endswith(".")
    assert sentence.count("\n") == 0
    assert len(sentence) < 200
    assert Event.objects.count() == 0


@pytest.mark.parametrize(("name", "word"), [("HTML", "HTML"), ("xCal", "xCal"), ("jCal", "jCal")])
def test_known_formats_are_refused_by_name(name, word):
    with pytest.raises(UnreadableFile, match=word) as refused:
        read_schedule(BAD_FILES[name])
    assert "frab JSON" in str(refused.value)


@pytest.mark.parametrize("text", ["Name,When\nA,9:00\n", "Nom;Heure;Lieu\nA;9h;B", "a|b|c\n\n1|2|3\n"])
def test_table_with_unknown_headings_is_refused_with_the_needed_ones(text):
    with pytest.raises(UnreadableFile) as refused:
        read_schedule(text.encode())

    assert "the heading “Title” and at least one more, such as “Start”, “Duration”" in str(refused.value)


@pytest.mark.parametrize("text", ["Dear all,\nplease find the programme below.", "one, two, three"])
def test_prose_is_not_taken_for_a_table(text):
    with pytest.raises(UnreadableFile, match="text of an unknown format"):
        read_schedule(text.encode())


@pytest.mark.django_db
def test_import_command_exits_with_status_two_for_bad_files(tmp_path, capsys):
    for number, data in enumerate([b"", BILLION_LAUGHS_XML, BAD_FILES["deep JSON"]]):
        path = tmp_path / str(number)
        path.write_bytes(data)
        with pytest.raises(SystemExit) as left:
            call_command("schedule_import", "conf", path)
        assert left.value.code == 2

    with pytest.raises(SystemExit) as left:
        call_command("schedule_import", "conf", tmp_path / "missing.xml")
    assert left.value.code == 2
    with pytest.raises(SystemExit) as left:
        call_command("schedule_import", "conf", tmp_path)
    assert left.value.code == 2
    assert capsys.readouterr().out == ""


PREVIEW_HEADINGS = {
    "en": "Preview: nothing was saved. An import would do this:",
    "fr": "Aperçu\u202f: rien n’a été enregistré. L’import ferait ceci\u202f:",
}


@pytest.mark.django_db
@pytest.mark.parametrize("language", PREVIEW_HEADINGS)
def test_dry_run_prints_preview_heading_and_the_report_of_the_import(language, tmp_path, capsys):
    path = tmp_path / "file"
    path.write_bytes(make_one_room_xml(event(), event("", number="3")))

    with translation.override(language):
        call_command("schedule_import", "conf", path, "--dry-run")
        assert not Event.objects.exists()
        rehearsed = capsys.readouterr().out.splitlines()
        call_command("schedule_import", "conf", path)

    assert rehearsed == [PREVIEW_HEADINGS[language], *capsys.readouterr().out.splitlines()]


@pytest.mark.django_db
def test_export_command_writes_files_that_import_without_changes(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(make_one_room_xml(event(), event("", number="3")))
    call_command("schedule_import", "conf", path)

    for fmt in ("frab-xml", "frab-json", "ics"):
        call_command("schedule_export", "conf", format=fmt, output=tmp_path / fmt)
        report = import_schedule(slug="conf", data=(tmp_path / fmt).read_bytes())
        assert report.added == ()
        assert report.changed == ()
        assert report.unchanged == 1

    with pytest.raises(SystemExit) as left:
        call_command("schedule_export", "conf", format="ics", output=tmp_path / "none" / "x")
    assert left.value.code == 2


GUID = "270fa44c-821a-577f-8ca3-33e8d4a8c2a7"
DATE = "2026-06-17T10:00:00+02:00"
PERSONS_AND_LINKS_XML = '<persons><person id="1">A</person></persons><links><link href="a"/></links>'
SEEDS = [
    make_one_room_xml(
        event("Été", guid=GUID, number="1", date=DATE),
        event("B", start="23:30", more=PERSONS_AND_LINKS_XML),
        head="<title>T</title><time_zone_name>Europe/Paris</time_zone_name><start>2026-06-17</start>",
    ),
    frab_json(
        {"id": 1, "title": "A", "date": DATE, "duration": "0:30", "persons": [{"name": "A"}]},
        time_zone_name="Europe/Paris",
    ),
    ics(
        vevent("DTEND:20260617T103000Z", "DESCRIPTION:a\\, b", start=";TZID=Europe/Paris:20260617T100000"),
        head="X-WR-TIMEZONE:Europe/Paris",
    ),
    ics(
        vevent("DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=3;UNTIL=20260619", "EXDATE:20260618T080000Z"),
        vevent("DURATION:PT1H", "RECURRENCE-ID:20260619T080000Z", start=":20260619T090000Z"),
    ),
]
INSERTED_PIECES = [
    *(
        b"",
        b"\x00",
        b"\xff\xfe",
        b"<",
        b">",
        b'"',
        b"&",
        b"\r\n",
        b"\n ",
        b"99999999999",
        b"-1",
        b"24:61",
        b"T",
    ),
    *(b"\xc3", b"null", b"[", b"{", b"]]>", b"<![CDATA[", b"DTSTART:", b"END:VEVENT\n", b";TZID=X", b"0000"),
]
ODD_EVENT = {"title": {}, "date": [], "persons": 5}
LATE_EVENT_XML = "<event><title>A</title><start>47:59</start></event>"
ODD_FILES = [
    frab_json(ODD_EVENT),
    frab_json(days={"1": {"rooms": [{"name": 1, "talks": [1, None]}]}}),
    frab_json(rooms=5, tracks="x", days=[], events={}),
    f"<schedule><day date='9999-12-31'>{LATE_EVENT_XML}</day></schedule>".encode(),
    f"<schedule><day date='2199-12-31'>{LATE_EVENT_XML}</day></schedule>".encode(),
    b"<schedule><event><title>A</title><date>0001-01-01T00:00:00+14:00</date></event></schedule>",
    ics(vevent(start=":99991231T235959Z"), vevent(start=":21991231T235959Z")),
    ics(vevent("DURATION:P9999D", start=":20260617T100000"), vevent("DTEND:00010101T000000")),
    b"BEGIN:VCALENDAR\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY\nDTSTART:20260617T1\nEND:VEVENT\nEND:VCALENDAR",
    ics("BEGIN:VTIMEZONE\r\nTZID:X\r\nEND:VTIMEZONE", vevent(start=";TZID=X:20260617T100000")),
]


@st.composite
def mutate_files(draw) -> bytes:
    """Draw a valid file with parts cut, doubled or replaced."""
    data = draw(st.sampled_from(SEEDS))
    for _change in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 30)))
        piece = draw(st.sampled_from([*INSERTED_PIECES, data[start:end] * 2]) | st.binary(max_size=6))
        data = data[:start] + piece + data[end:]
    return data


def read_or_get_error(data: bytes) -> str:
    """Read a file and return the error message if it is refused, else a full stop."""
    try:
        programme = read_schedule(data)
    except ConventionError as error:
        return str(error)
    assert all(talk.title and talk.starts_at.tzinfo for talk in programme.sessions)
    assert all(talk.ends_at is None or talk.ends_at >= talk.starts_at for talk in programme.sessions)
    return "."


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutate_files())
def test_mutated_file_is_read_or_refused_with_a_sentence(data):
    assert read_or_get_error(data)[-1] == "."


@pytest.mark.parametrize("number", range(len(ODD_FILES)))
def test_odd_file_is_read_or_refused_with_a_sentence(number):
    assert read_or_get_error(ODD_FILES[number])[-1] == "."


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(mutate_files())
def test_second_import_of_a_mutated_file_changes_nothing(data):
    Event.objects.all().delete()
    try:
        first = import_schedule(slug="conf", data=data)
    except ConventionError:
        assert not Event.objects.exists()
        return

    again = import_schedule(slug="conf", data=data)

    assert len(again.added) == 0
    assert len(again.changed) == 0
    assert again.unchanged == len(first.added)


def test_long_run_of_carriage_returns_is_read():
    """Guard against a regular expression that backtracks at each carriage return and takes hours."""
    vevent = b"BEGIN:VEVENT\r\nUID:a\r\nDTSTART:20260616T070000Z\r\nSUMMARY:x" + b"\r" * 2_000_000 + b"y\r\n"
    calendar = b"BEGIN:VCALENDAR\r\n" + vevent + b"END:VEVENT\r\nEND:VCALENDAR\r\n"

    [talk] = read_schedule(calendar).sessions
    assert talk.title.startswith("x")
