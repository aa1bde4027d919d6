"""Metadata of public pages, for search engines and messengers."""

import datetime
import json
from io import BytesIO

import pytest
from django.utils import timezone
from lxml import html
from PIL import Image

from tests.factories import make_event, make_session, make_staff, make_ticket
from tests.registrations.sponsors.factories import make_package
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def read_head(client, address):
    """Return the page's metadata by property or name, its canonical address and its structured data."""
    page = html.fromstring(client.get(address).content)
    metadata = {
        element.get("property") or element.get("name"): element.get("content")
        for element in page.xpath("//head/meta[@content]")
    }
    canonical = page.xpath("//head/link[@rel='canonical']/@href")
    data = page.xpath("//head/script[@type='application/ld+json']/text()")
    return metadata, canonical, [json.loads(text) for text in data]


def test_public_event_has_metadata_structured_data_and_preview_picture(client, settings):
    settings.SITE_URL = "https://club.example"
    event = make_event(slug="x", name="Fête </script><b>", description="Deux jours\nà <Annecy> & plus.")
    make_ticket(event, name="Invité", price=9000, capacity=3)

    metadata, canonical, [data] = read_head(client, "/events/x/?utm_source=mail")

    assert canonical == ["https://club.example/events/x/"]
    assert metadata["og:title"] == "Fête </script><b>"
    assert metadata["description"].startswith("Deux jours à")
    assert metadata["og:url"] == "https://club.example/events/x/"
    assert metadata["og:image"].startswith("https://club.example/events/x/preview.png?v=")
    assert metadata["og:image:width"] == "1200"
    assert data["@type"] == "Event"
    assert data["name"] == "Fête </script><b>"
    assert data["offers"][0] == {
        "@type": "Offer",
        "name": "Invité",
        "price": "90.00",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
        "url": "https://club.example/events/x/",
    }

    picture = client.get(metadata["og:image"].removeprefix("https://club.example"))

    assert "immutable" in picture["Cache-Control"]
    assert Image.open(BytesIO(picture.content)).size == (1200, 630)


def test_offer_is_available_while_ticket_is_on_sale(client):
    now = timezone.now()
    day = datetime.timedelta(days=1)
    open_event = make_event(slug="open")
    make_ticket(open_event, slug="now", name="Now")
    make_ticket(open_event, slug="later", name="Later", opens_at=now + day)
    make_ticket(open_event, slug="ended", name="Ended", closes_at=now - day)
    early = make_event(slug="early", registration_opens_at=now + day)
    closed = make_event(slug="closed", registration_closes_at=now - day)
    make_ticket(early, name="Early")
    make_ticket(closed, name="Closed")

    offers = [
        offer
        for event in (open_event, early, closed)
        for offer in read_head(client, f"/events/{event.slug}/")[2][0]["offers"]
    ]

    assert {offer["name"]: offer["availability"].rpartition("/")[2] for offer in offers} == {
        "Now": "InStock",
        "Later": "PreOrder",
        "Ended": "SoldOut",
        "Early": "PreOrder",
        "Closed": "SoldOut",
    }


def test_preview_picture_url_changes_with_event(client):
    event = make_event(slug="x")
    before = read_head(client, "/events/x/")[0]["og:image"]

    event.name = "Autre nom"
    event.save()

    assert read_head(client, "/events/x/")[0]["og:image"] != before


def test_members_events_and_drafts_are_not_indexed(client):
    members = make_event(slug="members", visibility="members")
    draft = make_event(slug="draft", visibility="draft")
    make_session(draft, "Secret")
    make_session(members, "Interne")

    metadata, canonical, data = read_head(client, "/events/members/")
    site_map = client.get("/sitemap.xml").content.decode()

    assert metadata["robots"] == "noindex"
    assert canonical == []
    assert data == []
    assert "/events/" not in site_map
    assert client.get("/events/draft/preview.png").status_code == 404
    organizer = make_client(make_staff(draft))
    assert "private" in organizer.get("/events/draft/preview.png")["Cache-Control"]


def test_sitemap_lists_public_pages_in_both_languages_and_is_in_robots_txt(client, settings):
    settings.SITE_URL = "https://club.example"
    session = make_session(make_event(slug="x"), "Ouverture", speakers=("Ana",))

    site_map = html.fromstring(client.get("/sitemap.xml").content)
    robots = client.get("/robots.txt").content.decode()

    addresses = site_map.xpath("//loc/text()")
    assert "https://club.example/events/x/" in addresses
    assert f"https://club.example/en/events/x/sessions/{session.guid}/" in addresses
    assert f"https://club.example/events/x/speakers/{session.speakers.get().guid}/" in addresses
    assert "Sitemap: https://club.example/sitemap.xml" in robots
    assert "Disallow: /en/organize/" in robots
    assert "Disallow: /company/" in robots
    for address in addresses:
        assert client.get(address.removeprefix("https://club.example")).status_code in (200, 302)


def test_description_of_session_page_is_its_abstract(client):
    session = make_session(make_event(slug="x"), "Ouverture", abstract="Un **mot** d’accueil")

    metadata, canonical, _data = read_head(client, f"/events/x/sessions/{session.guid}/")

    assert metadata["og:title"] == "Ouverture"
    assert metadata["og:description"] == "Un mot d’accueil"
    assert canonical[0].endswith(f"/events/x/sessions/{session.guid}/")


def test_home_page_has_picture_of_next_event(client):
    make_event(slug="x", name="La Conf")

    metadata = read_head(client, "/")[0]

    assert "/events/x/preview.png?v=" in metadata["og:image"]
    assert metadata["og:image:alt"] == "La Conf"


def test_pages_of_an_event_have_their_own_title_and_description(client):
    event = make_event(slug="x", name="La Conf", description="Deux jours.")
    make_package(event)
    make_session(event, speakers=("Ana",))

    paths = ("", "agenda/", "speakers/", "sponsors/")
    pages = [read_head(client, f"/en/events/x/{path}")[0] for path in paths]

    assert len({page["og:description"] for page in pages}) == len(paths)
    assert [page["og:title"] for page in pages[1:]] == [
        "Programme – La Conf", "Speakers – La Conf", "Sponsors and exhibitors – La Conf",
    ]  # fmt: skip
