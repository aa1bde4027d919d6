"""Slides: uploaded by speakers, checked by content, public after the session with consent."""

import datetime
import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone, translation
from pypdf import PdfReader

from convention.audit.models import AuditEntry
from convention.errors import NotFound, UnreadableFile
from convention.events.models import Event
from schedule.models import Session, SessionFile
from schedule.speakers import slide_formats
from schedule.speakers.slide_formats import ODP_TYPE, PPTX_TYPE, recognize_slides
from schedule.speakers.slides import publish_slides, remove_slides, toggle_slides, withdraw_slides
from tests.factories import make_staff
from tests.schedule.proposals.factories import make_archive, make_pdf, make_slides
from tests.schedule.speakers.factories import make_page_path, make_speaker
from tests.site_objects import make_client

PPTX = make_archive(**{"[Content_Types].xml": f'<x ContentType="{PPTX_TYPE}.main+xml"/>'.encode()})
ODP = make_archive(mimetype=ODP_TYPE.encode())


@pytest.mark.parametrize(
    ("content", "media_type"), [(make_pdf(), "application/pdf"), (PPTX, PPTX_TYPE), (ODP, ODP_TYPE)]
)
def test_slides_are_recognized_by_their_content(content, media_type):
    assert recognize_slides(content) == media_type


