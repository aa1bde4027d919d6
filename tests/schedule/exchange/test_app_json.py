"""JSON of conference apps, Sessionize and KotlinConf, recognized by their keys."""

import datetime
import json

import pytest

from convention.errors import UnreadableFile
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.importing.import_schedule import import_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.exchange.read_schedule import read_schedule
from schedule.models import Schedule, Session, Speaker
from tests.factories import make_event, make_room, make_session, make_track

pytestmark = [pytest.mark.django_db, pytest.mark.once]

UTC = datetime.UTC
ADA = "00000000-0000-4000-8000-00000000000a"
BREAK = "00000000-0000-4000-8000-00000000000b"


def make_sessionize_session(**fields) -> dict:
    return {
        "id": "14022",
        "title": "Keynote",
        "description": "About it.\r\nReally.",
        "startsAt": "2026-06-17T09:00:00",
        "endsAt": "2026-06-17T10:00:00",
        "isServiceSession": False,
        "isPlenumSession": True,
        "speakers": [ADA],
        "categoryItems": [11, 12, 13, 14],
        "questionAnswers": [{"questionId": 148, "answerValue": "67"}],
        "roomId": 215,
        "liveUrl": None,
        "recordingUrl": "https://video.example/1",
        "status": "Accepted",
        **fields,
    }


def make_view(*sessions: dict) -> dict:
    return {
        "sessions": list(sessions),
        "speakers": [
            {
                "id": ADA,
                "firstName": "Ada",
                "lastName": "Lovelace",
                "fullName": "Ada Lovelace",
                "bio": "First.",
                "links": [
                    {"title": "T", "url": "https://t.example/ada", "linkType": "Twitter"},
                    {"title": "B", "url": "https://ada.example/", "linkType": "Blog"},
                ],
            }
        ],
        "questions": [{"id": 148, "question": "Shirt size", "questionType": "Short_Text", "sort": 1}],
        "categories": [
            {"id": 1, "title": "Session format", "items": [{"id": 11, "name": "Talk", "sort": 1}]},
            {"id": 2, "title": "Track", "items": [{"id": 12, "name": "Web", "sort": 1}]},
            {"id": 3, "title": "Level", "items": [{"id": 13, "name": "Expert", "sort": 1}]},
            {"id": 4, "title": "Language", "items": [{"id": 14, "name": "en", "sort": 1}]},
        ],
        "rooms": [
            {"id": 216, "name": "Lab", "sort": 1},
            {"id": 215, "name": "Hall", "sort": 0},
            {"id": 217, "name": "Unused", "sort": 2},
        ],
    }


def import_json(content, slug: str = "conf"):
    return import_schedule(slug=slug, data=json.dumps(content).encode())


@pytest.fixture
def event():
    return make_event(
        slug="conf",
        timezone="Europe/Paris",
        starts_at=datetime.datetime(2026, 6, 17, 6, tzinfo=UTC),
        ends_at=datetime.datetime(2026, 6, 18, 18, tzinfo=UTC),
    )


def list_notes(report, name: str) -> list[str]:
    return [note.subject_text for note in report.notes if note.reason.name == name]


# --- Sessionize -----------------------------------------------------------------------------------------


def test_sessionize_session_is_imported_with_all_fields(event):
    report = import_json(make_view(make_sessionize_session()))

    session = Session.objects.get()
    assert report.format == ScheduleFormat.SESSIONIZE
    assert report.added == ("Keynote",)
    assert session.source_id == "14022"
    assert session.number == 14022
    assert session.starts_at == datetime.datetime(2026, 6, 17, 7, tzinfo=UTC)
    assert session.duration == datetime.timedelta(hours=1)
    assert session.description == "About it.\nReally."
    assert session.room.name == "Hall"
    assert session.track.name == "Web"
    assert session.kind == "Talk"
    assert session.language == "en"
    assert session.links == [{"url": "https://video.example/1", "type": "media"}]


