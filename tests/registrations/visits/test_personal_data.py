"""Access to and erasure of personal data about visits concern one person only."""

import pytest

from convention.club.models import Person
from convention.privacy.erase import erase_subject
from convention.privacy.find_data import SubjectData
from convention.privacy.subjects import find_subject_by_address, get_subject
from registrations.models import WaitingEntry
from registrations.visits.models import Application, Identity
from registrations.visits.visitor_list.acknowledge import acknowledge_list
from tests.factories import make_person
from tests.registrations.visits.hosts import make_host, make_hosted, make_identified, make_sent_list

pytestmark = pytest.mark.django_db


def list_tables_with_data(person: Person) -> set[str]:
    """Return the labels of the tables that contain data of `person`."""
    return {found.source.table_label for found in SubjectData(get_subject(person)).tables_with_rows}


def test_contact_address_of_waiting_entry_reveals_no_data_of_applicant():
    visit = make_hosted()
    waits, assistant = make_identified(visit, 1), make_person()
    waits.waiting_entry = WaitingEntry.objects.create(
        event=visit.event, ticket=visit.event.tickets.get(), email=assistant.email, address=assistant.email
    )
    waits.save()

    theirs = {model._meta.label_lower for model in (Application, Identity)}

    assert list_tables_with_data(assistant) & theirs == set()

    held = [found.source for found in SubjectData(get_subject(assistant)).tables_with_rows]
    waits_told = [one.exported_columns for one in held if one.model is WaitingEntry]

    assert waits_told == [("id", "event", "email")]


def test_erased_host_contact_is_removed_from_acknowledged_list():
    visit = make_hosted()
    make_identified(visit, 1)
    made, contact = make_sent_list(visit), make_host(visit)
    acknowledge_list(visitor_list=made, name=contact.name, contact=contact)

    erase_subject(find_subject_by_address(contact.email))

    made.refresh_from_db()
    assert made.acknowledged_by == ""
    assert made.acknowledged_at is not None
