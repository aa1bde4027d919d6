"""Test registration of walk-ins at the desk and their missing answers."""

import datetime
import re

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from tests.factories import (
    make_addon,
    make_event,
    make_member,
    make_question,
    make_registration,
    make_staff,
    make_ticket,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    event = make_event(slug="x")
    make_registration(make_ticket(event), first_name="Zoé", last_name="Lefèvre-Dubois")
    return event


def submit_walk_in(client, **typed):
    page = client.get("/desk/x/walk-in/")
    nonce = page.context["form"]["nonce"].value()
    return client.post(
        "/desk/x/walk-in/",
        {
            "guest-first_name": "Inès", "guest-last_name": "Durand", "guest-company": "Port",
            "guest-email": "", "guest-ticket": "press", "guest-language": "fr", "guest-nonce": nonce, **typed,
        },
    )  # fmt: skip


def test_walk_in_is_registered_and_shown(event, client, mailoutbox, run_tasks):
    type(event).objects.update(registration_closes_at=timezone.now())
    make_ticket(event, slug="press", name="Presse", audience="press", is_public=False, capacity=1)
    desk = make_staff(event, "desk")
    client.force_login(desk)
    answer = submit_walk_in(client)

    one = event.registrations.get(last_name="Durand")

    assert answer["Location"] == f"/desk/x/guests/{one.reference}/"

    page = client.get(answer["Location"]).content.decode()

    assert "Inès Durand" in page
    assert "Imprimer le badge" in page
    assert "Faire entrer" in page
    assert "Inscription enregistrée" in page
    order = one.order
    assert order.source == "desk"
    assert order.email == ""
    assert order.payment == "free"
    assert one.state == "confirmed"
    entry = AuditEntry.objects.get(verb="registration.receive")
    assert entry.actor == desk
    assert entry.event == "x"
    assert "Durand" not in str(entry.fields)
    assert event.tickets.get(slug="press").reserved == 1

    run_tasks()

    assert mailoutbox == []


def test_priced_walk_in_is_on_invoice_and_gets_badge_by_mail(event, client, mailoutbox, run_tasks):
    make_ticket(event, slug="full-price", price=12_000)
    client.force_login(make_staff(event, "desk"))

    submit_walk_in(client, **{"guest-ticket": "full-price", "guest-email": "ines@example.org"})

    order = event.registrations.get(last_name="Durand").order
    assert order.payment == "invoice"
    assert order.total == 12_000
    assert order.billing_name == "Port"

    run_tasks()

    assert [(mail.to, len(mail.attachments)) for mail in mailoutbox] == [(["ines@example.org"], 2)]


def test_refused_walk_in_form_keeps_typed_values(event, client):
    make_ticket(event, slug="press", name="Presse", capacity=0)
    client.force_login(make_staff(event, "desk"))

    page = submit_walk_in(client, **{"guest-email": "no address", "guest-last_name": ""}).content.decode()

    assert 'value="Inès"' in page
    assert 'value="no address"' in page
    assert "Indiquez le nom" in page

    page = submit_walk_in(client).content.decode()

    assert "Il ne reste plus de place" in page
    assert 'value="Inès"' in page
    assert event.registrations.count() == 1


def test_walk_in_buys_addon_at_its_price(event, client):
    make_ticket(event, slug="press", price=12_000)
    dinner = make_addon(event, price=4_500, capacity=3, closes_at=timezone.now())
    client.force_login(make_staff(event, "desk"))

    page = client.get(submit_walk_in(client, **{"guest-addons": "dinner"})["Location"]).content.decode()

    order = event.registrations.get(last_name="Durand").order
    assert order.total == 16_500
    assert order.payment == "invoice"
    dinner.refresh_from_db()
    assert dinner.reserved == 1
    assert '<span class="tag">Dîner</span>' in page


def test_sold_out_addon_is_refused_by_name(event, client):
    make_ticket(event, slug="press")
    make_addon(event, capacity=0)
    client.force_login(make_staff(event, "desk"))

    page = submit_walk_in(client, **{"guest-addons": "dinner"}).content.decode()

    assert "Il ne reste plus de place pour «\u202fDîner\u202f»" in page
    assert 'value="Inès"' in page
    assert event.registrations.count() == 1


def test_walk_in_sent_twice_is_one_registration_unless_name_differs(event, client):
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    nonce = {"guest-nonce": "the same"}
    first, again = submit_walk_in(client, **nonce), submit_walk_in(client, **nonce)

    other = submit_walk_in(client, **nonce, **{"guest-first_name": "Paul"})

    assert first["Location"] == again["Location"]
    assert first["Location"] != other["Location"]
    assert event.registrations.filter(last_name="Durand").count() == 2


def test_member_walk_in_needs_no_verification_but_counts_for_company_cap(event, client):
    ticket = make_ticket(event, slug="member", audience="member", company_cap=1, capacity=5)
    member = make_member()
    client.force_login(make_staff(event, "desk"))
    typed = {"guest-ticket": "member", "guest-email": member.email}
    submit_walk_in(client, **typed)

    one = event.registrations.get(last_name="Durand")

    assert one.state == "confirmed"
    assert one.member_of == member.employments.get().company
    again = submit_walk_in(client, **typed, accepted_duplicate=one.reference)
    assert "dépasserait le maximum de 1 place par entreprise" in again.text
    ticket.refresh_from_db()
    assert ticket.reserved == 1


def test_walk_in_is_refused_after_event(event, client):
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    past = timezone.now() - datetime.timedelta(days=1)

    type(event).objects.update(starts_at=past - datetime.timedelta(hours=1), ends_at=past)

    assert "L’événement est terminé" in submit_walk_in(client).content.decode()
    assert event.registrations.count() == 1


@pytest.mark.parametrize(("email", "by_whom"), [
    ("ines@example.org", "Inès Durand peut y répondre avec le lien reçu par e-mail."),
    ("", "Posez-les maintenant à Inès Durand"),
])  # fmt: skip
def test_desk_shows_required_questions_without_answer(event, client, email, by_whom):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    make_question(event, "topic", text="Sujet")
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))

    page = client.get(submit_walk_in(client, **{"guest-email": email})["Location"]).content.decode()

    told = "Questions sans réponse\u202f: Régime."
    assert told in page
    assert by_whom in page


