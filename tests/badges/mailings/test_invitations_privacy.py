"""Invitations are personal data of the people who get them."""

import pytest

from convention.personal_data import DataSubject
from convention.privacy.find_data import SubjectData
from convention.privacy.move_person_rows import move_person_rows
from tests.badges.mailings.test_invitations import make_invitation, send
from tests.factories import make_event, make_member, make_person

pytestmark = pytest.mark.django_db


def test_invitation_is_among_the_data_about_the_person(run_tasks):
    person = make_member()
    mailing = send(make_invitation(make_event()), run_tasks)

    tables = SubjectData(DataSubject(person=person)).tables_with_rows

    [found] = [table for table in tables if table.source.table_label == "mailings.recipient"]
    assert found.keys == [mailing.recipients.get().pk]


def test_merge_of_two_records_passes_the_invitation_on(run_tasks):
    duplicate, survivor = make_member(), make_person()
    mailing = send(make_invitation(make_event()), run_tasks)

    move_person_rows(survivor=survivor, duplicate=duplicate)

    assert mailing.recipients.get().person == survivor
