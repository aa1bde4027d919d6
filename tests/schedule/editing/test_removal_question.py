"""Before a track or a speaker is deleted, the page names the sessions and what the public sees."""

import pytest

from schedule.models import Speaker
from tests.factories import make_event, make_session, make_staff, make_track
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PUBLIC_CHANGES = "The public programme changes at once."
NOTHING_CHANGES = "The public programme does not change."


@pytest.fixture
def event():
    return make_event(slug="conf")


@pytest.fixture
def organizer(event):
    return make_client(make_staff(event))


def test_the_question_names_published_sessions_of_a_speaker(organizer, event):
    make_session(event, "Keynote", speakers=("Ada",))
    speaker = Speaker.objects.get()

    page = organizer.get(f"/en/organize/conf/schedule/speakers/{speaker.pk}/remove/").text

    assert "Delete the speaker “Ada”?" in page
    assert "Keynote" in page
    assert PUBLIC_CHANGES in page
    assert Speaker.objects.exists()


def test_the_question_says_that_a_draft_session_is_not_public(organizer, event):
    make_session(event, "Keynote", speakers=("Ada",), starts_at=None)
    speaker = Speaker.objects.get()

    page = organizer.get(f"/en/organize/conf/schedule/speakers/{speaker.pk}/remove/").text

    assert "Keynote" in page
    assert NOTHING_CHANGES in page


def test_nothing_is_public_while_the_event_is_a_draft(organizer, event):
    event.visibility = "draft"
    event.save()
    track = make_track(event)
    make_session(event, "Keynote", track=track)

    page = organizer.get(f"/en/organize/conf/schedule/tracks/{track.pk}/remove/").text

    assert NOTHING_CHANGES in page


def test_a_track_is_deleted_after_the_question(organizer, event):
    track = make_track(event, "Cloud")
    session = make_session(event, "Keynote", track=track)
    path = f"/en/organize/conf/schedule/tracks/{track.pk}/remove/"
    page = organizer.get(path).text

    organizer.post(path)

    session.refresh_from_db()
    assert "Delete the track “Cloud”?" in page
    assert session.track is None


def test_the_pages_of_track_and_speaker_only_lead_to_the_question(organizer, event):
    track = make_track(event)
    make_session(event, speakers=("Ada",))
    speaker = Speaker.objects.get()

    track_page = organizer.get(f"/en/organize/conf/schedule/tracks/{track.pk}/").text
    speaker_page = organizer.get(f"/en/organize/conf/schedule/speakers/{speaker.pk}/").text

    assert f'href="/en/organize/conf/schedule/tracks/{track.pk}/remove/"' in track_page
    assert f'href="/en/organize/conf/schedule/speakers/{speaker.pk}/remove/"' in speaker_page
