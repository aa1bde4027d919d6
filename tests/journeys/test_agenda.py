"""The programme in a real browser: a visitor finds, chooses and follows; an organizer writes and imports."""

import datetime
import re
import zoneinfo

import icalendar
import pytest
from django.test import Client
from playwright.sync_api import Page, expect

from convention.events.models import EventRole
from tests.factories import make_event, make_person, make_room, make_session, make_track
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll

pytestmark = pytest.mark.once

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
YEAR = datetime.datetime.now(PARIS).year + 1
LONG = "Une très longue histoire de panne " * 9 + "مرحبا שלום 日本語 🚀"
WORDS = {
    "fr": {
        "search": "Trouver une session",
        "rooms": "Salles",
        "all_days": "Tous les jours",
        "mine": "Mon programme",
        "add": "Ajouter à mon programme",
        "drop": "Retirer de mon programme",
        "clash": "En même temps :",
        "none": "Aucune session trouvée",
        "whole": "Voir tout le programme",
        "keep": "Utiliser ce programme sur cet appareil",
    },
    "en": {
        "search": "Find a session",
        "rooms": "Rooms",
        "all_days": "All days",
        "mine": "My programme",
        "add": "Add to my programme",
        "drop": "Remove from my programme",
        "clash": "At the same time:",
        "none": "No session found",
        "whole": "Show the whole programme",
        "keep": "Use it on this device",
    },
}


@pytest.fixture
def event(transactional_db):
    """Two days, three rooms, and what is hard to show."""
    start = datetime.datetime(YEAR, 6, 16, 9, tzinfo=PARIS)
    event = make_event(
        slug="conf", name="La Conf", starts_at=start, ends_at=start + datetime.timedelta(days=2)
    )
    rooms = [
        make_room(event, name)
        for name in ("Auditorium", "Salle Curie", "Une salle au nom fort long, au fond")
    ]
    track = make_track(event, "Énergie", color="#2f6b3a")
    hour = datetime.timedelta(hours=1)
    make_session(
        event, "L’énergie des serveurs", room=rooms[0], track=track, speakers=("Zoé Łódź",), capacity=9
    )
    make_session(
        event, "Réseaux à l’œuvre", room=rooms[1], starts_at=start + hour / 2, speakers=("Ana", "Bo")
    )
    make_session(
        event,
        LONG,
        room=rooms[2],
        starts_at=start + hour,
        speakers=("محمد",),
        abstract="**Gras** <script>x</script>",
    )
    make_session(event, "Annulée", room=rooms[0], starts_at=start + 2 * hour, cancelled_at=start)
    make_session(event, "Sans salle", starts_at=start + 2 * hour, capacity=4, reserved=4)
    make_session(event, "Le lendemain", room=rooms[0], starts_at=start + datetime.timedelta(days=1))
    return event


def titles(page: Page) -> list[str]:
    """What the agenda shows."""
    return page.locator("article.entry:visible h4").all_inner_texts()


