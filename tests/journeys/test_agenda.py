"""The agenda in a browser: a visitor searches and marks sessions; an organizer edits and imports them."""

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
    """Create an event of two days and three rooms, with content that is hard to display."""
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


def list_visible_titles(page: Page) -> list[str]:
    """Return the headings of all visible sessions."""
    return page.locator("article.entry:visible h4").all_inner_texts()


def check_page(page: Page) -> None:
    """Require an accessible page that does not scroll sideways."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def get_star_button(page: Page, title: str):
    """Return the button that adds a session to the personal agenda."""
    return page.locator("article.entry", has_text=title).get_by_role("button")


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_grid_of_few_rooms_scrolls_with_the_page_below_their_names(browser_page: Page, event):
    page = browser_page
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto("/events/conf/agenda/")

    page.locator(".timetable").evaluate("(grid) => scrollTo(0, grid.offsetTop + 60)")

    timetable, jumps = page.locator(".timetable").bounding_box(), page.locator(".jumps").bounding_box()
    rooms = [room.bounding_box() for room in page.locator(".room-head").all()]
    assert timetable["y"] < 0
    assert {round(room["y"]) for room in rooms} == {round(jumps["y"] + 44)}
    assert page.locator(".timetable").evaluate("(grid) => getComputedStyle(grid).overflowY") == "visible"


def test_visitor_finds_and_stars_session(browser_page: Page, event, prefix: str, language: str, site: str):
    page, words = browser_page, WORDS[language]
    page.goto(f"{prefix}/events/conf/agenda/")
    assert len(list_visible_titles(page)) == 5
    check_page(page)

    page.get_by_label(words["search"]).fill("oeuvre reseaux")
    expect(page.locator("article.entry:visible")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?q=oeuvre"))
    assert list_visible_titles(page) == ["Réseaux à l’œuvre"]
    get_star_button(page, "Réseaux").click()
    expect(get_star_button(page, "Réseaux")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("status").filter(has_text="Réseaux à l’œuvre")).to_have_count(1)

    page.get_by_label(words["search"]).fill("introuvable")
    expect(page.get_by_text(words["none"])).to_be_visible()
    check_page(page)
    page.get_by_role("link", name=words["whole"]).first.click()
    page.get_by_text(words["rooms"], exact=True).click()
    page.locator("a.chip", has_text="Auditorium").click()
    page.get_by_role("link", name=words["all_days"], exact=True).click()
    expect(page.locator("article.entry:visible")).to_have_count(3)
    assert list_visible_titles(page) == ["L’énergie des serveurs", "Annulée", "Le lendemain"]

    page.get_by_role("link", name="L’énergie des serveurs").click()
    expect(page.locator(".notice.warning")).to_contain_text("Réseaux à l’œuvre")
    check_page(page)
    page.get_by_role("button", name=words["add"]).click()
    expect(page.get_by_role("button", name=words["drop"])).to_be_visible()

    page.get_by_role("link", name=words["mine"]).click()
    expect(page.locator(".conflict")).to_have_count(2)
    assert words["clash"] in page.locator(".conflict").first.inner_text().replace("\u202f", " ")
    assert list_visible_titles(page) == ["L’énergie des serveurs", "Réseaux à l’œuvre"]
    check_page(page)
    feed = page.locator("#feed-url").input_value().removeprefix(site)
    calendar = icalendar.Calendar.from_ical(Client().get(feed).content)
    assert len(calendar.walk("VEVENT")) == 2


@pytest.mark.long
def test_visitor_stars_without_javascript(no_javascript: Page, event, prefix: str, language: str, open_page):
    page, words = no_javascript, WORDS[language]
    page.goto(f"{prefix}/events/conf/agenda/?day={YEAR}-06-17")
    assert list_visible_titles(page) == ["Le lendemain"]
    page.get_by_label(words["search"]).fill("ENERGIE zoe")
    page.get_by_label(words["search"]).press("Enter")
    assert list_visible_titles(page) == ["L’énergie des serveurs"]
    get_star_button(page, "énergie").click()
    expect(page).to_have_url(re.compile(r"\?q=ENERGIE.*#s1$"))
    expect(get_star_button(page, "énergie")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("link", name=words["mine"]).click()
    assert list_visible_titles(page) == ["L’énergie des serveurs"]

    other = open_page("phone", language, javascript=False)
    other.goto(page.locator("#page-url").input_value())
    other.get_by_role("button", name=words["keep"]).click()
    expect(other).to_have_url(re.compile(f"{prefix}/events/conf/agenda/mine/$"))
    get_star_button(other, "énergie").click()
    assert list_visible_titles(other) == []


@pytest.mark.long
def test_extreme_content_fits_the_screen(browser_page: Page, event, prefix: str, language: str):
    page = browser_page
    for view in ("", "?by=room", "?day=all", "?q=panne"):
        page.goto(f"{prefix}/events/conf/agenda/{view}")
        assert_no_sideways_scroll(page)

    page.get_by_role("link", name="Une très longue histoire").click()

    check_page(page)

    page.get_by_role("link", name="محمد").click()

    check_page(page)

    page.goto(f"{prefix}/events/conf/speakers/")

    check_page(page)


@pytest.mark.parametrize("screen", ["desktop"], indirect=True)
@pytest.mark.parametrize("language", ["fr"], indirect=True)
def test_rooms_are_side_by_side_on_wide_screen(browser_page: Page, event):
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


def test_search_works_offline_and_starring_reports_failure(open_page, event):
    page = open_page("phone")
    page.goto("/events/conf/agenda/")
    page.context.set_offline(True)
    page.get_by_label("Trouver une session").fill("reseaux")
    expect(page.locator("article.entry:visible")).to_have_count(1)
    get_star_button(page, "Réseaux").click()
    expect(page.locator(".toast")).to_contain_text("pas de connexion")


@pytest.fixture
def organizer(browser_page: Page, event, site, client):
    """Return a page on which an organizer of the event is signed in."""
    person = make_person(first_name="Odile", last_name="Roux")
    EventRole.objects.create(
        event=event, person=person, role="organizer", starts_on=datetime.date(2020, 1, 1)
    )
    client.force_login(person)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    browser_page.context.add_cookies([cookie])
    return browser_page


@pytest.mark.long
def test_organizer_adds_conflicting_session_and_imports_file(organizer: Page, prefix, language, tmp_path):
    page = organizer
    page.goto(f"{prefix}/organize/conf/schedule/")
    check_page(page)
    page.locator("a[href$='/schedule/new/']").click()
    page.locator("#id_title").fill("Ajoutée")
    page.locator("#id_starts_at").fill(f"{YEAR}-06-16T09:15")
    page.locator("button.button", has_text=re.compile("Ajouter la session|Add the session")).click()
    expect(page.locator("#error-summary")).to_be_visible()
    check_page(page)
    assert page.locator("#id_title").input_value() == "Ajoutée"
    page.locator("#id_ends_at").fill(f"{YEAR}-06-16T09:45")
    page.locator("#id_room").select_option(label="Auditorium")
    page.locator("#id_speakers").fill("Nouvelle Personne")
    page.locator("button.button", has_text=re.compile("Ajouter la session|Add the session")).click()
    expect(page.locator(".notice.warning")).to_contain_text("L’énergie des serveurs")
    check_page(page)
    page.goto(f"{prefix}/organize/conf/schedule/?state=conflicts")
    expect(page.locator("tbody tr")).to_have_count(2)
    check_page(page)
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
    check_page(page)
    page.locator("input[type=file]").set_input_files(file)
    page.locator("main form button").click()
    expect(page.locator(".stat-value").first).to_have_text("1")
    check_page(page)
    page.get_by_role("button", name=re.compile("^(Importer|Import)$")).click()
    expect(page.get_by_role("link", name="Importée")).to_be_visible()
    for address in ("tracks/", "speakers/", "speakers/new/", "version/"):
        page.goto(f"{prefix}/organize/conf/schedule/{address}")
        check_page(page)
