"""Pictures of an event: uploaded, re-encoded, shown on its pages, copied with it."""

import datetime
import json
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from lxml import html
from PIL import Image

from convention.audit.models import AuditEntry
from convention.errors import NotFound
from convention.events.models import Event, EventPicture, Venue
from convention.events.pictures.save_pictures import change_alt_texts, update_pictures_version
from convention.events.publishing.copy_event import copy_event
from tests.factories import make_event, make_picture, make_staff
from tests.schedule.speakers.factories import make_image
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db

PAGE = "/en/organize/x/pictures/"


def upload(client, kind, content, **values):
    """Send a file as the organizer's page does; return the page that follows."""
    file = SimpleUploadedFile("a.jpg", content, content_type="image/jpeg")
    fields = {f"{kind}-{name}": value for name, value in values.items()}
    return client.post(PAGE, {"kind": kind, f"{kind}-picture": file, **fields}, follow=True)


def test_a_file_is_required_until_a_picture_is_stored():
    organizer = make_client(make_staff(make_event(slug="x")))

    refused = organizer.post(PAGE, {"kind": "header", "header-alt_text": "Un lac"})
    upload(organizer, "header", make_image(2400, 1200))
    organizer.post(PAGE, {"kind": "header", "header-alt_text": "Un lac"})

    assert "Choose a picture." in refused.text
    [label] = html.fromstring(refused.text).xpath("//label[@for='id_header-picture']")
    assert "optional" not in label.text_content()
    assert EventPicture.objects.get().alt_text == "Un lac"


def test_picture_is_reencoded_shown_and_removed(client, settings):
    settings.SITE_URL = "https://club.example"
    event = make_event(slug="x", visibility="public", name="Convention")
    organizer = make_client(make_staff(event))
    before = client.get("/en/events/x/")

    answer = upload(
        organizer, "header", make_image(2400, 1200, exif=True), alt_text="Un lac", alt_text_en="A lake"
    )

    assert answer.redirect_chain[0][0] == PAGE
    picture = EventPicture.objects.get()
    # Upright: the photograph was rotated by its metadata.
    assert picture.width == 600
    assert picture.height == 1200
    assert b"Secret Camera" not in bytes(picture.content)
    page = client.get("/en/events/x/", headers={"If-None-Match": before["ETag"]})
    shown = html.fromstring(page.content)
    [address] = shown.xpath("//div[contains(@class, 'hero')]//img[@alt='A lake']/@src")
    [data] = [json.loads(text) for text in shown.xpath("//script[@type='application/ld+json']/text()")]
    assert data["image"] == [f"https://club.example{address}"]
    assert shown.xpath("//meta[@property='og:image']/@content") == [f"https://club.example{address}"]
    assert shown.xpath("//meta[@property='og:image:height']/@content") == ["1200"]
    file = client.get(address)
    assert "immutable" in file["Cache-Control"]
    assert Image.open(BytesIO(file.content)).size == (600, 1200)
    assert client.get(address, headers={"If-None-Match": file["ETag"]}).status_code == 304
    assert client.get(f"{address}0")["Cache-Control"] == "private, max-age=3600"

    organizer.post(PAGE, {"kind": "header", "header-alt_text": "Deux lacs"})

    assert 'alt="Deux lacs"' in client.get("/events/x/").content.decode()
    assert EventPicture.objects.get().digest == picture.digest

    organizer.post(PAGE, {"kind": "header", "remove": "1"})

    assert client.get(address).status_code == 404
    assert client.get("/en/events/x/").content == before.content
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["event.picture", "event.picture", "event.remove_picture"]


def test_new_picture_replaces_the_old_one(client):
    event = make_event(slug="x")
    old = make_picture(event).get_absolute_url()

    upload(make_client(make_staff(event)), "header", make_image(1200, 600))

    [picture] = EventPicture.objects.all()
    new = picture.get_absolute_url()
    page = html.fromstring(client.get("/en/events/x/").content)
    assert page.xpath("//div[contains(@class, 'hero')]//img/@src") == [new]
    assert Image.open(BytesIO(client.get(new).content)).size == (1200, 600)
    assert new != old
    assert "immutable" not in client.get(old)["Cache-Control"]


