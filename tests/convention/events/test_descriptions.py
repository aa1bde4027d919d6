"""Markdown in the descriptions of events: written once, shown as HTML on pages and as text elsewhere."""

import json

import pytest
from lxml import html

from convention.events.models import Event
from tests.convention.events.test_pages import make_event_form
from tests.factories import make_event, make_registration, make_staff, make_ticket

pytestmark = pytest.mark.django_db

MARKDOWN = (
    "Deux **jours**.\n\n- ateliers\n- dîner\n\n[Plan](https://maps.example/x)\n\n<script>alert(1)</script>"
)


def test_markdown_is_safe_html_on_page_and_plain_text_in_metadata(client):
    event = make_event(slug="x", visibility="public", description=MARKDOWN, description_en="Two *days*")
    order = make_registration(make_ticket(event)).order

    page = html.fromstring(client.get("/events/x/").content)
    english = client.get("/en/events/x/").content.decode()
    calendar = client.get(f"{order.build_path_with(order.manage_secret)}calendar.ics").content.decode()

    [shown] = page.xpath("//div[contains(@class, 'lead')]")
    [data] = [json.loads(text) for text in page.xpath("//script[@type='application/ld+json']/text()")]
    [metadata] = page.xpath("//meta[@name='description']/@content")
    assert [item.text for item in shown.xpath(".//li")] == ["ateliers", "dîner"]
    assert shown.xpath(".//strong")[0].text == "jours"
    assert "alert(1)" not in shown.text_content()
    assert "nofollow" in shown.xpath(".//a/@rel")[0]
    assert data["description"] == "Deux jours.\n\n• ateliers\n• dîner\n\nPlan"
    assert metadata == "Deux jours. ateliers dîner Plan"
    assert "<em>days</em>" in english
    assert "**" not in calendar


def test_description_preview_in_settings_saves_nothing(client):
    event = make_event(slug="x", description="Avant")
    client.force_login(make_staff(event))

    response = client.post(
        "/organize/x/settings/", make_event_form(event, description="*Après* <img src=x>", preview="1")
    )

    preview = html.fromstring(response.content).get_element_by_id("description-preview")
    assert preview.xpath(".//em")[0].text == "Après"
    assert not preview.xpath(".//img")
    assert Event.objects.get().description == "Avant"

    client.post("/organize/x/settings/", make_event_form(event, description="*Après*"))

    assert Event.objects.get().description_html == "<p><em>Après</em></p>"


def test_too_long_description_is_refused(client):
    event = make_event(slug="x")
    client.force_login(make_staff(event))

    response = client.post("/organize/x/settings/", make_event_form(event, description="x" * 20_001))

    assert "20000" in response.content.decode().replace("\u202f", "").replace("\xa0", "")
    assert Event.objects.get().description == ""


def test_headings_of_description_follow_title_of_page(client):
    make_event(slug="x", description="# Public\n\nTexte\n\n## Détails")

    page = client.get("/events/x/").content.decode()

    assert "<h2>Public</h2>" in page
    assert "<h3>Détails</h3>" in page
