"""The print page: options, files that the worker makes once, and access to them."""

import datetime
import io

import pytest
from django.utils import timezone, translation
from pypdf import PdfReader

from convention.audit.models import AuditEntry
from schedule.drafts.current_draft import get_current_draft
from schedule.models import AgendaPrint, SessionSpeaker
from schedule.paper.print_options import PrintOptions
from schedule.prints import requests
from schedule.prints.make_print import write_print
from schedule.prints.requests import delete_outdated_files, find_current_print, request_print
from schedule.versions.publish import publish_draft
from tests.factories import make_administrator, make_event, make_print, make_room, make_session, make_track
from tests.pdf_readers import pdf_text
from tests.registrations.sponsors.factories import make_package, make_sponsorship
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2094, 6, 15, 7, tzinfo=datetime.UTC)
PAGE = "/en/organize/paper/schedule/print/"


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    for day in (0, 1):
        for name in ("Curie", "Pasteur"):
            make_session(
                event,
                f"{name} {day}",
                room=event.rooms.filter(name=name).first() or make_room(event, name=name),
                starts_at=START + datetime.timedelta(days=day),
            )
    return event


@pytest.fixture
def organizer(client):
    client.force_login(make_administrator())
    return client


def read_file(organizer, row):
    answer = organizer.get(f"{PAGE}{row.pk}/file/")
    return b"".join(answer.streaming_content)


def test_a_print_is_made_by_the_worker_and_opened_from_its_page(organizer, event):
    answer = organizer.post(f"{PAGE}?kind=doors", {"language": "en"}, follow=True)
    waiting = answer.content.decode()
    run_waiting_tasks()
    row = event.agenda_prints.get()
    done = organizer.get(f"{PAGE}{row.pk}/").content.decode()

    assert "The file is being created." in waiting
    assert f"{PAGE}{row.pk}/file/" in done
    assert "4 pages" in done
    assert "Curie 0" in pdf_text(read_file(organizer, row))


def test_print_contains_only_the_chosen_days_and_rooms(organizer, event):
    room = event.rooms.get(name="Curie")
    organizer.post(f"{PAGE}?kind=doors", {"language": "en", "days": ["2094-06-16"], "rooms": [room.pk]})
    run_waiting_tasks()

    text = pdf_text(read_file(organizer, event.agenda_prints.get()))

    assert "Curie 1" in text
    assert "Curie 0" not in text
    assert "Pasteur" not in text


def test_chairs_sheets_are_offered_only_if_a_session_has_a_chair(organizer, event):
    without_chairs = organizer.get(PAGE).content.decode()
    session = make_session(event, "Round table", speakers=("Zoé Müller",))
    session.appearances.update(part=SessionSpeaker.Part.CHAIR)

    with_chairs = organizer.get(PAGE).content.decode()

    assert "?kind=chairs" not in without_chairs
    assert "?kind=chairs" in with_chairs


def test_print_of_a_track_includes_breaks(event):
    track = make_track(event, name="Cloud")
    make_session(event, "Of the track", track=track, starts_at=START)
    make_session(event, "Lunch", role="break", starts_at=START)
    row = request_print(event=event, options=PrintOptions(language="en", tracks=(track.pk,)))
    run_waiting_tasks()
    row.refresh_from_db()

    text = pdf_text(row.file.read())

    assert "Of the track" in text
    assert "Lunch" in text
    assert "Curie 0" not in text


def test_the_same_print_is_made_once(organizer, event):
    for _time in range(3):
        organizer.post(PAGE, {"language": "en", "depth": "short"})
        run_waiting_tasks()

    assert event.agenda_prints.filter(kind="booklet").count() == 1


@pytest.mark.parametrize("language", ["fr", "en"])
def test_print_with_sponsors_is_up_to_date_on_pages_of_both_languages(organizer, event, language):
    make_sponsorship(make_package(event, name="Or", name_en="Gold", has_printed_logo=True))
    organizer.post(PAGE, {"language": language, "depth": "short"})
    with translation.override("fr"):
        run_waiting_tasks()

    assert "up to date" in organizer.get(PAGE).text
    with translation.override("fr"):
        assert find_current_print(event, PrintOptions(language=language, depth="short")).state == "done"


