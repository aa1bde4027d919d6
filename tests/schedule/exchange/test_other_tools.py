"""Files in the formats of other programs, rebuilt by hand."""

import datetime

import pytest

from schedule.exchange.importing.import_schedule import import_schedule
from schedule.models import Session
from tests.schedule.exchange.files import ics

pytestmark = pytest.mark.django_db

PRETALX_XML = b"""<?xml version='1.0' encoding='utf-8' ?>
<!-- Made with love by pretalx v2024.3.1. -->
<schedule>
    <generator name="pretalx" version="2024.3.1" />
    <version>0.4</version>
    <conference>
        <title>Demo</title><acronym>demo</acronym><start>2026-06-17</start><end>2026-06-18</end><days>2</days>
        <timeslot_duration>00:05</timeslot_duration><base_url>https://pretalx.example</base_url>
        <logo>https://pretalx.example/media/logo.png</logo><time_zone_name>Europe/Paris</time_zone_name>
        <track name="Main" slug="12-main" color="#00ff00" />
    </conference>
    <day index='1' date='2026-06-17' start='2026-06-17T04:00:00+02:00' end='2026-06-18T03:59:00+02:00'>
        <room name='Room 1' guid='f5b4e7a6-4a55-5b8a-9d0c-3a0b4e8a2c11'>
            <event guid='0a4ad9f0-6c7b-5c86-a8d4-1d8d07b4c2f1' id='4711' code='ABCDEF'>
                <room>Room 1</room><title>Keynote</title><subtitle></subtitle><type>Talk (long)</type>
                <date>2026-06-17T09:00:00+02:00</date><start>09:00</start><duration>01:00</duration>
                <abstract>**Bold** start.</abstract><slug>demo-4711-keynote</slug><track>Main</track>
                <logo>https://pretalx.example/media/k.png</logo>
                <persons>
                    <person id='99' code="XYZABC" guid='7b8a1a3e-2d1f-5b1e-8f3e-2f7a0d6c9b10'>Ada</person>
                </persons>
                <language>en</language><description>Long.</description>
                <recording><license></license><optout>false</optout></recording>
                <links><link href="https://example.org/slides">Slides</link></links>
                <attachments>
                    <attachment href="https://pretalx.example/a.pdf" type="related">A</attachment>
                </attachments>
                <url>https://pretalx.example/demo/talk/ABCDEF/</url>
                <feedback_url>https://pretalx.example/demo/talk/ABCDEF/feedback/</feedback_url>
            </event>
            <event guid='1b4ad9f0-6c7b-5c86-a8d4-1d8d07b4c2f2' id='4711' code='ABCDEF'>
                <room>Room 1</room><title>Keynote</title><type>Talk (long)</type>
                <date>2026-06-17T15:00:00+02:00</date><start>15:00</start><duration>01:00</duration><track/>
            </event>
        </room>
    </day>
</schedule>"""


def convert_to_crlf(text: str) -> str:
    return text.strip().replace("\n", "\r\n")


