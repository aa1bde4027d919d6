"""Events delegated to an outside firm: permissions, dates and their end."""

import datetime

import pytest
from django.utils import timezone

from badges.attendance.devices.pairing import pair_device
from badges.attendance.models import Checkpoint, Device
from convention.accounts.permissions import is_club_staff
from convention.audit.models import AuditEntry
from convention.club.models import CompanyRole, Employment, Person
from convention.errors import Forbidden, InvalidFields
from convention.events.delegations import (
    add_delegate,
    delegate_event,
    end_delegation,
)
from convention.events.models import Delegation, EventRole
from convention.events.permissions import (
    can_organize,
    can_staff_desk,
    get_delegation,
    get_organized_events,
    get_staffed_events,
)
from convention.events.role_mails import write_delegate_mail
from convention.events.roles import appoint_delegate, end_event_role
from tests.factories import make_administrator, make_company, make_event, make_person, make_staff
from tests.site_objects import make_client, make_delegated_role

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def contract(today):
    """Return a contract that runs for ten days from today."""
    firm = make_company(role=CompanyRole.Role.ORGANIZER)
    return delegate_event(event=make_event(), company=firm, starts_on=today, ends_on=today + 10 * DAY)


def name_delegate(contract, email="nina@firm.example", role="organizer", **fields):
    values = {"first_name": "Nina", "last_name": "Nom", **fields}
    return add_delegate(delegation=contract, email=email, role=role, **values)


def set_last_day(contract, day):
    Delegation.objects.filter(pk=contract.pk).update(starts_on=day - 20 * DAY, ends_on=day)


def test_delegate_runs_only_the_delegated_event(contract):
    role = name_delegate(contract)
    make_event()

    assert list(get_organized_events(role.person)) == [contract.event]
    assert get_delegation(role.person, contract.event) == contract
    assert Employment.objects.get(person=role.person).company == contract.company


@pytest.mark.parametrize("role", ["organizer", "desk"])
def test_delegation_gives_no_access_after_last_day(contract, today, role):
    person = name_delegate(contract, role=role).person
    set_last_day(contract, today)

    assert list(get_staffed_events(person)) == [contract.event]

    set_last_day(contract, today - DAY)

    assert list(get_staffed_events(person)) == []
    assert not is_club_staff(person)
    assert make_client(person).get(f"/desk/{contract.event.slug}/").status_code == 403


def test_delegation_gives_no_access_before_first_day(contract, today):
    person = name_delegate(contract).person
    Delegation.objects.update(starts_on=today + DAY)

    assert not can_organize(person, contract.event)


def test_access_ends_with_employment_and_with_company_role(contract, today):
    person = name_delegate(contract).person

    assert can_organize(person, contract.event)

    Employment.objects.filter(person=person).update(starts_on=today - 9 * DAY, ends_on=today - DAY)

    assert not can_organize(person, contract.event)

    Employment.objects.filter(person=person).update(ends_on=None)

    assert can_organize(person, contract.event)

    CompanyRole.objects.filter(company=contract.company).update(ends_on=today - DAY)

    assert not can_organize(person, contract.event)


def test_devices_paired_by_delegate_stop_with_delegation(contract, today):
    person = name_delegate(contract, role="desk").person
    door = Checkpoint.objects.create(event=contract.event, name="Entrée")

    device = pair_device(checkpoint=door, paired_by=person).device
    assert list(Device.objects.valid()) == [device]

    set_last_day(contract, today - DAY)

    assert list(Device.objects.valid()) == []


def test_delegating_again_changes_dates_of_current_delegation(contract, today):
    again = delegate_event(
        event=contract.event,
        company=contract.company,
        starts_on=today,
        ends_on=today + 40 * DAY,
        contract_number="C-7",
    )

    assert again.pk == contract.pk
    assert Delegation.objects.get().ends_on == today + 40 * DAY
    assert AuditEntry.objects.filter(verb="delegation.give").count() == 2


def test_invalid_dates_and_company_without_organizer_role_are_refused(today):
    event, vendor = make_event(), make_company(role=CompanyRole.Role.VENDOR)

    with pytest.raises(InvalidFields) as error:
        delegate_event(event=event, company=vendor, starts_on=today, ends_on=today - DAY)
    assert set(error.value.field_errors) == {"ends_on", "company"}

    firm = make_company(role=CompanyRole.Role.ORGANIZER)

    with pytest.raises(InvalidFields) as error:
        delegate_event(event=event, company=firm, starts_on=today - 9 * DAY, ends_on=today - DAY)
    assert set(error.value.field_errors) == {"ends_on"}
    assert Delegation.objects.count() == 0


def test_ending_delegation_removes_access_and_deletes_one_begun_today(contract, today):
    person = name_delegate(contract).person
    end_delegation(delegation=contract)

    assert not can_organize(person, contract.event)
    assert Delegation.objects.count() == EventRole.objects.count() == 0

    firm = make_company(role=CompanyRole.Role.ORGANIZER)
    long = delegate_event(
        event=contract.event, company=firm, starts_on=today - 9 * DAY, ends_on=today + 9 * DAY
    )

    end_delegation(delegation=long)

    assert Delegation.objects.get().ends_on == today - DAY