def test_sessionize_speakers_are_imported(event):
    import_json(make_view(make_sessionize_session()))

    speaker = Speaker.objects.get()
    assert str(speaker.guid) == ADA
    assert speaker.name == "Ada Lovelace"
    assert speaker.biography == "First."
    assert speaker.url == "https://ada.example/"


def test_sessionize_values_without_a_field_are_reported(event):
    report = import_json(
        make_view(make_sessionize_session(), make_sessionize_session(id="2", status="Declined"))
    )

    assert list_notes(report, "UNKNOWN_FIELD") == ["Shirt size", "Level: Expert"]
    assert list_notes(report, "NOT_CONFIRMED") == ["Keynote"]


def test_second_sessionize_import_changes_nothing_and_finds_moved_session(event):
    service = make_sessionize_session(id=BREAK, title="Lunch", speakers=[], isServiceSession=True)
    import_json(make_view(make_sessionize_session(), service))

    again = import_json(make_view(make_sessionize_session(), service))
    moved = import_json(
        make_view(make_sessionize_session(title="Opening", startsAt="2026-06-17T08:30:00"), service)
    )

    assert again.added == ()
    assert again.changed == ()
    assert again.unchanged == 2
    assert moved.added == ()
    assert moved.changed == ("Opening",)
    assert str(Session.objects.get(title="Lunch").guid) == BREAK


def make_named_session() -> dict:
    session = make_sessionize_session(room="Hall", speakers=[{"id": ADA, "name": "Ada Lovelace"}])
    session["categories"] = [
        {"id": 2, "name": "Track", "categoryItems": [{"id": 12, "name": "Web"}], "sort": 1}
    ]
    return {name: value for name, value in session.items() if name != "categoryItems"}


@pytest.mark.parametrize(
    "view",
    [
        [{"groupId": None, "groupName": "All", "sessions": [make_named_session()]}],
        [
            {
                "date": "2026-06-17T00:00:00",
                "rooms": [
                    {"id": 215, "name": "Hall", "sessions": [make_named_session()]},
                    {"id": 216, "name": "Lab", "sessions": [make_named_session()]},
                ],
                "timeSlots": [],
            }
        ],
        {"allData": make_view(make_sessionize_session()), "favorites": []},
    ],
    ids=["Sessions", "GridSmart", "an app's answer"],
)
def test_other_sessionize_views_are_imported(event, view):
    import_json(view)

    session = Session.objects.get()
    assert session.title == "Keynote"
    assert session.room.name == "Hall"
    assert session.track.name == "Web"
    assert session.speakers.get().name == "Ada Lovelace"


def test_sessionize_times_with_an_offset_are_exact(event):
    import_json(
        make_view(
            make_sessionize_session(startsAt="2026-06-17T09:00:00Z", endsAt="2026-06-17T12:00:00+02:00")
        )
    )

    session = Session.objects.get()
    assert session.starts_at == datetime.datetime(2026, 6, 17, 9, tzinfo=UTC)
    assert session.ends_at == datetime.datetime(2026, 6, 17, 10, tzinfo=UTC)


def test_sessionize_export_has_all_session_data(event):
    make_session(
        event, "Talk", speakers=("Ada",), room=make_room(event, "Hall"), track=make_track(event, "Web"),
        kind="talk", language="fr", abstract="<p>Short</p>", description="Long",
    )  # fmt: skip

    view = json.loads(export_schedule(event=event, file_format=ScheduleFormat.SESSIONIZE))

    assert view.keys() == {"sessions", "speakers", "questions", "categories", "rooms"}
    [session] = view["sessions"]
    assert session["description"] == "Short\n\nLong"
    assert session["startsAt"] == "2026-06-17T08:00:00+02:00"
    names = {item["id"]: item["name"] for category in view["categories"] for item in category["items"]}
    assert [names[item] for item in session["categoryItems"]] == ["Web", "talk", "fr"]
    rooms = {room["id"]: room["name"] for room in view["rooms"]}
    assert rooms[session["roomId"]] == "Hall"
    assert [speaker["id"] for speaker in view["speakers"]] == session["speakers"]