def check(page: Page) -> None:
    """Nothing for axe to find, nothing out of the screen."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def star(page: Page, title: str):
    """The button that chooses a session."""
    return page.locator("article.entry", has_text=title).get_by_role("button")


def test_find_choose_and_follow(browser_page: Page, event, prefix: str, language: str, site: str):
    page, words = browser_page, WORDS[language]
    page.goto(f"{prefix}/events/conf/agenda/")
    assert len(titles(page)) == 5
    check(page)

    page.get_by_label(words["search"]).fill("oeuvre reseaux")
    expect(page.locator("article.entry:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=oeuvre"))
    assert titles(page) == ["Réseaux à l’œuvre"]
    star(page, "Réseaux").click()
    expect(star(page, "Réseaux")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").filter(has_text="Réseaux à l’œuvre")).to_have_count(1)

    page.get_by_label(words["search"]).fill("introuvable")
    expect(page.get_by_text(words["none"])).to_be_visible()
    check(page)
    page.get_by_role("link", name=words["whole"]).first.click()
    page.get_by_text(words["rooms"], exact=True).click()
    page.locator("a.chip", has_text="Auditorium").click()
    page.get_by_role("link", name=words["all_days"], exact=True).click()
    expect(page.locator("article.entry:visible")).to_have_count(3)
    assert titles(page) == ["L’énergie des serveurs", "Annulée", "Le lendemain"]

    page.get_by_role("link", name="L’énergie des serveurs").click()
    expect(page.locator(".notice.warning")).to_contain_text("Réseaux à l’œuvre")
    check(page)
    page.get_by_role("button", name=words["add"]).click()
    expect(page.get_by_role("button", name=words["drop"])).to_be_visible()

    page.get_by_role("link", name=words["mine"]).click()
    expect(page.locator(".conflict")).to_have_count(2)
    assert words["clash"] in page.locator(".conflict").first.inner_text().replace("\u202f", " ")
    assert titles(page) == ["L’énergie des serveurs", "Réseaux à l’œuvre"]
    check(page)
    feed = page.locator("#feed-url").input_value().removeprefix(site)
    calendar = icalendar.Calendar.from_ical(Client().get(feed).content)
    assert len(calendar.walk("VEVENT")) == 2


@pytest.mark.long
def test_without_javascript(no_javascript: Page, event, prefix: str, language: str, open_page):
    page, words = no_javascript, WORDS[language]
    page.goto(f"{prefix}/events/conf/agenda/?day={YEAR}-06-17")
    assert titles(page) == ["Le lendemain"]
    page.get_by_label(words["search"]).fill("ENERGIE zoe")
    page.get_by_label(words["search"]).press("Enter")
    assert titles(page) == ["L’énergie des serveurs"]
    star(page, "énergie").click()
    expect(page).to_have_url(re.compile(r"\?q=ENERGIE.*#s1$"))
    expect(star(page, "énergie")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name=words["mine"]).click()
    assert titles(page) == ["L’énergie des serveurs"]

    other = open_page("phone", language, javascript=False)
    other.goto(page.locator("#page-url").input_value())
    other.get_by_role("button", name=words["keep"]).click()
    expect(other).to_have_url(re.compile(f"{prefix}/events/conf/agenda/mine/$"))
    star(other, "énergie").click()
    assert titles(other) == []


@pytest.mark.long
def test_cruel_content_fits(browser_page: Page, event, prefix: str, language: str):
    page = browser_page
    for view in ("", "?by=room", "?day=all", "?q=panne"):
        page.goto(f"{prefix}/events/conf/agenda/{view}")
        assert_no_sideways_scroll(page)
    page.get_by_role("link", name="Une très longue histoire").click()
    check(page)
    page.get_by_role("link", name="محمد").click()
    check(page)
    page.goto(f"{prefix}/events/conf/speakers/")
    check(page)


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_rooms_stand_side_by_side_on_a_wide_screen(browser_page: Page, event):
    browser_page.goto("/events/conf/agenda/")
    boxes = [box.bounding_box() for box in browser_page.locator("article.entry").all()]
    energy, network, story, _cancelled, _roomless = boxes
    assert energy["x"] < network["x"] < story["x"]
    assert energy["y"] < network["y"] < energy["y"] + energy["height"]
    overlaps = [
        (one, other)
        for index, one in enumerate(boxes)
        for other in boxes[index + 1 :]
        if one["x"] < other["x"] + other["width"]
        and other["x"] < one["x"] + one["width"]
        and one["y"] < other["y"] + other["height"]
        and other["y"] < one["y"] + one["height"]
    ]
    assert overlaps == []


def test_offline_the_words_still_narrow_and_a_choice_says_what_failed(open_page, event):
    page = open_page("phone")
    page.goto("/events/conf/agenda/")
    page.context.set_offline(True)
    page.get_by_label("Trouver une session").fill("reseaux")
    expect(page.locator("article.entry:visible")).to_have_count(1)
    star(page, "Réseaux").click()
    expect(page.locator(".toast")).to_contain_text("pas de connexion")


@pytest.fixture
def organizer(browser_page: Page, event, site, client):
    """A page of someone who runs the event."""
    person = make_person(first_name="Odile", last_name="Roux")
    EventRole.objects.create(
        event=event, person=person, role="organizer", starts_on=datetime.date(2020, 1, 1)
    )
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    browser_page.context.add_cookies([cookie])
    return browser_page


@pytest.mark.long
def test_an_organizer_writes_sees_the_clash_cancels_and_imports(organizer: Page, prefix, language, tmp_path):
    page = organizer
    page.goto(f"{prefix}/organize/conf/schedule/")
    check(page)
    page.locator("a[href$='/schedule/new/']").click()
    page.locator("#id_title").fill("Ajoutée")
    page.locator("#id_starts_at").fill(f"{YEAR}-06-16T09:15")
    page.locator("button.button", has_text=re.compile("Ajouter la session|Add the session")).click()
    expect(page.locator("#error-summary")).to_be_visible()
    check(page)
    assert page.locator("#id_title").input_value() == "Ajoutée"
    page.locator("#id_ends_at").fill(f"{YEAR}-06-16T09:45")
    page.locator("#id_room").select_option(label="Auditorium")
    page.locator("#id_speakers").fill("Nouvelle Personne")
    page.locator("button.button", has_text=re.compile("Ajouter la session|Add the session")).click()
    expect(page.locator(".notice.warning")).to_contain_text("L’énergie des serveurs")
    check(page)
    page.goto(f"{prefix}/organize/conf/schedule/?state=conflicts")
    expect(page.locator("tbody tr")).to_have_count(2)
    check(page)
    page.get_by_role("link", name="Ajoutée").first.click()
    page.get_by_role("button", name=re.compile("^(Annuler|Cancel) ")).click()
    page.goto(f"{prefix}/organize/conf/schedule/?state=conflicts")
    expect(page.locator("tbody tr")).to_have_count(0)

    file = tmp_path / "programme.ics"
    file.write_text(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u@example.org\r\n"
        f"DTSTAMP:20260101T000000Z\r\nDTSTART:{YEAR}0616T150000Z\r\nDTEND:{YEAR}0616T160000Z\r\n"
        "SUMMARY:Importée\r\nLOCATION:Salle Curie\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    page.locator("a[href$='/schedule/import/']").first.click()
    check(page)
    page.locator("input[type=file]").set_input_files(file)
    page.locator("main form button").click()
    expect(page.locator(".stat-value").first).to_have_text("1")
    check(page)
    page.get_by_role("button", name=re.compile("^(Importer|Import)$")).click()
    expect(page.get_by_role("link", name="Importée")).to_be_visible()
    for address in ("tracks/", "speakers/", "speakers/new/", "version/"):
        page.goto(f"{prefix}/organize/conf/schedule/{address}")
        check(page)
