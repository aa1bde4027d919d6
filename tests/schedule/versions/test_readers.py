"""The public programme shows published sessions, and nothing of a draft."""

import io

import pytest

from registrations.sessions.choices import list_session_choices
from schedule.models import ProgrammeAudience, Session
from schedule.paper.print_agenda import print_agenda
from tests.factories import make_event, make_registration, make_session, make_ticket
from tests.schedule.versions.timetables import change_slot

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGES = [
    "agenda/",
    "agenda/?day=all",
    "agenda/?q=Secret",
    "speakers/",
    "agenda.ics",
    "agenda.xml",
    "agenda.json",
]


@pytest.fixture(params=["unplaced", "in the draft", "blocker"])
def event(request):
    event = make_event(slug="conf")
    make_session(event, "Publique", speakers=("Ana",))
    if request.param == "blocker":
        make_session(event, "Secrète", speakers=("Zoé",), role=Session.Role.BLOCKER, is_bookable=True)
        return event
    session = make_session(event, "Secrète", speakers=("Zoé",), starts_at=None, is_bookable=True)
    if request.param == "in the draft":
        change_slot(session)
    return event


@pytest.mark.parametrize("page", PAGES)
def test_pages_and_feeds_do_not_name_an_unpublished_session(client, event, page):
    response = client.get(f"/en/events/conf/{page}", follow=True)

    assert response.status_code == 200
    assert "Secrète" not in response.content.decode()
    assert "Zoé" not in response.content.decode()


def test_pages_of_an_unpublished_session_and_its_speaker_are_not_found(client, event):
    session = event.sessions.get(title="Secrète")
    speaker = event.speakers.get(name="Zoé")

    assert client.get(f"/en/events/conf/sessions/{session.guid}/").status_code == 404
    assert client.get(f"/en/events/conf/speakers/{speaker.guid}/").status_code == 404


def test_api_does_not_list_an_unpublished_session(client, event):
    answer = client.get("/api/v1/events/conf/sessions/").json()

    assert [session["title"] for session in answer["results"]] == ["Publique"]


def test_printed_agenda_omits_an_unpublished_session(event):
    programme = print_agenda(event, file=io.BytesIO(), format_name="grid")

    assert [session.title for session in programme.sessions] == ["Publique"]


def test_unpublished_session_cannot_be_booked_or_starred(client, event):
    session = event.sessions.get(title="Secrète")

    response = client.post("/en/events/conf/agenda/choose/", {"add": str(session.guid)})

    assert response.status_code == 404
    assert (
        list_session_choices(make_registration(make_ticket(event)), audience=ProgrammeAudience.MEMBERS) == []
    )
