"""Test attendance counts, lists and exported files."""

import csv
import datetime
import io

import pytest
from django.utils import timezone, translation

from badges.attendance.models import Checkpoint
from badges.attendance.reports import headcount
from badges.attendance.reports.export import UnknownAttendanceFormat, export_attendance
from badges.attendance.scanning.record_scans import record_scan_items
from badges.attendance.views.attendance import make_arrivals_curve
from convention.events.models import Event
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_staff
from tests.pdf_readers import pdf_text
from tests.site_objects import make_client
from tests.workbooks import cell_types, read_part, read_values

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def format_time_ago(minutes):
    return (NOW - datetime.timedelta(minutes=minutes)).isoformat()


@pytest.fixture(params=[Event.Kind.CONVENTION, Event.Kind.SITE_VISIT])
def event_with_scans(request):
    """Return event, room and people: one inside, one gone, one in a session, one absent, one cancelled."""
    event = make_event(kind=request.param)
    room = Checkpoint.objects.create(event=event, name="Salle 1", kind=Checkpoint.Kind.SESSION, position=1)
    names = ["Anne", "Boris", "Chloé", "Denis", "Élise"]
    people = {
        name: make_registration(event, first_name=name, company="Beta" if name == "Denis" else "Acme")
        for name in names
    }
    people["Élise"].cancelled_at = NOW
    people["Élise"].save()
    code = {name: make_badge_code(person) for name, person in people.items()}
    items = [
        make_item(code["Anne"], at=format_time_ago(90)),
        make_item(code["Boris"], at=format_time_ago(80)),
        make_item(code["Boris"], at=format_time_ago(20), direction="out"),
        make_item(code["Chloé"], at=format_time_ago(30)),
        make_item(code["Chloé"], at=format_time_ago(10), checkpoint="Salle 1"),
    ]
    record_scan_items(device=make_device(event)[0], items=items)
    return event, room, people


def test_attendance_is_counted_in_total_by_company_and_by_ticket(event_with_scans):
    event, _room, _people = event_with_scans
    counts = headcount.count_attendance(event)

    assert counts.total == headcount.HeadcountGroup("", registered_count=4, arrived_count=3, inside_count=2)
    assert counts.total.absent_count == 1
    assert counts.companies == [
        headcount.HeadcountGroup("Acme", 3, 3, 2),
        headcount.HeadcountGroup("Beta", 1, 0, 0),
    ]
    assert counts.tickets == [headcount.HeadcountGroup("Adhérent", 4, 3, 2)]


def test_registrations_are_listed_as_arrived_inside_and_absent(event_with_scans):
    event, _room, people = event_with_scans

    assert {registration.first_name for registration in headcount.arrived_registrations(event)} == {
        "Anne",
        "Boris",
        "Chloé",
    }
    assert {registration.first_name for registration in headcount.inside_registrations(event)} == {
        "Anne",
        "Chloé",
    }
    assert list(headcount.absent_registrations(event)) == [people["Denis"]]


def test_attendance_is_counted_by_checkpoint(event_with_scans):
    event, _room, _people = event_with_scans
    doors = headcount.count_by_checkpoint(event)

    assert [(door.checkpoint.name, door.arrived_count, door.inside_count) for door in doors] == [
        ("Entrée", 3, 2), ("Salle 1", 1, 1),
    ]  # fmt: skip


def test_arrival_curve_rises_to_total_arrivals(event_with_scans):
    event, _room, _people = event_with_scans
    points = headcount.accumulate_arrivals(event)

    assert points[-1][1] == 3
    assert [total for _at, total in points] == sorted(total for _at, total in points)
    assert points[0][0] > NOW - datetime.timedelta(minutes=90)


def test_arrival_curve_is_titled_as_running_total():
    with translation.override("fr"):
        chart = make_arrivals_curve([(NOW, 1)])

    assert chart.title == "Arrivées cumulées"
    assert chart.unit == "Personnes"


def test_event_without_registrations_has_zero_counts_and_exports():
    event = make_event()

    assert headcount.count_attendance(event).total == headcount.HeadcountGroup("", 0, 0, 0)
    assert headcount.accumulate_arrivals(event) == []
    assert list(headcount.iterate_attendance(event)) == []

    files = {kind: export_attendance(event=event, file_name=f"a.{kind}") for kind in ("csv", "xlsx", "pdf")}
    [header] = csv.reader(io.StringIO(files["csv"].decode("utf-8-sig")))

    assert header[:3] == ["Nom", "Prénom", "Entreprise"]
    assert read_values(files["xlsx"]) == [header]
    assert "Personne n’est encore inscrit." in pdf_text(files["pdf"])


