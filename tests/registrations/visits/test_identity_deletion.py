"""The identity of a visitor is deleted when the place ends, also from stored visitor lists."""

import pytest
from cryptography.fernet import Fernet

from convention.privacy.find_data import SubjectData
from convention.privacy.subjects import get_subject
from registrations.booking.transfer import transfer_registration
from registrations.changes.cancel import cancel_as_attendee
from registrations.visits.applications.veto import veto_application
from registrations.visits.applications.withdraw import revoke_place, withdraw_application
from registrations.visits.hosts.replacements import approve_visitor, propose_replacement
from registrations.visits.identity.identities import delete_identity
from registrations.visits.identity.purge import delete_unneeded_identities
from registrations.visits.models import Application, Identity, VisitorList
from registrations.visits.visitor_list.contents import decrypt_content
from registrations.visits.visitor_list.create import create_list
from registrations.visits.visitor_list.table import format_rows
from tests.factories import make_administrator, make_member
from tests.registrations.visits.hosts import (
    make_hosted,
    make_identified,
    make_identity_answers,
    make_sent_list,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


def load_identities(application: Application) -> list[dict[str, str]]:
    """Return the identities of an application in all stored rows of all versions of its visit's list."""
    contents = [decrypt_content(row) for row in VisitorList.objects.filter(visit=application.visit)]
    rows = [row for content in contents for row in [*content.rows, *(content.previous_rows or [])]]
    return [row["identity"] for row in rows if row["key"] == application.pk]


def make_listed_pair() -> tuple[Application, Application]:
    """Return two visitors who are both on the two versions of a list that was sent."""
    visit = make_hosted()
    leaves, stays = make_identified(visit, 1), make_identified(visit, 2)
    make_sent_list(visit)
    make_identified(visit, 3)
    make_sent_list(visit)
    return leaves, stays


def withdraw(application: Application) -> None:
    withdraw_application(application=application)


def veto(application: Application) -> None:
    veto_application(application=application)


def revoke(application: Application) -> None:
    revoke_place(application=application, reason="Full.")


def cancel_by_mailed_link(application: Application) -> None:
    assert application.registration
    cancel_as_attendee(registration=application.registration)


def replace(application: Application) -> None:
    replacement = propose_replacement(application=application, replacement=make_member())
    approve_visitor(application=replacement)


def delete_own_details(application: Application) -> None:
    delete_identity(application=application)


ENDINGS = [withdraw, veto, revoke, cancel_by_mailed_link, replace, delete_own_details]


@pytest.mark.parametrize("end_place", ENDINGS)
def test_end_of_place_deletes_identity_at_once(end_place):
    leaves, stays = make_listed_pair()

    end_place(leaves)

    assert not Identity.objects.filter(application=leaves).exists()
    assert Identity.objects.filter(application=stays).exists()


@pytest.mark.parametrize("end_place", ENDINGS)
def test_end_of_place_removes_identity_from_all_versions(end_place):
    leaves, stays = make_listed_pair()
    before = dict(VisitorList.objects.values_list("number", "hash"))

    end_place(leaves)

    # Two versions, and the copy of the first one in the second.
    assert load_identities(leaves) == [{}] * 3
    assert {given["document_number"] for given in load_identities(stays)} == {"QX0000002ZZ"}
    assert dict(VisitorList.objects.values_list("number", "hash")) == before


def test_name_remains_on_version_with_deleted_details():
    leaves, _stays = make_listed_pair()

    withdraw(leaves)

    shown = format_rows(decrypt_content(VisitorList.objects.get(number=2)))
    [cells] = [cells for cells in shown if cells[0] == leaves.registration.last_name]
    assert set(cells[3:]) == {"deleted"}


def test_next_version_after_deletion_has_one_visitor_removed():
    leaves, _stays = make_listed_pair()

    withdraw(leaves)

    made = create_list(visit=leaves.visit)
    assert [made.added, made.removed, made.changed] == [0, 1, 0]


def test_place_can_be_cancelled_after_key_was_lost(settings):
    leaves, _stays = make_listed_pair()
    settings.IDENTITY_KEYS = [Fernet.generate_key().decode()]

    cancel_by_mailed_link(leaves)

    assert not Identity.objects.filter(application=leaves).exists()


def test_hourly_job_removes_details_left_on_lists():
    leaves, stays = make_listed_pair()
    # Without the deletion that every action makes at once.
    Application.objects.filter(pk=leaves.pk).update(withdrawn_at=leaves.applied_at)

    assert delete_unneeded_identities() == 1

    assert load_identities(leaves) == [{}] * 3
    assert load_identities(stays)[0]["birth_date"] == make_identity_answers(2)["birth_date"]
    assert delete_unneeded_identities() == 0


def test_person_finds_lists_with_their_name_in_own_data():
    visit = make_hosted()
    listed, later = make_identified(visit, 1), make_member()
    make_sent_list(visit)
    Application.objects.create(visit=visit, person=later)

    found = {
        person.pk: [
            table.row_count
            for table in SubjectData(get_subject(person)).tables_with_rows
            if str(table.source.title) == "visitor lists with your name"
        ]
        for person in (listed.person, later)
    }

    assert found == {listed.person.pk: [1], later.pk: []}


def test_identity_of_former_attendee_is_deleted_when_another_person_gets_the_place():
    leaves, stays = make_listed_pair()

    transfer_registration(leaves.registration)

    assert not Identity.objects.filter(application=leaves).exists()
    assert load_identities(leaves) == [{}] * 3
    assert Identity.objects.filter(application=stays).exists()


def test_correction_cannot_give_an_applicants_place_to_another_person():
    visitor, _stays = make_listed_pair()
    registration = visitor.registration
    page = f"/en/organize/{registration.event.slug}/registrations/{registration.reference}/"
    name = registration.name
    values = {"first_name": "Quentin", "last_name": "Wyszynski", "email": registration.email, "company": ""}

    answer = make_client(make_administrator()).post(page, values, follow=True)

    registration.refresh_from_db()
    assert registration.name == name
    assert "Places on this visit are allocated on application." in answer.content.decode()
    assert Identity.objects.filter(application=visitor).exists()
