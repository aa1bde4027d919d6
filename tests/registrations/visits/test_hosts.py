"""A host's people: in by a mailed link, to their own visit and nothing else; their word on who comes."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from convention.audit.models import Entry
from convention.errors import Closed, InvalidFields
from registrations.models import CompanyShare, Registration, WaitingEntry
from registrations.visits.give_identity import give_identity
from registrations.visits.host_contacts import add_host_contact, end_host_contact
from registrations.visits.models import Application, HostContact, HostLink, Identity, Visit
from registrations.visits.purge import purge
from registrations.visits.replace import approve_replacement, propose_by_address, propose_replacement
from registrations.visits.veto import veto
from tests.factories import make_company, make_member, make_person
from tests.registrations.visits.hosted import (
    agree,
    answers_of,
    make_host,
    make_hosted,
    make_identified,
    make_secretary,
    make_sent_list,
)

pytestmark = pytest.mark.django_db

LINK = re.compile(r"/host/enter/([\w-]{43})/")


@pytest.fixture
def visit(mailoutbox):
    """A visit whose list was sent: one visitor, one contact at the host's; nobody has mail left."""
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_sent_list(visit)
    make_host(visit)
    mailoutbox.clear()
    return visit


@pytest.fixture
def enter(run_tasks, mailoutbox):
    """Sign in at the host's pages as somebody: the browser."""

    def sign_in(email="sophie@hote.example"):
        client = Client()
        client.post("/host/", {"email": email})
        run_tasks()
        client.post(f"/host/enter/{LINK.search(mailoutbox[-1].body)[1]}/")
        return client

    return sign_in


def page_of(visit):
    return f"/host/visits/{visit.event.slug}/"


def only(visit):
    return visit.applications.get(replaces=None)


# --- signing in ------------------------------------------------------------------------------------------


def test_a_link_signs_in_once(visit, run_tasks, mailoutbox):
    answer = Client().post("/host/", {"email": "Sophie@Hote.example"})
    run_tasks()
    [mail] = mailoutbox
    token = LINK.search(mail.body)[1]
    assert token not in str(list(HostLink.objects.values()))
    assert "Zwickelstein" not in mail.body
    client = Client()
    assert (
        client.get(f"/host/enter/{token}/").status_code == 200
    )  # a program that follows links uses up nothing
    assert client.post(f"/host/enter/{token}/")["Location"] == page_of(visit)
    assert client.get(page_of(visit)).status_code == 200
    assert Client().post(f"/host/enter/{token}/").status_code == 410
    assert Entry.objects.filter(verb="host_contact.sign_in").count() == 1
    # The answer is the same for an address that nobody has.
    other = Client().post("/host/", {"email": "Personne@hote.example"})
    run_tasks()
    assert len(mailoutbox) == 1
    same = other.content.decode().replace("Personne@hote.example", "Sophie@Hote.example")
    csrf = re.compile(r'csrfmiddlewaretoken" value="\w+"')
    assert csrf.sub("", same) == csrf.sub("", answer.content.decode())


def test_a_late_link_signs_nobody_in(visit, run_tasks, mailoutbox):
    Client().post("/host/", {"email": "sophie@hote.example"})
    run_tasks()
    HostLink.objects.update(expires_at=timezone.now())
    answer = Client().post(f"/host/enter/{LINK.search(mailoutbox[0].body)[1]}/")
    assert answer.status_code == 410


def test_so_many_links_an_hour(visit, settings):
    settings.RATE_LIMITS = "on"
    codes = [Client().post("/host/", {"email": "sophie@hote.example"}).status_code for _time in range(7)]
    assert codes == [200] * 6 + [429]


def test_nobody_else_gets_past_the_form(visit):
    secretary = Client()
    secretary.force_login(make_secretary())
    for client in (Client(), secretary):
        answers = [
            client.get(page_of(visit)),
            client.post(f"{page_of(visit)}list/", {"act": "open"}),
            client.post(f"{page_of(visit)}people/{only(visit).pk}/"),
            client.post(f"{page_of(visit)}briefing/", {"briefing": "x"}),
        ]
        assert [answer.status_code for answer in answers] == [403] * 4
        assert [answer for answer in answers if b"Zwickel" in answer.content] == []


def test_one_session_of_twelve_hours(visit, enter):
    client = enter()
    session = client.session
    session["host"] = {**session["host"], "at": (timezone.now() - datetime.timedelta(hours=12)).isoformat()}
    session.save()
    assert client.get(page_of(visit)).status_code == 403


def test_signed_out_is_out(visit, enter):
    client = enter()
    client.post("/host/sign-out/")
    assert client.get(page_of(visit)).status_code == 403


@pytest.mark.parametrize("what", ["ended", "called off"])
def test_access_ends_at_once(visit, enter, what):
    client = enter()
    if what == "ended":
        end_host_contact(contact=HostContact.objects.get())
    else:
        Visit.objects.update(cancelled_at=timezone.now())
    assert client.get(page_of(visit)).status_code == 403
    assert client.post(f"{page_of(visit)}list/", {"act": "open"}).status_code == 403


