"""Save many speakers' addresses at once, from a pasted list of names and addresses."""

import pytest
from django.utils import translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.events.models import Event
from schedule.speakers.addresses import NoAddresses, preview_addresses, save_addresses
from schedule.speakers.links import get_or_create_link
from tests.factories import make_administrator, make_event, make_session

pytestmark = pytest.mark.django_db
ADDRESS = "/en/organize/conf/schedule/speakers/addresses/"


@pytest.fixture
def event() -> Event:
    event = make_event(slug="conf")
    make_session(event, speakers=("Ana Silva", "Zoé Müller"))
    return event


def get_addresses(event: Event) -> dict[str, str]:
    return dict(event.speakers.values_list("name", "email"))


@pytest.mark.parametrize(
    "text",
    [
        "Nom\tE-mail\nAna Silva\tana@example.org\nZoé Müller\tzoe@example.org\n",
        "ana@example.org;Ana Silva\r\nzoe@example.org;zoe muller\r\n",
        "Ana Silva <ana@example.org>,\nZoé Müller <zoe@example.org>",
    ],
    ids=["spreadsheet", "other order", "address book"],
)
def test_a_list_of_names_and_addresses_is_saved(event, text):
    count = save_addresses(event=event, text=text)

    assert count == 2
    assert get_addresses(event) == {"Ana Silva": "ana@example.org", "Zoé Müller": "zoe@example.org"}


def test_many_addresses_are_saved_at_once(event):
    names = [f"Speaker {number}" for number in range(26)]
    make_session(event, speakers=tuple(names))
    text = "\n".join(f"{name}\t{name.split()[1]}@example.org" for name in names)

    assert save_addresses(event=event, text=text) == 26
    assert AuditEntry.objects.filter(verb="speaker.revise").count() == 26


def test_unusable_lines_have_an_error_message(event):
    make_session(event, speakers=("Bo",))
    twin = event.speakers.get(name="Bo")
    twin.pk, twin.guid = None, "00000000-0000-0000-0000-000000000001"
    twin.save()
    text = "Ana Silva\tana@example.org\nNobody\tx@example.org\nZoé Müller\tzoe at home\nBo\tbo@example.org"

    with translation.override("en"):
        rows = preview_addresses(event=event, text=text)

    assert [row.error for row in rows] == [
        "",
        "The event has no speaker with this name.",
        "This line has no e-mail address.",
        "Several speakers have this name: set the address on the speaker’s own page.",
    ]


def test_two_addresses_for_one_speaker_are_an_error(event):
    rows = preview_addresses(event=event, text="Ana Silva\ta@example.org\nAna Silva\tb@example.org")

    assert [bool(row.error) for row in rows] == [False, True]


def test_replacing_an_address_revokes_the_link_sent_to_the_old_one(event):
    event.speakers.update(email="former@example.org")
    speaker = event.speakers.get(name="Ana Silva")
    before = get_or_create_link(speaker=speaker).link_version

    save_addresses(event=event, text="Ana Silva\tana@example.org")

    assert get_or_create_link(speaker=event.speakers.get(pk=speaker.pk)).link_version == before + 1


@pytest.mark.parametrize("text", ["hello", "Nobody\tx@example.org", "@\n@", "Ana Silva\n" * 2_001])
def test_a_list_without_any_speaker_is_refused(event, text):
    with pytest.raises(NoAddresses):
        save_addresses(event=event, text=text)


def test_the_page_shows_a_preview_before_it_saves(client, event):
    client.force_login(make_administrator())
    data = {"addresses": "Ana Silva\tana@example.org\nNobody\tx@example.org"}

    preview = html.fromstring(client.post(ADDRESS, data).text)
    saved_by_preview = get_addresses(event)["Ana Silva"]
    response = client.post(ADDRESS, data | {"save": "1"}, follow=True)

    assert preview.xpath("//button[@name='save']/text()") == ["Save 1 address"]
    assert saved_by_preview == ""
    assert get_addresses(event)["Ana Silva"] == "ana@example.org"
    assert "1 address was saved." in response.text
    assert ADDRESS in response.text
