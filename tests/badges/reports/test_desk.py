"""The desk finds people."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from badges.attendance.models import Checkpoint, Presence
from badges.reports.desk import MAX_GUESTS_SHOWN, find_guests
from convention.audit.models import AuditEntry
from convention.events.sequence import advance_sequence
from tests.factories import (
    make_event,
    make_member,
    make_person,
    make_question,
    make_registration,
    make_staff,
    make_ticket,
)
from tests.pdf_readers import pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    event = make_event(slug="x")
    ticket = make_ticket(event)
    make_registration(ticket, first_name="Zoé", last_name="Lefèvre-Dubois", company="Énergie du Rhône")
    make_registration(
        ticket, first_name="Łukasz", last_name="Œuvrard", company="Banque", email="lo@b.example"
    )
    make_registration(ticket, first_name="李", last_name="小龍", company="", email="")
    return event


def names(event, query: str) -> list[str]:
    return [guest.registration.first_name for guest in find_guests(event=event, query=query).guests]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("zoe", ["Zoé"]),
        ("LEFEVRE zo", ["Zoé"]),
        ("dubois", ["Zoé"]),
        ("rhone lef", ["Zoé"]),
        ("lukasz oeuv", ["Łukasz"]),
        ("lo@b.example", ["Łukasz"]),
        ("小", ["李"]),
        ("banque energie", []),
        ("", []),
        ("   ", []),
        ("%_'\"\\", []),
    ],
)
def test_by_any_words_in_any_order_without_accents(event, query, found):
    assert names(event, query) == found


def test_a_reference_finds_its_registration(event):
    registration = event.registrations.get(first_name="Zoé")
    assert names(event, registration.order.reference.lower()) == ["Zoé"]


def test_another_event_is_not_searched(event):
    make_registration(make_ticket(make_event()), first_name="Zoé")
    assert names(event, "zoe") == ["Zoé"]


def test_whoever_is_inside_is_shown_so(event, client):
    door = Checkpoint.objects.create(event=event, name="Entrée")
    came = datetime.datetime(2027, 6, 16, 6, 58, tzinfo=datetime.UTC)
    zoe = event.registrations.get(first_name="Zoé")
    Presence.objects.create(
        event=event, checkpoint=door, registration=zoe, is_inside=True, entries=1, first_entered_at=came
    )
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/", {"q": "zoe"}).content.decode()
    assert "sur place, arrivée le 16\u00a0juin\u00a02027 à\u00a08\u00a0h\u00a058" in page
    assert "pas encore sur place" in client.get("/desk/x/", {"q": "lukasz"}).content.decode()


def test_a_cancelled_registration_is_found_and_marked(event, client):
    event.registrations.filter(first_name="Zoé").update(cancelled_at=timezone.now())
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/", {"q": "zoe"}).content.decode()
    assert '<span class="tag struck">annulée</span>' in page
    assert "Imprimer le badge" not in page


def test_only_the_desk_and_organizers_enter(event, client):
    assert client.get("/desk/x/?q=zoe")["Location"] == "/accounts/login/?next=/desk/x/%3Fq%3Dzoe"
    for person in (make_person(), make_staff(event, "scanner"), make_staff(make_event(), "desk")):
        client.force_login(person)
        answer = client.get("/desk/x/?q=zoe&part")
        assert answer.status_code == 403
        assert "Lefèvre" not in answer.content.decode()
    for role in ("desk", "organizer"):
        client.force_login(make_staff(event, role))
        assert "Lefèvre" in client.get("/desk/x/?q=zoe&part").content.decode()


def test_the_cursor_is_in_the_field_and_nothing_is_listed_yet(event, client):
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/").content.decode()
    assert page.count("autofocus") == 1
    assert "Lefèvre" not in page


def test_nobody_fits(event, client):
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/", {"q": "<b>zzz"}).content.decode()
    assert "Aucun résultat pour «\u202f&lt;b&gt;zzz\u202f»." in page


def test_queries_do_not_grow_and_long_lists_are_cut(event, client):
    client.force_login(make_staff(event, "desk"))

    def count() -> int:
        client.get("/desk/x/?q=zoe")
        with CaptureQueriesContext(connection) as captured:
            client.get("/desk/x/?q=zoe")
        return len(captured)

    few = count()
    ticket = event.tickets.get()
    for _ in range(MAX_GUESTS_SHOWN + 5):
        make_registration(ticket)
    advance_sequence(event.pk)
    assert count() == few
    page = client.get("/desk/x/?q=zoe").content.decode()
    assert f"Les {MAX_GUESTS_SHOWN} premières personnes sur {MAX_GUESTS_SHOWN + 6}" in page


def test_the_desk_leads_straight_to_the_only_event(event, client):
    client.force_login(make_staff(event, "desk"))
    assert client.get("/desk/")["Location"] == "/desk/x/"
    assert "Accueil" in client.get("/").content.decode()
    client.force_login(make_person())
    assert client.get("/desk/").status_code == 403


def test_the_desk_prints_a_badge(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    address = f"/desk/x/{zoe.reference}/badge.pdf"
    assert client.get(address)["Location"].startswith("/accounts/login/")
    client.force_login(make_staff(make_event(), "desk"))
    assert client.get(address).status_code == 403
    worker = make_staff(event, "desk")
    client.force_login(worker)
    answer = client.get(address)
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("application/pdf", "private, no-store")
    assert "Lefèvre" in pdf_text(answer.content)
    event.registrations.update(cancelled_at=timezone.now())
    assert client.get(address).status_code == 404
    [entry] = AuditEntry.objects.all()
    assert (entry.verb, entry.subject) == ("badge.print", f"registrations.registration:{zoe.pk}")
    assert (entry.event, entry.actor) == ("x", worker)
    client.force_login(make_staff(event))
    page = client.get(f"/organize/x/registrations/{zoe.reference}/").content.decode()
    assert "Badge imprimé à l’accueil" in page
    assert client.get("/desk/x/NOBODY/badge.pdf").status_code == 404


def test_the_desk_lets_someone_in_by_hand(event, client):
    Checkpoint.objects.create(event=event, name="Entrée")
    zoe = event.registrations.get(first_name="Zoé")
    client.force_login(make_staff(event, "desk"))
    page = client.get("/desk/x/", {"q": "zoe"}).content.decode()
    assert f'action="/organize/x/attendance/people/{zoe.reference}/check-in/"' in page
    answer = client.post(
        f"/organize/x/attendance/people/{zoe.reference}/check-in/", {"direction": "in"}, follow=True
    )
    assert answer.status_code == 200
    assert "sur place" in client.get("/desk/x/", {"q": "zoe"}).content.decode()


def test_the_desk_sees_only_what_it_may_open(event, client):
    zoe = event.registrations.get(first_name="Zoé")
    client.force_login(make_staff(event, "desk"))
    answer = client.get(f"/organize/x/attendance/people/{zoe.reference}/")
    links = re.findall(r'<li><a href="([^"]+)"', answer.content.decode())
    assert links == ["/desk/x/"]
    assert [client.get(link).status_code for link in links] == [200]


def walk_in(client, **typed):
    page = client.get("/desk/x/walk-in/")
    nonce = page.context["form"]["nonce"].value()
    return client.post(
        "/desk/x/walk-in/",
        {
            "guest-first_name": "Inès", "guest-last_name": "Durand", "guest-company": "Port",
            "guest-email": "", "guest-ticket": "press", "guest-nonce": nonce, **typed,
        },
    )  # fmt: skip


def test_who_walks_in_is_registered_on_one_screen_and_found(event, client, mailoutbox, run_tasks):
    type(event).objects.update(registration_closes_at=timezone.now())
    make_ticket(event, slug="press", name="Presse", audience="press", is_public=False, capacity=1)
    desk = make_staff(event, "desk")
    client.force_login(desk)
    answer = walk_in(client)
    one = event.registrations.get(last_name="Durand")
    assert answer["Location"] == f"/desk/x/?q={one.reference}"
    page = client.get(answer["Location"]).content.decode()
    assert "Inès Durand" in page
    assert "Imprimer le badge" in page
    assert "Faire entrer" in page
    assert "Inscription faite" in page
    order = one.order
    assert (order.source, order.email, order.payment, one.state) == ("desk", "", "free", "confirmed")
    entry = AuditEntry.objects.get(verb="registration.receive")
    assert entry.actor == desk
    assert entry.event == "x"
    assert "Durand" not in str(entry.fields)
    assert event.tickets.get(slug="press").reserved == 1
    run_tasks()
    assert mailoutbox == []


def test_what_a_walk_in_costs_is_to_invoice_and_an_address_gets_the_badge(
    event, client, mailoutbox, run_tasks
):
    make_ticket(event, slug="full-price", price=12_000)
    client.force_login(make_staff(event, "desk"))
    walk_in(client, **{"guest-ticket": "full-price", "guest-email": "ines@example.org"})
    order = event.registrations.get(last_name="Durand").order
    assert (order.payment, order.total, order.billing_name) == ("invoice", 12_000, "Port")
    run_tasks()
    assert [(mail.to, len(mail.attachments)) for mail in mailoutbox] == [(["ines@example.org"], 2)]


def test_a_walk_in_is_never_too_many_and_nothing_typed_is_lost(event, client):
    make_ticket(event, slug="press", name="Presse", capacity=0)
    client.force_login(make_staff(event, "desk"))
    page = walk_in(client, **{"guest-email": "no address", "guest-last_name": ""}).content.decode()
    assert 'value="Inès"' in page
    assert 'value="no address"' in page
    assert "Indiquez le nom" in page
    page = walk_in(client).content.decode()
    assert "Il ne reste plus de place" in page
    assert 'value="Inès"' in page
    assert event.registrations.count() == 3


def test_a_walk_in_sent_twice_is_one_and_another_name_is_another_person(event, client):
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    nonce = {"guest-nonce": "the same"}
    first, again = walk_in(client, **nonce), walk_in(client, **nonce)
    other = walk_in(client, **nonce, **{"guest-first_name": "Paul"})
    assert first["Location"] == again["Location"]
    assert first["Location"] != other["Location"]
    assert event.registrations.filter(last_name="Durand").count() == 2


def test_a_member_at_the_desk_needs_no_proof_but_counts_for_the_company(event, client):
    ticket = make_ticket(event, slug="member", audience="member", company_cap=1, capacity=5)
    member = make_member()
    client.force_login(make_staff(event, "desk"))
    typed = {"guest-ticket": "member", "guest-email": member.email}
    walk_in(client, **typed)
    one = event.registrations.get(last_name="Durand")
    assert (one.state, one.member_of) == ("confirmed", member.employments.get().company)
    assert "a déjà atteint le nombre maximal de places" in walk_in(client, **typed).content.decode()
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_nobody_walks_in_once_the_event_is_over(event, client):
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    past = timezone.now() - datetime.timedelta(days=1)
    type(event).objects.update(starts_at=past - datetime.timedelta(hours=1), ends_at=past)
    assert "L’événement est terminé" in walk_in(client).content.decode()
    assert event.registrations.count() == 3


@pytest.mark.parametrize(("email", "by_whom"), [
    ("ines@example.org", "Inès Durand peut répondre par le lien reçu par e-mail."),
    ("", "Posez-les maintenant à Inès Durand"),
])  # fmt: skip
def test_the_desk_says_what_a_walk_in_must_still_answer(event, client, email, by_whom):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    make_question(event, "topic", text="Sujet")
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    page = client.get(walk_in(client, **{"guest-email": email})["Location"]).content.decode()
    told = "Questions sans réponse\u202f: Régime."
    assert told in page
    assert by_whom in page


def test_what_a_walk_in_left_open_is_answered_at_the_desk(event, client):
    make_question(event, "diet", text="Régime", options=[("vegan", 9), ("rien", None)], is_required=True)
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    back = walk_in(client)["Location"]
    one = event.registrations.get(last_name="Durand")
    address = f"/desk/x/{one.reference}/answers/"
    assert f'<a href="{address}">Répondre maintenant</a>' in client.get(back).content.decode()
    page = client.post(address, {"diet": "unknown", "shown": "diet"})
    assert page.status_code == 200
    assert page.context["answers"].errors["diet"]
    assert client.post(address, {"diet": "vegan", "shown": "diet"})["Location"] == back
    one.refresh_from_db()
    assert one.answers["diet"] == "vegan"
    assert AuditEntry.objects.filter(verb="registration.answer", fields=["diet"]).exists()
    assert client.get(address)["Location"] == back


def test_the_desk_reads_nobodys_answers_but_a_walk_ins(event, client):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    client.force_login(make_staff(event, "desk"))
    zoe = event.registrations.get(first_name="Zoé")
    assert client.get(f"/desk/x/{zoe.reference}/answers/")["Location"] == f"/desk/x/?q={zoe.reference}"


def test_the_walk_ins_mail_asks_by_link_for_what_is_open(event, client, mailoutbox, run_tasks):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    walk_in(client, **{"guest-email": "ines@example.org"})
    run_tasks()
    [mail] = mailoutbox
    asked = re.search(r"Inès Durand doit encore répondre\u202f: Régime\..*\n(https?://\S+)", mail.body)
    html = str(mail.alternatives[0][0])
    assert asked
    assert asked[1] in html
    client.logout()
    page = client.get(asked[1].removeprefix("http://testserver"))
    assert list(page.context["answers"].fields) == ["diet"]


def test_the_desk_of_an_event_with_only_a_coach_shows_who_is_aboard(event):
    coach = Checkpoint.objects.create(event=event, name="Car", kind=Checkpoint.Kind.COACH)
    zoe = event.registrations.get(first_name="Zoé")
    Presence.objects.create(
        event=event,
        checkpoint=coach,
        registration=zoe,
        is_inside=True,
        entries=1,
        first_entered_at=timezone.now(),
    )

    [guest] = find_guests(event=event, query="zoe").guests

    assert guest.is_inside
