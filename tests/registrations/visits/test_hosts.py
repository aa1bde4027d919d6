"""Host contacts sign in by a mailed link, see their own visit only and may veto visitors."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from registrations.models import WaitingEntry
from registrations.visits.applications.veto import veto_application
from registrations.visits.hosts.contacts import add_host_contact, end_host_contact
from registrations.visits.hosts.notifications import notify_contact_of_list
from registrations.visits.identity.purge import purge_visit
from registrations.visits.models import Application, HostContact, HostLink, Identity, Visit, VisitorList
from registrations.visits.models.identities import hash_token
from registrations.visits.visitor_list.create import EmptyVersion, create_list
from registrations.visits.visitor_list.send import send_list, send_list_mail
from tests.factories import make_person, make_secretary
from tests.registrations.visits.hosts import (
    ENTRY_PATH_PATTERN,
    get_original_application,
    make_host,
    make_host_path,
    make_hosted,
    make_identified,
    make_sent_list,
    make_visitor,
)

pytestmark = pytest.mark.django_db


# --- signing in ------------------------------------------------------------------------------------------


def test_sign_in_link_works_once_and_unknown_address_gets_same_answer(visit, run_tasks, mailoutbox):
    answer = Client().post("/host/", {"email": "Sophie@Hote.example"})
    run_tasks()

    [mail] = mailoutbox

    token = ENTRY_PATH_PATTERN.search(mail.body)[1]
    assert token not in str(list(HostLink.objects.values()))
    assert "Zwickelstein" not in mail.body

    client = Client()

    # What mail scanners send does not use up the link.
    assert client.get(f"/host/enter/{token}/").status_code == 200
    assert client.head(f"/host/enter/{token}/").status_code == 200
    assert client.post(f"/host/enter/{token}/")["Location"] == make_host_path(visit)
    assert client.get(make_host_path(visit)).status_code == 200
    assert Client().post(f"/host/enter/{token}/").status_code == 410
    assert AuditEntry.objects.filter(verb="host_contact.sign_in").count() == 1

    # The answer is the same for an unknown address.
    other = Client().post("/host/", {"email": "Personne@hote.example"})
    run_tasks()

    assert len(mailoutbox) == 1

    same = other.content.decode().replace("Personne@hote.example", "Sophie@Hote.example")
    csrf = re.compile(r'csrfmiddlewaretoken" value="\w+"')

    assert csrf.sub("", same) == csrf.sub("", answer.content.decode())


def test_expired_link_does_not_sign_in(visit, run_tasks, mailoutbox):
    Client().post("/host/", {"email": "sophie@hote.example"})
    run_tasks()
    HostLink.objects.update(expires_at=timezone.now())

    answer = Client().post(f"/host/enter/{ENTRY_PATH_PATTERN.search(mailoutbox[0].body)[1]}/")

    assert answer.status_code == 410


def test_sign_in_links_are_rate_limited(visit, settings):
    settings.RATE_LIMITS = "on"
    codes = [Client().post("/host/", {"email": "sophie@hote.example"}).status_code for _time in range(7)]

    assert codes == [200] * 6 + [429]


def test_host_pages_need_host_sign_in(visit):
    secretary = Client()
    secretary.force_login(make_secretary())
    for client in (Client(), secretary):
        answers = [
            client.get(make_host_path(visit)),
            client.post(f"{make_host_path(visit)}list/", {"action": "open"}),
            client.post(f"{make_host_path(visit)}people/{get_original_application(visit).pk}/"),
            client.post(f"{make_host_path(visit)}briefing/", {"briefing": "x"}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        assert [answer for answer in answers if b"Zwickel" in answer.content] == []


def test_host_session_expires_after_twelve_hours(visit, enter):
    client = enter()
    session = client.session
    session["host"] = {**session["host"], "at": (timezone.now() - datetime.timedelta(hours=12)).isoformat()}
    session.save()

    assert client.get(make_host_path(visit)).status_code == 403


def test_signed_out_host_has_no_access(visit, enter):
    client = enter()
    client.post("/host/sign-out/")

    assert client.get(make_host_path(visit)).status_code == 403


@pytest.mark.parametrize("what", ["ended", "called off"])
def test_access_ends_with_contact_or_cancelled_visit(visit, enter, what):
    client = enter()
    if what == "ended":
        end_host_contact(contact=HostContact.objects.get())
    else:
        Visit.objects.update(cancelled_at=timezone.now())

    assert client.get(make_host_path(visit)).status_code == 403
    assert client.post(f"{make_host_path(visit)}list/", {"action": "open"}).status_code == 403


def test_signed_in_contact_reads_that_the_visit_was_called_off(visit, enter):
    client = enter()
    Visit.objects.update(cancelled_at=timezone.now())

    page = client.get(f"/en{make_host_path(visit)}").content.decode()

    assert "The visit was called off." in page


def test_sign_in_link_of_a_called_off_visit_says_so(visit):
    contact = HostContact.objects.get()
    HostLink.objects.create(
        contact=contact, hash=hash_token("abc"), expires_at=timezone.now() + datetime.timedelta(minutes=5)
    )
    Visit.objects.update(cancelled_at=timezone.now())

    page = Client().post("/en/host/enter/abc/").content.decode()

    assert "The visit was called off." in page


def test_host_cannot_see_another_visit(visit, enter):
    other = make_hosted()
    stranger = make_identified(other, 2)
    make_sent_list(other)
    make_host(other, email="paul@autre.example")

    client = enter()

    assert client.get(make_host_path(other)).status_code == 404
    assert b'href="/visits/"' not in client.get(make_host_path(other)).content
    assert client.post(f"{make_host_path(other)}list/", {"action": "open"}).status_code == 404
    assert client.post(f"{make_host_path(visit)}people/{stranger.pk}/").status_code == 404
    assert other.event.title not in client.get("/host/").content.decode()

    # The same address at two visits sees both.
    make_host(other)

    assert other.event.title in client.get("/host/").content.decode()


def test_host_page_has_no_links_to_member_pages(visit, enter):
    client = enter()
    links = re.findall(r'href="(/[^"]*)"', client.get(make_host_path(visit)).content.decode())

    inside = [link for link in links if not link.startswith(("/host/", "/static/", "/accent/"))]

    assert inside == []
    assert "/login/?next=" in client.get("/me/")["Location"]
    assert "/login/?next=" in client.get(f"/organize/{visit.event.slug}/visit/lists/")["Location"]


def test_host_contact_is_added_again_only_after_it_ended(visit):
    with pytest.raises(InvalidFields):
        add_host_contact(visit=visit, name="Encore", email="SOPHIE@hote.example")

    end_host_contact(contact=HostContact.objects.get())

    assert make_host(visit).ended_at is None


def test_contact_address_preserves_kelvin_sign(visit):
    contact = add_host_contact(visit=visit, name="Kim", email="\N{KELVIN SIGN}IM@hote.example")

    assert contact.email == "\N{KELVIN SIGN}im@hote.example"


# --- the host's page -------------------------------------------------------------------------------------


def test_host_page_shows_names_after_list_is_sent_but_no_identities(enter, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_host(visit)

    client = enter()

    assert "Zwickelstein" not in client.get(make_host_path(visit)).content.decode()

    make_sent_list(visit)
    page = client.get(make_host_path(visit)).content.decode()

    assert "Zwickelstein" in page
    assert "QX0000001ZZ" not in page
    assert not AuditEntry.objects.filter(verb="visitor_list.read").exists()


def test_host_reads_how_many_visitors_are_not_on_the_list_yet(enter, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    make_visitor(visit)
    make_visitor(visit, last_name="Zwickelstein")
    make_host(visit)
    client = enter()
    make_sent_list(visit)

    page = client.get(f"/en{make_host_path(visit)}").text

    sentence = (
        "2 more people have a place; their details are not complete yet, so another version will follow."
    )
    assert sentence in page
    assert "Zwickelstein" not in page


def test_mail_to_hosts_contact_names_number_of_visitors_to_follow(run_tasks, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    make_visitor(visit)
    make_host(visit)
    HostContact.objects.update(language="en")
    make_sent_list(visit)
    mailoutbox.clear()

    run_tasks()

    [mail] = [mail for mail in mailoutbox if mail.subject.startswith("Visitor list")]
    assert "1 more person has a place; their details are not complete yet" in " ".join(mail.body.split())


def test_list_mail_names_number_of_visitors_to_follow(mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1)
    make_visitor(visit)

    send_list_mail.func(send_list(visitor_list=create_list(visit=visit), language="en").pk)

    [mail] = mailoutbox
    assert "1 more person has a place; their details are not complete yet" in " ".join(mail.body.split())


def test_host_with_complete_list_reads_of_no_others(visit, enter):
    page = enter().get(f"/en{make_host_path(visit)}").text

    assert "more people have a place" not in page
    assert "more person has a place" not in page


def test_host_opens_list_with_audit_entry_and_acknowledges_it(visit, enter):
    client, contact = enter(), HostContact.objects.get()
    page = client.post(f"{make_host_path(visit)}list/", {"action": "open"}).content.decode()

    assert "QX0000001ZZ" in page
    entry = AuditEntry.objects.get(verb="visitor_list.read")
    assert entry.reason == f"host contact #{contact.pk}"

    client.post(f"{make_host_path(visit)}list/", {"action": "acknowledge"})

    assert visit.lists.get().acknowledged_by == "Sophie Garde"


def test_host_page_after_empty_list_expects_nobody(visit, enter):
    veto_application(application=get_original_application(visit))
    make_sent_list(visit, if_empty=EmptyVersion.CREATE)

    page = enter().get(f"/en{make_host_path(visit)}").text

    assert "Nobody is expected at the moment." in page


def test_language_switch_of_opened_list_leads_to_the_visit(visit, enter):
    answer = enter().get(f"/en{make_host_path(visit)}list/")

    assert answer["Location"] == f"/en{make_host_path(visit)}"


def test_host_edits_briefing_up_to_maximum_length(visit, enter):
    enter().post(f"{make_host_path(visit)}briefing/", {"briefing": "Chaussures fermées.", "briefing_en": ""})

    visit.refresh_from_db()
    assert visit.briefing == "Chaussures fermées."
    assert AuditEntry.objects.get(verb="visit.brief").fields == ["briefing", "briefing_en"]

    too_long = enter().post(
        f"{make_host_path(visit)}briefing/", {"briefing": "x" * 20_001, "briefing_en": ""}
    )

    assert "20000" in too_long.content.decode()
    visit.refresh_from_db()
    assert visit.briefing == "Chaussures fermées."


def test_removed_briefing_is_confirmed_as_removed(visit, enter):
    client = enter()
    saved, removed = (
        client.post(f"{make_host_path(visit)}briefing/", {"briefing": text, "briefing_en": ""}, follow=True)
        for text in ("Chaussures fermées.", " ")
    )

    assert "Les consignes sont enregistrées" in saved.text
    assert "Les consignes sont supprimées" in removed.text


def test_host_page_shows_no_names_after_purge(visit, enter):
    client = enter()
    purge_visit(visit=visit)

    assert "Zwickelstein" not in client.get(make_host_path(visit)).content.decode()
    assert client.post(f"{make_host_path(visit)}list/", {"action": "open"}).status_code == 410


# --- veto ------------------------------------------------------------------------------------------------


def test_veto_releases_place_and_deletes_identity_without_giving_reason(visit, enter, run_tasks, mailoutbox):
    application = get_original_application(visit)
    client = enter()

    mailoutbox.clear()

    assert "Zwickelstein" in client.get(f"{make_host_path(visit)}people/{application.pk}/").content.decode()

    client.post(f"{make_host_path(visit)}people/{application.pk}/", {"action": "refuse"})

    application.refresh_from_db()
    assert application.host_refused_at is not None
    assert application.registration.cancelled_at is not None
    assert not Identity.objects.exists()

    run_tasks()
    [mail] = [one for one in mailoutbox if one.to == [application.person.email]]

    assert mail.subject.startswith("L’hôte n’a pas confirmé votre visite\u202f: ")
    assert [one for one in mailoutbox if "Sophie" in one.body] == []

    [told] = [one for one in mailoutbox if one.to == ["visites@club.example"]]

    assert f"/organize/{visit.event.slug}/visit/lists/" in told.body
    assert (
        AuditEntry.objects.get(verb="application.veto").reason
        == f"host contact #{HostContact.objects.get().pk}"
    )
    with pytest.raises(NotOpenNow):
        veto_application(application=application)


def test_refused_applicant_leaves_waiting_list(visit):
    ticket = visit.event.tickets.get()
    fields = {"event": visit.event, "email": "w@example.org", "address": "w@example.org"}
    entry = WaitingEntry.objects.create(ticket=ticket, **fields)
    application = Application.objects.create(visit=visit, person=make_person(), waiting_entry=entry)

    veto_application(application=application)

    entry.refresh_from_db()
    assert entry.state == WaitingEntry.State.LEFT


def test_veto_is_refused_after_visit_has_started(visit):
    now = timezone.now()
    visit.event.starts_at = now
    visit.event.save()

    with pytest.raises(NotOpenNow):
        veto_application(application=get_original_application(visit))


def test_post_without_valid_action_changes_nothing(visit, enter):
    client, application = enter(), get_original_application(visit)
    for said in ({}, {"action": "x"}):
        page = client.post(f"/en{make_host_path(visit)}people/{application.pk}/", said, follow=True)
        assert "Choose an action." in page.content.decode()

    assert Application.objects.confirmed().get() == application


def test_contacts_are_notified_of_their_page_and_of_current_list(run_tasks, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_host(visit)
    make_host(visit, visit.security_email)
    end_host_contact(contact=make_host(visit, "parti@hote.example"))

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["sophie@hote.example"], [visit.security_email]]
    assert make_host_path(visit) in mailoutbox[0].body

    mailoutbox.clear()
    row = make_sent_list(visit)

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[visit.security_email], ["sophie@hote.example"]]
    assert make_host_path(visit) in mailoutbox[1].body
    assert "Zwickelstein" not in mailoutbox[1].body

    VisitorList.objects.create(visit=visit, number=2, hash="x", count=1, sent_at=timezone.now())
    notify_contact_of_list.func(visit.host_contacts.get(email="sophie@hote.example").pk, row.pk)

    assert len(mailoutbox) == 2


def test_menu_says_which_page_is_open(visit, enter):
    page = html.fromstring(enter().get("/en/host/").text)

    assert page.xpath("//nav//a[@aria-current='page']/text()") == ["My visits"]


def test_error_page_leads_a_signed_in_host_to_the_own_visits(visit, enter):
    page = html.fromstring(enter().get("/en/host/visits/none/").text)

    assert page.xpath("//main//a[@href='/en/host/']/text()") == ["My visits"]


def test_expired_list_link_leads_to_the_sign_in(visit):
    page = html.fromstring(Client().get(f"/en/host/lists/{'A' * 43}/").text)

    assert page.xpath("//main//a[@href='/en/host/']/text()") == ["Sign in"]


def test_hosts_page_says_when_the_list_was_sent(visit, enter):
    page = html.fromstring(enter().get(f"/en{make_host_path(visit)}").text)

    [version] = page.xpath("//dl/div[dt='Version']/dd")
    assert version.text == "1"
    assert version.xpath("string(span)").startswith("sent on ")
