"""Public and organizer pages of registrations; the list takes a fixed number of queries."""

import datetime
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from django.utils.html import escape

from convention.errors import NotOpenNow
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.booking.validation import refuse_if_closed
from registrations.booking.verification import make_verification_token
from registrations.invoices.ledger.payments import record_payment
from registrations.models import Order, Registration
from registrations.permissions import make_own_secret
from registrations.sessions.booking import book_session
from tests.factories import (
    make_event,
    make_member,
    make_order,
    make_person,
    make_question,
    make_registration,
    make_session,
    make_ticket,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def read_page_text(response) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def build_person_form(**fields: str) -> dict[str, str]:
    return {
        "person-TOTAL_FORMS": "1",
        "person-INITIAL_FORMS": "0",
        "person-0-first_name": "Zoé",
        "person-0-last_name": "Müller",
        "person-0-email": "zoe@example.org",
        "person-0-company": "Acme",
        "contact": "",
        **fields,
    }


BILLING = {
    "billing_name": "Acme SA",
    "billing_street": "1 rue X",
    "billing_postcode": "75001",
    "billing_city": "Paris",
    "billing_country": "FR",
    "language": "fr",
}


def read_nonce(response) -> str:
    return re.search(r'name="nonce" value="([^"]+)"', response.content.decode()).group(1)


def open_review_screen(client: Client, prefix: str = "/events/congress/register/") -> str:
    client.post(prefix, build_person_form())
    client.post(f"{prefix}choices/", {"choice-0-ticket": "guest"})
    return read_nonce(client.get(f"{prefix}check/"))


def test_event_page_shows_places_left_and_answers_304_when_unchanged(client: Client, event: Event):
    first = client.get("/events/congress/")
    assert "10 places restantes" in read_page_text(first)
    again = client.get("/events/congress/", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    event.tickets.update(reserved=9)
    fresh = client.get("/events/congress/", headers={"If-None-Match": first["ETag"]})
    assert fresh.status_code == 200
    assert "1 place restante" in read_page_text(fresh)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"registration_opens_at": timezone.now() + datetime.timedelta(days=2)},
            "Les inscriptions ouvrent le",
        ),
        (
            {"registration_closes_at": timezone.now() - datetime.timedelta(days=2)},
            "Les inscriptions sont closes",
        ),
    ],
)
def test_event_page_says_registration_is_not_open(client: Client, event: Event, fields: dict, sentence: str):
    Event.objects.update(**fields)
    page = client.get("/events/congress/")
    assert sentence in read_page_text(page)
    assert "congress/register/" not in page.content.decode()
    assert client.get("/events/congress/register/").status_code == 409


def test_closed_event_page_shows_no_places_left(client: Client, event: Event):
    event.tickets.update(capacity=10)
    Event.objects.update(registration_closes_at=timezone.now() - datetime.timedelta(days=2))

    page = read_page_text(client.get("/en/events/congress/"))

    assert "Registration is closed." in page
    assert "no longer on sale" in page
    assert "places left" not in page


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "Registration opens on 1\u00a0June\u00a02127, 9:00."),
        ("fr", "Les inscriptions ouvrent le 1er\u00a0juin\u00a02127 à\u00a09\u00a0h."),
    ],
)
def test_not_open_error_formats_opening_date_like_pages(event: Event, language: str, sentence: str):
    event.registration_opens_at = datetime.datetime(2127, 6, 1, 9, tzinfo=event.zone)
    with translation.override(language), pytest.raises(NotOpenNow) as refused:
        refuse_if_closed(event, at=timezone.now())
    assert str(refused.value) == sentence


def test_page_with_message_is_not_cached_for_other_visitors(client: Client, event: Event):
    registration = make_registration(event.tickets.get(), first_name="Secrète")
    client.post(f"{registration.order.manage_path}{registration.reference}/cancel/")
    told = client.get("/events/congress/")
    assert "Secrète" in read_page_text(told)
    assert "private" in told["Cache-Control"]
    assert "Secrète" not in read_page_text(Client().get("/events/congress/"))


def test_event_page_says_that_event_is_full(client: Client, event: Event):
    event.tickets.update(reserved=10)
    assert "Toutes les places sont prises" in read_page_text(client.get("/events/congress/"))


def test_pages_of_draft_event_are_not_found(client: Client, event: Event):
    Event.objects.update(visibility="draft")
    for path in ("", "register/", "register/choices/", "register/check/"):
        assert client.get(f"/events/congress/{path}").status_code == 404