def test_logo_and_map_are_on_the_public_pages(client):
    venue = Venue.objects.create(name="Palais", street="1 quai", city="Annecy")
    event = make_event(slug="x", name="Convention", venue=venue)
    for kind in ("logo", "map"):
        make_picture(event, kind)

    page = client.get("/en/events/x/").content.decode()
    agenda = client.get("/en/events/x/agenda/").content.decode()
    desk = make_client(make_staff(event, role="desk")).get("/en/desk/x/").content.decode()

    assert 'alt="Map of the venue"' in page
    assert 'href="https://www.openstreetmap.org/search?query=1+quai+Annecy+FR"' in page
    assert 'class="event-logo"' in page
    assert 'class="event-logo"' in agenda
    assert 'class="event-logo"' not in desk


def test_map_of_venue_without_street_searches_its_name():
    venue = Venue(name="Palais Lumière", city="Évian")

    assert venue.map_url.endswith("?query=Palais+Lumi%C3%A8re+%C3%89vian+FR")


@pytest.mark.once
@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"GIF89a", "This file cannot be read as a picture. Choose a JPEG, PNG or WebP."),
        (b"<svg onload=alert(1)>", "This file cannot be read as a picture. Choose a JPEG, PNG or WebP."),
        (make_image(100, 80), "This picture is too small: it needs at least 600 by 300 pixels."),
        (make_image(6400, 400), "This picture is too long and narrow:"),
        # Stored on its side: upright it is 300 pixels wide.
        (make_image(600, 300, exif=True), "This picture is too small: it needs at least 600 by 300 pixels."),
        (b"\xff" * (10 * 1024**2 + 1), "This picture is larger than 10 MB. Choose a smaller one."),
    ],
    ids=["gif", "svg", "small", "narrow", "lying", "large"],
)
def test_invalid_file_is_refused_and_changes_nothing(content, sentence):
    event = make_event(slug="x")

    answer = upload(make_client(make_staff(event)), "header", content, alt_text="Mon texte")

    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    # The typed text is not lost.
    assert "Mon texte" in answer.content.decode()
    assert not EventPicture.objects.exists()


def test_a_form_without_a_file_or_with_an_unknown_kind_saves_nothing():
    event = make_event(slug="x")
    organizer = make_client(make_staff(event))

    without = organizer.post(PAGE, {"kind": "logo"}).content.decode()
    unknown = organizer.post(PAGE, {"kind": "nothing", "remove": "1"})

    assert "Choose a picture." in without
    assert unknown.status_code == 200
    assert not EventPicture.objects.exists()


@pytest.mark.once
def test_picture_that_exceeds_memory_limit_gets_error_about_pixels(settings):
    settings.PARSER_MEMORY_MB = 150
    event = make_event(slug="x")

    answer = upload(make_client(make_staff(event)), "header", make_image(7000, 7000, kind="PNG"))

    assert "This picture has too many pixels. Choose a smaller one." in answer.content.decode()


def test_changing_alt_texts_of_missing_picture_raises_not_found():
    event = make_event(slug="x")

    with pytest.raises(NotFound):
        change_alt_texts(event=event, kind="logo", alt_text="Un lac", alt_text_en="")


@pytest.mark.django_db(transaction=True)
def test_pictures_version_includes_concurrent_changes():
    event = make_event(slug="x")
    for kind in EventPicture.Kind:
        make_picture(event, kind)

    def describe(kind):
        change_alt_texts(event=Event.objects.get(), kind=kind, alt_text="Un lac", alt_text_en="")

    run_in_threads([lambda kind=kind: describe(kind) for kind in EventPicture.Kind])
    stored = Event.objects.get().pictures_version
    update_pictures_version(event)

    assert stored == event.pictures_version


def test_saving_stale_event_keeps_pictures_version():
    event = make_event(slug="x")
    opened_before = Event.objects.get()
    make_picture(event)

    opened_before.save()

    assert Event.objects.get().pictures_version == event.pictures_version != ""


def test_pictures_are_copied_and_hidden_while_copy_is_a_draft(client):
    event = make_event(slug="x", visibility="public")
    make_picture(event)

    copied = copy_event(source=event, name="Y", name_en="", slug="y", starts_on=datetime.date(2030, 1, 1))

    picture = copied.pictures.get()
    assert copied.shown_pictures["header"] == picture
    assert client.get(picture.get_absolute_url()).status_code == 404
    assert make_client(make_staff(copied)).get(picture.get_absolute_url()).status_code == 200
