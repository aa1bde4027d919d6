"""Sessions for members only: marked by form, API, tables and frame copies, and printed."""

import datetime

import pytest
from django.core.management import call_command
from lxml import html

from convention.audit.models import AuditEntry
from schedule.board.copy_frame import copy_frame
from schedule.board.pasted_sessions import create_pasted_sessions, preview_pasted_sessions
from schedule.drafts.current_draft import get_current_draft
from schedule.exchange.export_schedule import export_schedule
from schedule.exchange.importing.import_schedule import import_schedule, preview_schedule
from schedule.exchange.parsed_programme import ScheduleFormat
from schedule.models import AgendaPrint, Session
from tests.factories import make_event, make_room, make_session, make_staff
from tests.pdf_readers import pdf_text
from tests.schedule.api.programs import make_program
from tests.schedule.versions.timetables import change_slot, publish_current_draft
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]

START = datetime.datetime(2027, 6, 15, 7, tzinfo=datetime.UTC)
PROGRAMME = "/en/organize/conf/schedule/"


@pytest.fixture
def event():
    return make_event(slug="conf", starts_at=START, ends_at=START + datetime.timedelta(days=2))


@pytest.fixture
def session(event):
    return make_session(event, "Conclave", room=make_room(event), is_for_members=True)


@pytest.fixture
def organizer(client, event):
    client.force_login(make_staff(event))
    return client


def read_form(client, address):
    form = html.fromstring(client.get(address).text).xpath("//form[.//*[@name='title']]")[0]
    return {name: value for name, value in form.form_values() if name != "csrfmiddlewaretoken"}


def test_form_marks_session_for_members_and_organizer_pages_show_the_mark(organizer, event):
    session, _other = make_session(event, "Conclave"), make_session(event, "Ouvert")
    address = f"{PROGRAMME}{session.number}/"

    organizer.post(address, {**read_form(organizer, address), "is_for_members": "on"})

    session.refresh_from_db()
    assert session.is_for_members
    assert AuditEntry.objects.get(verb="session.revise").fields == ["is_for_members"]
    rows = html.fromstring(organizer.get(f"{PROGRAMME}?state=members").text).xpath("//tbody/tr/th")
    assert [" ".join(row.text_content().split()) for row in rows] == ["Conclave Members only"]
    board = html.fromstring(organizer.get(f"{PROGRAMME}board/").text)
    assert board.xpath("//tbody//th[.//*[text()='Members only']]/a/text()") == ["Conclave"]
    data = organizer.get(f"{PROGRAMME}board/data/").json()
    assert {row["title"]: row["is_for_members"] for row in data["sessions"]} == {
        "Conclave": True, "Ouvert": False,
    }  # fmt: skip


def test_api_writes_and_reads_members_only(event):
    program = make_program(event)

    added = program.post("sessions/", {"title": "Conclave", "members_only": True}).json()
    changed = program.patch(f"sessions/{added['guid']}/", {"members_only": False}).json()

    assert added["members_only"] is True
    assert changed["members_only"] is False


@pytest.mark.parametrize("file_format", [ScheduleFormat.CSV, ScheduleFormat.XLSX])
def test_tables_carry_members_only_mark_and_public_files_omit_the_session(event, session, file_format):
    data = export_schedule(event=event, file_format=file_format)
    public = export_schedule(event=event, file_format=ScheduleFormat.FRAB_XML)

    copy = import_schedule(slug="copy", data=data).event
    again = preview_schedule(slug="conf", data=public)

    assert copy.sessions.get().is_for_members
    assert "Conclave" not in public.decode()
    assert again.missing == ()
    Session.objects.update(is_for_members=False)
    report = import_schedule(slug="conf", data=data)
    assert [str(field) for change in report.changes for field in change.fields] == [
        "Réservé aux adhérents\u202f: non → oui"
    ]
    session.refresh_from_db()
    assert session.is_for_members


def test_pasted_table_and_copied_frame_carry_the_members_only_mark(event):
    text = "Titre\tRéservé aux adhérents\nConclave\toui\nOuvert\t\nFlou\tpeut-être\n"
    pasted = preview_pasted_sessions(event=event, text=text)
    create_pasted_sessions(event=event, text=text.replace("Flou\tpeut-être\n", ""))
    make_session(event, "Assemblée", role="plenary", is_for_members=True)
    next_year = make_event(
        starts_at=START + datetime.timedelta(days=364), ends_at=START + datetime.timedelta(days=366)
    )

    copy_frame(draft=get_current_draft(next_year), source=event, author=None)

    assert [row.is_for_members for row in pasted.rows] == [True, False, False]
    assert [row.title for row in pasted.errors] == ["Flou"]
    assert dict(event.sessions.values_list("title", "is_for_members")) == {
        "Conclave": True, "Ouvert": False, "Assemblée": True,
    }  # fmt: skip
    assert next_year.sessions.get().is_for_members


def print_text(organizer, kind: str, **choices: object) -> str:
    organizer.post(f"{PROGRAMME}print/?kind={kind}", {"language": "en", **choices})
    run_waiting_tasks()
    row = AgendaPrint.objects.filter(kind=kind).latest("pk")
    return pdf_text(row.file.read())


def test_prints_include_members_sessions_if_chosen_and_on_internal_sheets(organizer, event, session):
    other = make_session(event, "Ouvert", room=session.room, starts_at=START + datetime.timedelta(hours=2))
    change_slot(session, hours=1), change_slot(other, hours=1)
    publish_current_draft(session)
    change_slot(session, hours=1), change_slot(other, hours=1)
    publish_current_draft(session)
    doors = html.fromstring(organizer.get(f"{PROGRAMME}print/?kind=doors").text)
    internal = html.fromstring(organizer.get(f"{PROGRAMME}print/?kind=director").text)

    public = print_text(organizer, "booklet", depth="short")
    chosen = print_text(organizer, "grid", paper="a4", includes_members_sessions="on")
    directors = print_text(organizer, "director")
    changes = print_text(organizer, "changes", distance="hand", since="1")
    all_changes = print_text(organizer, "changes", distance="hand", since="1", includes_members_sessions="on")

    box = "//input[@name='includes_members_sessions']"
    assert doors.xpath(f"{box}/@checked")
    assert internal.xpath(box) == []
    assert "Ouvert" in public
    assert "Conclave" not in public
    assert "Conclave (members only)" in " ".join(chosen.split())
    assert "Conclave (members only)" in " ".join(directors.split())
    assert "Conclave" not in changes
    assert "Conclave" in all_changes


def test_commands_omit_members_sessions_by_default(event, session, tmp_path):
    file = tmp_path / "x.json"

    call_command("schedule_export", "conf", format="frab-json", output=file)
    without = file.read_text()
    call_command("schedule_export", "conf", format="frab-json", output=file, include_members=True)
    call_command("agenda", "conf", output=tmp_path / "x.pdf", include_members=True, language="en")

    assert "Conclave" not in without
    assert "Conclave" in file.read_text()
    assert "Conclave (members only)" in " ".join(pdf_text((tmp_path / "x.pdf").read_bytes()).split())