def test_three_registration_steps_place_an_order(client: Client, event: Event):
    nonce = open_review_screen(client)
    response = client.post("/events/congress/register/check/", {"nonce": nonce, **BILLING})
    order = Order.objects.get()
    assert (response.status_code, response["Location"]) == (302, order.manage_path)
    assert (order.email, order.billing_name, order.total) == ("zoe@example.org", "Acme SA", 12_000)
    assert "Encore une étape : consultez votre messagerie" in read_page_text(client.get(order.manage_path))


def test_order_page_asks_for_bookmark_only_after_verification(client: Client, event: Event):
    client.post("/events/congress/register/check/", {"nonce": open_review_screen(client), **BILLING})
    order = Order.objects.get()

    waiting = read_page_text(client.get(order.manage_path))
    client.post(f"/orders/confirm/{make_verification_token(order, order.email)}/")
    order.refresh_from_db()
    confirmed = read_page_text(client.get(order.manage_path))

    assert "Cette page est valable jusqu’à la confirmation." in waiting
    assert "Enregistrez cette page" not in waiting
    assert "Cette page est valable" not in confirmed


def test_more_people_than_places_left_are_refused_before_the_review(client: Client, event: Event):
    event.tickets.update(reserved=9)
    client.post("/events/congress/register/", build_person_form(add="1"))
    second = {"person-1-first_name": "Ana", "person-1-last_name": "B", "person-TOTAL_FORMS": "2"}
    client.post("/events/congress/register/", build_person_form(**second))

    chosen = {"choice-0-ticket": "guest", "choice-1-ticket": "guest"}
    refused = client.post("/events/congress/register/choices/", chosen)
    event.tickets.update(reserved=8)
    accepted = client.post("/events/congress/register/choices/", chosen)

    assert "Il ne reste que 1 place pour" in read_page_text(refused)
    assert accepted["Location"] == "/events/congress/register/check/"


def test_questions_of_chosen_ticket_are_announced_and_focused(client: Client, event: Event):
    question = make_question(event, slug="diet", text="Régime ?", is_required=True)
    client.post("/events/congress/register/", build_person_form())
    address = "/events/congress/register/choices/"

    asked = client.post(address, {"choice-0-ticket": "guest"})
    missing = client.post(address, {"choice-0-ticket": "guest", "answer-0-shown": question.slug})

    assert "Répondez aux questions du billet choisi, puis continuez." in read_page_text(asked)
    assert re.search(r'name="answer-0-diet"[^>]* autofocus', asked.text)
    assert "Répondez aux questions du billet choisi" not in read_page_text(missing)


def test_a_double_click_books_once(client: Client, event: Event):
    nonce = open_review_screen(client)
    answers = [
        client.post("/events/congress/register/check/", {"nonce": nonce, **BILLING}) for _twice in "12"
    ]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert Registration.objects.count() == 1


def test_form_input_is_preserved_even_if_invalid(client: Client, event: Event):
    typed = build_person_form(**{"person-0-email": "nobody", "contact": "x"})
    response = client.post("/events/congress/register/", typed)
    assert 'value="nobody"' in response.content.decode()
    again = client.get("/events/congress/register/").content.decode()
    assert 'value="nobody"' in again
    assert 'value="x"' in again


def test_form_draft_is_saved_without_validation(client: Client, event: Event):
    typed = build_person_form(**{"person-0-last_name": ""})
    response = client.post("/events/congress/register/", typed, headers={"X-Draft": "1"})
    assert response.status_code == 204
    assert 'value="Zoé"' in client.get("/events/congress/register/").content.decode()


def test_form_input_is_preserved_when_ticket_sells_out(client: Client, event: Event):
    nonce = open_review_screen(client)
    event.tickets.update(reserved=10)
    response = client.post("/events/congress/register/check/", {"nonce": nonce, **BILLING})
    assert response["Location"] == "/events/congress/register/choices/"
    assert "Il ne reste plus de place" in read_page_text(client.get(response["Location"]))
    event.tickets.update(reserved=0)
    page = client.get("/events/congress/register/check/").content.decode()
    assert 'value="1 rue X"' in page


def test_registration_steps_cannot_be_skipped(client: Client, event: Event):
    assert client.get("/events/congress/register/check/")["Location"] == "/events/congress/register/"
    client.post("/events/congress/register/", build_person_form())
    assert client.get("/events/congress/register/check/")["Location"] == "/events/congress/register/choices/"