def test_another_visit_is_not_there(visit, enter):
    other = make_hosted()
    stranger = make_identified(other, 2)
    make_sent_list(other)
    make_host(other, email="paul@autre.example")
    client = enter()
    assert client.get(page_of(other)).status_code == 404
    assert client.post(f"{page_of(other)}list/", {"act": "open"}).status_code == 404
    assert client.post(f"{page_of(visit)}people/{stranger.pk}/").status_code == 404
    assert other.event.title not in client.get("/host/").content.decode()
    # The same address at two visits sees both.
    make_host(other)
    assert other.event.title in client.get("/host/").content.decode()


def test_a_host_has_no_way_into_the_club(visit, enter):
    client = enter()
    links = re.findall(r'href="(/[^"]*)"', client.get(page_of(visit)).content.decode())
    inside = [link for link in links if not link.startswith(("/host/", "/static/", "/accent/"))]
    assert inside == []
    assert "/login/?next=" in client.get("/me/")["Location"]
    assert "/login/?next=" in client.get(f"/organize/{visit.event.slug}/visit/lists/")["Location"]


def test_a_contact_stands_once(visit):
    with pytest.raises(InvalidFields):
        add_host_contact(visit=visit, name="Encore", email="SOPHIE@hote.example")
    end_host_contact(contact=HostContact.objects.get())
    assert make_host(visit).ended_at is None


# --- the host's page -------------------------------------------------------------------------------------


def test_names_stand_there_once_the_list_was_sent_and_no_identity(enter, mailoutbox):
    visit = make_hosted()
    make_identified(visit, 1, last_name="Zwickelstein")
    make_host(visit)
    client = enter()
    assert "Zwickelstein" not in client.get(page_of(visit)).content.decode()
    make_sent_list(visit)
    page = client.get(page_of(visit)).content.decode()
    assert "Zwickelstein" in page
    assert "QX0000001ZZ" not in page
    assert not Entry.objects.filter(verb="visitor_list.read").exists()


def test_the_list_is_opened_recorded_and_acknowledged(visit, enter):
    client, contact = enter(), HostContact.objects.get()
    page = client.post(f"{page_of(visit)}list/", {"act": "open"}).content.decode()
    assert "QX0000001ZZ" in page
    entry = Entry.objects.get(verb="visitor_list.read")
    assert entry.reason == f"host contact #{contact.pk}"
    client.post(f"{page_of(visit)}list/", {"act": "acknowledge"})
    assert visit.lists.get().acknowledged_by == "Sophie Garde"


def test_the_briefing_is_the_hosts_own(visit, enter):
    enter().post(f"{page_of(visit)}briefing/", {"briefing": "Chaussures fermées.", "briefing_en": ""})
    visit.refresh_from_db()
    assert visit.briefing == "Chaussures fermées."
    assert Entry.objects.get(verb="visit.brief").fields == ["briefing", "briefing_en"]


def test_after_the_purge_no_name_is_left_there(visit, enter):
    client = enter()
    purge(visit=visit)
    assert "Zwickelstein" not in client.get(page_of(visit)).content.decode()
    assert client.post(f"{page_of(visit)}list/", {"act": "open"}).status_code == 410


# --- veto ------------------------------------------------------------------------------------------------


def test_a_veto_frees_the_place_removes_the_identity_and_tells_no_reason(visit, enter, run_tasks, mailoutbox):
    application = only(visit)
    client = enter()
    mailoutbox.clear()
    assert "Zwickelstein" in client.get(f"{page_of(visit)}people/{application.pk}/").content.decode()
    client.post(f"{page_of(visit)}people/{application.pk}/", {"act": "refuse"})
    application.refresh_from_db()
    assert application.host_refused_at is not None
    assert application.registration.cancelled_at is not None
    assert not Identity.objects.exists()
    run_tasks()
    [mail] = [one for one in mailoutbox if one.to == [application.person.email]]
    assert mail.subject.startswith("Non confirmée par l’hôte\u202f: ")
    assert [one for one in mailoutbox if "Sophie" in one.body] == []
    [told] = [one for one in mailoutbox if one.to == ["visites@club.example"]]
    assert f"/organize/{visit.event.slug}/visit/lists/" in told.body
    assert (
        Entry.objects.get(verb="application.veto").reason == f"host contact #{HostContact.objects.get().pk}"
    )
    with pytest.raises(Closed):
        veto(application=application)


def test_whoever_waits_and_is_refused_leaves_the_line(visit):
    ticket = visit.event.tickets.get()
    fields = {"event": visit.event, "email": "w@example.org", "address": "w@example.org"}
    entry = WaitingEntry.objects.create(ticket=ticket, **fields)
    application = Application.objects.create(visit=visit, person=make_person(), waiting=entry)
    veto(application=application)
    entry.refresh_from_db()
    assert entry.state == WaitingEntry.State.LEFT