def test_new_version_is_printed_again_and_page_marks_the_old_print_as_outdated(organizer, event):
    organizer.post(PAGE, {"language": "en", "depth": "short"})
    run_waiting_tasks()
    before = organizer.get(PAGE).content.decode()
    draft = get_current_draft(event)
    draft.slots.filter(session__title="Curie 0").update(starts_at=START + datetime.timedelta(minutes=5))

    publish_draft(draft=draft)
    after = organizer.get(PAGE).content.decode()
    row = request_print(event=event, options=PrintOptions(language="en", depth="short"))

    assert "up to date" in before
    assert "out of date" in after
    assert row.state == AgendaPrint.State.WAITING


def test_print_shows_the_version_published_when_the_worker_runs(event):
    draft = get_current_draft(event)
    draft.slots.filter(session__title="Curie 0").update(starts_at=START + datetime.timedelta(minutes=5))
    row = request_print(event=event, options=PrintOptions())
    version = publish_draft(draft=draft)

    run_waiting_tasks()
    row.refresh_from_db()

    assert row.version == version
    assert "9 h 05" in pdf_text(row.file.read()).replace("\xa0", " ")
    assert find_current_print(event, PrintOptions()) == row


@pytest.mark.parametrize(("change_count", "state"), [(1, "done"), (3, "failed")])
def test_print_is_drawn_again_if_programme_changes_meanwhile(monkeypatch, event, change_count, state):
    drawings = []

    def write_and_change(event_obj, options, file):
        page_count = write_print(event_obj, options, file)
        drawings.append(page_count)
        if len(drawings) <= change_count:
            make_session(event, f"Added {len(drawings)}", room=event.rooms.first(), starts_at=START)
        return page_count

    monkeypatch.setattr(requests, "write_print", write_and_change)
    row = request_print(event=event, options=PrintOptions(language="en"))
    run_waiting_tasks()
    row.refresh_from_db()

    assert row.state == state
    assert len(drawings) == min(change_count + 1, 3)
    if state == "done":
        assert find_current_print(event, PrintOptions(language="en")) == row
        assert "Added 1" in pdf_text(row.file.read())
    else:
        assert row.error == "The programme changed while this file was being created. Create it again."
        assert not row.file


def test_a_state_printed_twice_is_stored_once(event):
    early = request_print(event=event, options=PrintOptions())
    make_session(event, "Later", starts_at=START)
    late = request_print(event=event, options=PrintOptions())

    run_waiting_tasks()
    early.refresh_from_db()
    late.refresh_from_db()

    assert early.state == AgendaPrint.State.FAILED
    assert late.state == AgendaPrint.State.DONE
    assert find_current_print(event, PrintOptions()) == late


@pytest.mark.parametrize(
    "posted",
    [{"language": "de"}, {"language": "en", "days": ["2027-01-01"]}, {"language": "en", "rooms": ["9" * 30]}],
)
def test_invalid_print_options_are_refused(organizer, event, posted):
    answer = organizer.post(PAGE, posted)

    assert answer.status_code == 200
    assert not event.agenda_prints.filter(kind="booklet").exists()


def test_an_unknown_kind_is_not_found(organizer, event):
    assert organizer.get(f"{PAGE}?kind=banner").status_code == 404


def test_a_print_is_in_the_audit_trail(organizer, event):
    organizer.post(PAGE, {"language": "en", "depth": "short"})

    assert AuditEntry.objects.filter(verb="schedule.print").count() == 1


def test_a_print_of_another_event_is_not_found(organizer, event):
    other = make_print(make_event(slug="other"))

    assert organizer.get(f"{PAGE}{other.pk}/").status_code == 404
    assert organizer.get(f"{PAGE}{other.pk}/file/").status_code == 404


def test_outdated_file_is_deleted_after_a_day_and_its_page_says_so(organizer, event):
    row = make_print(event)
    AgendaPrint.objects.update(finished_at=timezone.now() - datetime.timedelta(days=2))

    delete_outdated_files()

    assert organizer.get(f"{PAGE}{row.pk}/file/").status_code == 410
    assert "The file has been deleted." in organizer.get(f"{PAGE}{row.pk}/").content.decode()