@pytest.mark.parametrize("data", [{}, {"person-TOTAL_FORMS": "x"}, {"person-TOTAL_FORMS": "9999"}])
def test_forged_formset_data_shows_form_again(client: Client, event: Event, data: dict):
    page = client.post("/events/congress/register/", data, follow=True)
    assert "Participants" in read_page_text(page)


def test_registration_is_corrected_and_cancelled_by_mailed_link(client: Client, event: Event):
    registration = make_registration(event.tickets.get(), price=12_000)
    link = registration.order.manage_path
    client.post(
        f"{link}{registration.reference}/correct/",
        {"first_name": "Zoë", "last_name": "Müller", "email": "z@example.org", "company": "Acme"},
    )
    registration.refresh_from_db()
    assert (registration.first_name, registration.badge_version) == ("Zoë", 1)
    assert "Cette annulation est définitive" in read_page_text(
        client.get(f"{link}{registration.reference}/cancel/")
    )
    client.post(f"{link}{registration.reference}/cancel/")
    registration.refresh_from_db()
    assert (registration.state, registration.badge_version) == ("cancelled", 2)
    assert event.tickets.get().reserved == 0
    assert "Inscription annulée" in read_page_text(client.get(link))
    assert client.post(f"{link}{registration.reference}/cancel/").status_code == 409
    assert client.get(f"{link}calendar.ics").content.count(b"STATUS:CANCELLED") == 1


def test_transfer_to_another_person_revokes_badge(client: Client, event: Event):
    registration = make_registration(event.tickets.get(), order=make_order(event, email="zoe@example.org"))
    link = registration.order.manage_path
    someone = {"first_name": "Ana", "last_name": "Silva", "email": "ana@example.org", "company": "Acme"}
    client.post(f"{link}{registration.reference}/correct/", someone)
    registration.refresh_from_db()
    assert (registration.name, registration.badge_version, registration.state) == (
        "Ana Silva",
        2,
        "confirmed",
    )
    registration.order.refresh_from_db()
    assert registration.order.email == "zoe@example.org"  # the buyer does not change
    client.post(f"{link}{registration.reference}/correct/", someone | {"first_name": "Anna"})
    corrected = someone | {"first_name": "Anna", "email": "a.silva@example.org"}
    client.post(f"{link}{registration.reference}/correct/", corrected)
    registration.refresh_from_db()
    assert registration.badge_version == 2


def test_former_attendee_loses_access_after_transfer(client: Client, event: Event):
    former = make_member(email="zoe@example.org")
    order = make_order(event, email="boss@example.org")
    one = make_registration(event.tickets.get(), order=order, person=former)
    own = order.build_path_with(make_own_secret(one))
    someone = {"first_name": "Ana", "last_name": "Silva", "email": "ana@example.org", "company": "Acme"}
    told = client.post(f"{own}{one.reference}/correct/", someone, follow=True)
    assert told.redirect_chain == [("/events/congress/", 302)]
    assert "La place est maintenant attribuée à Ana Silva." in read_page_text(told)
    assert "Votre lien ne fonctionne plus." in read_page_text(told)
    assert [client.get(f"{own}{path}").status_code for path in ("", "calendar.ics")] == [404, 404]
    client.force_login(former)
    assert order.reference not in client.get("/me/").content.decode()
    client.post(f"{order.manage_path}{one.reference}/cancel/")
    one.refresh_from_db()
    theirs = order.build_path_with(make_own_secret(one))
    assert (one.badge_version, one.holder_count, client.get(theirs).status_code) == (3, 2, 200)


def test_forged_foreign_and_expired_links_are_refused(client: Client, event: Event):
    registration = make_registration(event.tickets.get())
    other = make_registration(event.tickets.get())
    order = registration.order
    assert client.get(f"/orders/{order.reference}/{other.order.manage_secret}/").status_code == 404
    assert client.get(f"/orders/XXXXXXXX/{order.manage_secret}/").status_code == 404
    assert client.get(f"{order.manage_path}{other.reference}/cancel/").status_code == 404
    long_ago = timezone.now() - datetime.timedelta(days=100)
    Event.objects.update(starts_at=long_ago - datetime.timedelta(days=1), ends_at=long_ago)
    Order.objects.update(created_at=long_ago)
    gone = client.get(order.manage_path)
    assert gone.status_code == 410
    assert "a expiré" in read_page_text(gone)


