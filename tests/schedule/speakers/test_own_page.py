"""A speaker's own page at a secret link."""

import datetime
import time
from types import SimpleNamespace

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from lxml import html

from convention.api import throttles
from convention.audit.models import AuditEntry
from convention.events.models import Event
from schedule.editing.sessions import set_speakers
from schedule.models import Schedule, Session, SessionSpeaker, SpeakerPhoto
from schedule.speakers import own_page
from schedule.speakers.links import revoke_link
from schedule.speakers.photos import delete_old_photos, give_photo_consent, store_photo
from tests.factories import make_event, make_person, make_session
from tests.schedule.speakers.factories import (
    get_appearance,
    make_image,
    make_june_event,
    make_page_path,
    make_speaker,
)
from tests.site_objects import make_client
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def post(client, speaker, **fields):
    return client.post(make_page_path(speaker), fields, follow=True)


def make_upload(content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile("me.jpg", content or make_image())


def test_the_page_needs_no_account_and_is_not_stored_by_caches(client):
    speaker = make_speaker()

    page = client.get(make_page_path(speaker))

    assert page.status_code == 200
    assert page["Cache-Control"] == "private, no-store"
    assert page["X-Robots-Tag"] == "noindex"
    assert "Talk of Ana" in page.text


def test_the_page_opens_while_the_event_is_a_draft(client):
    speaker = make_speaker()
    Event.objects.update(visibility=Event.Visibility.DRAFT)

    assert client.get(make_page_path(speaker)).status_code == 200


def test_unplaced_session_is_shown_as_not_scheduled_yet(client):
    speaker = make_speaker()
    Session.objects.update(starts_at=None, ends_at=None)

    assert "not scheduled yet" in client.get(make_page_path(speaker)).text


def test_revoked_link_is_not_found_and_the_new_link_works(client):
    speaker = make_speaker()
    path = make_page_path(speaker)

    revoke_link(speaker=speaker)

    assert client.get(path).status_code == 404
    speaker.refresh_from_db()
    assert client.get(make_page_path(speaker)).status_code == 200


def test_forged_link_is_not_found(client):
    assert client.get("/en/speakers/forged/").status_code == 404


def test_the_link_expires_weeks_after_the_event(client):
    over = timezone.now() - datetime.timedelta(days=100)
    event = make_event(starts_at=over - datetime.timedelta(days=1), ends_at=over)

    assert client.get(make_page_path(make_speaker(event))).status_code == 410


def test_a_speaker_confirms_a_session(client):
    speaker = make_speaker()

    page = post(client, speaker, action="confirm", session=get_appearance(speaker).session_id)

    assert "the session has been confirmed" in page.text
    assert get_appearance(speaker).confirmed_at is not None
    assert AuditEntry.objects.get().verb == "session.confirm_speaker"


def test_declining_a_session_withdraws_the_confirmation(client):
    speaker = make_speaker()
    SessionSpeaker.objects.update(confirmed_at=timezone.now())

    post(client, speaker, action="decline", session=get_appearance(speaker).session_id)

    assert get_appearance(speaker).confirmed_at is None
    assert get_appearance(speaker).declined_at is not None


def test_organizers_are_notified_once_when_a_speaker_declines(client):
    speaker = make_speaker(make_june_event(contact_email="team@example.org"))

    for _click in range(2):
        post(client, speaker, action="decline", session=get_appearance(speaker).session_id)
    run_waiting_tasks()

    assert [message.to for message in mail.outbox] == [["team@example.org"]]
    assert "Talk of Ana" in mail.outbox[0].body


def test_a_repeated_confirmation_changes_nothing(client):
    speaker = make_speaker()
    session = get_appearance(speaker).session_id
    post(client, speaker, action="confirm", session=session)
    first = get_appearance(speaker).confirmed_at

    post(client, speaker, action="confirm", session=session)

    assert get_appearance(speaker).confirmed_at == first


@pytest.mark.parametrize("session", ["", "x", "²", "9" * 30, "0"])
def test_invalid_session_is_answered_with_404_and_an_error_message(client, session):
    page = post(client, make_speaker(), action="confirm", session=session)

    assert page.status_code == 404
    assert "no longer a speaker in this session" in page.text


def test_the_session_of_another_speaker_is_refused(client):
    speaker = make_speaker()
    other = make_speaker(speaker.event, "Bob")

    assert (
        post(client, speaker, action="confirm", session=get_appearance(other).session_id).status_code == 404
    )
    assert get_appearance(other).confirmed_at is None


def test_an_unknown_action_is_refused(client):
    assert post(client, make_speaker(), action="fly").status_code == 404


def test_answer_and_part_are_preserved_when_an_organizer_saves_the_speakers(client):
    speaker = make_speaker()
    SessionSpeaker.objects.update(confirmed_at=timezone.now(), part=SessionSpeaker.Part.CHAIR)
    session = get_appearance(speaker).session

    set_speakers(session=session, speaker_names=["Bob", "Ana"])

    appearance = get_appearance(speaker)
    assert appearance.confirmed_at is not None
    assert appearance.part == SessionSpeaker.Part.CHAIR
    assert appearance.position == 1


def test_availability_is_saved_and_shown_again(client):
    speaker = make_speaker()

    page = post(client, speaker, action="availability", step="60", **{"cell-2099-06-15T09:00": "cannot"})

    assert "Your availability has been saved." in page.text
    assert speaker.availabilities.get().level == "cannot"
    assert 'name="cell-2099-06-15T09:00" value="cannot" checked' in page.text


def test_biography_and_company_are_published_as_saved(client):
    speaker = make_speaker()

    post(
        client, speaker, action="profile", biography="Ana **runs** it.", company="Acme", url="", language="fr"
    )

    public = client.get(f"/en{speaker.get_absolute_url().removeprefix('/en')}")
    assert "<strong>runs</strong>" in public.text
    assert "Acme" in public.text
    speaker.refresh_from_db()
    assert speaker.language == "fr"


def test_invalid_url_is_refused_at_its_field_and_nothing_is_saved(client):
    speaker = make_speaker()

    page = post(client, speaker, action="profile", biography="New", url="javascript:x", language="en")

    assert "Enter a valid web address." in html.fromstring(page.text).xpath("string(//*[@id='id_url_error'])")
    speaker.refresh_from_db()
    assert speaker.biography == ""


def test_the_name_and_address_cannot_be_changed_on_the_page(client):
    speaker = make_speaker()

    post(client, speaker, action="profile", name="Eve", email="eve@example.org", language="en")

    speaker.refresh_from_db()
    assert speaker.name == "Ana"
    assert speaker.email == "ana@example.org"


def test_photograph_without_consent_is_not_public(client):
    speaker = make_speaker()
    address = f"/events/{speaker.event.slug}/speakers/{speaker.guid}/photo.jpg"

    page = post(client, speaker, action="photo", photo=make_upload())

    assert "Your photograph has been saved." in page.text
    assert client.get(address).status_code == 404
    assert "photo.jpg" not in client.get(speaker.get_absolute_url()).text
    assert client.get(f"{make_page_path(speaker)}photo.jpg")["Content-Type"] == "image/jpeg"


def test_a_photograph_with_consent_is_shown(client):
    speaker = make_speaker()
    address = f"/events/{speaker.event.slug}/speakers/{speaker.guid}/photo.jpg"

    post(client, speaker, action="photo", photo=make_upload(), has_consent="on")

    photo = SpeakerPhoto.objects.get()
    assert client.get(address).content == photo.content
    assert photo.consent_version == 1
    assert photo.consented_at is not None
    assert f"photo.jpg?{photo.digest}" in client.get(speaker.get_absolute_url()).text


def test_a_withdrawn_photograph_is_no_longer_shown(client):
    speaker = make_speaker()
    post(client, speaker, action="photo", photo=make_upload(), has_consent="on")
    assert "photo.jpg" in client.get(speaker.get_absolute_url()).text

    post(client, speaker, action="photo-withdraw")

    assert "photo.jpg" not in client.get(speaker.get_absolute_url()).text
    assert client.get(f"/events/{speaker.event.slug}/speakers/{speaker.guid}/photo.jpg").status_code == 404
    assert SpeakerPhoto.objects.get().withdrawn_at is not None


def test_consent_can_be_given_later(client):
    speaker = make_speaker()
    post(client, speaker, action="photo", photo=make_upload())

    post(client, speaker, action="photo-consent")

    assert SpeakerPhoto.objects.get().is_public


def test_removed_photograph_is_deleted(client):
    speaker = make_speaker()
    post(client, speaker, action="photo", photo=make_upload(), has_consent="on")

    post(client, speaker, action="photo-remove")

    assert not SpeakerPhoto.objects.exists()
    assert post(client, speaker, action="photo-consent").status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"), [(b"%PDF-1.7", "JPEG, PNG or WebP"), (b"", "This file is empty")]
)
def test_invalid_photo_file_is_refused_with_an_error_message(client, content, sentence):
    speaker = make_speaker()

    page = client.post(
        make_page_path(speaker), {"action": "photo", "photo": SimpleUploadedFile("x.jpg", content)}
    )

    assert sentence in page.text
    assert not SpeakerPhoto.objects.exists()


