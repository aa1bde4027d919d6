"""Waiting list on a phone: join, accept an offer, then book, swap and release places in sessions."""

import re

import pytest
from playwright.sync_api import Page, expect

from convention.events.models import Event
from registrations.changes.cancel import cancel_registration
from registrations.models import Registration, SessionBooking
from registrations.sessions.booking import book_session, leave_session
from tests.factories import make_event, make_registration, make_session, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll
from tests.mail_server import MailReceiver

WORDS = {
    "fr": {
        "join": "S’inscrire sur la liste d’attente", "first": "Numéro 1 sur la liste d’attente",
        "offered": "Une place s’est libérée pour vous", "register": "S’inscrire",
        "booked": "Inscription confirmée",
        "swap": "Échanger contre cette place", "book": "Réserver une place",
        "leave": "Libérer la place", "waiting": "Numéro 1 sur la liste d’attente.",
    },
    "en": {
        "join": "Join the waiting list", "first": "Number 1 on the waiting list",
        "offered": "A place is available for you", "register": "Register", "booked": "Registration confirmed",
        "swap": "Swap the seat for this one", "book": "Book a seat",
        "leave": "Release the seat", "waiting": "Number 1 on the waiting list.",
    },
}  # fmt: skip


@pytest.fixture
def congress(site: str) -> Event:
    """Return an event whose ticket is sold out, with three parallel sessions of which the third is full."""
    event = make_event(slug="congress", name="La Convention", name_en="The Convention")
    ticket = make_ticket(event, name="Invité", name_en="Guest", capacity=2)
    for name in ("Un", "Deux"):
        make_registration(ticket, last_name=name)
    for title, capacity in (("Alpha", 5), ("Beta", 5), ("Gamma", 1)):
        make_session(event, title, capacity=capacity, is_bookable=True)
    book_session(registration=find_registration("Deux"), session=event.sessions.get(title="Gamma"))
    return event


def find_registration(name: str) -> Registration:
    return Registration.objects.get(last_name=name)


def check_page(page: Page) -> None:
    assert_no_sideways_scroll(page)
    assert_accessible(page)


def press(page: Page, title: str, words: str) -> None:
    """Press a button of one session and wait for the next page."""
    row = page.locator("li.stack").filter(has=page.get_by_role("link", name=title))
    row.get_by_role("button", name=re.compile(words)).click()
    page.wait_for_load_state()


def find_latest_link(receiver: MailReceiver) -> str:
    """Return the link in the latest e-mail."""
    text = receiver.messages[-1].get_body(("plain",)).get_content()
    return re.search(r"https?://\S*/(?:waiting|orders)/\S+", text).group(0)


def list_booked_sessions(name: str) -> list[str]:
    seats = SessionBooking.objects.active().filter(registration__last_name=name)
    return list(seats.values_list("session__title", flat=True))


@pytest.mark.long
@pytest.mark.parametrize("screen", ["phone"], indirect=True)
def test_waiting_attendee_accepts_offer_then_books_and_swaps_sessions(
    browser_page: Page, congress: Event, *, language: str, prefix: str, mail_receiver: MailReceiver, run_tasks
):
    page, words = browser_page, WORDS[language]
    page.goto(f"{prefix}/events/congress/")

    page.get_by_role("link", name=words["join"]).click()

    check_page(page)

    for name, value in (("first_name", "Ana"), ("last_name", "Silva"), ("email", "ana@example.org")):
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name=words["join"]).click()

    expect(page.get_by_text("ana@example.org")).to_be_visible()

    check_page(page)

    run_tasks()
    page.goto(find_latest_link(mail_receiver))

    expect(page.get_by_role("heading", level=1)).to_have_text(words["first"])

    check_page(page)

    cancel_registration(registration=find_registration("Un"))
    run_tasks()
    page.goto(find_latest_link(mail_receiver))

    expect(page.get_by_role("heading", level=1)).to_have_text(words["offered"])

    check_page(page)

    page.get_by_role("button", name=words["register"], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(words["booked"])

    check_page(page)

    page.get_by_role("link", name=re.compile("Sessions")).click()

    check_page(page)

    press(page, "Alpha", words["book"])
    press(page, "Beta", words["swap"])

    assert list_booked_sessions("Silva") == ["Beta"]

    press(page, "Gamma", words["join"])
    expect(page.get_by_text(words["waiting"])).to_be_visible()

    check_page(page)

    leave_session(registration=find_registration("Deux"), session=congress.sessions.get(title="Gamma"))
    page.reload()

    check_page(page)

    press(page, "Gamma", words["swap"])

    assert list_booked_sessions("Silva") == ["Gamma"]

    press(page, "Gamma", words["leave"])

    # The session is full: the page asks first.
    check_page(page)

    page.get_by_role("button", name=words["leave"], exact=True).click()
    page.wait_for_load_state()

    assert list_booked_sessions("Silva") == []