def test_attendee_link_shows_no_other_registrations_of_order(client: Client, event: Event):
    order = make_order(event)
    ticket = event.tickets.get()
    mine = make_registration(ticket, order=order, first_name="Mine")
    other = make_registration(ticket, order=order, first_name="Other")
    link = f"/orders/{order.reference}/{make_own_secret(mine)}/"
    page = client.get(link).content.decode()
    assert "Mine" in page
    assert "Other" not in page
    assert order.email not in page
    assert client.get(f"{link}{other.reference}/cancel/").status_code == 404


def test_verification_link_confirms_on_post_only(client: Client):
    event = make_event()
    make_ticket(event, slug="member", audience="member")
    make_member(email="zoe@example.org")
    registration = make_registration(
        event.tickets.get(),
        confirmed_at=None,
        hold_expires_at=timezone.now() + datetime.timedelta(minutes=30),
    )
    link = f"/orders/confirm/{make_verification_token(registration.order, registration.email)}/"
    assert "Confirmer ma place" in read_page_text(client.get(link))
    registration.refresh_from_db()
    assert registration.state == "pending"
    client.post(link)
    registration.refresh_from_db()
    assert registration.state == "confirmed"
    assert client.get("/orders/confirm/forged/").status_code == 404
    assert client.get("/orders/confirm/%00:%ff:x/").status_code == 404


def test_my_page_lists_own_registrations(client: Client, event: Event):
    assert client.get("/me/")["Location"] == "/accounts/login/?next=/me/"
    person = make_person(email="zoe@example.org")
    client.force_login(person)
    assert "Vous n’êtes inscrit à aucun événement à venir" in read_page_text(client.get("/me/"))
    make_registration(event.tickets.get(), email="ZOE@example.org")
    make_registration(event.tickets.get(), email="other@example.org", first_name="Other")
    page = read_page_text(client.get("/me/"))
    assert "La Convention" in page
    assert "Other" not in page


def test_organizer_pages_need_organizer_role(client: Client, event: Event):
    registration = make_registration(event.tickets.get())
    paths = ["registrations/", f"registrations/{registration.reference}/", "registrations.csv", "tickets/"]
    paths += ["registrations/import/", "tickets/new/", "tickets/guest/"]
    assert {client.get(f"/organize/congress/{path}").status_code for path in paths} == {302}
    client.force_login(make_person())
    assert {client.get(f"/organize/congress/{path}").status_code for path in paths} == {403}
    address = f"/organize/congress/registrations/{registration.reference}/cancel/"
    assert client.post(address).status_code == 403


def test_registration_list_query_count_is_constant(organizer: Client, event: Event):
    ticket = make_ticket(event, slug="staff")
    organizer.get("/organize/congress/registrations/")  # shortens the session to the staff limit
    counts = []
    for number in (1, 60):
        for _each in range(number):
            make_registration(ticket, order=make_order(event))
        with CaptureQueriesContext(connection) as queries:
            organizer.get("/organize/congress/registrations/")
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 14


def test_registration_list_is_searched_without_accents_and_filtered(organizer: Client, event: Event):
    ticket = event.tickets.get()
    make_registration(ticket, first_name="Éloïse", last_name="Çelik", company="Acme")
    bob = {"first_name": "Bob", "last_name": "Brown", "company": "Other"}
    make_registration(ticket, cancelled_at=timezone.now(), **bob)

    def listed(query: str) -> list[str]:
        page = read_page_text(organizer.get(f"/organize/congress/registrations/?{query}"))
        return [name for name in ("Çelik", "Brown") if name in page]

    assert listed("q=celik+ELOISE") == ["Çelik"]
    assert listed("q=eloise+brown") == []
    assert listed("state=cancelled") == ["Brown"]
    assert listed("state=confirmed&company=Acme") == ["Çelik"]
    assert listed("state=nonsense&ticket=&page=x") == ["Çelik", "Brown"]
    assert listed("q=%00%ff'") == []


def test_names_are_sorted_regardless_of_case_and_accents(organizer: Client, event: Event):
    for name in ("Zola", "Éluard", "eco", "Aragon"):
        make_registration(event.tickets.get(), last_name=name, first_name="x")
    page = organizer.get("/organize/congress/registrations/").content.decode()
    assert re.findall(r">(\w+) x</a>", page) == ["Aragon", "eco", "Éluard", "Zola"]