INDICO = convert_to_crlf("""
BEGIN:VEVENT
SUMMARY:Plenary: opening
DTSTART:20260617T070000Z
DTEND:20260617T080000Z
DTSTAMP:20260601T120000Z
UID:indico-contribution-1234-567@indico.example
CONTACT:events@indico.example
DESCRIPTION:Speakers: Ada Lovelace (University)\\n\\nAbout it.\\n\\nhttps://indic
 o.example/event/1234/contributions/567/
LOCATION:Amphi A\\, Building 1
URL:https://indico.example/event/1234/contributions/567/
END:VEVENT
""")
SCHED = convert_to_crlf("""
BEGIN:VEVENT
DTSTAMP:20260601T120000Z
DTSTART:20260617T120000Z
DTEND:20260617T130000Z
SUMMARY:Container security
DESCRIPTION:How to.&nbsp\\;<br>Really.
CATEGORIES:SECURITY
LOCATION:Room 2
SEQUENCE:0
UID:0123456789abcdef0123456789abcdef
URL:http://conf.sched.example/event/0123456789abcdef
END:VEVENT
""")
GOOGLE = convert_to_crlf("""
BEGIN:VEVENT
DTSTART:20260617T083000Z
DTEND:20260617T091500Z
DTSTAMP:20261125T010101Z
ORGANIZER;CN=Club:mailto:club@group.calendar.example
UID:4k2j3h4k2j3h4k2j3h@google.example
CREATED:20260101T000000Z
DESCRIPTION:<b>Bring</b> a laptop<br>and a charger
LAST-MODIFIED:20260201T000000Z
LOCATION:Salle 3
SEQUENCE:1
STATUS:CONFIRMED
SUMMARY:Atelier
TRANSP:OPAQUE
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=ada@example.org;X-NUM-GUESTS=0:mailto:ada@exam
 ple.org
END:VEVENT
""")
OUTLOOK = convert_to_crlf("""
METHOD:PUBLISH
PRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN
BEGIN:VTIMEZONE
TZID:Romance Standard Time
BEGIN:STANDARD
DTSTART:16011028T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010325T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
DESCRIPTION:R\u00e9union \\n
DTEND;TZID="Romance Standard Time":20260617T110000
DTSTART;TZID="Romance Standard Time":20260617T100000
LOCATION:Salle 4
PRIORITY:5
SUMMARY;LANGUAGE=fr:Point d\u2019\u00e9tape
UID:040000008200E00074C5B7101A82E00800000000B0
X-ALT-DESC;FMTTYPE=text/html:<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2//EN">\\n<HTML></HTML>
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
BEGIN:VALARM
TRIGGER:-PT15M
ACTION:DISPLAY
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
""")


def import_twice(data: bytes) -> Session:
    """Import a file twice, check that the second import changes nothing, and return the only session."""
    import_schedule(slug="conf", data=data)
    again = import_schedule(slug="conf", data=data)
    assert again.added == ()
    assert again.changed == ()
    assert again.unchanged == 1
    return Session.objects.get()


def format_local_start(session: Session) -> str:
    return f"{session.starts_at.astimezone(session.event.zone):%d %H:%M}"


def test_pretalx_slots_of_one_submission_become_two_sessions():
    report = import_schedule(slug="conf", data=PRETALX_XML)

    assert len(report.added) == 2
    assert report.event.timezone == "Europe/Paris"
    assert report.event.name == "Demo"
    first, second = Session.objects.all()
    assert (first.number, first.extra["code"], first.track.color) == (4711, "ABCDEF", "#00ff00")
    assert second.number != first.number
    assert first.attachments == [{"url": "https://pretalx.example/a.pdf", "title": "A", "type": "related"}]

    again = import_schedule(slug="conf", data=PRETALX_XML)

    assert again.added == ()
    assert again.changed == ()
    assert first.event.ends_at.astimezone(first.event.zone).date() == datetime.date(2026, 6, 18)


def test_indico_calendar_is_imported():
    session = import_twice(ics(INDICO))

    assert session.room.name == "Amphi A, Building 1"
    assert format_local_start(session) == "17 09:00"
    assert session.description.endswith("https://indico.example/event/1234/contributions/567/")


def test_sched_calendar_is_imported():
    session = import_twice(ics(SCHED, head="X-WR-TIMEZONE:America/Los_Angeles"))

    assert session.track.name == "SECURITY"
    assert session.room.name == "Room 2"
    assert format_local_start(session) == "17 05:00"


def test_google_calendar_is_imported():
    session = import_twice(ics(GOOGLE, head="X-WR-TIMEZONE:Europe/Paris"))

    assert session.title == "Atelier"
    assert session.description == "<b>Bring</b> a laptop<br>and a charger"
    assert format_local_start(session) == "17 10:30"


def test_outlook_calendar_is_imported():
    session = import_twice(ics(OUTLOOK))

    assert session.title == "Point d’étape"
    assert session.description == "Réunion"
    assert session.event.timezone == "Europe/Paris"
    assert format_local_start(session) == "17 10:00"
