"""The secretary reads on the season page, and by e-mail, what there is to do."""

import datetime

import pytest
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from lxml import html

from convention.club.models import ClubRole
from convention.events.models import Event
from registrations.changes.cancel import cancel_as_attendee
from registrations.models import Registration
from registrations.visits.applications.withdraw import revoke_place, withdraw_application
from registrations.visits.models import HostContact, Proposal, Visit
from registrations.visits.planning.host_proposals import create_host_proposal
from registrations.visits.planning.proposals import create_proposal
from registrations.visits.visitor_list.create import create_list
from tests.factories import START_OF_2020, make_member, make_person, make_secretary
from tests.registrations.visits.hosts import make_hosted, make_identified, make_sent_list, make_visitor
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
OUTDATED = "The host’s list is out of date. Create the next version and send it."


def read_attention(client, path="/en/organize/season/"):
    """Return the address and the sentence of each item under “Needs attention”."""
    page = html.fromstring(client.get(path).text)
    items = page.xpath("//ul[@class='attention']/li")
    return [
        ("".join(item.xpath(".//a/@href")), " ".join(item.xpath("string(./span)").split())) for item in items
    ]


def find_visit_sentences(client, visit):
    """Return the sentences that link to the lists of the visit."""
    path = f"/en/organize/{visit.event.slug}/visit/lists/"
    return [sentence for address, sentence in read_attention(client) if address == path]


@pytest.fixture
def secretary():
    return make_secretary()


# --- the season page ---------------------------------------------------------------------------------------


def test_season_page_asks_for_the_first_list_of_a_locked_visit(secretary):
    visit = make_hosted()
    make_identified(visit, 1)

    sentences = find_visit_sentences(make_client(secretary), visit)

    assert len(sentences) == 1
    assert sentences[0].startswith("The list is locked. Create its first version")


def test_season_page_asks_to_send_a_version_that_was_created(secretary):
    visit = make_hosted()
    make_identified(visit, 1)
    create_list(visit=visit)

    sentences = find_visit_sentences(make_client(secretary), visit)

    assert [sentence.split(" has not")[0] for sentence in sentences] == ["Version 1 of the list"]


def test_season_page_warns_of_an_outdated_list(secretary, visit):
    client = make_client(secretary)
    before = find_visit_sentences(client, visit)

    withdraw_application(application=visit.applications.get())
    after = find_visit_sentences(client, visit)

    assert before == []
    assert len(after) == 1
    assert after[0].startswith(OUTDATED)


def test_season_page_counts_visitors_who_are_incomplete_after_the_lock(secretary):
    visit = make_hosted()
    make_identified(visit, 1)
    make_sent_list(visit)
    make_visitor(visit)
    make_visitor(visit)

    sentences = find_visit_sentences(make_client(secretary), visit)

    assert len(sentences) == 1
    assert sentences[0].startswith("2 visitors are missing from the host’s list")


def test_season_page_names_visitors_whose_identity_is_not_requested_yet(secretary):
    visit = make_hosted(days=30, identity_days_before=14)
    opens_on = visit.day - datetime.timedelta(days=14)
    make_visitor(visit)
    make_visitor(visit)

    all_waiting = find_visit_sentences(make_client(secretary), visit)
    other = make_visitor(visit)
    Registration.objects.filter(application=other).update(first_name="Zoé", sort_name="Zoé")
    some_waiting = find_visit_sentences(make_client(secretary), visit)

    day = f"{opens_on:%-d %B %Y}"
    waiting = f"until the identity request of {day}."
    assert [f"2 visitors are missing from the host’s list {waiting}" in one for one in all_waiting] == [True]
    assert len(some_waiting) == 1
    assert some_waiting[0].startswith("3 visitors are missing from the host’s list because")
    assert f", 2 of them {waiting}" in some_waiting[0]


def test_list_page_leads_to_the_days_before_which_identities_are_requested(secretary):
    visit = make_hosted(days=30, identity_days_before=14)
    make_visitor(visit)

    page = html.fromstring(make_client(secretary).get(f"/en/organize/{visit.event.slug}/visit/lists/").text)

    path = f"/en/organize/{visit.event.slug}/visit/#id_identity_days_before"
    assert [link.text for link in page.xpath(f"//a[@href='{path}']")] == ["the visit’s terms"]


@pytest.mark.parametrize("facts", [{"locked_at": None}, {"cancelled_at": timezone.now()}])
def test_season_page_asks_for_no_list_before_the_lock_or_after_a_cancellation(secretary, facts):
    visit = make_hosted()
    make_identified(visit, 1)
    Visit.objects.filter(pk=visit.pk).update(**facts)

    sentences = find_visit_sentences(make_client(secretary), visit)

    assert sentences == []


def test_season_page_counts_proposals_that_wait(secretary):
    create_proposal(person=make_member(), title="Le stockage")

    items = read_attention(make_client(secretary))

    assert ("/en/organize/season/proposals/", "1 proposal is waiting for a date.") in items


def test_season_page_says_when_nothing_needs_attention(secretary):
    page = make_client(secretary).get("/en/organize/season/").text

    assert "Nothing needs your attention." in page


def test_club_organizer_reads_of_no_list_that_they_may_not_open(visit):
    organizer = make_person()
    ClubRole.objects.create(person=organizer, role="organizer", starts_on=START_OF_2020)
    withdraw_application(application=visit.applications.get())

    sentences = find_visit_sentences(make_client(organizer), visit)

    assert sentences == []


