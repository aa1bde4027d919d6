"""An organizer adds, replaces and removes a speaker's photograph."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from schedule.models import Speaker, SpeakerPhoto
from schedule.speakers import photos
from schedule.speakers.photos import store_photo
from tests.factories import make_staff
from tests.schedule.speakers.factories import make_image, make_page_path, make_speaker
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def speaker() -> Speaker:
    return make_speaker()


@pytest.fixture
def organizer(speaker):
    return make_client(make_staff(speaker.event))


def make_path(speaker, suffix=""):
    return f"/en/organize/{speaker.event.slug}/schedule/speakers/{speaker.pk}/{suffix}"


def upload(organizer, speaker, content=None, **fields):
    photo = SimpleUploadedFile("photo.jpg", content or make_image())
    return organizer.post(make_path(speaker, "photo/"), {"photo": photo, **fields}, follow=True)


def test_uploaded_photograph_is_shown_to_organizers_only(organizer, speaker):
    page = upload(organizer, speaker)

    assert "The photograph has been saved." in page.text
    assert "The programme does not show this photograph" in page.text
    assert organizer.get(make_path(speaker, "photo.jpg"))["Content-Type"] == "image/jpeg"
    assert not SpeakerPhoto.objects.get().is_public


def test_photograph_to_which_the_speaker_agreed_is_public(organizer, speaker):
    page = upload(organizer, speaker, has_consent="on")

    assert "The programme shows this photograph." in page.text
    assert SpeakerPhoto.objects.get().is_public


def test_speaker_withdraws_the_consent_that_the_organizer_noted(client, organizer, speaker):
    upload(organizer, speaker, has_consent="on")

    client.post(make_page_path(speaker), {"action": "photo-withdraw"})

    assert not SpeakerPhoto.objects.get().is_public


def test_invalid_file_is_refused_at_its_field(organizer, speaker):
    page = upload(organizer, speaker, b"no image")

    assert page.status_code == 200
    assert 'id="id_photo_error"' in page.text
    assert not SpeakerPhoto.objects.exists()


def test_uploads_of_organizers_do_not_count_as_the_speakers(
    client, organizer, speaker, settings, monkeypatch
):
    settings.RATE_LIMITS = "on"
    monkeypatch.setattr(photos, "MAX_UPLOADS_PER_HOUR", 1)
    upload(organizer, speaker)

    refused = upload(organizer, speaker)
    photo = SimpleUploadedFile("photo.jpg", make_image())
    page = client.post(make_page_path(speaker), {"action": "photo", "photo": photo}, follow=True)

    assert 'id="id_photo_error"' in refused.text
    assert "Your photograph has been saved." in page.text


def test_organizer_removes_photograph(organizer, speaker):
    store_photo(speaker=speaker, content=b"x")

    page = organizer.post(make_path(speaker, "photo/"), {"action": "remove"}, follow=True)

    assert "The photograph has been removed." in page.text
    assert not SpeakerPhoto.objects.exists()


def test_saving_the_details_leaves_the_photograph(organizer, speaker):
    store_photo(speaker=speaker, content=b"x")

    organizer.post(make_path(speaker), {"name": "Anna", "language": "en"})

    assert Speaker.objects.get(pk=speaker.pk).name == "Anna"
    assert SpeakerPhoto.objects.exists()
