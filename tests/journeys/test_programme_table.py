"""An organizer downloads the programme as a table, changes it, and sees what the import would change."""

import csv
import datetime
import io

import pytest
from django.test import Client

from convention.club.models import ClubRole
from schedule.drafts.current_draft import get_current_draft
from tests.factories import make_event, make_person, make_room, make_session
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

START = datetime.datetime(2027, 6, 17, 8, tzinfo=datetime.UTC)


@pytest.fixture
def event():
    event = make_event(slug="congress", starts_at=START, ends_at=START + datetime.timedelta(hours=9))
    make_session(event, "Opening " + "of a very long day " * 15, room=make_room(event, "Grand amphi"))
    return event


@pytest.mark.long
def test_programme_table_is_downloaded_edited_and_imported(browser_page, prefix, site, event):
    page, organizer = browser_page, make_person()
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    sign_in(page, Client(), site, organizer)
    page.goto(f"{prefix}/organize/congress/schedule/")
    assert_no_sideways_scroll(page)
    with page.expect_download() as download:
        page.locator("[href$='lists/programme.csv']").click()
    header, row, *_rest = csv.reader(io.StringIO(download.value.path().read_text("utf-8-sig")))
    row[row.index("Grand amphi")] = "Salle 1"
    row[2] = "Welcome " * 40
    file = io.StringIO()
    csv.writer(file).writerows([header, row])

    page.goto(f"{prefix}/organize/congress/schedule/import/")
    upload = {"name": "programme.csv", "mimeType": "text/csv", "buffer": file.getvalue().encode()}
    page.locator("main [name=file]").set_input_files(upload)
    page.locator("main form .button").first.click()
    page.wait_for_load_state()

    assert_no_sideways_scroll(page)
    assert_accessible(page)
    assert page.locator("details ins").all_inner_texts()[1] == "Salle 1"
    page.locator("main form .button").first.click()
    page.wait_for_load_state()
    assert get_current_draft(event).slots.get().room.name == "Salle 1"
