"""Several small corrections that add up to another person are a transfer, with its rules."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from badges.attendance.models import Checkpoint
from badges.codes import build_badge_code
from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow
from convention.tables.files import read_table
from registrations.changes.cancel import cancel_registration
from registrations.changes.correct import Correction, correct_as_organizer
from registrations.erasure import erase_attendees
from registrations.import_export.import_registrations import import_registrations, preview_import
from registrations.import_export.undo_import import undo_import
from registrations.models import ImportRun, Registration
from registrations.permissions import make_own_secret
from tests.badges.attendance.factories import make_bearer_header, make_device, make_item
from tests.factories import make_event, make_question, make_registration, make_staff, make_ticket
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BOB = {"first_name": "Bob", "last_name": "Roi", "email": "bob@example.org", "company": ""}
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def event():
    event = make_event(slug="congress")
    make_ticket(event)
    make_question(event, "diet", ["vegan", "halal"])
    return event


@pytest.fixture
def place(event):
    return make_registration(event.tickets.get(), answers={"diet": "vegan"})


def close_substitutions(event):
    """End the period in which places may be transferred."""
    event.substitutions_close_at = timezone.now() - HOUR
    event.save()


def correct_by_link(place, secret="", **typed):
    """Post the correction page with the typed values; other fields keep their values."""
    place.refresh_from_db()
    names = ("first_name", "last_name", "email", "company")
    values = {name: getattr(place, name) for name in names} | typed
    path = place.order.build_path_with(secret or place.order.manage_secret)
    return Client().post(f"{path}{place.reference}/correct/", values)


STEPS = {
    "name, then address": [{"first_name": "Bob", "last_name": "Roi"}, {"email": BOB["email"]}],
    "first name, last name, address": [{"first_name": "Bob"}, {"last_name": "Roi"}, {"email": BOB["email"]}],
    "address, then name": [{"email": BOB["email"]}, {"first_name": "Bob", "last_name": "Roi"}],
    "address, first name, last name": [{"email": BOB["email"]}, {"first_name": "Bob"}, {"last_name": "Roi"}],
    "letter by letter": [
        {"last_name": "Mülle"}, {"last_name": "Mull"}, {"last_name": "Mul"}, {"last_name": "Moi"},
        {"last_name": "Roi"}, {"first_name": "Zo"}, {"first_name": "Bo"}, {"first_name": "Bob"},
        {"email": BOB["email"]},
    ],
}  # fmt: skip


@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
@pytest.mark.parametrize("by", ["order", "own"])
def test_corrections_after_deadline_never_transfer_place(event, place, steps, by):
    close_substitutions(event)
    before = build_badge_code(place)

    statuses = [
        correct_by_link(place, make_own_secret(place) if by == "own" else "", **step).status_code
        for step in steps
    ]

    assert 409 in statuses
    place.refresh_from_db()
    assert (place.first_name, place.last_name, place.email) != ("Bob", "Roi", BOB["email"])
    assert build_badge_code(place) == before
    assert place.answers == {"diet": "vegan"}


@pytest.mark.long
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS.keys())
def test_corrections_before_deadline_add_up_to_transfer(event, place, steps, run_tasks, mailoutbox):
    before, link = build_badge_code(place), make_own_secret(place)

    for step in steps:
        assert correct_by_link(place, **step).status_code == 302
    place.refresh_from_db()
    assert place.name == "Bob Roi"
    assert place.email == BOB["email"]
    assert place.answers == {}
    assert build_badge_code(place) != before
    assert Client().get(place.order.build_path_with(link)).status_code == 404
    assert "registration.transfer" in set(AuditEntry.objects.values_list("verb", flat=True))

    run_tasks()

    assert BOB["email"] in {address for mail in mailoutbox for address in mail.to}


def test_scan_of_former_badge_is_refused_as_revoked(event, place):
    """Scan the badge that the first attendee printed, after a transfer in two steps."""
    before = build_badge_code(place)
    for step in STEPS["name, then address"]:
        correct_by_link(place, **step)
    place.refresh_from_db()
    Checkpoint.objects.create(event=event, name="Entrée")

    _device, token = make_device(event)

    assert [scan(token, code)["reason"] for code in (before, build_badge_code(place))] == ["revoked", ""]


def scan(token, code):
    body = {"scans": [make_item(code)]}
    path = "/api/v1/scanner/scans/"
    answer = Client().post(path, body, content_type="application/json", headers=make_bearer_header(token))
    return answer.json()["results"][0]


SAME_PERSON_STEPS = {
    "a slip in the name": [{"last_name": "Muller"}],
    "a new name by marriage": [{"last_name": "Martin"}],
    "a new address": [{"email": "zoe.muller@new.example"}],
    "a slip, then a new address": [{"last_name": "Muler"}, {"email": "zoe@new.example"}],
    "a new address, then a slip, then back": [
        {"email": "z@new.example"}, {"first_name": "Zoë"}, {"email": "zoe@example.org"},
    ],
    "a second first name and another company": [{"first_name": "Zoé Anne", "company": "Other"}],
    "the names the other way round": [{"first_name": "Müller", "last_name": "Zoé"}],
}  # fmt: skip


@pytest.mark.parametrize("steps", SAME_PERSON_STEPS.values(), ids=SAME_PERSON_STEPS.keys())
def test_same_person_can_be_corrected_after_deadline(event, place, steps):
    close_substitutions(event)
    before = build_badge_code(place)

    for step in steps:
        assert correct_by_link(place, **step).status_code == 302
    place.refresh_from_db()
    assert build_badge_code(place) == before
    assert place.answers == {"diet": "vegan"}


def test_corrections_before_transfer_do_not_count_after_it(event, place):
    correct_by_link(place, last_name="Martin")
    correct_by_link(place, **BOB)
    place.refresh_from_db()
    bobs = build_badge_code(place)

    close_substitutions(event)

    assert correct_by_link(place, last_name="Roy").status_code == 302
    assert correct_by_link(place, email="bob@new.example").status_code == 302
    assert correct_by_link(place, first_name="Zoé", last_name="Müller").status_code == 409
    place.refresh_from_db()
    assert build_badge_code(place) == bobs
    assert place.name == "Bob Roy"


def test_stepwise_transfer_by_organizer_voids_badge_and_answers(event, place):
    close_substitutions(event)
    client, before = Client(), build_badge_code(place)
    client.force_login(make_staff(event))
    page = f"/organize/congress/registrations/{place.reference}/"

    typed = {"first_name": "Jean", "last_name": "Müller", "email": "zoe@example.org", "company": ""}

    assert client.post(page, typed).status_code == 302
    place.refresh_from_db()
    assert build_badge_code(place) == before
    assert client.post(page, {**typed, "email": "jean@example.org"}).status_code == 302
    place.refresh_from_db()
    assert build_badge_code(place) != before
    assert place.answers == {}


def make_list(place, **cells):
    columns = {"reference": place.reference, "first name": place.first_name, "last name": place.last_name,
               **cells}  # fmt: skip
    return read_table("list.csv", f"{','.join(columns)}\n{','.join(columns.values())}\n".encode())


def test_import_naming_another_person_voids_badge_and_answers(event, place, run_tasks, mailoutbox):
    Registration.objects.update(confirmation_sent_at=timezone.now())
    before, table = build_badge_code(place), make_list(place, **{"first name": "Bob", "last name": "Roi"})

    assert "1 place change de titulaire" in str(preview_import(event=event, table=table))
    place.refresh_from_db()
    assert place.name == "Zoé Müller"
    assert build_badge_code(place) == before

    import_registrations(event=event, table=table)
    place.refresh_from_db()

    bobs = build_badge_code(place)

    assert place.name == "Bob Roi"
    assert bobs != before
    assert place.answers == {}

    run_tasks()

    assert mailoutbox != []

    undo_import(import_run=ImportRun.objects.get())

    place.refresh_from_db()
    assert place.name == "Zoé Müller"
    assert place.answers == {"diet": "vegan"}
    assert build_badge_code(place) not in (before, bobs)


def test_import_of_new_name_after_new_address_is_transfer(event, place):
    correct_by_link(place, email="z@new.example")
    before = build_badge_code(place)

    import_registrations(event=event, table=make_list(place, **{"first name": "Jean"}))

    place.refresh_from_db()
    assert build_badge_code(place) != before
    assert place.answers == {}


def test_import_correcting_typo_voids_nothing(event, place, run_tasks, mailoutbox):
    before = build_badge_code(place)
    done = import_registrations(event=event, table=make_list(place, **{"last name": "Muller"}))

    place.refresh_from_db()
    assert build_badge_code(place) == before
    assert place.answers == {"diet": "vegan"}
    assert done.transfers_text == ""

    undo_import(import_run=ImportRun.objects.get())

    place.refresh_from_db()
    assert place.name == "Zoé Müller"
    assert build_badge_code(place) == before
    assert place.issued_to == {}

    run_tasks()

    assert mailoutbox == []


def test_erasure_deletes_name_that_badge_was_issued_to(event, place):
    correct_by_link(place, last_name="Martin")

    place.refresh_from_db()
    assert place.issued_to == {"first_name": "Zoé", "last_name": "Müller", "email": "zoe@example.org"}

    erase_attendees(Registration.objects.filter(pk=place.pk))

    place.refresh_from_db()
    assert place.issued_to == {}


def test_cancelled_place_cannot_be_transferred(event, place):
    cancel_registration(registration=place)

    assert correct_by_link(place, **BOB).status_code == 409
    place.refresh_from_db()
    with pytest.raises(NotOpenNow):
        correct_as_organizer(registration=place, correction=Correction(**BOB, no_photo=False))


def test_contact_keeps_what_was_typed_when_the_deadline_refuses_a_transfer():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"))
    close_substitutions(desk.event)
    page = f"{desk.at}/registrations/{Registration.objects.get().reference}/correct/"

    answer = desk.client.post(page, BOB)

    assert answer.status_code == 200
    assert "La cession de place était possible jusqu’au" in answer.text
    assert 'value="Roi"' in answer.text


def test_contact_is_offered_no_correction_of_a_cancelled_registration():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "zoe@x.fr"))
    registration = Registration.objects.get()
    cancel_registration(registration=registration)

    answer = desk.client.get(f"{desk.at}/registrations/{registration.reference}/correct/", follow=True)

    assert answer.redirect_chain == [(f"{desk.at}/registrations/{registration.reference}/", 302)]
    assert "Cette inscription n’est plus active" in answer.text