def test_too_many_changes_are_refused(client, settings, monkeypatch):
    settings.RATE_LIMITS = "on"
    speaker = make_speaker()
    path, session = make_page_path(speaker), get_appearance(speaker).session_id

    # Lower the limit: on a busy machine the permitted requests would take longer than a minute.
    monkeypatch.setattr(own_page, "MAX_CHANGES_PER_MINUTE", 0)

    answer = client.post(path, {"action": "confirm", "session": session})

    assert answer.status_code == 429


def test_new_photograph_raises_the_programme_revision():
    speaker = make_speaker()
    before = Schedule.objects.filter(event=speaker.event).values_list("revision", flat=True).first() or 0

    store_photo(speaker=speaker, content=b"x")

    assert Schedule.objects.get(event=speaker.event).revision > before


def test_photographs_of_old_events_are_deleted():
    long_ago = timezone.now() - datetime.timedelta(days=400)
    old = make_event(starts_at=long_ago - datetime.timedelta(days=1), ends_at=long_ago)
    store_photo(speaker=make_speaker(old), content=b"x")
    store_photo(speaker=make_speaker(make_event(), "Bob"), content=b"y")

    assert delete_old_photos(timezone.now() - datetime.timedelta(days=365)) == 1

    assert SpeakerPhoto.objects.get().speaker.name == "Bob"