def test_missing_answers_of_walk_in_are_given_at_desk(event, client):
    make_question(event, "diet", text="Régime", options=[("vegan", 9), ("rien", None)], is_required=True)
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    back = submit_walk_in(client)["Location"]

    one = event.registrations.get(last_name="Durand")

    address = f"/desk/x/guests/{one.reference}/answers/"
    assert f'<a href="{address}">Répondre maintenant</a>' in client.get(back).content.decode()

    page = client.post(address, {"diet": "unknown", "shown": "diet"})

    assert page.status_code == 200
    assert page.context["answers"].errors["diet"]
    assert client.post(address, {"diet": "vegan", "shown": "diet"})["Location"] == back
    one.refresh_from_db()
    assert one.answers["diet"] == "vegan"
    assert AuditEntry.objects.filter(verb="registration.answer", fields=["diet"]).exists()
    assert client.get(address)["Location"] == back


def test_desk_cannot_open_answers_of_registered_guest(event, client):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    client.force_login(make_staff(event, "desk"))

    zoe = event.registrations.get(first_name="Zoé")

    guest = f"/desk/x/guests/{zoe.reference}/"
    assert client.get(f"{guest}answers/")["Location"] == guest


def test_walk_in_mail_links_to_missing_answers(event, client, mailoutbox, run_tasks):
    make_question(event, "diet", text="Régime", options=[("vegan", 9)], is_required=True)
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    submit_walk_in(client, **{"guest-email": "ines@example.org"})
    run_tasks()
    [mail] = mailoutbox
    asked = re.search(r"Il manque des réponses pour Inès Durand \(Régime\)\..*\n(https?://\S+)", mail.body)

    html = str(mail.alternatives[0][0])

    assert asked
    assert asked[1] in html

    client.logout()
    page = client.get(asked[1].removeprefix("http://testserver"))

    assert list(page.context["answers"].fields) == ["diet"]


