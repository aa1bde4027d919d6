"""Speakers' own page and organizers' pages of speakers, in a browser."""

import pytest

from convention.events.models import Event
from schedule.models import Availability, Session, Speaker
from schedule.speakers.photos import give_photo_consent, store_photo
from tests.factories import make_staff
from tests.journeys.browsing import sign_in
from tests.journeys.walking import SCHEMES, Walk
from tests.schedule.speakers.factories import (
    get_appearance,
    make_image,
    make_june_event,
    make_page_path,
    make_paris_time,
    make_speaker,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.long]
LONG = ("Infrastructures souveraines, exploitation responsable et gouvernance : " * 5)[:300]
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"


@pytest.mark.parametrize(("screen", "language"), [("phone", "fr"), ("desktop", "en")])
def test_speaker_pages_have_no_layout_or_accessibility_problems(open_page, site, client, screen, language):
    event = make_june_event(slug="june")
    speaker = make_speaker(event)
    store_photo(speaker=speaker, content=make_image())
    give_photo_consent(speaker=speaker)
    page_path = make_page_path(speaker).removeprefix("/en")
    Event.objects.update(name=LONG)
    Session.objects.update(title=LONG)
    Speaker.objects.update(name=UNBROKEN, company=LONG[:200])
    page = open_page(screen, language)
    sign_in(page, client, site, make_staff(event))
    walk, prefix = Walk(page, language, screen, weighs=False), "/en" if language == "en" else ""

    for path in (
        page_path,
        f"{page_path}?step=30",
        "/organize/june/schedule/speakers/",
        f"/organize/june/schedule/speakers/{speaker.pk}/",
        "/organize/june/schedule/speakers/mail/new/?kind=request",
        "/organize/june/schedule/speakers/mail/",
    ):
        walk.visit(f"{prefix}{path}", named=LONG, speaks=language, contrast=SCHEMES)

    assert walk.found == []


def test_speaker_fills_in_availability_grid_by_keyboard(open_page, site):
    speaker = make_speaker()
    page = open_page("desktop", "en")
    page.goto(make_page_path(speaker))

    page.locator('[name="cell-2099-06-15T09:00"][value="can"]').focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_text("Your availability has been saved.").wait_for()

    row = speaker.availabilities.get()
    assert row.level == Availability.Level.CANNOT
    assert row.starts_at == make_paris_time(15, 9)
    assert row.ends_at == make_paris_time(15, 10)


def test_speaker_confirms_session_and_marks_day_unavailable_on_phone(open_page, site):
    speaker = make_speaker()
    page = open_page("phone", "en")
    page.goto(make_page_path(speaker))

    page.get_by_role("button", name="Confirm").click()
    page.get_by_text("the session has been confirmed").wait_for()
    page.get_by_role("button", name="Tuesday 16 June, all day: not available").click()
    page.get_by_text("Your availability has been saved.").wait_for()

    assert get_appearance(speaker).confirmed_at is not None
    assert speaker.availabilities.get().starts_at == make_paris_time(16, 9)