def make_damaged_archive(flaw):
    """Return an archive whose compressed data or name of an entry cannot be decoded."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("é" if flaw == "name" else "mimetype", b"a presentation " * 50)
    content = bytearray(stream.getvalue())
    if flaw == "name":
        return bytes(content).replace("é".encode(), b"\xff\xff")
    # The first data byte, after the 30-byte header and the name: 0xFF is no valid block type.
    content[30 + len("mimetype")] = 0xFF
    return bytes(content)


WRONG_TYPE = "Choose a PDF, PPTX or ODP file without a password and without macros."


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", WRONG_TYPE),
        (b"MZ\x90\x00 a program", WRONG_TYPE),
        (b"%PDF-1.7 nothing else", "This PDF is damaged. Export it again from your program."),
        (make_pdf(pages=0), "This PDF has no pages. Choose another one."),
        (make_pdf(password="secret"), WRONG_TYPE),
        (b"PK\x03\x04 damaged", WRONG_TYPE),
        (make_archive(word__document=b"x"), WRONG_TYPE),
        (
            make_archive(
                **{"[Content_Types].xml": PPTX_TYPE.encode() + b".main+xml", "ppt__vbaProject.bin": b"x"}
            ),
            WRONG_TYPE,
        ),
        (make_archive(mimetype=b"application/vnd.oasis.opendocument.text"), WRONG_TYPE),
        (make_archive(mimetype=ODP_TYPE.encode(), Basic__Standard__Module1=b"x"), WRONG_TYPE),
        (make_damaged_archive("data"), WRONG_TYPE),
        (make_damaged_archive("name"), WRONG_TYPE),
    ],
    ids=[
        *("empty", "program", "damaged PDF", "no pages", "password", "damaged", "no slides", "macros"),
        *("text", "macros of an ODP", "damaged data", "damaged name"),
    ],
)
def test_other_content_is_refused_with_an_error_message(content, sentence):
    with translation.override("en"), pytest.raises(UnreadableFile) as refusal:
        recognize_slides(content)

    assert str(refusal.value) == sentence


def test_slides_that_unpack_to_too_many_bytes_are_refused(monkeypatch):
    monkeypatch.setattr(slide_formats, "MAX_UNPACKED_BYTES", 10)

    with pytest.raises(UnreadableFile):
        recognize_slides(ODP)


def upload(client, speaker, content=None, name="my slides.pdf", **fields):
    path = f"{make_page_path(speaker)}slides/"
    file = SimpleUploadedFile(name, make_pdf() if content is None else content)
    session = fields.pop("session", speaker.sessions.get().pk)
    return client.post(path, {"action": "upload", "session": session, "slides": file, **fields}, follow=True)


def end_session(speaker):
    past = timezone.now() - datetime.timedelta(hours=1)
    Session.objects.update(starts_at=past - datetime.timedelta(hours=1), ends_at=past)
    session = speaker.sessions.get()
    return f"/en/events/{session.event.slug}/sessions/{session.guid}/"


@pytest.mark.django_db
@pytest.mark.long
def test_slides_are_public_after_the_session_until_the_consent_is_withdrawn(client):
    speaker = make_speaker()
    page_path = make_page_path(speaker)

    upload(client, speaker, name="../évil\\deck.EXE")
    page = upload(client, speaker, name="../évil\\deck.EXE", has_consent="on")
    file = SessionFile.objects.get()
    address = f"/en/events/{speaker.event.slug}/sessions/{speaker.sessions.get().guid}/files/{file.pk}/"

    assert "Your slides have been saved." in page.text
    assert file.name == "deck.pdf"
    assert client.get(address).status_code == 404
    own = client.get(f"{page_path}slides/{file.pk}/")
    assert len(PdfReader(io.BytesIO(own.content)).pages) == 1

    session_path = end_session(speaker)
    assert "deck.pdf" in client.get(session_path).text
    answer = client.get(address)
    assert answer["Content-Disposition"] == 'attachment; filename="deck.pdf"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"

    client.post(f"{page_path}slides/", {"action": "withdraw", "file": file.pk})
    assert client.get(address).status_code == 404
    client.post(f"{page_path}slides/", {"action": "publish", "file": file.pk})
    assert client.get(address).status_code == 200
    client.post(f"{page_path}slides/", {"action": "remove", "file": file.pk})
    assert not SessionFile.objects.exists()
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == [f"session_file.{verb}" for verb in ("upload", "upload", "withdraw", "consent", "remove")]


@pytest.mark.django_db
def test_slides_of_a_cancelled_session_stay_private(client):
    speaker = make_speaker()
    upload(client, speaker, has_consent="on")
    session_path = end_session(speaker)
    file = SessionFile.objects.get()

    speaker.sessions.update(cancelled_at=timezone.now())

    assert client.get(f"{session_path}files/{file.pk}/").status_code == 404


@pytest.mark.django_db
def test_organizers_see_unpublished_slides_and_can_hide_published_ones(client):
    speaker = make_speaker()
    file = make_slides(speaker.sessions.get(), speaker, consented_at=None, consent_version=None)
    organizer = make_client(make_staff(speaker.event))
    base = f"/en/organize/{speaker.event.slug}/schedule"

    assert "slides.pdf" in organizer.get(f"{base}/{file.session.number}/").text
    assert organizer.get(f"{base}/files/{file.pk}/").status_code == 200
    SessionFile.objects.update(consented_at=timezone.now(), consent_version=1)
    address = f"{end_session(speaker)}files/{file.pk}/"
    assert client.get(address).status_code == 200
    organizer.post(f"{base}/files/{file.pk}/toggle/")
    assert client.get(address).status_code == 404
    assert "hidden by the organizers" in client.get(make_page_path(speaker)).text
    organizer.post(f"{base}/files/{file.pk}/toggle/")
    assert client.get(address).status_code == 200


@pytest.mark.django_db
@pytest.mark.once
def test_invalid_files_and_slides_of_other_speakers_are_refused(client):
    speaker, other = make_speaker(), make_speaker(name="Bob")
    theirs = make_slides(other.sessions.get(), other)
    path = make_page_path(speaker)

    refused = upload(client, speaker, b"MZ a program", name="deck.pdf")
    foreign = upload(client, speaker, session=other.sessions.get().pk)
    client.post(f"{path}slides/", {"action": "remove", "file": theirs.pk})

    assert "Choose a PDF, PPTX or ODP file" in refused.text
    assert "no longer a speaker in this session" in foreign.text
    assert SessionFile.objects.get() == theirs
    assert client.get(f"{path}slides/{theirs.pk}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.once
def test_slides_of_a_draft_event_are_not_public(client):
    speaker = make_speaker()
    file = make_slides(speaker.sessions.get(), speaker)
    address = f"{end_session(speaker)}files/{file.pk}/"
    Event.objects.update(visibility="draft")

    assert client.get(address).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("change_slides", [publish_slides, withdraw_slides, remove_slides, toggle_slides])
def test_changing_deleted_slides_raises_not_found(change_slides):
    speaker = make_speaker()
    file = make_slides(speaker.sessions.get(), speaker)
    SessionFile.objects.all().delete()

    with pytest.raises(NotFound):
        change_slides(file=file)
