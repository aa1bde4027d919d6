"""An organizer prints the booklet from the programme's pages, and again after a change."""

import datetime

import pytest
from django.test import Client
from playwright.sync_api import expect

from schedule.drafts.current_draft import get_current_draft
from schedule.versions.publish import Notify, publish_draft
from tests.factories import make_event, make_room, make_session, make_staff, make_track
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
STARTS_AT = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)


@pytest.fixture
def event():
    event = make_event(slug="x", starts_at=STARTS_AT, ends_at=STARTS_AT + datetime.timedelta(days=1))
    for number, name in enumerate(("Auditorium", "Salle Curie")):
        starts_at = STARTS_AT + datetime.timedelta(days=number)
        track = make_track(event, name=f"Parcours {number}", slug=f"p{number}")
        make_session(event, f"En {name}", room=make_room(event, name), track=track, starts_at=starts_at)
    return event


@pytest.mark.long
def test_organizer_prints_booklet_and_is_warned_of_later_changes(browser_page, prefix, site, event):
    page = browser_page
    sign_in(page, Client(), site, make_staff(event))
    page.goto(f"{prefix}/organize/x/schedule/")
    page.locator(f'nav.tabs a[href="{prefix}/organize/x/schedule/print/"]').click()
    run_waiting_tasks()
    page.reload()
    assert_no_sideways_scroll(page)
    assert_accessible(page)

    page.locator("main form .button").click()
    expect(page.locator("#job progress")).to_be_visible()
    run_waiting_tasks()
    expect(page.locator('#job[data-state="done"]')).to_be_visible()
    assert_accessible(page)

    draft = get_current_draft(event)
    draft.slots.filter(session__title="En Auditorium").update(
        starts_at=STARTS_AT + datetime.timedelta(minutes=30)
    )
    publish_draft(draft=draft, notify=Notify.NOBODY)
    page.reload()
    expect(page.locator(".notice.warning")).to_be_visible()
    assert_no_sideways_scroll(page)