def test_the_current_file_is_never_deleted(event):
    row = request_print(event=event, options=PrintOptions())
    run_waiting_tasks()
    AgendaPrint.objects.update(finished_at=timezone.now() - datetime.timedelta(days=2))

    delete_outdated_files()
    row.refresh_from_db()

    assert row.file


def test_print_page_queries_do_not_grow_with_prints_and_rooms(
    organizer, event, django_assert_max_num_queries
):
    with django_assert_max_num_queries(25):
        organizer.get(f"{PAGE}?kind=doors")
    for number in range(5):
        make_print(event)
        make_session(event, f"S{number}", room=make_room(event, name=f"R{number}"), speakers=[f"A{number}"])
    with django_assert_max_num_queries(25):
        organizer.get(f"{PAGE}?kind=doors")


def test_depth_options_show_page_counts_after_the_worker_ran(organizer, event):
    before = organizer.get(PAGE).content.decode()
    run_waiting_tasks()

    after = organizer.get(PAGE).content.decode()

    assert "Full abstracts (" not in before
    assert "Full abstracts (12 pages)" in after
    assert AgendaPrint.objects.filter(kind="depths").count() == 1


def test_failed_page_counts_are_requested_again(organizer, event):
    organizer.get(PAGE)
    AgendaPrint.objects.filter(kind="depths").update(error="Failed.", finished_at=timezone.now())

    organizer.get(PAGE)
    run_waiting_tasks()

    assert "Full abstracts (12 pages)" in organizer.get(PAGE).content.decode()


def test_programme_page_links_to_the_print_page(organizer, event):
    assert (
        'href="/en/organize/paper/schedule/print/"'
        in organizer.get("/en/organize/paper/schedule/").content.decode()
    )


def get_pdf(client, query=""):
    answer = client.get(f"/events/paper/agenda.pdf{query}")
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return answer, content


def test_the_public_pdf_is_made_by_the_worker_while_readers_wait(client, event):
    waiting, page = get_pdf(client)
    get_pdf(client)
    run_waiting_tasks()
    answer, content = get_pdf(client)

    assert waiting.status_code == 202
    assert waiting["Retry-After"] == "3"
    assert "en cours de création" in page.decode()
    assert answer.status_code == 200
    assert "Curie 0" in pdf_text(content)
    assert event.agenda_prints.filter(kind="booklet").count() == 1


def test_unchanged_public_pdf_is_answered_with_304_without_reading_the_file(
    client, event, django_assert_max_num_queries
):
    get_pdf(client)
    run_waiting_tasks()
    etag = get_pdf(client)[0]["ETag"]
    file = event.agenda_prints.get(kind="booklet").file
    file.storage.delete(file.name)

    with django_assert_max_num_queries(10):
        again = client.get("/events/paper/agenda.pdf", headers={"If-None-Match": etag})

    assert again.status_code == 304


def test_booking_does_not_invalidate_the_public_pdf(client, event):
    get_pdf(client)
    run_waiting_tasks()

    event.sessions.update(reserved=3)

    assert get_pdf(client)[0].status_code == 200


def test_public_pdf_is_printed_on_the_chosen_paper(client, event):
    get_pdf(client, "?format=grid&paper=a3")
    run_waiting_tasks()
    _answer, content = get_pdf(client, "?format=grid&paper=a3")

    sides = PdfReader(io.BytesIO(content)).pages[0].mediabox

    assert max(round(float(sides.width)), round(float(sides.height))) == 1191


@pytest.mark.parametrize("query", ["?format=grid&paper=a5", "?format=banner"])
def test_unknown_public_prints_are_refused(client, event, query):
    assert get_pdf(client, query)[0].status_code == 422


def test_failed_public_print_is_answered_with_503(client, event):
    get_pdf(client)
    AgendaPrint.objects.update(error="broken", finished_at=timezone.now())

    assert get_pdf(client)[0].status_code == 503