def test_csv_has_row_for_each_checkpoint_and_each_absentee(event_with_scans):
    event, _room, _people = event_with_scans
    with translation.override("en"):
        rows = list(
            csv.DictReader(
                io.StringIO(export_attendance(event=event, file_name="LISTE.CSV").decode("utf-8-sig"))
            )
        )

    assert [(row["First name"], row["Checkpoint"], row["Status"]) for row in rows] == [
        ("Anne", "Entrée", "inside"),
        ("Boris", "Entrée", "attended"),
        ("Chloé", "Entrée", "inside"),
        ("Chloé", "Salle 1", "inside"),
        ("Denis", "", "absent"),
    ]
    assert rows[1]["Minutes inside"] == "60"

    for column, minutes in (("Arrival", 80), ("Departure", 20)):
        at = datetime.datetime.fromisoformat(format_time_ago(minutes)).astimezone(event.zone)
        assert rows[1][column] == f"{at:%Y-%m-%d %H:%M}"


def test_xlsx_has_time_cells_and_exports_have_no_formulas(event_with_scans):
    event, _room, people = event_with_scans
    person = people["Anne"]
    person.last_name = '=HYPERLINK("http://evil")'
    person.save()
    content = export_attendance(event=event, file_name="a.xlsx")

    cells = [cell for row in read_values(content)[1:] for cell in row]

    assert cell_types(content) <= {"s", "n"}
    assert "<f>" not in read_part(content)
    assert sum(isinstance(cell, datetime.datetime) for cell in cells) == 5

    text = export_attendance(event=event, file_name="a.csv").decode("utf-8-sig")

    assert [row for row in csv.reader(io.StringIO(text)) if any(cell.startswith("=") for cell in row)] == []


def test_pdf_contains_names_in_latin_greek_cyrillic_and_chinese(event_with_scans):
    event, _room, people = event_with_scans
    for name, written in zip(people, ["Ὀδυσσεύς", "Достоевский", "田中", "Ng", "x"], strict=True):
        people[name].last_name = written
        people[name].save()

    text = pdf_text(export_attendance(event=event, file_name="a.pdf"))

    assert [
        word for word in ("Ὀδυσσεύς", "Достоевский", "田中", "Denis", "Salle 1") if word not in text
    ] == []


def test_export_with_unknown_file_extension_is_refused():
    with pytest.raises(UnknownAttendanceFormat, match=r"liste\.docx"):
        export_attendance(event=make_event(), file_name="liste.docx")


@pytest.mark.parametrize(
    "function",
    [
        headcount.count_attendance,
        headcount.count_by_checkpoint,
        headcount.accumulate_arrivals,
        lambda e: list(headcount.iterate_attendance(e)),
    ],
)
def test_query_counts_do_not_grow(function, django_assert_max_num_queries):
    event = make_event()
    device = make_device(event)[0]
    for _round in range(3):
        with django_assert_max_num_queries(4):
            function(event)
        record_scan_items(
            device=device,
            items=[make_item(make_badge_code(make_registration(event))) for _number in range(10)],
        )


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
def test_attendance_command_writes_file_and_rejects_bad_paths(command, tmp_path):
    event = make_event()
    record_scan_items(
        device=make_device(event)[0], items=[make_item(make_badge_code(make_registration(event)))]
    )
    output = tmp_path / "presences.csv"

    done = command("attendance", event.slug, "--output", str(output))

    assert done.returncode == 0
    assert done.stdout == ""
    assert str(output) in done.stderr
    assert str(output.stat().st_size) in done.stderr
    assert "Müller" in output.read_text("utf-8-sig")

    for bad in (tmp_path / "a.doc", tmp_path / "nowhere" / "a.csv", tmp_path):
        done = command("attendance", event.slug, "--output", str(bad))
        assert done.returncode == 2
        assert len(done.stderr.splitlines()) == 1

    assert [path.name for path in tmp_path.iterdir()] == ["presences.csv"]


def test_ticket_names_are_in_readers_language(event_with_scans):
    event, _room, _people = event_with_scans
    event.tickets.update(name_en="Member")

    with translation.override("en"):
        english = {visit.ticket for visit in headcount.iterate_attendance(event)}

    assert english == {"Member"}
    assert {visit.ticket for visit in headcount.iterate_attendance(event)} == {"Adhérent"}


def test_attendance_list_sorts_names_without_their_accents():
    event = make_event()
    for name in ("Zola", "Éluard", "Aragon"):
        make_registration(event, last_name=name)

    page = make_client(make_staff(event)).get(f"/organize/{event.slug}/attendance/?state=absent").context

    assert [row.last_name for row in page["page_obj"]] == ["Aragon", "Éluard", "Zola"]
