"""Changes since the last print: the sheet of changes, and door signs that replace others."""

import datetime

import pytest
from django.core.management import call_command
from lxml import html

from schedule.drafts.current_draft import get_current_draft
from schedule.paper.comparison import NothingToCompare
from schedule.paper.print_options import PrintOptions
from schedule.prints.requests import request_print
from schedule.versions.publish import publish_draft
from tests.factories import make_administrator, make_event, make_room, make_session
from tests.pdf_readers import find_bad_words, find_smallest_type, pdf_text
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
PAGE = "/en/organize/paper/schedule/print/"


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    for name in ("Curie", "Pasteur", "Volta"):
        make_session(event, f"On {name}", room=make_room(event, name=name), starts_at=START)
    move_and_publish(event, "On Volta", minutes=10)
    return event


def move_and_publish(event, title, *, minutes=0, room=None):
    """Move a session by some minutes, or to a room, and publish."""
    draft = get_current_draft(event)
    slot = draft.slots.get(session__title=title)
    slot.starts_at += datetime.timedelta(minutes=minutes)
    slot.ends_at += datetime.timedelta(minutes=minutes)
    slot.room = room or slot.room
    slot.save()
    return publish_draft(draft=draft)


def print_pdf(event, **options):
    row = request_print(event=event, options=PrintOptions(language="en", **options))
    run_waiting_tasks()
    row.refresh_from_db()
    return row.file.read()


def test_the_sheet_of_changes_lists_what_changed_since_a_version(event):
    move_and_publish(event, "On Curie", minutes=30)

    content = print_pdf(event, kind="changes", since=1)
    text = " ".join(pdf_text(content).split()).replace("\xa0", " ")

    assert "Changes since: Version 1" in text
    assert "On Curie" in text
    assert "9:30" in text
    assert "On Pasteur" not in text


def test_sheet_of_changes_uses_type_of_at_least_14_points(event):
    move_and_publish(event, "On Curie", minutes=30)
    content = print_pdf(event, kind="changes", since=1)

    assert find_smallest_type(content) >= 14 - 0.01
    assert find_bad_words(content) == []


def test_only_changed_door_signs_are_printed_with_the_version_they_replace(event):
    move_and_publish(event, "On Curie", room=event.rooms.get(name="Volta"))

    text = pdf_text(print_pdf(event, kind="doors", since=1))

    assert text.count("replaces: Version 1") == 1
    assert "Volta" in text
    assert "Pasteur" not in text


def test_print_of_door_signs_says_that_none_changed(event):
    assert "No sign has changed." in pdf_text(print_pdf(event, kind="doors", since=1))


def test_door_signs_use_type_of_at_least_14_points(event):
    assert find_smallest_type(print_pdf(event, kind="doors")) >= 14 - 0.01


def test_sheet_of_changes_needs_a_published_version():
    with pytest.raises(NothingToCompare):
        request_print(event=make_event(), options=PrintOptions(kind="changes"))


def test_page_of_a_print_lists_changes_made_since(client, event):
    client.force_login(make_administrator())
    client.post(f"{PAGE}?kind=doors", {"language": "en"})
    run_waiting_tasks()
    row = event.agenda_prints.get(kind="doors")
    move_and_publish(event, "On Curie", minutes=30)

    page = client.get(f"{PAGE}{row.pk}/").content.decode()

    assert "What changed since" in page
    assert "On Curie" in page


def test_last_printed_version_is_preselected(client, event):
    client.force_login(make_administrator())
    client.post(f"{PAGE}?kind=doors", {"language": "en"})
    run_waiting_tasks()
    move_and_publish(event, "On Curie", minutes=30)
    move_and_publish(event, "On Curie", minutes=30)

    page = client.get(f"{PAGE}?kind=changes").content.decode()

    assert '<option value="1" selected>' in page


def list_offered_versions(client, kind) -> list[str]:
    page = html.fromstring(client.get(f"{PAGE}?kind={kind}").content)
    return page.xpath("//select[@name='since']/option/@value")


@pytest.mark.parametrize(("kind", "offered"), [("changes", ["1"]), ("doors", ["", "1"])])
def test_latest_version_is_not_offered_if_nothing_differs_from_it(client, event, kind, offered):
    client.force_login(make_administrator())
    move_and_publish(event, "On Curie", minutes=30)

    versions = list_offered_versions(client, kind)

    assert versions == offered


def test_latest_version_is_offered_after_a_room_was_removed(client, event):
    client.force_login(make_administrator())
    move_and_publish(event, "On Curie", minutes=30)
    event.rooms.get(name="Pasteur").delete()

    versions = list_offered_versions(client, "changes")

    assert versions == ["2", "1"]


@pytest.mark.parametrize(("kind", "offered"), [("changes", ["1"]), ("doors", [])])
def test_only_version_is_offered_where_one_is_needed(client, event, kind, offered):
    client.force_login(make_administrator())

    versions = list_offered_versions(client, kind)

    assert versions == offered


def test_prints_of_different_programmes_name_different_versions(event):
    first = pdf_text(print_pdf(event, kind="doors"))
    move_and_publish(event, "On Curie", minutes=30)

    second = pdf_text(print_pdf(event, kind="doors"))

    assert "Version 1" in first
    assert "Version 2" in second


def test_command_prints_changes_and_requires_a_version(event, tmp_path, capsys):
    move_and_publish(event, "On Curie", minutes=30)

    call_command("agenda", "paper", output=tmp_path / "a.pdf", format_name="changes", since=1)
    with pytest.raises(SystemExit):
        call_command("agenda", "paper", output=tmp_path / "b.pdf", format_name="changes")

    assert "On Curie" in pdf_text((tmp_path / "a.pdf").read_bytes())
    assert "version" in capsys.readouterr().err
