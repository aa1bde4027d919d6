"""Files crafted to take much time or memory: expensive parts are limited, and the rest is read."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from convention.errors import UnreadableFile
from convention.rich_text.sanitize import MAX_TEXT_CHARS
from schedule.exchange.import_notes import NoteReason
from schedule.exchange.parsed_programme import MAX_APPEARANCES, MAX_SESSIONS, MAX_SPEAKERS, ParsedProgramme
from schedule.exchange.parsing.clean_values import MAX_ITEMS_PER_SESSION
from schedule.exchange.parsing.recurrence import MAX_RULES
from schedule.exchange.read_schedule import read_schedule, read_schedule_with_html
from schedule.models import ScheduleUpload, Session
from tests.factories import make_administrator, make_event
from tests.schedule.exchange.files import event, frab_json, ics, make_one_room_xml, vevent, xml

DATE = "2026-06-17T10:00:00+02:00"


def collect_reasons(programme: ParsedProgramme) -> set[NoteReason]:
    return {note.reason for note in programme.notes}


@pytest.mark.parametrize("codec", ["punycode", "undefined", "unicode_escape", "rot13", "base64", "idna"])
def test_codec_that_is_no_character_set_is_not_used(codec):
    content = make_one_room_xml(
        event("Été \\u0041", date=DATE), before=f'<?xml version="1.0" encoding="{codec}"?>'
    )

    assert [talk.title for talk in read_schedule(content).sessions] == ["Été \\u0041"]


@pytest.mark.parametrize(
    "charset", ["iso-8859-15", "windows-1252", "cp1250", "latin1", "mac-roman", "koi8-r"]
)
def test_character_sets_are_read(charset):
    title = "Été" if charset != "koi8-r" else "Лето"
    text = make_one_room_xml(event(title, date=DATE), before=f'<?xml version="1.0" encoding="{charset}"?>')

    assert [talk.title for talk in read_schedule(text.decode().encode(charset)).sessions] == [title]


STANDARD = (
    "BEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n{}"
    "TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\n"
)
YEARLY = "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"


@pytest.mark.parametrize(
    "observances",
    [
        STANDARD.format("RRULE:FREQ=SECONDLY\r\n"),
        STANDARD.format("RRULE:FREQ=DAILY\r\n"),
        STANDARD.format("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU\r\n"),
        STANDARD.format("RRULE:FREQ=YEARLY;BYHOUR=1,2,3;BYMINUTE=1,2,3\r\n"),
        STANDARD.format(YEARLY) * 50,
        STANDARD.format("RDATE:" + ",".join(["20260101T000000"] * 5_000) + "\r\n"),
    ],
    ids=["each second", "each day", "each weekday", "hours", "fifty rules", "dates"],
)
def test_time_zone_with_too_many_changes_is_unknown(observances):
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Own\r\n{observances}END:VTIMEZONE"

    programme = read_schedule(ics(zone, vevent(start=";TZID=Own:20260617T100000")))

    assert len(programme.sessions) == 1
    assert NoteReason.UNKNOWN_ZONE in collect_reasons(programme)


@pytest.mark.parametrize(
    "rule", [YEARLY, "RRULE:FREQ=YEARLY;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU;BYMONTH=3\r\n", ""]
)
def test_time_zone_with_yearly_changes_is_known(rule):
    zone = f"BEGIN:VTIMEZONE\r\nTZID:Own\r\n{STANDARD.format(rule)}END:VTIMEZONE"

    programme = read_schedule(ics(zone, vevent(start=";TZID=Own:20260617T100000")))

    assert programme.sessions[0].starts_at.isoformat() == "2026-06-17T08:00:00+00:00"
    assert NoteReason.UNKNOWN_ZONE not in collect_reasons(programme)


def test_recurrence_rules_are_expanded_for_a_limited_number_of_events():
    rule = "RRULE:FREQ=YEARLY;COUNT=2;BYMONTH=6"
    entries = [vevent("DURATION:PT1H", rule, uid=f"{number}@test") for number in range(MAX_RULES + 2)]

    programme = read_schedule(ics(*entries))

    assert sum(note.reason == NoteReason.UNEXPANDED_RECURRENCE for note in programme.notes) >= 2
    assert [talk.source_id for talk in programme.sessions].count(f"{MAX_RULES + 1}@test") == 1


def test_recurrence_rule_with_thousands_of_numbers_is_not_expanded():
    rule = "RRULE:FREQ=YEARLY;COUNT=2;BYSETPOS=" + ",".join(["1"] * 10_000)

    programme = read_schedule(ics(vevent("DURATION:PT1H", rule)))

    assert len(programme.sessions) == 1
    assert NoteReason.UNEXPANDED_RECURRENCE in collect_reasons(programme)


def test_nested_elements_of_the_same_name_are_read_once():
    people = "<persons><person id='1'>Ada<person id='2'>Bob</person></person></persons>"
    inner = event("Inner", date="2026-06-17T11:00:00+02:00")
    outer = event("Outer", date=DATE, more=people + inner)

    programme = read_schedule(xml(f"<day date='2026-06-17'><day date='2026-06-17'>{outer}</day></day>"))

    assert [talk.title for talk in programme.sessions] == ["Outer"]
    assert len(programme.sessions[0].speakers or ()) == 1


def test_too_deeply_nested_list_is_read_as_empty():
    entry = {
        "id": 1,
        "date": DATE,
        "duration": "1:00",
        "title": "T",
        "subtitle": [["a"], "b"],
    }
    deep = "[" * 600 + '"x"' + "]" * 600
    content = frab_json(entry).decode().replace('"title": "T"', f'"title": "T", "track": {deep}')

    [talk] = read_schedule(content.encode()).sessions

    assert talk.title == "T"
    assert talk.subtitle == "a, b"
    assert talk.track == ""


def test_text_without_line_breaks_is_not_a_table():
    with pytest.raises(UnreadableFile, match="unknown format"):
        read_schedule(b"&lt;" * 500_000)


def test_too_long_texts_and_lists_are_truncated():
    entry = {
        "id": 1,
        "title": "T",
        "date": DATE,
        "duration": "1:00",
        "abstract": "a" * (MAX_TEXT_CHARS + 1),
        "persons": [{"name": f"P {number}"} for number in range(MAX_ITEMS_PER_SESSION + 1)],
        "links": [{"url": f"https://example.org/{number}"} for number in range(MAX_ITEMS_PER_SESSION + 1)],
    }

    programme = read_schedule(frab_json(entry))

    [talk] = programme.sessions
    assert len(talk.abstract or "") == MAX_TEXT_CHARS
    assert len(talk.speakers or ()) == MAX_ITEMS_PER_SESSION
    assert len(talk.links or ()) == MAX_ITEMS_PER_SESSION
    assert {NoteReason.TOO_LONG, NoteReason.TOO_MANY_ITEMS} <= collect_reasons(programme)


def entries(count: int, **more: object) -> list[dict[str, object]]:
    return [{"id": n, "title": f"T{n}", "date": DATE, "duration": "1:00", **more} for n in range(count)]


def test_too_many_sessions_or_speakers_are_refused():
    with pytest.raises(UnreadableFile, match="sessions"):
        read_schedule(frab_json(*entries(MAX_SESSIONS + 1)))

    many = entries(MAX_SPEAKERS // MAX_ITEMS_PER_SESSION + 1)
    for number, entry in enumerate(many):
        entry["persons"] = [{"name": f"P {number} {each}"} for each in range(MAX_ITEMS_PER_SESSION)]
    with pytest.raises(UnreadableFile, match="speakers"):
        read_schedule(frab_json(*many))


def test_too_many_appearances_of_few_speakers_are_refused():
    persons = [{"name": f"P {each}"} for each in range(MAX_ITEMS_PER_SESSION)]
    many = entries(MAX_APPEARANCES // MAX_ITEMS_PER_SESSION + 1, persons=persons)

    with pytest.raises(UnreadableFile, match="more than 30000 speakers in total"):
        read_schedule(frab_json(*many))


def test_read_schedule_with_html_renders_texts():
    [talk] = read_schedule_with_html(frab_json(*entries(1, abstract="*a*")), event_zone=None).sessions

    assert talk.abstract == "*a*"
    assert getattr(talk.abstract, "html", "") == "<p><em>a</em></p>"


@pytest.mark.django_db
def test_page_refuses_file_that_takes_too_long_and_stores_nothing(client, settings):
    settings.PARSER_SECONDS = 1
    found = make_event()
    client.force_login(make_administrator())
    costly = json.dumps({"schedule": {"conference": {"days": [{"date": "2026-06-17", "rooms": {"A": entries(
        100, abstract="- a\n" * 5_000)}}]}}})  # fmt: skip

    page = client.post(
        reverse("organize-import", args=[found.slug]), {"file": SimpleUploadedFile("s.json", costly.encode())}
    )

    assert "This file takes too long or too much memory to read" in page.content.decode()
    assert ScheduleUpload.objects.count() == 0


@pytest.mark.django_db
def test_page_previews_and_imports_a_file_once(client):
    found = make_event()
    client.force_login(make_administrator())
    content = frab_json(*entries(2, abstract="**a**"))

    there = client.post(
        reverse("organize-import", args=[found.slug]), {"file": SimpleUploadedFile("s.json", content)}
    )
    assert Session.objects.count() == 0
    client.post(there["Location"])

    assert list(Session.objects.values_list("abstract_html", flat=True)) == ["<p><strong>a</strong></p>"] * 2
    assert client.post(there["Location"])["Location"] == reverse("organize-import", args=[found.slug])
