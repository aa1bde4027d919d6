"""The colours of tracks: one decision for screens, paper and feeds, readable in light and dark."""

import pytest
from lxml import etree, html

from convention.web.accent_colours import (
    DARK_PAPERS,
    LIGHT_PAPERS,
    contrast_ratio,
    mix_colours,
    rgb_channels,
)
from schedule.models import TRACK_COLORS
from schedule.paper.printed_programme import load_printed_programme
from tests.factories import make_event, make_session, make_staff, make_track

# The brightness that agenda.css and schedule.css give to bars and dots.
DARK_MODE_BRIGHTNESS = 1.7


def brighten(color: str) -> str:
    channels = (min(255, round(channel * DARK_MODE_BRIGHTNESS)) for channel in rgb_channels(color))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


@pytest.mark.parametrize("color", TRACK_COLORS)
def test_a_default_colour_is_readable_on_both_papers_and_below_white_text(color):
    assert contrast_ratio(color, "#ffffff") >= 4.5
    assert min(contrast_ratio(color, paper) for paper in LIGHT_PAPERS) >= 4.5
    # The board mixes with white in dark mode (board.css), other pages brighten.
    for shown in (brighten(color), mix_colours(color, "#ffffff", 0.4)):
        assert min(contrast_ratio(shown, paper) for paper in DARK_PAPERS) >= 3


@pytest.mark.django_db
@pytest.mark.once
def test_track_without_a_colour_gets_the_same_default_everywhere(client):
    event = make_event(slug="conf")
    make_track(event, "Own", slug="own", color="#123456", position=0)
    track = make_track(event, "Default", slug="default", color="", position=1)
    session = make_session(event, "Talk", track=track)
    client.force_login(make_staff(event))

    agenda = html.fromstring(client.get("/en/events/conf/agenda/").text)
    page = html.fromstring(client.get(f"/en/events/conf/sessions/{session.guid}/").text)
    tracks = html.fromstring(client.get("/en/organize/conf/schedule/tracks/").text)
    feed = etree.fromstring(client.get("/events/conf/agenda.xml").content)
    board = client.get("/en/organize/conf/schedule/board/data/").json()
    api = client.get("/api/v1/events/conf/sessions/").json()

    [printed] = load_printed_programme(event).sessions
    color = TRACK_COLORS[1]
    assert agenda.xpath("//article//rect/@fill") == [color]
    assert page.xpath("//p[@class='kicker']//rect/@fill") == [color]
    assert tracks.xpath("//tbody//rect/@fill") == ["#123456", color]
    assert tracks.xpath("//input[@type='color']/@value") == [TRACK_COLORS[2]]
    assert feed.xpath("//track[@name='Default']/@color") == [color]
    assert [row["color"] for row in board["tracks"]] == ["#123456", color]
    assert api["results"][0]["track"]["color"] == color
    assert printed.track_color == color