@pytest.mark.parametrize(
    "typed",
    [
        {"guest-first_name": "ZOE", "guest-last_name": "Lefevre-Dubois"},
        {"guest-email": "Zoe@Example.org"},
    ],
)
def test_walk_in_who_is_registered_already_is_confirmed_once(event, client, typed):
    make_ticket(event, slug="press")
    zoe = event.registrations.get()
    type(zoe).objects.update(email="zoe@example.org")
    client.force_login(make_staff(event, "desk"))

    asked = submit_walk_in(client, **typed)
    count_before = event.registrations.count()
    submit_walk_in(client, **typed, accepted_duplicate=asked.context["accepted_duplicate"])

    page = html.fromstring(asked.text)
    assert page.xpath("//ul//a/text()") == ["Zoé Lefèvre-Dubois"]
    assert zoe.ticket.title in page.xpath("//ul//*[@class='tag']/text()")
    assert page.xpath("//ul//form/@action") == [f"/desk/x/guests/{zoe.reference}/check-in/"]
    assert page.xpath("//input[@name='accepted_duplicate']/@value") == [zoe.reference]
    assert count_before == 1
    assert event.registrations.count() == 2


def test_walk_in_like_a_cancelled_registration_needs_no_confirmation(event, client):
    make_ticket(event, slug="press")
    event.registrations.update(cancelled_at=timezone.now())
    client.force_login(make_staff(event, "desk"))

    submit_walk_in(client, **{"guest-first_name": "Zoé", "guest-last_name": "Lefèvre-Dubois"})

    assert event.registrations.count() == 2


def get_walk_in_form(client, address="/desk/x/walk-in/"):
    return client.get(address).context["form"]


@pytest.mark.parametrize(
    ("prices", "preselected"),
    [((0, 0), "guest"), ((9_000, 9_000), "guest"), ((0, 9_000), ""), ((9_000,), "guest")],
)
def test_ticket_is_preselected_only_if_all_have_one_price(client, prices, preselected):
    event = make_event(slug="x")
    for slug, price in zip(("guest", "press"), prices, strict=False):
        make_ticket(event, slug=slug, price=price, is_default=slug == "guest")
    client.force_login(make_staff(event, "desk"))

    assert get_walk_in_form(client)["ticket"].value() == preselected


def test_walk_in_without_ticket_is_asked_to_choose(client, event):
    make_ticket(event, slug="press", price=9_000)
    client.force_login(make_staff(event, "desk"))

    answer = submit_walk_in(client, **{"guest-ticket": ""})

    assert answer.context["form"].errors["ticket"] == ["Choisissez un billet."]


@pytest.mark.parametrize(
    ("query", "first_name", "last_name"),
    [
        ("inès durand", "Inès", "Durand"),
        ("Jean de La Tour", "Jean", "de La Tour"),
        ("durand", "", "Durand"),
        ("ines@example.org", None, None),
        ("ABCD2345", None, None),
    ],
)
def test_search_without_result_fills_the_names_of_the_walk_in(client, event, query, first_name, last_name):
    client.force_login(make_staff(event, "desk"))
    page = html.fromstring(client.get("/desk/x/", {"q": query}).content)
    [address] = page.xpath("//div[@class='empty']//a/@href")

    form = get_walk_in_form(client, address)

    assert form["first_name"].value() == first_name
    assert form["last_name"].value() == last_name


def test_first_print_of_a_badge_needs_no_preview(client, event):
    client.force_login(make_staff(event, "desk"))
    guest = event.registrations.get()
    address = f"/desk/x/guests/{guest.reference}/"
    page = html.fromstring(client.get(address).content)
    [form] = page.xpath("//form[contains(@action, '/badge/')]")
    [button] = form.xpath(".//button[@autofocus]")

    printed = client.post(
        form.get("action"), {**dict(form.form_values()), button.get("name"): button.get("value")}
    )

    assert "desk/badge_page.html" in [template.name for template in printed.templates]
    assert guest.badge_prints.count() == 1

    page = html.fromstring(client.get(address).content)

    assert page.xpath("//form[contains(@action, '/badge/')]") == []
    assert page.xpath("//a[contains(@href, '/badge/')]")


def test_script_receives_follow_up_questions_of_walk_in(event, client):
    diet = make_question(event, "diet", options=["allergy", "vegan"], is_required=True)
    make_question(event, "which", shown_after_option=diet.options.get(slug="allergy"))
    make_ticket(event, slug="press")
    client.force_login(make_staff(event, "desk"))
    submit_walk_in(client)
    registration = event.registrations.get(last_name="Durand")
    address = f"/desk/x/guests/{registration.reference}/answers/"

    response = client.post(address, {"diet": "allergy", "shown": "diet"}, headers={"X-Draft": "questions"})

    assert re.findall(r'data-question="(\w+)"', response.text) == ["diet", "which"]
    registration.refresh_from_db()
    assert registration.answers == {}
