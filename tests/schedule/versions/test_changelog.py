"""The public list of changes, its feed, and the SEQUENCE of calendar entries."""

import re

import pytest
from lxml import etree, html

from schedule.models import ProgrammeAudience
from schedule.versions.changelog import MAX_VERSIONS_SHOWN, build_changelog
from tests.factories import make_event, make_session
from tests.schedule.versions.timetables import change_slot, publish_current_draft, remove_slot

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def event():
    return make_event(slug="conf")


def publish_moves(session, count):
    for _number in range(count):
        change_slot(session, hours=1)
        publish_current_draft(session)


def test_page_lists_the_changes_of_each_version(client, event):
    session = make_session(event, "Déplacée")
    publish_moves(session, 2)

    page = html.fromstring(client.get("/en/events/conf/agenda/changes/").content.decode())

    assert page.xpath("//section/h2/text()") == ["Version 2", "Version 1"]
    assert "instead of" in page.xpath("string(//section[@id='v2']//li)")
    assert "First publication: 1 session" in page.xpath("string(//section[@id='v1'])")


def test_a_removed_session_is_named_without_a_link(client, event):
    session, _other = make_session(event, "Retirée"), make_session(event)
    publish_moves(session, 1)
    remove_slot(session)
    publish_current_draft(session)

    page = html.fromstring(client.get("/en/events/conf/agenda/changes/").content.decode())

    assert page.xpath("//li/span/text()") == ["Retirée"]
    assert page.xpath("//li/a") == []


def test_the_page_of_an_event_without_versions_is_empty(client, event):
    response = client.get("/en/events/conf/agenda/changes/")

    assert "No version of the programme has been published yet" in response.content.decode()


def test_unpublished_changes_are_not_listed(client, event):
    session = make_session(event, "Déplacée")
    publish_moves(session, 1)
    change_slot(make_session(event, "Secrète", starts_at=None), hours=1)

    assert "Secrète" not in client.get("/en/events/conf/agenda/changes/").content.decode()


def test_feed_is_atom_and_an_unchanged_feed_is_answered_with_304(client, event):
    session = make_session(event, "A\x0bB <i>")
    publish_moves(session, 2)

    response = client.get("/en/events/conf/agenda/changes.atom")
    again = client.get("/en/events/conf/agenda/changes.atom", headers={"if-none-match": response["ETag"]})

    feed = etree.fromstring(response.content)
    assert [title.text for title in feed.iterfind(f"{ATOM}entry/{ATOM}title")] == ["Version 2", "Version 1"]
    assert "AB <i>: Now" in feed.findtext(f"{ATOM}entry/{ATOM}summary")
    assert again.status_code == 304


def test_changelog_is_limited_to_recent_versions_and_makes_five_queries(event, django_assert_num_queries):
    session = make_session(event)
    publish_moves(session, MAX_VERSIONS_SHOWN + 2)

    with django_assert_num_queries(5):
        entries = build_changelog(event, audience=ProgrammeAudience.PUBLIC)

    assert len(entries) == MAX_VERSIONS_SHOWN


def test_the_agenda_links_to_the_changes(client, event):
    publish_moves(make_session(event), 1)

    page = html.fromstring(client.get("/en/events/conf/agenda/").content.decode())

    assert page.xpath("//a[@href='/en/events/conf/agenda/changes/']")


def test_only_the_moved_session_has_a_higher_sequence_in_calendars(client, event):
    moved = make_session(event, "Déplacée")
    make_session(event, "Inchangée")
    publish_moves(moved, 2)

    calendar = client.get("/en/events/conf/agenda.ics").content.decode()

    found = re.findall(r"SEQUENCE:(\d+).*?SUMMARY:(\w+)", calendar, re.DOTALL)
    assert {title: number for number, title in found} == {"Déplacée": "2", "Inchangée": "0"}