# --- the other pages ---------------------------------------------------------------------------------------


def test_organizers_home_and_overview_repeat_the_items_of_the_visit(visit):
    administrator = make_person()
    ClubRole.objects.create(person=administrator, role="administrator", starts_on=START_OF_2020)
    client = make_client(administrator)
    withdraw_application(application=visit.applications.get())
    path = f"/en/organize/{visit.event.slug}/visit/lists/"

    home = read_attention(client, "/en/organize/")
    overview = read_attention(client, f"/en/organize/{visit.event.slug}/")

    assert [sentence.startswith(OUTDATED) for address, sentence in home if address == path] == [True]
    assert [sentence.startswith(OUTDATED) for address, sentence in overview if address == path] == [True]


def test_visit_page_leads_to_the_lists_after_the_lock(secretary, visit):
    withdraw_application(application=visit.applications.get())

    page = html.fromstring(make_client(secretary).get(f"/en/organize/{visit.event.slug}/visit/").text)
    buttons = page.xpath("//p[@class='actions']/a[@class='button']/@href")

    assert OUTDATED in page.text_content()
    assert buttons == [f"/en/organize/{visit.event.slug}/visit/lists/"]


# --- e-mails -----------------------------------------------------------------------------------------------


def list_withdrawal_mails(mailoutbox):
    return [mail for mail in mailoutbox if "se retire" in mail.subject or "has left" in mail.subject]


def test_club_learns_that_a_visitor_withdrew_from_a_sent_list(visit, run_tasks, mailoutbox):
    withdraw_application(application=visit.applications.get())
    run_tasks()

    mails = list_withdrawal_mails(mailoutbox)

    assert [mail.to for mail in mails] == [["visites@club.example"]]
    assert "Zwickelstein" in mails[0].body
    assert f"/organize/{visit.event.slug}/visit/lists/" in mails[0].body


def test_club_learns_of_a_place_cancelled_through_its_link_once(visit, run_tasks, mailoutbox):
    application = visit.applications.get()

    cancel_as_attendee(registration=application.registration)
    run_tasks()
    withdraw_application(application=visit.applications.get())
    run_tasks()

    assert len(list_withdrawal_mails(mailoutbox)) == 1


def test_secretaries_get_the_mail_for_an_event_without_contact(visit, run_tasks, mailoutbox):
    secretary = make_secretary()
    visit.event.contact_email = ""
    visit.event.save()

    withdraw_application(application=visit.applications.get())
    run_tasks()

    assert [mail.to for mail in list_withdrawal_mails(mailoutbox)] == [[secretary.email]]


def test_each_secretary_gets_a_mail_of_their_own(visit, run_tasks, mailoutbox):
    secretaries = [make_secretary(), make_secretary()]
    Event.objects.update(contact_email="")

    withdraw_application(application=visit.applications.get())
    queued = list(DBTaskResult.objects.filter(task_path__endswith="notify_club_of_withdrawal"))
    run_tasks()

    mails = list_withdrawal_mails(mailoutbox)
    assert len(queued) == 2
    assert sorted(mail.to[0] for mail in mails) == sorted(one.email for one in secretaries)
    assert len({mail.message()["Message-ID"] for mail in mails}) == 2


def test_organizer_who_revokes_a_place_gets_no_mail_about_it(visit, run_tasks, mailoutbox):
    revoke_place(application=visit.applications.get(), reason="Doublon")
    run_tasks()

    assert list_withdrawal_mails(mailoutbox) == []


def test_organizer_who_revokes_a_place_gets_no_mail_from_immediate_tasks(visit, settings, mailoutbox):
    settings.TASKS = {"default": {"BACKEND": settings.TASK_BACKENDS["immediate"], "QUEUES": []}}

    revoke_place(application=visit.applications.get(), reason="Doublon")

    assert mailoutbox != []
    assert list_withdrawal_mails(mailoutbox) == []


def test_no_mail_while_the_host_has_no_list(run_tasks, mailoutbox):
    visit = make_hosted()
    application = make_identified(visit, 1)

    withdraw_application(application=application)
    run_tasks()

    assert list_withdrawal_mails(mailoutbox) == []


def test_secretary_gets_a_mail_about_a_new_proposal(secretary, run_tasks, mailoutbox):
    proposal = create_proposal(person=make_member(first_name="Ana"), title="Le stockage")
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[secretary.email]]
    assert "Le stockage" in mailoutbox[0].subject
    assert f"/organize/season/proposals/{proposal.pk}/" in mailoutbox[0].body


def test_secretary_gets_a_mail_about_a_proposal_of_the_host(secretary, visit, run_tasks, mailoutbox):
    create_host_proposal(contact=HostContact.objects.get(), host=visit.event.host, title="La salle blanche")
    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[secretary.email]]
    assert "Sophie Garde" in mailoutbox[0].body


def test_secretary_gets_no_mail_about_their_own_proposal(run_tasks, mailoutbox):
    member = make_member()
    ClubRole.objects.create(person=member, role="secretary", starts_on=START_OF_2020)

    create_proposal(person=member, title="Le stockage")
    run_tasks()

    assert Proposal.objects.count() == 1
    assert mailoutbox == []
