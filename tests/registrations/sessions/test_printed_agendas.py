"""Printed agendas of many attendees: one page each, for a selection, made by the worker."""

import datetime

import pytest

from convention.jobs.models import Job
from registrations.sessions.printed_agendas import AgendaSelection, AttendeeAgendas, select_attendees
from tests.factories import make_administrator, make_event, make_registration, make_session, make_ticket
from tests.pdf_readers import decode_qr, find_bad_words, find_smallest_type, pdf_sizes, pdf_text
from tests.registrations.sessions.attendees import make_follower, make_holder, make_workshop
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Far away, since sessions of a past event cannot be booked.
START = datetime.datetime(2094, 6, 15, 7, tzinfo=datetime.UTC)
PAGE = "/en/organize/paper/schedule/print/agendas/"
LONG_TITLE = "Infrastructures souveraines, exploitation responsable et gouvernance : " * 4 + "une conclusion."


@pytest.fixture
def event():
    event = make_event(slug="paper", starts_at=START, ends_at=START + datetime.timedelta(days=2))
    make_session(event, "Opening", role="plenary", starts_at=START)
    return event


@pytest.fixture
def organizer(client):
    client.force_login(make_administrator())
    return client


@pytest.fixture
def attendees(event):
    """Create four attendees: with a booking, a star, a booking on the second day, and none of these."""
    workshop = make_workshop(event, "Booked workshop", starts_at=START + datetime.timedelta(hours=2))
    later = make_workshop(event, "Second day", starts_at=START + datetime.timedelta(days=1))
    starred = make_session(event, "Starred talk", starts_at=START + datetime.timedelta(hours=2))
    make_holder(event, workshop, first_name="Ana", last_name="Durand", company="Acme")
    make_follower(event, starred)
    make_holder(event, later, first_name="Bo", last_name="Émery", company="Beta")
    other = make_ticket(event, slug="other")
    make_registration(other, first_name="Cy", last_name="Zola", company="Gamma")


def print_agendas(organizer, **posted):
    """Print agendas; return the job, the PDF, and the text of each of its pages as one line."""
    answer = organizer.post(PAGE, {"language": "en", "paper": "a5", **posted})
    run_waiting_tasks()
    job = Job.objects.get()
    assert answer.status_code == 302, answer.content.decode()
    content = job.file.read()
    return job, content, [" ".join(page.split()) for page in pdf_text(content).split("\f")]


def test_each_attendee_gets_a_page_sorted_by_last_name(organizer, event, attendees):
    job, content, pages = print_agendas(organizer)

    assert [page.split("–")[0].strip() for page in pages] == [
        "Ana Durand’s programme", "Bo Émery’s programme", "Zoé Müller’s programme", "Cy Zola’s programme",
    ]  # fmt: skip
    assert "Booked workshop" in pages[0]
    assert "Booked." in pages[0]
    assert "Starred talk" in pages[2]
    assert "Starred talk" not in pages[0]
    assert {tuple(map(round, size)) for size in pdf_sizes(content)} == {(148, 210)}
    assert job.outcome == "4 programmes on 4 pages."
    assert len(decode_qr(content)) == 4


def test_attendee_without_choices_gets_plenaries(organizer, event, attendees):
    page = print_agendas(organizer)[2][-1]

    assert "The plenaries are for everyone" in page
    assert "Opening" in page
    assert "Second day" not in page


def test_agendas_are_filtered_by_ticket_company_and_day(organizer, event, attendees):
    ticket = event.tickets.get(slug="other")

    _job, _content, [page] = print_agendas(organizer, tickets=[ticket.pk], companies=["Gamma"])
    of_day = AttendeeAgendas.load(event, select_attendees(event, AgendaSelection()), days=[START.date()])
    second = event.registrations.get(first_name="Bo")

    assert "Cy Zola" in page
    assert [item.title for item in of_day.get_agenda(second, title="").sessions] == ["Opening"]


def test_selection_without_attendees_shows_error(organizer, event, attendees):
    ticket = event.tickets.get(slug="other")

    answer = organizer.post(
        PAGE, {"language": "en", "paper": "a5", "tickets": [ticket.pk], "companies": ["Acme"]}
    )

    assert "No attendee matches these tickets and companies." in answer.content.decode()
    assert not Job.objects.exists()


def test_full_agenda_with_long_titles_fits_on_one_page(organizer, event):
    sessions = [
        make_workshop(event, f"{LONG_TITLE} {number}", starts_at=START + datetime.timedelta(hours=number))
        for number in range(8)
    ]
    make_holder(event, *sessions)

    _job, content, pages = print_agendas(organizer, paper="a4")

    assert len(pages) == 1
    assert find_bad_words(content) == []
    assert find_smallest_type(content) >= 9 - 0.01


def test_queries_do_not_grow_with_attendees(event, attendees, django_assert_num_queries):
    def load():
        agendas = AttendeeAgendas.load(event, list(select_attendees(event, AgendaSelection())))
        return [
            agendas.get_agenda(attendee, title="") for attendee in select_attendees(event, AgendaSelection())
        ]

    with django_assert_num_queries(12):
        load()
    for number in range(5):
        make_holder(event, make_workshop(event, f"Another {number}"))
    with django_assert_num_queries(12):
        load()


def test_print_page_links_to_agendas(organizer, event):
    assert f'href="{PAGE}"' in organizer.get("/en/organize/paper/schedule/print/").content.decode()