def test_known_person_named_as_delegate_gets_employment_at_firm(contract):
    person = make_person(email="known@example.org")

    assert name_delegate(contract, "Known@example.org", role="desk").person == person
    assert [job.company for job in person.employments.all()] == [contract.company]


def test_new_delegate_needs_a_name(contract):
    with pytest.raises(InvalidFields) as error:
        name_delegate(contract, first_name="", last_name="")
    assert set(error.value.field_errors) == {"first_name", "last_name"}
    assert Person.objects.count() == 0


def test_firm_appoints_only_new_or_own_people_and_only_for_desk(contract, today):
    boss = name_delegate(contract).person
    values = {"first_name": "Dan", "last_name": "Desk", "starts_on": today}

    given = appoint_delegate(delegation=contract, email="dan@firm.example", role="desk", **values)

    assert given.delegation == contract

    for email, role, wrong in (
        ("eve@firm.example", "organizer", {"role"}),
        (make_person().email, "desk", {"email"}),
    ):
        with pytest.raises(InvalidFields) as error:
            appoint_delegate(delegation=contract, email=email, role=role, **values)
        assert set(error.value.field_errors) == wrong
    end_event_role(role=given, actor=boss)

    assert not EventRole.objects.filter(role="desk").exists()


@pytest.mark.parametrize(
    ("role", "page"), [("organizer", "/organize/"), ("desk", "/desk/"), ("reviewer", "/review/")]
)
def test_delegate_email_links_to_page_of_role(contract, role, page):
    given = name_delegate(contract)
    given.role = role

    assert page in write_delegate_mail(given).context["url"]


def test_delegate_cannot_end_role_given_by_club(contract):
    boss, own = name_delegate(contract).person, make_staff(contract.event)

    with pytest.raises(Forbidden):
        end_event_role(role=own.event_roles.get(), actor=boss)
    assert can_organize(own, contract.event)


def test_organizer_with_own_role_has_no_delegation(contract):
    own = make_staff(contract.event)

    assert get_delegation(own, contract.event) is None

    make_delegated_role(contract, own)

    assert get_delegation(own, contract.event) is None
    assert get_delegation(make_administrator(), contract.event) is None


def test_delegation_pages_save_contract_name_delegate_and_send_email(today, run_tasks, mailoutbox):
    event, firm = make_event(), make_company(role=CompanyRole.Role.ORGANIZER)
    client = make_client(make_administrator())
    before = f"/en/organize/{event.slug}/delegation/"
    days = {"starts_on": today.isoformat(), "ends_on": today.isoformat()}

    page = client.post(f"{before}new/", {"company": firm.pk, "contract_number": "C-7", **days}, follow=True)

    assert f"The contract with {firm} has been saved." in page.content.decode()

    fields = {"delegation": Delegation.objects.get().pk, "email": "nina@firm.example", "role": "organizer"}
    page = client.post(f"{before}name/", {**fields, "first_name": "Nina", "last_name": "Nom"}, follow=True)

    told = page.content.decode()

    assert "Nina Nom now has the role: organizer. They will receive an e-mail." in told
    assert "The contract ends before the last day of the event" in told

    run_tasks()
    [mail] = mailoutbox

    assert mail.to == ["nina@firm.example"]
    assert f"/organize/{event.slug}/" in mail.body

    nina = make_client(Person.objects.get(email="nina@firm.example"))
    page = nina.get(before).content.decode()

    assert f"You run this event for {firm}." in page
    assert "Add or change a contract" not in page

    people = f"/en/organize/{event.slug}/people/"
    answer = nina.post(
        people, {"email": "x@firm.example", "role": "organizer", "starts_on": today.isoformat()}
    )

    assert "The club decides who runs the event" in answer.content.decode()


def test_role_given_by_the_club_outlasts_the_same_role_under_a_contract(contract, today):
    organizer = name_delegate(contract).person
    under_contract = name_delegate(contract, "desk@firm.example", role="desk")
    values = {"person": under_contract.person, "role": "desk", "starts_on": today}
    by_club = EventRole.objects.create(event=contract.event, **values)

    end_event_role(role=under_contract, actor=organizer)

    assert list(EventRole.objects.filter(person=under_contract.person)) == [by_club]
    by_club.refresh_from_db()
    assert by_club.ends_on is None


@pytest.mark.parametrize("role", EventRole.Role.values)
@pytest.mark.parametrize("is_active", [True, False])
def test_pages_of_the_desk_and_devices_follow_one_rule(role, is_active):
    event = make_event()
    person = make_staff(event, role, is_active=is_active)
    may_scan = EventRole.objects.at_desk().filter(event=event, person=person).exists()

    works_at_desk = can_staff_desk(person, event)

    assert works_at_desk is (is_active and role in EventRole.DESK_ROLES)
    assert may_scan is works_at_desk
    assert get_staffed_events(person).exists() is works_at_desk
