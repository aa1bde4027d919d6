"""The host of a visit: who can choose it, and what a new one means for the applicants."""

import pytest

from convention.club.models import Company
from convention.errors import InvalidFields
from registrations.visits.hosts.contacts import add_host_contact, end_host_contact
from registrations.visits.lifecycle.host_change import end_host_access
from registrations.visits.models import Visit
from tests.factories import START_OF_2020, make_company, make_member, make_secretary
from tests.page_forms import load_form, read_messages
from tests.registrations.visits.factories import make_application, make_market, make_visit, reload_visit
from tests.registrations.visits.hosts import extract_token, make_hosted, make_identified, make_sent_list
from tests.registrations.visits.test_visit_protection import submit_settings
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary():
    return make_secretary()


def make_own_visit(secretary, **fields):
    """Return a visit that the secretary runs, like one that they planned."""
    visit = make_visit(**fields)
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)
    return visit


def make_competitor(market) -> Company:
    company = make_company()
    company.markets.add(market)
    return company


def test_secretary_can_choose_every_vendor_as_host(secretary):
    visit, vendor, other = make_own_visit(secretary), make_company(role="vendor"), make_company()

    page = make_client(secretary).get(f"/en/organize/{visit.event.slug}/settings/")

    hosts = set(page.context["form"].fields["host"].queryset)
    assert hosts == {visit.event.host, vendor}
    assert other not in hosts


def test_organizer_of_the_event_alone_sees_the_present_host_only():
    visit, organizer = make_visit(), make_member()
    visit.event.roles.create(person=organizer, role="organizer", starts_on=START_OF_2020)
    make_company(role="vendor")

    page = make_client(organizer).get(f"/en/organize/{visit.event.slug}/settings/")

    assert list(page.context["form"].fields["host"].queryset) == [visit.event.host]


def test_host_of_an_agreed_visit_cannot_be_removed(secretary):
    visit = make_own_visit(secretary)

    errors = submit_settings(visit.event, secretary, host="")

    assert errors == ["host"]


def test_host_can_be_removed_before_the_agreement(secretary):
    visit = make_own_visit(secretary, agreed_at=None, visibility="draft")

    errors = submit_settings(visit.event, secretary, host="")

    visit.event.refresh_from_db()
    assert errors == []
    assert visit.event.host is None


def change_host(visit, host, secretary) -> str:
    """Save another host; return the messages of the page that follows."""
    client, page = make_client(secretary), f"/en/organize/{visit.event.slug}/settings/"
    values = load_form(client, page) | {"host": [str(host.pk)]}
    return " ".join(read_messages(client.post(page, values, follow=True)))


def test_new_host_names_the_applicants_who_work_for_a_competitor(secretary):
    market, host = make_market(), make_company(role="vendor")
    host.markets.add(market)
    visit = make_own_visit(secretary)
    make_application(visit, make_competitor(market), first_name="Rival", last_name="One")
    make_application(visit, first_name="Fair", last_name="Two")

    shown = change_host(visit, host, secretary)

    assert "Rival One works for a competitor of the new host." in shown
    assert "Fair Two" not in shown


def test_new_host_without_competitors_says_that_applicants_were_checked(secretary):
    visit = make_own_visit(secretary)
    make_application(visit)

    shown = change_host(visit, make_company(role="vendor"), secretary)

    assert "nobody works for a competitor of the new host" in shown


def test_new_host_asks_to_check_the_agreement_with_the_former_one(secretary):
    visit = make_own_visit(secretary)

    shown = change_host(visit, make_company(role="vendor"), secretary)

    assert f"are still those of {visit.event.host}" in shown


def test_agreement_without_a_host_is_answered_by_one_message(secretary):
    visit = make_own_visit(secretary, agreed_at=None, visibility="draft", slug="labs")
    visit.event.host = None
    visit.event.save()
    terms = {"capacity": "12", "company_cap": "3", "lock_working_days": "4", "identity_days_before": "14"}

    page = make_client(secretary).post("/en/organize/labs/visit/", terms | {"agreed": "yes"}, follow=True)

    [message] = read_messages(page)
    assert message.startswith("The terms have been saved, but not the host’s agreement. First choose")


# --- the former host's access ----------------------------------------------------------------------------

# By name: method and path, with the visit and its only visitor filled in.
HOST_PAGES = {
    "visit": ("get", "/host/visits/{visit.event.slug}/"),
    "list": ("post", "/host/visits/{visit.event.slug}/list/"),
    "person": ("get", "/host/visits/{visit.event.slug}/people/{visitor.pk}/"),
    "briefing": ("get", "/host/visits/{visit.event.slug}/briefing/"),
    "proposals": ("get", "/host/proposals/"),
    "withdraw a proposal": ("post", "/host/proposals/1/back/"),
}


@pytest.mark.parametrize("name", HOST_PAGES)
def test_former_hosts_contact_opens_no_host_page(visit, enter, secretary, name):
    method, path = HOST_PAGES[name]
    contact_client = enter()
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)

    change_host(visit, make_company(role="vendor"), secretary)

    page_path = path.format(visit=visit, visitor=visit.applications.get())
    assert getattr(contact_client, method)(page_path).status_code == 403


@pytest.mark.parametrize("name", HOST_PAGES)
def test_ended_contact_opens_no_host_page(visit, enter, name):
    method, path = HOST_PAGES[name]
    contact_client = enter()

    end_host_contact(contact=visit.host_contacts.get())

    page_path = path.format(visit=visit, visitor=visit.applications.get())
    assert getattr(contact_client, method)(page_path).status_code == 403


def test_former_hosts_contact_signs_in_no_more(visit, enter, secretary, run_tasks, mailoutbox):
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)
    change_host(visit, make_company(role="vendor"), secretary)
    run_tasks()
    mailoutbox.clear()

    make_client(make_secretary()).post("/en/host/", {"email": "sophie@hote.example"})
    run_tasks()

    assert mailoutbox == []


def test_link_to_the_list_ends_with_the_host(secretary, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    make_sent_list(visit)
    token = extract_token(mailoutbox[-1])
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)

    change_host(visit, make_company(role="vendor"), secretary)

    assert make_client(make_secretary()).get(f"/en/host/lists/{token}/").status_code == 410


def test_next_list_is_not_sent_to_the_former_hosts_security_contact(visit, secretary):
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)

    change_host(visit, make_company(role="vendor"), secretary)

    visit.refresh_from_db()
    assert visit.security_email == ""


def test_security_contact_saved_meanwhile_is_removed_too():
    stale_visit = make_visit()
    Visit.objects.filter(pk=stale_visit.pk).update(security_email="guard@hote.example")

    end_host_access(visit=stale_visit)

    assert Visit.objects.get(pk=stale_visit.pk).security_email == ""


def test_contact_is_not_added_for_the_former_host():
    visit = make_visit()
    stale_visit = reload_visit(visit)
    visit.event.host = make_company(role="vendor")
    visit.event.save()

    with pytest.raises(InvalidFields):
        add_host_contact(visit=stale_visit, name="Sophie", email="sophie@hote.example")


def test_new_host_says_that_the_former_one_has_no_access(visit, secretary):
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)

    shown = change_host(visit, make_company(role="vendor"), secretary)

    assert f"{visit.event.host} no longer has access" in shown


def test_other_settings_leave_the_hosts_contacts(visit, secretary):
    visit.event.roles.create(person=secretary, role="organizer", starts_on=START_OF_2020)

    errors = submit_settings(visit.event, secretary, title="Another title")

    assert errors == []
    assert visit.host_contacts.active().count() == 1