def test_organizer_page_of_cancelled_registration_shows_fee_and_refund(organizer: Client, event: Event):
    order = make_order(event, email="z@example.org", payment="invoice", total=12_000)
    registration = make_registration(event.tickets.get(), order=order, price=12_000)
    workshop = make_session(event, "Atelier", is_bookable=True, capacity=5)
    book_session(registration=registration, session=workshop)
    receivable = sync_receivable(order)
    record_payment(receivable=receivable, amount=5_000, received_on=timezone.localdate(), method="transfer")
    page = f"/organize/congress/registrations/{registration.reference}/"

    active = read_page_text(organizer.get(page))
    organizer.post(
        f"{page}cancel/", {"cancel-reason": "x", "cancel-cancellation_fee": "20", "confirmed_fee": "2000"}
    )
    cancelled = read_page_text(organizer.get(page)).replace("\u202f", " ").replace("\xa0", " ")

    assert "Réserver, échanger ou libérer des places" in active
    assert "à facturer" in active
    assert "Réserver, échanger ou libérer des places" not in cancelled
    assert "total : 20 €" in cancelled
    assert "Remboursement demandé, 30 €, virement" in cancelled
    assert "trésorerie" not in cancelled
    assert "frais d’annulation de 20 €" in cancelled
    assert "Place de session réservée : Atelier" in cancelled
    assert "centimes" not in cancelled


def test_organizer_corrects_and_cancels_with_reason(organizer: Client, event: Event):
    registration = make_registration(event.tickets.get(), order=make_order(event, email="z@example.org"))
    page = f"/organize/congress/registrations/{registration.reference}/"
    organizer.post(page, {"first_name": "Zoë", "last_name": "M", "correct-reason": "typo <b>"})
    organizer.post(f"{page}cancel/", {"cancel-reason": "fell\nill", "confirmed_fee": "0"})
    history = organizer.get(page).content.decode()
    assert escape("typo <b>") in history
    assert "fell ill" in history
    registration.refresh_from_db()
    assert (registration.first_name, registration.state) == ("Zoë", "cancelled")


def test_ticket_capacity_cannot_be_less_than_reserved_places(organizer: Client, event: Event):
    fields = {"name": "Presse", "slug": "press", "audience": "press", "cost": "12,50", "position": "3"}
    fields |= {"vat_rate": "2000", "step-TOTAL_FORMS": "0", "step-INITIAL_FORMS": "0"}
    assert organizer.post("/organize/congress/tickets/new/", fields).status_code == 302
    assert event.tickets.get(slug="press").price == 1250
    make_registration(event.tickets.get(slug="press"))
    changed = {**fields, "capacity": "0"}
    refused = organizer.post("/organize/congress/tickets/press/", changed)
    assert "1 place est déjà prise" in read_page_text(refused)
    assert organizer.post("/organize/congress/tickets/press/", {**fields, "capacity": "1"}).status_code == 302
    assert event.tickets.get(slug="press").capacity == 1
    removal = organizer.post("/organize/congress/tickets/press/remove/")
    assert removal["Location"] == "/organize/congress/tickets/press/"
    assert event.tickets.filter(slug="press").exists()
    assert organizer.post("/organize/congress/tickets/guest/remove/").status_code == 302


def test_empty_short_name_is_generated_for_new_ticket_and_unchanged_for_existing(
    organizer: Client, event: Event
):
    fields = {"name": "Invités d’honneur", "slug": "", "audience": "guest", "cost": "0", "position": "3"}
    fields |= {"vat_rate": "2000", "step-TOTAL_FORMS": "0", "step-INITIAL_FORMS": "0"}
    for _time in range(2):
        organizer.post("/organize/congress/tickets/new/", fields)
    organizer.post("/organize/congress/tickets/invites-d-honneur/", {**fields, "name": "Autres"})
    named = event.tickets.exclude(slug="guest").order_by("slug").values_list("slug", "name")
    assert list(named) == [("invites-d-honneur", "Autres"), ("invites-d-honneur-2", "Invités d’honneur")]
    taken = organizer.post("/organize/congress/tickets/new/", {**fields, "slug": "vouchers"})
    assert "Ce nom court est déjà utilisé" in read_page_text(taken)


def test_draft_event_is_marked_as_draft_for_organizers(organizer: Client, event: Event):
    Event.objects.update(visibility="draft")
    page = organizer.get("/events/congress/").text
    assert "C’est un brouillon" in page
    assert "Les inscriptions sont closes" not in page
    assert "pas encore en vente" in page
    assert "n’est plus en vente" not in page
    overview = organizer.get("/organize/congress/").text
    assert "/organize/congress/publish/" in overview
    assert "Partagez l’adresse" not in overview
