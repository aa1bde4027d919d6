"""Identities: only the fields that the host requests, asked late, encrypted and never shown again."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from convention import hooks
from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.codes.encryption import DecryptionFailed, MissingEncryptionKey, decrypt_value
from convention.errors import InvalidFields, NotOpenNow
from registrations.changes.cancel import cancel_registration
from registrations.visits.applications.state import ApplicationState, find_states
from registrations.visits.identity.fields import (
    WINDOW_EARLY,
    WINDOW_OPEN,
    WINDOW_OVER,
    IdentityWindow,
    is_identity_complete,
)
from registrations.visits.identity.identities import get_identity_binding, save_identity
from registrations.visits.identity.purge import purge_due_data
from registrations.visits.identity.requests import is_request_due, request_identities
from registrations.visits.models import Application, Identity, Visit
from registrations.visits.visitor_list.contents import read_list
from registrations.visits.visitor_list.create import create_list
from registrations.visits.visitor_list.visitors import find_list_readiness
from tests.factories import make_member
from tests.registrations.visits.hosts import (
    DAY,
    FIELDS,
    make_hosted,
    make_identified,
    make_identity_answers,
    make_visitor,
)

pytestmark = pytest.mark.django_db

CHOICE_FIELDS = {"nationality", "document_kind"}
"""Fields answered from a list of choices, so that their values are in every form."""


def make_applicant_client(application):
    client = Client()
    client.force_login(application.person)
    return client


def address(visit):
    return f"/visits/{visit.event.slug}/identity/"


def make_form_data(number=1, **changed):
    return {**make_identity_answers(number), **changed}


# --- saving ----------------------------------------------------------------------------------------------


def test_only_requested_identity_fields_are_saved_encrypted(settings):
    visit = make_hosted(fields=["birth_date", "document_number"])
    application = make_visitor(visit)

    identity = save_identity(application=application, answers=make_identity_answers(1))

    assert identity.field_names == ["birth_date", "document_number"]

    kept = decrypt_value(identity.encrypted_data, row_label=get_identity_binding(application))

    assert kept == {"birth_date": "1971-04-02", "document_number": "QX0000001ZZ"}
    entry = AuditEntry.objects.get(verb="identity.give")
    assert entry.fields == ["birth_date", "document_number"]
    assert "QX0000001ZZ" not in str(vars(entry))


def test_incomplete_identity_is_not_saved():
    application = make_visitor(make_hosted())

    with pytest.raises(InvalidFields) as refused:
        save_identity(application=application, answers={"birth_date": "1971-04-02"})
    assert set(refused.value.field_errors) == set(FIELDS) - {"birth_date"}
    assert not Identity.objects.exists()


def test_identity_of_applicant_without_place_is_refused():
    application = make_visitor(make_hosted())
    cancel_registration(registration=application.registration)

    with pytest.raises(NotOpenNow):
        save_identity(application=application, answers=make_identity_answers(1))


@pytest.mark.parametrize(
    ("moment", "state"),
    [(-1, WINDOW_EARLY), (0, WINDOW_OPEN), (9, WINDOW_OPEN), (10, WINDOW_OVER), (11, WINDOW_OVER)],
)
def test_identity_window_opens_late_and_ends_with_visit(moment, state):
    start = datetime.datetime(2027, 3, 1, tzinfo=datetime.UTC)
    window = IdentityWindow(start, start + datetime.timedelta(hours=10))

    assert window.state_at(start + datetime.timedelta(hours=moment)) == state


def test_identity_is_refused_before_window_opens():
    application = make_visitor(make_hosted(days=40, identity_days_before=21))

    with pytest.raises(NotOpenNow):
        save_identity(application=application, answers=make_identity_answers(1))

    page = make_applicant_client(application).get(address(application.visit)).content.decode()

    assert "Zwickelbourg" not in page
    assert "document_number" not in page


def test_identity_is_refused_for_cancelled_visit():
    application = make_visitor(make_hosted(cancelled_at=timezone.now()))
    with pytest.raises(NotOpenNow):
        save_identity(application=application, answers=make_identity_answers(1))


def test_missing_encryption_key_answers_503_and_saves_nothing(settings):
    application = make_visitor(make_hosted())
    settings.IDENTITY_KEYS = []

    with pytest.raises(MissingEncryptionKey):
        save_identity(application=application, answers=make_identity_answers(1))

    answer = make_applicant_client(application).post(address(application.visit), make_form_data())

    assert answer.status_code == 503
    assert not Identity.objects.exists()


def test_identity_moved_to_another_application_cannot_be_decrypted():
    visit = make_hosted()
    one, other = make_identified(visit, 1), make_visitor(visit)

    Identity.objects.filter(application=one).update(application=other)

    with pytest.raises(DecryptionFailed):
        create_list(visit=visit)


def test_identity_is_incomplete_if_a_requested_field_is_missing():
    assert is_identity_complete(["birth_date"], ["birth_date", "nationality"])
    assert not is_identity_complete(["birth_date", "vehicle_plate"], ["birth_date"])
    assert is_identity_complete([], [])


# --- the page --------------------------------------------------------------------------------------------


def test_identity_page_saves_answers_and_never_shows_them_again():
    application = make_visitor(make_hosted(fields=[*FIELDS, "vehicle_plate"]))
    client, visit = make_applicant_client(application), application.visit

    asked = client.get(address(visit))

    assert asked["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"

    names = [name for name in make_identity_answers(1) if f'name="{name}"' in asked.content.decode()]

    assert names == [*FIELDS, "vehicle_plate"]

    answer = client.post(address(visit), make_form_data(document_number="qx 0000 001 zz"), follow=True)
    page = answer.content.decode()
    identity = Identity.objects.get()

    kept = decrypt_value(identity.encrypted_data, row_label=get_identity_binding(application))

    assert kept == {**make_identity_answers(1), "document_number": "QX0000001ZZ"}

    values = [value for name, value in kept.items() if name not in CHOICE_FIELDS and value in page]

    assert values == []
    assert 'value="1971' not in page


READERS = (
    "Only the club’s secretary and administrators, the host’s security contact and the host’s other contacts "
    "for this visit can open them"
)


def test_identity_page_names_all_who_can_open_the_details():
    application = make_visitor(make_hosted())

    page = make_applicant_client(application).get(f"/en{address(application.visit)}").text

    assert READERS in page
    assert "only to its security team" not in page


def test_identity_mail_names_all_who_can_open_the_details(run_tasks, mailoutbox):
    application = make_visitor(make_hosted())
    Person.objects.filter(pk=application.person_id).update(language="en")

    request_identities()
    run_tasks()

    assert READERS in " ".join(mailoutbox[0].body.split())


def test_vehicle_plate_may_be_empty():
    application = make_visitor(make_hosted(fields=["vehicle_plate"]))
    make_applicant_client(application).post(address(application.visit), {"vehicle_plate": ""})

    assert Identity.objects.get().field_names == ["vehicle_plate"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("birth_date", "2999-01-01", "Cette date de naissance n’est pas plausible : vérifiez-la."),
        ("birth_date", "1899-12-31", "Cette date de naissance n’est pas plausible : vérifiez-la."),
        ("birth_date", "hier", "Indiquez une date, par exemple 31/12/1980."),
        ("birth_date", "", "Remplissez ce champ\u202f: l’hôte demande cette information."),
        ("document_expiry", "2020-01-01", "Ce document expire avant la visite\u202f: indiquez-en un autre."),
        (
            "document_number",
            "<script>",
            "Indiquez le numéro tel qu’il figure sur le document\u202f: des lettres et des chiffres.",
        ),
        ("birth_place", " ", "Remplissez ce champ\u202f: l’hôte demande cette information."),
    ],
)
def test_invalid_answer_shows_error_at_its_field(field, value, sentence):
    application = make_visitor(make_hosted())
    answer = make_applicant_client(application).post(
        address(application.visit), make_form_data(**{field: value})
    )

    assert answer.context["form"].errors == {field: [sentence]}
    assert not Identity.objects.exists()


def test_visitor_deletes_own_identity():
    application = make_identified(make_hosted(), 1)
    make_applicant_client(application).post(address(application.visit), {"delete": "1"})

    assert not Identity.objects.exists()
    assert AuditEntry.objects.filter(verb="identity.take_back").count() == 1


@pytest.mark.parametrize(("days", "is_needed"), [(5, True), (-5, False)])
def test_details_are_needed_only_until_the_visit_is_over(days, is_needed):
    application = make_visitor(make_hosted(days=days))

    page = make_applicant_client(application).get(f"/en{address(application.visit)}").text

    assert ("needs these details to let you in" in page) is is_needed
    assert ("They are encrypted as soon as" in page) is is_needed
    assert ("these details are no longer needed" in page) is not is_needed


def test_identity_page_is_for_applicants_of_the_visit_only():
    visit = make_hosted()
    make_identified(visit, 1)
    stranger = Client()

    stranger.force_login(make_member())

    assert stranger.get(address(visit)).status_code == 404
    assert "/login/?next=" in Client().get(address(visit))["Location"]

    other = make_visitor(make_hosted())

    assert make_applicant_client(other).get(address(visit)).status_code == 404


# --- mails -----------------------------------------------------------------------------------------------


def test_visitor_without_identity_is_asked_once(run_tasks, mailoutbox):
    visit = make_hosted(days=15, locked_at=None, lock_working_days=5)
    make_identified(visit, 1)
    missing = make_visitor(visit)

    for _round in range(3):
        request_identities()
        run_tasks()

    assert [mail.to for mail in mailoutbox] == [[missing.person.email]]
    assert f"http://localhost:8000/visits/{visit.event.slug}/identity/" in mailoutbox[0].body
    assert mailoutbox[0].attachments == []


def test_identity_reminder_is_due_once_two_days_before_lock():
    lock = datetime.datetime(2027, 3, 10, 9, tzinfo=datetime.UTC)
    asked = Application(identity_requested_at=lock - 10 * DAY)

    assert not is_request_due(asked, locks_at=lock, at=lock - 3 * DAY)
    assert is_request_due(asked, locks_at=lock, at=lock - 2 * DAY)

    late = Application(identity_requested_at=lock - DAY)

    assert not is_request_due(late, locks_at=lock, at=lock - DAY / 2)
    assert not is_request_due(
        Application(identity_requested_at=lock - 10 * DAY, identity_reminded_at=lock), locks_at=lock, at=lock
    )


def test_identity_is_not_requested_before_window_opens(run_tasks, mailoutbox):
    make_visitor(make_hosted(days=40, locked_at=None))
    request_identities()

    run_tasks()

    assert mailoutbox == []


# --- visitors who do not come ----------------------------------------------------------------------------


def test_identities_of_withdrawn_and_cancelled_visitors_are_deleted_by_hourly_job():
    visit = make_hosted()
    stays, withdrew, lost = (make_identified(visit, number) for number in range(3))
    Application.objects.filter(pk=withdrew.pk).update(withdrawn_at=timezone.now())
    cancel_registration(registration=lost.registration)

    purge_due_data()

    assert hooks.periodic_jobs.intervals[f"{purge_due_data.__module__}.purge_due_data"] == hooks.HOUR
    assert [identity.application_id for identity in Identity.objects.all()] == [stays.pk]
    assert AuditEntry.objects.filter(verb="identity.remove").count() == 2


def test_removed_identity_field_is_not_on_list():
    visit = make_hosted()
    make_identified(visit, 1)

    Visit.objects.filter(pk=visit.pk).update(identity_fields=["nationality"])

    visit.refresh_from_db()
    [row] = read_list(visitor_list=create_list(visit=visit)).rows
    assert row["identity"] == {"nationality": "PT"}


def test_obsolete_identity_field_keeps_nobody_incomplete():
    visit = make_hosted(fields=["nationality", "obsolete"])
    application = make_identified(visit, 1)

    assert find_states(visit, [application])[application.pk] == ApplicationState.COMPLETE
    assert find_list_readiness(visit).ready == [application]
