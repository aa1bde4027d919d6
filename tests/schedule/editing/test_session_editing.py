"""Organizers add, change, cancel, remove and import sessions; concurrent edits are not lost."""

import datetime
import json
import re
import zoneinfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from badges.reports.event_facts import load_event_facts
from convention.audit.models import AuditEntry
from convention.events.models import EventRole
from convention.rich_text.sanitize import MAX_TEXT_CHARS
from schedule.editing.revision import raise_revision
from schedule.exchange.uploads import MAX_FILES_READ_PER_HOUR, delete_old_uploads, throttle_reading
from schedule.models import Schedule, ScheduleUpload, Session, Speaker, Track
from tests.factories import make_event, make_person, make_room, make_session, make_track
from tests.schedule.versions.timetables import publish_current_draft

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
pytestmark = pytest.mark.django_db
CALENDAR = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:one@example.org
DTSTAMP:20260101T000000Z
DTSTART:20260616T070000Z
DTEND:20260616T080000Z
SUMMARY:Venue d'ailleurs
END:VEVENT
END:VCALENDAR
"""


@pytest.fixture
def event():
    start = datetime.datetime(2026, 6, 16, 9, tzinfo=PARIS)
    return make_event(slug="conf", starts_at=start, ends_at=start + datetime.timedelta(days=2))


@pytest.fixture
def organizer(client, event):
    person = make_person()
    EventRole.objects.create(
        event=event, person=person, role=EventRole.Role.ORGANIZER, starts_on=datetime.date(2020, 1, 1)
    )
    client.force_login(person)
    return client


def read_form(client, address):
    """Return the values that a browser would submit from the main form of a page."""
    form = html.fromstring(client.get(address).text).xpath("//form[.//*[@name='title']]")[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def list_errors(response):
    """Return the error messages that a page shows."""
    return html.fromstring(response.text).xpath(
        "//ul[@class='errorlist' or contains(@class,'errorlist')]/li/text()"
    )


@pytest.mark.parametrize(("entered", "stored", "shown"), [
    ("français, anglais", "fr, en", "français, anglais"), ("en-GB; en", "en", "anglais"), ("", "", ""),
])  # fmt: skip
def test_languages_are_entered_by_name_and_stored_as_codes(organizer, event, entered, stored, shown):
    session = make_session(event)
    address = f"/organize/conf/schedule/{session.number}/"
    organizer.post(address, {**read_form(organizer, address), "language": entered})
    assert event.sessions.get().language == stored
    assert read_form(organizer, address).get("language", "") == shown


def test_person_without_role_gets_403_on_all_schedule_pages(client, event):
    session = make_session(event)
    client.force_login(make_person())
    addresses = ["", "new/", f"{session.number}/", "tracks/", "speakers/", "version/", "import/"]
    answers = [client.get(f"/organize/conf/schedule/{address}").status_code for address in addresses]
    assert answers == [403] * 7
    assert client.post(f"/organize/conf/schedule/{session.number}/cancel/").status_code == 403
    session.refresh_from_db()
    assert session.cancelled_at is None


def test_session_is_added_in_the_time_zone_of_the_event(organizer, event):
    room, track = make_room(event), make_track(event)
    address = "/organize/conf/schedule/new/"
    data = read_form(organizer, address) | {
        "title": "  Nuit   blanche ",
        "speakers": "Zoé\nAna\n\nZoé",
        "room": room.pk,
        "track": track.pk,
        "starts_at": "2026-06-17T01:30",
        "ends_at": "2026-06-17T02:00",
    }
    response = organizer.post(address, data)
    session = Session.objects.get()
    assert response["Location"] == f"/organize/conf/schedule/{session.number}/"
    assert session.title == "Nuit blanche"
    assert session.starts_at is None
    session = publish_current_draft(session)
    assert session.starts_at == datetime.datetime(2026, 6, 16, 23, 30, tzinfo=datetime.UTC)
    assert session.day == datetime.date(2026, 6, 16)
    assert [a.speaker.name for a in session.appearances.all()] == ["Zoé", "Ana"]
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["session.add", "schedule.publish"]


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"title": "\u200b  "}, 1),
        ({"title": ""}, 1),
        ({"title": "x" * 5000}, 1),
        ({"starts_at": "2026-06-16T10:00"}, 1),
        ({"starts_at": "2026-06-16T10:00", "ends_at": "2026-06-16T09:00"}, 1),
        ({"starts_at": "2026-06-16T10:00", "ends_at": "2026-09-16T09:00"}, 1),
        ({"starts_at": "2026-03-29T02:30", "ends_at": "2026-03-29T04:00"}, 1),
        ({"starts_at": "soon", "ends_at": "later"}, 2),
        ({"room": "999999"}, 1),
        ({"track": "x"}, 1),
        ({"capacity": "-1"}, 1),
        ({"capacity": "99999999999999999999"}, 1),
        ({"speakers": "n" * 301}, 1),
        ({"speakers": "\n".join(map(str, range(101)))}, 1),
        ({"url": "javascript:alert(1)"}, 1),
        ({"url": "ftp://example.org/"}, 1),
    ],
)
def test_invalid_input_shows_errors_and_creates_nothing(organizer, event, changes, count):
    response = organizer.post("/organize/conf/schedule/new/", {"title": "T", **changes})
    assert response.status_code == 200
    assert len(list_errors(response)) == count
    assert not Session.objects.exists()


def test_room_of_another_event_is_refused(organizer, event):
    other = make_room(make_event())
    response = organizer.post("/organize/conf/schedule/new/", {"title": "T", "room": other.pk})
    assert len(list_errors(response)) == 1


def test_known_speaker_name_creates_no_second_speaker(organizer, event):
    make_session(event, speakers=("Élodie Royer",))
    organizer.post("/organize/conf/schedule/new/", {"title": "T", "speakers": "élodie  royer"})
    assert Speaker.objects.count() == 1


def test_saving_without_a_change_changes_nothing(organizer, event):
    session = make_session(
        event, speakers=("A", "B"), abstract="Un\r\ndeux ", starts_at=event.starts_at.replace(second=7)
    )
    address = f"/organize/conf/schedule/{session.number}/"
    assert organizer.post(address, read_form(organizer, address)).status_code == 302
    after = Session.objects.get()
    assert (after.starts_at, after.abstract) == (session.starts_at, session.abstract)
    assert not AuditEntry.objects.exists()
    assert not Schedule.objects.exists()


def test_concurrent_edits_of_different_fields_are_both_saved(organizer, event):
    session = make_session(event, "Titre", abstract="Texte")
    address = f"/organize/conf/schedule/{session.number}/"
    first, second = read_form(organizer, address), read_form(organizer, address)
    organizer.post(address, first | {"title": "Titre nouveau"})
    organizer.post(address, second | {"abstract": "Texte nouveau"})
    after = Session.objects.get()
    assert (after.title, after.abstract) == ("Titre nouveau", "Texte nouveau")


def test_concurrent_edit_of_one_field_is_shown_and_saved_on_resubmit(organizer, event):
    session = make_session(event, "Titre")
    address = f"/organize/conf/schedule/{session.number}/"
    first, second = read_form(organizer, address), read_form(organizer, address)
    organizer.post(address, first | {"title": "Du premier"})
    response = organizer.post(address, second | {"title": "Du second", "subtitle": "Aussi"})
    assert Session.objects.get().title == "Du premier"
    page = html.fromstring(response.text)
    assert page.xpath("//section[@class='other-version']//dd/text()") == ["Du premier"]
    form = page.xpath("//form[.//*[@name='title']]")[0]
    again = dict(form.form_values())
    assert (again["title"], again["subtitle"]) == ("Du second", "Aussi")
    organizer.post(address, again)
    after = Session.objects.get()
    assert (after.title, after.subtitle) == ("Du second", "Aussi")


@pytest.mark.parametrize("seen", ["", "{", "[]", '{"title": 3}'])
def test_invalid_seen_token_does_not_overwrite_values(organizer, event, seen):
    session = make_session(event, "Titre")
    address = f"/organize/conf/schedule/{session.number}/"
    organizer.post(address, {"title": "Autre", "seen": seen})
    assert Session.objects.get().title == "Titre"


def test_session_is_cancelled_and_restored(organizer, event):
    session = make_session(event, "Annulée")
    address = f"/organize/conf/schedule/{session.number}/"
    organizer.post(f"{address}cancel/", {"reason": "malade"})
    organizer.post(f"{address}cancel/")
    publish_current_draft(session)
    page = html.fromstring(organizer.get("/en/events/conf/agenda/").text)
    assert page.xpath("//article/p[@class='state']/span/text()") == ["Cancelled"]
    organizer.post(f"{address}restore/")
    assert publish_current_draft(session).cancelled_at is None
    verbs = [(entry.verb, entry.reason) for entry in AuditEntry.objects.order_by("pk")]
    publication = ("schedule.publish", "restored:1")
    expected = [("session.cancel", "malade"), ("schedule.publish", "cancelled:1"), ("session.restore", "")]
    assert verbs == [*expected, publication]


def test_only_sessions_without_bookings_can_be_removed(organizer, event):
    booked = make_session(event, capacity=5, reserved=1)
    free = make_session(event, starts_at=None)

    organizer.post(f"/organize/conf/schedule/{free.number}/remove/")
    refused = organizer.post(f"/organize/conf/schedule/{booked.number}/remove/", follow=True)

    assert refused.redirect_chain == [(f"/organize/conf/schedule/{booked.number}/", 302)]
    assert "Annulez-la plutôt" in refused.text
    assert Session.objects.get() == booked


def test_list_filters_conflicting_unplaced_and_cancelled_sessions(organizer, event):
    room = make_room(event, "A")
    make_session(event, "Une", room=room, speakers=("Ana",))
    make_session(event, "Deux", room=room)
    make_session(event, "Trois", speakers=("Ana",))
    make_session(event, "Annulée", room=room, cancelled_at=event.starts_at)
    make_session(event, "Sans heure", starts_at=None, room=room)

    def listed(query):
        page = html.fromstring(organizer.get(f"/organize/conf/schedule/{query}").text)
        return sorted(page.xpath("//tbody/tr/th/a/text()"))

    assert listed("?state=conflicts") == ["Deux", "Trois", "Une"]
    assert listed("?state=unplaced") == ["Sans heure", "Trois"]
    assert listed("?state=cancelled") == ["Annulée"]
    assert listed("?q=ANA+tro") == ["Trois"]
    assert listed("?day=2026-06-17") == []
    assert len(listed("?page=99&day=x&room=y")) == 0


def test_session_outside_event_hours_is_reported_in_list_and_on_its_page(organizer, event):
    hour = datetime.timedelta(hours=1)
    make_session(event, "Dedans", starts_at=event.ends_at - hour, minutes=60)
    make_session(event, "Avant", starts_at=event.starts_at - hour, minutes=60)
    make_session(event, "Après", starts_at=event.ends_at - hour, minutes=61)
    make_session(event, "Annulée", starts_at=event.ends_at, cancelled_at=event.starts_at)
    make_session(event, "Sans heure", starts_at=None)
    shown = {
        state: html.fromstring(organizer.get(f"/organize/conf/schedule/{state}").text)
        for state in ("", "?state=outside_event")
    }
    assert sorted(shown["?state=outside_event"].xpath("//tbody/tr/th/a/text()")) == ["Après", "Avant"]
    warning = shown[""].xpath("string(//*[contains(@class, 'warning')])")
    assert " ".join(warning.split()) == "2 sessions sortent des horaires de l’événement. Voir lesquelles"
    warned = [
        session.title
        for session in event.sessions.order_by("title")
        if "Cette session est en dehors des horaires"
        in organizer.get(f"/organize/conf/schedule/{session.number}/").text
    ]
    assert warned == ["Après", "Avant"]
    assert load_event_facts([event], at=timezone.now())[0].outside_session_count == 2


def test_session_list_query_count_is_constant(organizer, event):
    def count():
        with CaptureQueriesContext(connection) as queries:
            organizer.get("/organize/conf/schedule/")
        return len(queries)

    make_session(event, room=make_room(event), track=make_track(event), speakers=("A",))
    few = count()
    for number in range(30):
        make_session(event, f"S{number}", room=make_room(event, str(number)), speakers=(f"P{number}",))
    assert count() == few


def test_tracks_are_validated_moved_and_removed(organizer, event):
    address = "/organize/conf/schedule/tracks/"
    organizer.post(address, {"name": "Cloud", "color": "#0b5c8a"})
    organizer.post(address, {"name": "Réseaux", "color": "#8a2b0b"})
    assert len(list_errors(organizer.post(address, {"name": " Cloud ", "color": "#0b5c8a"}))) == 1
    assert len(list_errors(organizer.post(address, {"name": "Pâle", "color": "#ffff00"}))) == 1
    assert len(list_errors(organizer.post(address, {"name": "Sans", "color": "red"}))) == 1
    first = Track.objects.get(name="Cloud")
    organizer.post(f"{address}{first.pk}/move/", {"down": "1"})
    assert [track.name for track in event.tracks.all()] == ["Réseaux", "Cloud"]
    organizer.post(f"{address}{first.pk}/move/", {"down": "1"})
    session = make_session(event, track=first)
    organizer.post(f"{address}{first.pk}/remove/")
    session.refresh_from_db()
    assert session.track is None


def test_speakers_and_start_of_days_are_edited(organizer, event):
    organizer.post("/organize/conf/schedule/speakers/new/", {"name": "Ana", "language": "fr"})
    speaker = Speaker.objects.get()
    organizer.post(
        f"/organize/conf/schedule/speakers/{speaker.pk}/",
        {"name": "Ana Silva", "biography": "**x**", "language": "fr"},
    )
    speaker.refresh_from_db()
    assert (speaker.name, speaker.biography) == ("Ana Silva", "**x**")
    assert (
        len(
            list_errors(
                organizer.post(
                    f"/organize/conf/schedule/speakers/{speaker.pk}/",
                    {"name": "A", "url": "x:y", "language": "fr"},
                )
            )
        )
        == 1
    )
    organizer.post("/organize/conf/schedule/version/", {"day_starts_at": "05:00"})
    assert Schedule.objects.get().day_starts_at == datetime.time(5)
    organizer.post(f"/organize/conf/schedule/speakers/{speaker.pk}/remove/")
    assert not Speaker.objects.exists()


def test_import_shows_preview_before_importing(organizer, event):
    address = "/organize/conf/schedule/import/"
    response = organizer.post(address, {"file": SimpleUploadedFile("x.ics", CALENDAR)})
    preview = response["Location"]
    assert not Session.objects.exists()
    page = html.fromstring(organizer.get(preview).text)
    assert page.xpath("//span[@class='stat-value']/text()") == ["1", "0", "0", "0"]
    assert organizer.post(preview)["Location"] == "/organize/conf/schedule/"
    assert [session.title for session in Session.objects.all()] == ["Venue d'ailleurs"]
    assert not ScheduleUpload.objects.exists()
    assert organizer.post(preview)["Location"] == address
    assert "Choisissez de nouveau le fichier" in organizer.get(preview, follow=True).text


@pytest.mark.parametrize(
    "content", [b"", b"\x00\xff\xfe", b"PK\x03\x04 zip", b"<schedule>", b'{"a": 1}', b"Bonjour"]
)
def test_unreadable_file_shows_an_error(organizer, event, content):
    response = organizer.post(
        "/organize/conf/schedule/import/", {"file": SimpleUploadedFile("x.xml", content)}
    )
    assert response.status_code == 200
    assert len(list_errors(response)) == 1
    assert not ScheduleUpload.objects.exists()


def test_too_large_or_missing_file_shows_an_error(organizer, event, monkeypatch):
    monkeypatch.setattr("schedule.editing.forms.MAX_FILE_BYTES", 10)
    address = "/organize/conf/schedule/import/"
    assert len(list_errors(organizer.post(address, {"file": SimpleUploadedFile("x.ics", CALENDAR)}))) == 1
    assert len(list_errors(organizer.post(address, {}))) == 1


def test_preview_of_another_event_cannot_be_imported(organizer, event):
    other = make_event(slug="other")
    upload = ScheduleUpload.objects.create(event=other, token="t", name="x", content=CALENDAR)
    organizer.post(f"/organize/conf/schedule/import/{upload.token}/")
    assert not Session.objects.exists()
    assert ScheduleUpload.objects.get() == upload


def test_file_reading_is_rate_limited(organizer, event, settings):
    settings.RATE_LIMITS = "on"
    address = "/organize/conf/schedule/import/"
    for _number in range(MAX_FILES_READ_PER_HOUR):
        throttle_reading(event)

    response = organizer.post(address, {"file": SimpleUploadedFile("x.ics", CALENDAR)})

    assert len(list_errors(response)) == 1
    assert not ScheduleUpload.objects.exists()


def test_preview_expires_after_a_day(organizer, event):
    chosen = {"file": SimpleUploadedFile("x.ics", CALENDAR)}
    address = organizer.post("/organize/conf/schedule/import/", chosen)["Location"]
    assert organizer.get(address).status_code == 200
    ScheduleUpload.objects.update(created_at=timezone.now() - datetime.timedelta(days=1))
    assert organizer.get(address)["Location"] == "/organize/conf/schedule/import/"
    assert organizer.post(address)["Location"] == "/organize/conf/schedule/import/"
    delete_old_uploads()
    assert not ScheduleUpload.objects.exists()


def test_changed_start_of_days_moves_night_session_to_another_day(organizer, event):
    night = make_session(
        event, starts_at=datetime.datetime(2026, 6, 17, 2, tzinfo=PARIS), day=datetime.date(2026, 6, 16)
    )
    Schedule.objects.create(event=event, day_starts_at=datetime.time(4))

    organizer.post("/organize/conf/schedule/version/", {"day_starts_at": "01:00"})

    night.refresh_from_db()
    assert night.day == datetime.date(2026, 6, 17)


def test_explicit_day_survives_a_changed_start_of_days(organizer, event):
    evening = make_session(
        event, starts_at=datetime.datetime(2026, 6, 17, 20, tzinfo=PARIS), day=datetime.date(2026, 6, 16)
    )
    Schedule.objects.create(event=event, day_starts_at=datetime.time(4))

    organizer.post("/organize/conf/schedule/version/", {"day_starts_at": "01:00"})

    evening.refresh_from_db()
    assert evening.day == datetime.date(2026, 6, 16)


@pytest.mark.parametrize("name", ["abstract", "description"])
def test_too_long_text_is_refused(organizer, event, name):
    session = make_session(event)
    address = f"/organize/conf/schedule/{session.number}/"
    data = read_form(organizer, address) | {name: "x" * (MAX_TEXT_CHARS + 1)}

    response = organizer.post(address, data)

    assert list(response.context["form"].errors) == [name]


def test_too_long_biography_is_refused(organizer, event):
    data = {"name": "Ana", "biography": "x" * (MAX_TEXT_CHARS + 1), "language": "fr"}

    response = organizer.post("/organize/conf/schedule/speakers/new/", data)

    assert list(response.context["form"].errors) == ["biography"]


def test_speaker_entered_twice_has_the_first_position(organizer, event):
    session = make_session(event)
    address = f"/organize/conf/schedule/{session.number}/"

    organizer.post(address, read_form(organizer, address) | {"speakers": "Ada\nBob\nada"})

    names = session.appearances.order_by("position").values_list("speaker__name", flat=True)
    assert list(names) == ["Ada", "Bob"]


def test_track_added_after_a_removal_is_last_and_has_a_unique_slug(organizer, event):
    address = "/organize/conf/schedule/tracks/"
    organizer.post(address, {"name": "Zoo", "color": "#0b5c8a"})
    organizer.post(address, {"name": "Réseaux", "color": "#0b5c8a"})
    organizer.post(f"{address}{Track.objects.get(name='Zoo').pk}/remove/")

    organizer.post(address, {"name": "Cloud", "color": "#0b5c8a"})

    assert [track.name for track in event.tracks.all()] == ["Réseaux", "Cloud"]
    assert len({track.slug for track in event.tracks.all()}) == 2


def test_saving_programme_settings_does_not_reset_the_revision(event):
    mine = Schedule.objects.get_or_create(event=event)[0]
    before = raise_revision(event=event).revision
    mine.version = "2"
    mine.save()
    assert list(Schedule.objects.values_list("version", "revision")) == [("2", before)]


def test_unknown_session_number_is_not_found(organizer, event):
    assert organizer.get("/organize/conf/schedule/42/").status_code == 404
    assert organizer.get("/organize/conf/schedule/99999999999999999999/").status_code == 404
    assert organizer.get("/organize/conf/schedule/import/%00/").status_code == 302
    assert re.search("(?s)<h1.*</h1>", organizer.get("/organize/conf/schedule/42/").text)


def test_characters_invalid_in_the_database_are_removed_from_previews(organizer, event):
    content = CALENDAR.replace(b"SUMMARY:", b"SUMMARY:\x00")
    rooms = {
        "R\n\0": [{"id": 1, "title": "T\0\ud83d", "start": "10:00", "date": "2027-06-15T10:00:00+02:00"}]
    }
    days = [{"date": "2027-06-15", "rooms": rooms}]
    frab = json.dumps({"schedule": {"conference": {"title": "\0", "days": days}}}).encode()
    for data in (content, frab):
        response = organizer.post("/organize/conf/schedule/import/", {"file": SimpleUploadedFile("x", data)})
        assert response.status_code in {200, 302}
    stored = json.dumps([upload.report for upload in ScheduleUpload.objects.all()])
    assert "u0000" not in stored
    assert "ud83d" not in stored
    assert organizer.get(response["Location"]).status_code == 200


def test_new_session_form_defaults_to_room_and_end_of_previous_session(organizer, event):
    before = make_session(event, room=make_room(event))
    page = organizer.get(f"/organize/conf/schedule/{before.number}/")
    assert f"schedule/new/?after={before.number}" in page.text
    form = organizer.get(f"/organize/conf/schedule/new/?after={before.number}").context["form"]
    assert (form["room"].value(), form.initial["starts_at"]) == (before.room_id, before.ends_at)
    empty = organizer.get("/organize/conf/schedule/new/?after=²").context["form"]
    assert empty.initial["starts_at"] is None
