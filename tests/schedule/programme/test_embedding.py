"""The agenda embedded in other sites: permitted sites, and what the embedded page omits."""

import pytest
from django.core.exceptions import ValidationError
from lxml import html

from schedule.models import Schedule
from schedule.programme.embedding import build_frame_policy, clean_embedding_sites
from tests.factories import make_event, make_room, make_session, make_staff

EMBEDDED = "/en/events/conf/agenda/embedded/"
SETTINGS = "/en/organize/conf/schedule/version/"


@pytest.fixture
def event(db):
    event = make_event(slug="conf", name="La Conf")
    make_session(event, "Matin", room=make_room(event, "Amphi"))
    make_session(event, "Ailleurs", room=make_room(event, "Curie"))
    return event


def allow_sites(event, sites):
    Schedule.objects.update_or_create(event=event, defaults={"embedding_sites": sites})


@pytest.mark.parametrize(
    ("typed", "sites"),
    [
        ("", ""),
        ("https://www.Example.org/page?x", "https://www.example.org"),
        ("https://a.example, http://localhost:8001\nhttps://a.example", "https://a.example\nhttp://localhost:8001"),
        ("https://*.example.org", "https://*.example.org"),
        ("https://a.example *", "*"),
    ],
)  # fmt: skip
def test_sites_are_cleaned(typed, sites):
    assert clean_embedding_sites(typed) == sites


@pytest.mark.parametrize(
    "typed",
    ["example.org", "ftp://example.org", "https://", "https://a;script-src", "'self'", "javascript:x"],
)
def test_invalid_site_is_refused(typed):
    with pytest.raises(ValidationError):
        clean_embedding_sites(typed)


def test_the_number_of_sites_is_limited():
    with pytest.raises(ValidationError):
        clean_embedding_sites(" ".join(f"https://s{number}.example" for number in range(21)))


def test_page_cannot_be_framed_by_default(client, event):
    response = client.get(EMBEDDED)

    assert response["Content-Security-Policy"] == build_frame_policy([])
    assert response["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert response["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("sites", ["https://a.example\nhttps://b.example", "*"])
def test_named_sites_may_frame_the_page(client, event, sites):
    allow_sites(event, sites)

    response = client.get(EMBEDDED)

    assert response["Content-Security-Policy"].endswith(f"frame-ancestors {' '.join(sites.split())}")
    assert "X-Frame-Options" not in response


def test_no_other_page_may_be_framed(client, event):
    allow_sites(event, "*")

    response = client.get("/en/events/conf/agenda/")

    assert response["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]


def test_page_has_no_cookies_forms_or_scripts(client, event):
    response = client.get(EMBEDDED)
    page = html.fromstring(response.text)

    assert response.cookies == {}
    assert page.xpath("//form | //button | //script | //input") == []
    assert page.xpath("//article/h4/a/text()") == ["Matin", "Ailleurs"]
    assert set(page.xpath("//article//a/@target")) == {"_blank"}


def test_filters_work_in_the_frame(client, event):
    page = html.fromstring(client.get(f"{EMBEDDED}?room=Curie").text)

    assert page.xpath("//article/h4/a/text()") == ["Ailleurs"]


def test_unchanged_page_is_answered_with_304(client, event):
    etag = client.get(EMBEDDED)["ETag"]

    response = client.get(EMBEDDED, headers={"If-None-Match": etag})

    assert response.status_code == 304
    assert "frame-ancestors" in response["Content-Security-Policy"]


def test_a_draft_is_not_embedded_even_for_its_organizer(client, event):
    event.visibility = event.Visibility.DRAFT
    event.save()
    client.force_login(make_staff(event))

    assert client.get(EMBEDDED).status_code == 404


def test_an_organizer_names_sites_and_copies_the_snippet(client, event):
    client.force_login(make_staff(event))

    client.post(SETTINGS, {"day_starts_at": "06:00", "embedding_sites": "https://club.example/agenda"})

    assert Schedule.objects.get(event=event).embedding_sites == "https://club.example"
    snippet = html.fromstring(client.get(SETTINGS).text).xpath("string(//textarea[@id='snippet'])")
    frame = html.fromstring(snippet)
    assert frame.get("src").endswith("/en/events/conf/agenda/embedded/")
    assert frame.get("title") == "Programme of La Conf"


def test_invalid_site_shows_an_error_and_nothing_is_saved(client, event):
    client.force_login(make_staff(event))

    response = client.post(SETTINGS, {"day_starts_at": "07:00", "embedding_sites": "club"})

    assert "“club” is not a valid site address." in response.text
    assert not Schedule.objects.filter(event=event, day_starts_at="07:00").exists()


def test_cached_embedded_page_makes_five_queries(client, event, django_assert_num_queries):
    client.get(EMBEDDED)

    with django_assert_num_queries(5):
        client.get(EMBEDDED)