def test_changed_sessionize_description_does_not_change_the_abstract(event):
    make_session(event, "Talk", abstract="Short", description="Long")
    data = export_schedule(event=event, file_format=ScheduleFormat.SESSIONIZE)

    import_schedule(slug="conf", data=data.replace(b"Long", b"Longer"))

    session = Session.objects.get()
    assert session.abstract == "Short"
    assert session.description == "Longer"


# --- KotlinConf -----------------------------------------------------------------------------------------


def make_kotlinconf(**fields) -> dict:
    session = {
        "id": "857088",
        "title": "Opening keynote",
        "description": "",
        "speakerIds": [ADA, "unknown"],
        "location": "Keynote room",
        "startsAt": "2026-06-17T09:00",
        "endsAt": "2026-06-17T10:00",
        "tags": ["Regular session", "Intermediate", "Server-side", "Other"],
        "videoUrl": "https://video.example/2",
        **fields,
    }
    speaker = {"id": ADA, "name": "Ada", "position": "Countess", "description": "First.", "photoUrl": ""}
    return {"sessions": [session], "speakers": [speaker]}


def test_kotlinconf_is_recognized_by_its_keys(event):
    report = import_json(make_kotlinconf())

    session = Session.objects.get()
    assert report.format == ScheduleFormat.KOTLINCONF
    assert report.added == ("Opening keynote",)
    assert session.starts_at == datetime.datetime(2026, 6, 17, 7, tzinfo=UTC)
    assert session.room.name == "Keynote room"
    assert session.source_id == "857088"
    assert session.kind == "Regular session"
    assert session.track.name == "Server-side"
    assert session.links == [{"url": "https://video.example/2", "type": "media"}]
    assert session.speakers.get().biography == "First."
    assert list_notes(report, "UNKNOWN_FIELD") == ["position", "Intermediate", "Other"]


def test_a_second_import_of_kotlinconf_changes_nothing(event):
    import_json(make_kotlinconf())

    report = import_json(make_kotlinconf())

    assert report.added == ()
    assert report.changed == ()
    assert report.unchanged == 1
    assert Schedule.objects.get().revision == 1


def test_kotlinconf_tags_are_classified_by_the_file(event):
    content = make_kotlinconf(tags=["Deep dive", "Hard", "Session types"])

    import_json(
        content | {"tags": {"formats": ["Deep dive"], "levels": ["Hard"], "categories": ["Session types"]}}
    )

    session = Session.objects.get()
    assert session.kind == "Deep dive"
    assert session.track.name == "Session types"


@pytest.mark.parametrize("value", [1_781_679_600_000, 1_781_679_600])
def test_numeric_kotlinconf_timestamps_are_parsed(event, value):
    import_json(make_kotlinconf(startsAt=value, endsAt=None))

    assert Session.objects.get().starts_at == datetime.datetime(2026, 6, 17, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    "fields", [{"startsAt": None}, {"startsAt": True}, {"startsAt": 10**30}, {"title": None}, {"title": {}}]
)
def test_entries_without_title_or_start_are_skipped(event, fields):
    report = import_json(make_kotlinconf(**fields))

    assert report.added == ()


# --- unknown JSON ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        {"sessions": [], "speakers": []},
        {"sessions": [{"title": "A"}]},
        {"sessions": "A", "rooms": 1},
        {"allData": None},
        [{"sessions": [{"title": "A"}]}],
        [[["vcalendar"]]],
    ],
)
def test_other_json_is_refused(content):
    with pytest.raises(UnreadableFile, match="frab JSON"):
        read_schedule(json.dumps(content).encode())
