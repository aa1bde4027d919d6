"""Filters with several values: query string, chips and the sessions that remain."""

import datetime
import zoneinfo

import pytest
from django.http import QueryDict
from lxml import html

from schedule.programme.agenda_chips import build_chip_groups
from schedule.programme.agenda_filter import MAX_FILTER_VALUES, AgendaFilter
from tests.factories import make_event, make_room, make_session, make_track

PARIS = zoneinfo.ZoneInfo("Europe/Paris")
START = datetime.datetime(2026, 6, 16, 9, tzinfo=PARIS)


@pytest.fixture
def event(db):
    event = make_event(slug="conf", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    rooms = [make_room(event, name) for name in ("Amphi", "Curie", "Hall")]
    tracks = [make_track(event, name) for name in ("Réseaux", "Énergie")]
    make_session(event, "A", starts_at=START, room=rooms[0], track=tracks[0])
    make_session(event, "B", starts_at=START, room=rooms[1], track=tracks[1])
    make_session(event, "C", starts_at=START, room=rooms[2], track=tracks[0])
    make_session(event, "D", starts_at=START + datetime.timedelta(days=1), room=rooms[0])
    return event


def get_page(client, query):
    return html.fromstring(client.get(f"/en/events/conf/agenda/{query}").text)


def list_titles(page):
    return page.xpath("//article/h4/a/text()")


def test_query_string_has_several_values_of_a_filter():
    agenda_filter = AgendaFilter.from_query(QueryDict("room=A&room=+B+&room=A&room=&track=x"))

    assert agenda_filter.room == ("A", "B")
    assert agenda_filter.to_query_string() == "?track=x&room=A&room=B"


def test_the_number_of_values_is_limited():
    query = QueryDict("&".join(f"room={number}" for number in range(200)))

    assert len(AgendaFilter.from_query(query).room) == MAX_FILTER_VALUES


def test_a_chip_adds_its_value_or_removes_it():
    (group,) = build_chip_groups(AgendaFilter(room=("A",), q="x"), {"room": ["A", "B"]})

    assert [chip.query for chip in group.chips] == ["?q=x", "?q=x&room=A&room=B"]
    assert [chip.value for chip in group.active_chips] == ["A"]


def test_a_value_that_no_session_has_can_be_removed():
    (group,) = build_chip_groups(AgendaFilter(speaker=("Zoé",)), {})

    assert [chip.query for chip in group.chips] == ["?"]


def test_values_of_a_filter_are_alternatives_and_filters_are_combined(client, event):
    assert list_titles(get_page(client, "?room=Amphi&room=Curie")) == ["A", "B", "D"]
    assert list_titles(get_page(client, "?room=Amphi&room=Curie&track=Énergie")) == ["B"]


def test_chips_work_without_javascript_and_preserve_the_day(client, event):
    page = get_page(client, "?room=Amphi&day=2026-06-16")
    (link,) = page.xpath("//a[@class='chip'][contains(., 'Curie')]/@href")

    assert link == "?day=2026-06-16&room=Amphi&room=Curie"
    assert list_titles(get_page(client, link)) == ["A", "B"]


def test_chip_labels_describe_their_action(client, event):
    page = get_page(client, "?room=Amphi")

    chips = page.xpath("//details[@open]//a[@class='chip']")

    assert [chip.text_content() for chip in chips] == [
        "Remove the filter: Amphi", "Filter by: Curie", "Filter by: Hall"
    ]  # fmt: skip
    assert [chip.get("aria-current") for chip in chips] == ["true", None, None]


def test_chosen_rooms_of_a_day_are_shown_as_columns(client, event):
    page = get_page(client, "?day=2026-06-16&room=Amphi&room=Curie")

    assert page.xpath("//p[contains(@class, 'room-head col-')]/text()") == ["Amphi", "Curie"]


def test_search_form_preserves_the_filters(client, event):
    page = get_page(client, "?room=Amphi&room=Curie")

    assert page.xpath("//form[@id='finder']/input[@name='room']/@value") == ["Amphi", "Curie"]