def test_person_sees_and_withdraws_the_photo_consent_on_their_privacy_page():
    person = make_person()
    speaker = make_speaker(person=person)
    store_photo(speaker=speaker, content=b"x")
    give_photo_consent(speaker=speaker)
    client, key = make_client(person), f"speaker-photo-{SpeakerPhoto.objects.get().pk}"

    listed = client.get("/en/me/privacy/").text
    withdrawn = client.post(f"/en/me/privacy/disagree/{key}/", follow=True).text

    assert f"/en/me/privacy/disagree/{key}/" in listed
    assert "consent given" in listed
    assert "Your consent has been withdrawn." in withdrawn
    assert f"/en/me/privacy/disagree/{key}/" not in withdrawn
    assert not SpeakerPhoto.objects.get().is_public


def test_a_blocked_time_is_not_shown(client):
    speaker = make_speaker()
    blocked = make_session(speaker.event, "Secret plans", role=Session.Role.BLOCKER)
    SessionSpeaker.objects.create(session=blocked, speaker=speaker)

    assert "Secret plans" not in client.get(make_page_path(speaker)).text


def test_replacing_a_photograph_without_consent_makes_it_private(client):
    speaker = make_speaker()
    post(client, speaker, action="photo", photo=make_upload(), has_consent="on")

    post(client, speaker, action="photo", photo=make_upload(make_image()))

    assert not SpeakerPhoto.objects.get().is_public


def test_mails_about_repeated_declines_are_limited(client, settings, monkeypatch):
    settings.RATE_LIMITS = "on"
    # Stop the clock, so that no new window of the rate limit begins.
    now = time.time()
    monkeypatch.setattr(throttles, "time", SimpleNamespace(time=lambda: now))
    speaker = make_speaker(make_june_event(contact_email="team@example.org"))
    session, statuses = Session.objects.get(), []

    for _number in range(11):
        statuses.append(post(client, speaker, action="decline", session=session.pk).status_code)
        # The task sends no mail about a decline that was taken back.
        run_waiting_tasks()
        post(client, speaker, action="confirm", session=session.pk)

    assert statuses == [200] * 10 + [429]
    assert len(mail.outbox) == 10


@pytest.mark.parametrize("action", ["confirm", "decline"])
def test_cancelled_session_can_be_neither_confirmed_nor_declined(client, action):
    speaker = make_speaker()
    Session.objects.update(cancelled_at=timezone.now())

    answer = post(client, speaker, action=action, session=Session.objects.get().pk)

    appearance = get_appearance(speaker)
    assert answer.status_code == 404
    assert appearance.confirmed_at is None
    assert appearance.declined_at is None