def test_a_visit_that_has_begun_takes_no_veto(visit):
    now = timezone.now()
    visit.event.starts_at = now
    visit.event.save()
    with pytest.raises(Closed):
        veto(application=only(visit))


# --- replacements ----------------------------------------------------------------------------------------


def colleague_of(application):
    return make_member(application.company, first_name="Zoé", last_name="Remplace")


def test_a_replacement_waits_for_the_host_and_then_has_the_place(visit, enter, run_tasks, mailoutbox):
    replaced = only(visit)
    new = colleague_of(replaced)
    made = propose_by_address(application=replaced, email=new.email.upper())
    run_tasks()
    assert [mail.to for mail in mailoutbox] == [["sophie@hote.example"]]
    assert [word for word in ("Zwickelstein", "Remplace") if word in mailoutbox[0].body] == []
    replaced.registration.refresh_from_db()
    assert replaced.registration.cancelled_at is None
    client = enter()
    assert "Remplace" in client.get(page_of(visit)).content.decode()
    client.post(f"{page_of(visit)}people/{made.pk}/", {"act": "approve"})
    replaced.refresh_from_db()
    made.refresh_from_db()
    assert made.host_approved_at is not None
    assert (made.registration.person, made.registration.cancelled_at) == (new, None)
    assert replaced.withdrawn_at is not None
    assert replaced.registration.cancelled_at is not None
    assert not Identity.objects.filter(application=replaced).exists()
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1
    agree(made)
    give_identity(application=made, answers=answers_of(5))
    second = make_sent_list(visit)
    assert (second.added, second.removed) == (1, 1)


def test_a_refused_replacement_changes_nothing(visit):
    replaced = only(visit)
    made = propose_replacement(application=replaced, by=colleague_of(replaced))
    veto(application=made)
    replaced.refresh_from_db()
    assert replaced.withdrawn_at is None
    assert Registration.objects.confirmed().filter(event=visit.event).count() == 1
    with pytest.raises(Closed):
        approve_replacement(application=made)
    # Somebody else can be named after that.
    propose_replacement(application=replaced, by=colleague_of(replaced))


def test_a_place_given_up_after_the_lock_is_filled_the_same_way(visit):
    gone = only(visit)
    veto(application=gone)
    made = propose_replacement(application=gone, by=make_member())
    approve_replacement(application=made)
    made.refresh_from_db()
    assert made.registration.confirmed_at is not None


def seatless(visit):
    return make_person()


def competitor(visit):
    seller = make_company()
    market = visit.event.host.markets.create(slug="stockage", name="Stockage")
    seller.markets.add(market)
    return make_member(seller)


def coming_already(visit):
    return make_identified(visit, 7).person


def of_a_full_company(visit):
    other = make_identified(visit, 8)
    company = other.company
    ticket = visit.event.tickets.get()
    CompanyShare.objects.create(ticket=ticket, company=company, taken=ticket.company_cap)
    return make_member(company)


def refused_by_the_host(visit):
    vetoed = make_identified(visit, 9)
    veto(application=vetoed)
    return vetoed.person


WRONG = [seatless, competitor, coming_already, of_a_full_company, refused_by_the_host]


@pytest.mark.parametrize("who", WRONG)
def test_who_could_not_apply_cannot_replace(visit, who):
    person, replaced = who(visit), only_first(visit)
    with pytest.raises(InvalidFields) as refused:
        propose_replacement(application=replaced, by=person)
    assert list(refused.value.fields) == ["email"]
    assert not Application.objects.filter(replaces__isnull=False).exists()


def only_first(visit):
    return visit.applications.order_by("pk").first()


def test_one_is_named_at_a_time_and_only_after_the_lock(visit):
    replaced = only(visit)
    propose_replacement(application=replaced, by=colleague_of(replaced))
    with pytest.raises(Closed):
        propose_replacement(application=replaced, by=make_member())
    Visit.objects.update(locked_at=None)
    with pytest.raises(Closed):
        propose_replacement(application=replaced, by=make_member())


def test_the_secretary_asks_and_writes_down_what_the_host_said_by_telephone(visit):
    replaced, client = only(visit), Client()
    client.force_login(make_secretary())
    new, run = colleague_of(replaced), f"/organize/{visit.event.slug}/visit"
    answer = client.post(f"{run}/replace/{replaced.pk}/", {"email": "inconnue@example.org"})
    assert list(answer.context["form"].errors) == ["email"]
    client.post(f"{run}/replace/{replaced.pk}/", {"email": new.email})
    made = Application.objects.get(replaces=replaced)
    client.post(f"{run}/approve/{made.pk}/")
    made.refresh_from_db()
    assert made.registration.person == new
    client.post(f"{run}/refuse/{made.pk}/")
    made.refresh_from_db()
    assert made.host_refused_at is not None
