"""Prices on pages and in the API: shown with their reasons before anything is booked."""

import csv
import datetime
import io
import json
import re

import pytest
from django.test import Client

from badges.attendance.scanning.verdict import REASON_BY_REGISTRATION_STATE
from convention.club.models import Membership
from convention.events.models import Event
from convention.text.dates import format_deadline
from registrations.booking.place_order import place_order
from registrations.models import Order, PriceStep, Quota, RefundRule, Registration
from registrations.order_request import OrderRequest, RequestedPlace
from registrations.storefront.drafts import load_draft
from registrations.ticketing.voucher_forms import VoucherForm
from tests.factories import (
    make_addon,
    make_company,
    make_event,
    make_member,
    make_staff,
    make_ticket,
    make_voucher,
)
from tests.registrations.test_pages import BILLING, build_person_form, read_page_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]
REGISTER = "/events/congress/register/"
TICKETS = "/organize/congress/tickets/"
LATER = datetime.datetime(2030, 3, 31, 23, 59)


@pytest.fixture
def organizer(client: Client, event: Event) -> Client:
    client.force_login(make_staff(event))
    return client


@pytest.fixture
def early_price(event: Event) -> PriceStep:
    until = LATER.replace(tzinfo=event.zone)
    return PriceStep.objects.create(ticket=event.tickets.get(), price=9_000, ends_at=until)


def get_hidden_value(response, name: str) -> str:
    return re.search(rf'name="{name}" value="([^"]*)"', response.content.decode()).group(1)


def choose(client: Client, **fields):
    client.post(REGISTER, build_person_form())
    return client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest", **fields})


def finish(client: Client, page, **fields):
    data = {
        **BILLING,
        "nonce": get_hidden_value(page, "nonce"),
        "shown": get_hidden_value(page, "shown"),
        **fields,
    }
    return client.post(f"{REGISTER}check/", data, follow=True)


# --- registration -----------------------------------------------------------------------------------


def test_event_page_shows_end_of_price_step_and_next_price(
    client: Client, event: Event, early_price: PriceStep
):
    first = client.get("/events/congress/")
    assert "90 € jusqu’au 31 mars 2030, puis 120 €" in read_page_text(first)
    PriceStep.objects.update(price=8_000)
    again = client.get("/events/congress/", headers={"If-None-Match": first["ETag"]})
    assert again.status_code == 200


def test_prices_are_shown_with_reasons_and_vat_before_and_after_order(
    client: Client, event: Event, early_price: PriceStep
):
    make_addon(event, vat_rate=1000)
    make_voucher(event, value=20)
    choose(client, **{"choice-0-addons": "dinner", "code": "half"})
    page = client.get(f"{REGISTER}check/")
    words = read_page_text(page)
    for said in ("120 €", "72 €", "tarif anticipé, jusqu’au 31 mars 2030", "code HALF : 20 % de remise"):
        assert said in words
    assert "dont TVA 20 % : 12 €" in words
    assert "dont TVA 10 % : 4,09 €" in words
    done = finish(client, page)
    words = read_page_text(done)
    order = Order.objects.get()
    assert order.total == 11_700
    assert "code HALF : 20 % de remise" in words
    assert "Dîner" in words


def test_price_changed_meanwhile_is_shown_and_nothing_is_booked(
    client: Client, event: Event, early_price: PriceStep
):
    choose(client)
    page = client.get(f"{REGISTER}check/")
    early_price.delete()
    again = finish(client, page)
    words = read_page_text(again)
    assert "Le prix est passé de 90 € à 120 €. Rien n’a encore été réservé." in words
    assert "Zoé Müller : 120 € au lieu de 90 €." in words
    assert not Registration.objects.exists()
    finish(client, again)
    assert Registration.objects.get().price == 12_000


def test_signed_in_member_books_ticket_paid_by_pass(client: Client, event: Event):
    member = make_member(make_company())
    Membership.objects.update(passes=1)
    make_ticket(event, slug="member", audience="member", price=20_000, uses_pass=True)
    client.force_login(member)
    client.post(REGISTER, build_person_form(**{"person-0-email": member.email}))
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "member"})
    page = client.get(f"{REGISTER}check/")
    assert "200 €" in read_page_text(page)
    assert get_hidden_value(page, "shown") == "0"
    assert "inclus dans l’adhésion de l’entreprise" in read_page_text(page)
    finish(client, page)
    assert Registration.objects.values_list("price", "membership_pass__reserved").get() == (0, 1)


def test_voucher_used_up_meanwhile_is_reported_on_same_screen(client: Client, event: Event):
    voucher = make_voucher(event)
    choose(client, code="HALF")
    page = client.get(f"{REGISTER}check/")
    type(voucher).objects.update(reserved=1)
    again = finish(client, page)
    assert "de 60 € à 120 €" in read_page_text(again)
    assert "Le code HALF ne change pas le prix de cette commande." in read_page_text(again)
    assert not Registration.objects.exists()


@pytest.mark.parametrize("apply", [{}, {"apply": "1"}])
def test_unknown_voucher_code_shows_field_error_and_keeps_input(client: Client, event: Event, apply: dict):
    page = choose(client, code="nope", **apply)
    assert "Ce code est inconnu" in read_page_text(page)
    assert 'value="nope"' in page.content.decode()
    assert page.status_code == 200
    assert load_draft(client.session, "congress").people[0]["ticket"] == "guest"


def test_access_code_opens_hidden_ticket_on_second_screen(client: Client, event: Event):
    vip = make_ticket(event, slug="vip", name="Réservé", is_public=False)
    make_voucher(event, vip, code="VIP", kind="access", value=0)
    assert choose(client, code="vip", apply="1").status_code == 302
    page = client.get(f"{REGISTER}choices/")
    assert "Réservé" in read_page_text(page)
    assert "donne accès à des billets réservés" in read_page_text(page)
    choose(client, **{"choice-0-ticket": "vip", "code": "VIP"})
    finish(client, client.get(f"{REGISTER}check/"))
    assert Registration.objects.get().ticket == vip


def test_link_with_voucher_code_prefills_it(client: Client, event: Event):
    make_voucher(event, value=25)
    client.get(f"{REGISTER}?code=half")
    client.post(REGISTER, build_person_form())
    page = client.get(f"{REGISTER}choices/")
    assert 'value="HALF"' in page.content.decode()
    assert "90 €" in read_page_text(page)


def test_an_addon_that_is_full_or_of_another_ticket_cannot_be_chosen(client: Client, event: Event):
    make_addon(event, capacity=0)
    make_addon(event, slug="lunch", name="Déjeuner").tickets.add(make_ticket(event, slug="vendor"))
    assert "n’est plus disponible" in read_page_text(choose(client, **{"choice-0-addons": "dinner"}))
    assert "n’est pas disponible avec ce billet" in read_page_text(
        choose(client, **{"choice-0-addons": "lunch"})
    )
    assert "plusieurs" not in read_page_text(choose(client, **{"choice-0-addons": "nothing"}))


def test_addon_for_every_ticket_does_not_name_them(client: Client, event: Event):
    vendor = make_ticket(event, slug="vendor", name="Fournisseur")
    make_addon(event).tickets.set(event.tickets.all())
    make_addon(event, slug="lunch", name="Déjeuner").tickets.add(vendor)
    client.post(REGISTER, build_person_form())

    page = read_page_text(client.get(f"{REGISTER}choices/"))

    assert page.count("disponible avec") == 1
    assert re.search("disponible avec : +Fournisseur", page)


def test_group_ticket_states_minimum_before_order_is_refused(client: Client, event: Event):
    event.tickets.update(min_per_order=3)
    assert "pour les groupes d’au moins 3 personnes" in read_page_text(client.get("/events/congress/"))
    assert "au moins 3 personnes" in read_page_text(choose(client))


def test_card_order_is_pending_until_paid(client: Client, event: Event, settings):
    settings.CARD_PAYMENT = True
    choose(client)
    page = client.get(f"{REGISTER}check/")
    assert "Moyen de paiement" in read_page_text(page)
    finish(client, page, payment="card")
    one = Registration.objects.get()
    assert (one.state, one.order.payment, REASON_BY_REGISTRATION_STATE[one.state]) == (
        "pending",
        "card",
        "unpaid",
    )


# --- API --------------------------------------------------------------------------------------------


def post(address: str, **fields):
    person = {"ticket": "guest", "first_name": "A", "last_name": "B"}
    body = {"email": "a@example.org", "registrations": [person], **fields}
    return Client().post(
        f"/api/v1/events/congress/{address}/", json.dumps(body), content_type="application/json"
    )


def test_api_quote_books_nothing(event: Event, early_price: PriceStep):
    person = {"ticket": "guest", "first_name": "A", "last_name": "B", "addons": ["dinner"]}
    make_addon(event)
    answer = post("quotes", registrations=[person])
    assert (answer.status_code, Registration.objects.count()) == (200, 0)
    assert answer.json()["total"] == {"amount": 13_500, "currency": "EUR"}
    assert answer.json()["lines"][0] == {
        "registration": 0, "ticket": "guest", "before": 12_000, "price": 9_000, "vat_rate": 2000,
        "reductions": [
            {"reason": "early", "amount": 3_000, "words": "tarif anticipé, jusqu’au 31\u00a0mars\u00a02030"}
        ],
    }  # fmt: skip
    assert answer.json()["vat"] == [{"rate": 2000, "exemption": "", "net": 11_250, "vat": 2_250}]


def test_api_order_with_outdated_expected_total_returns_new_quote(event: Event):
    answer = post("orders", expected_total=9_000)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "/api/v1/problems/price-changed")
    assert (problem["quote"]["total"]["amount"], Order.objects.count()) == (12_000, 0)
    assert post("orders", expected_total=12_000).status_code == 201


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"code": 7}, "code"),
        ({"code": "nope"}, "code"),
        ({"expected_total": "9"}, "expected_total"),
        ({"expected_total": True}, "expected_total"),
        ({"payment": "card"}, "payment"),
        (
            {"registrations": [{"ticket": "guest", "first_name": "A", "last_name": "B", "addons": ["x"]}]},
            "registrations.0.addons",
        ),
        (
            {"registrations": [{"ticket": "guest", "first_name": "A", "last_name": "B", "addons": [1]}]},
            "registrations.0.addons",
        ),
    ],
)
def test_api_errors_name_the_field(event: Event, settings, fields: dict, named: str):
    settings.CARD_PAYMENT = False
    answer = post("orders", **fields)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, [named])


# --- organizers -------------------------------------------------------------------------------------

PRICE_FIELDS = {"cost": "150", "vat_rate": "2000", "position": "1"}
NO_STEPS = {"step-TOTAL_FORMS": "0", "step-INITIAL_FORMS": "0"}


def test_price_steps_are_saved_with_ticket_and_shown(organizer: Client, event: Event):
    fields = {"name": "Pro", "slug": "pro", "audience": "guest", **PRICE_FIELDS}
    fields |= {"step-TOTAL_FORMS": "2", "step-INITIAL_FORMS": "0"}
    fields |= {
        "step-0-cost": "120,50",
        "step-0-until": "2030-03-31T23:59",
        "step-1-cost": "",
        "step-1-until": "",
    }
    assert organizer.post(f"{TICKETS}new/", fields).status_code == 302
    assert event.tickets.get(slug="pro").price_steps.get().price == 12_050
    shown = read_page_text(organizer.get(TICKETS))
    assert "120,50 € jusqu’au 31 mars 2030" in shown
    half = read_page_text(organizer.post(f"{TICKETS}pro/", {**fields, "step-1-cost": "9"}))
    assert "Indiquez la date jusqu’à laquelle ce prix est valable." in half
    twice = {**fields, "step-1-cost": "9", "step-1-until": "2030-03-31T23:59"}
    assert "Deux prix se terminent à la même date." in read_page_text(organizer.post(f"{TICKETS}pro/", twice))


def test_zero_vat_rate_needs_exemption(organizer: Client, event: Event):
    fields = {"name": "Pro", "slug": "pro", "audience": "guest", **PRICE_FIELDS, **NO_STEPS, "vat_rate": "0"}
    assert "il doit figurer sur la facture" in read_page_text(organizer.post(f"{TICKETS}new/", fields))
    exempt = {**fields, "vat_exemption": "VATEX-EU-132-1L"}
    assert organizer.post(f"{TICKETS}new/", exempt).status_code == 302
    taxed = {**exempt, "vat_rate": "2000"}
    assert organizer.post(f"{TICKETS}pro/", taxed).status_code == 302
    ticket = event.tickets.get(slug="pro")
    assert (ticket.vat_rate, ticket.vat_exemption) == (2000, "")


def test_addon_is_created_changed_counted_and_not_removable_while_in_use(organizer: Client, event: Event):
    guest = event.tickets.get()
    fields = {
        "name": "Dîner",
        "slug": "dinner",
        "kind": "meal",
        **PRICE_FIELDS,
        "tickets": [guest.pk],
        "capacity": "9",
    }
    assert organizer.post(f"{TICKETS}add-ons/new/", fields).status_code == 302
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B", addons=("dinner",))
    place_order(event=event, request=OrderRequest(email="a@example.org", places=(place,)))
    page = organizer.get(f"{TICKETS}add-ons/")
    assert 'registrations/?addon=dinner">1<' in page.content.decode()
    found = organizer.get("/organize/congress/registrations/?addon=dinner")
    assert "1 inscription" in read_page_text(found)
    assert "1 place est déjà prise" in read_page_text(
        organizer.post(f"{TICKETS}add-ons/dinner/", {**fields, "capacity": "0"})
    )
    refused = organizer.post(f"{TICKETS}add-ons/dinner/remove/", follow=True)
    assert "ne peut pas être supprimé" in read_page_text(refused)
    assert refused.redirect_chain[0][0] == f"{TICKETS}add-ons/dinner/"
    assert organizer.post(f"{TICKETS}add-ons/dinner/", {**fields, "capacity": "20"}).status_code == 302
    assert event.addons.get().capacity == 20
    exported = organizer.get("/organize/congress/registrations.csv?addon=dinner").content.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(exported))
    assert (row["Options"], row["Prix"]) == ("dinner", "270.00")


def test_unused_addon_is_removed(organizer: Client, event: Event):
    make_addon(event)
    answer = organizer.post(f"{TICKETS}add-ons/dinner/remove/")
    assert answer["Location"] == f"{TICKETS}add-ons/"
    assert not event.addons.exists()


def test_vouchers_are_created_in_bulk_and_exported_with_links(organizer: Client, event: Event):
    fields = {
        "code": "sponsor",
        "label": "Acme",
        "kind": "percent",
        "amount": "100",
        "capacity": "1",
        "number": "120",
    }
    assert organizer.post(f"{TICKETS}vouchers/new/", fields).status_code == 302
    page = organizer.get(f"{TICKETS}vouchers/?q=acme")
    assert "120 codes" in read_page_text(page)
    assert "1–50 / 120" in read_page_text(page)
    rows = list(
        csv.DictReader(
            io.StringIO(organizer.get("/organize/congress/lists/codes.csv").content.decode("utf-8-sig"))
        )
    )
    links = {row["Lien"] for row in rows}
    assert (len(links), {row["Valeur"] for row in rows}) == (120, {"100\u00a0% de remise"})
    assert all(row["Lien"].endswith(f"/events/congress/register/?code={row['Code']}") for row in rows)


def test_voucher_that_is_not_open_yet_shows_from_when_it_is_valid(organizer: Client, event: Event):
    opens_at = datetime.datetime(2090, 1, 2, 8, tzinfo=datetime.UTC)
    event.vouchers.create(code="BIENTOT", kind="percent", value=10, opens_at=opens_at)

    page = read_page_text(organizer.get(f"{TICKETS}vouchers/"))

    assert "à partir du 2 janvier 2090" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"code": "é!"}, "lettres sans accent"),
        ({"amount": "101"}, "nombre entier de 1 à 100"),
        ({"amount": ""}, "Indiquez le pourcentage ou le montant"),
        ({"kind": "access"}, "Cochez les billets"),
        ({"for_address": "nobody"}, "une adresse e-mail, ou un domaine"),
        (
            {"opens_at": "2030-01-02T00:00", "closes_at": "2030-01-01T00:00"},
            "La fin doit être postérieure au début",
        ),
        ({"number": "501"}, "500"),
        ({"code": "taken"}, "Ce code est déjà celui d’un autre bon de cet événement"),
    ],
)
def test_invalid_voucher_shows_error(organizer: Client, event: Event, fields: dict, sentence: str):
    make_voucher(event, code="TAKEN")
    good = {"code": "spring", "kind": "percent", "amount": "20", "capacity": "1", "number": "1"}
    assert sentence in read_page_text(organizer.post(f"{TICKETS}vouchers/new/", {**good, **fields}))
    assert event.vouchers.count() == 1


def test_voucher_capacity_cannot_be_reduced_below_its_uses(organizer: Client, event: Event):
    voucher = make_voucher(event, capacity=5, reserved=2)
    fields = {"code": "HALF", "kind": "amount", "amount": "12,50", "capacity": "1"}
    assert "2 places sont déjà prises" in read_page_text(organizer.post(f"{TICKETS}vouchers/HALF/", fields))
    assert organizer.post(f"{TICKETS}vouchers/HALF/", {**fields, "capacity": "3"}).status_code == 302
    voucher.refresh_from_db()
    assert (voucher.kind, voucher.value, voucher.capacity) == ("amount", 1_250, 3)


def test_quota_is_created_shared_and_removed(organizer: Client, event: Event):
    guest = event.tickets.get()
    fields = {"name": "Salle", "capacity": "4", "tickets": [guest.pk]}
    assert organizer.post(f"{TICKETS}quotas/new/", fields).status_code == 302
    quota = Quota.objects.get()
    assert "4 places restantes" in read_page_text(Client().get("/events/congress/"))
    assert "Salle" in read_page_text(organizer.get(f"{TICKETS}guest/"))
    again = read_page_text(organizer.post(f"{TICKETS}quotas/new/", fields))
    assert "Ce nom est déjà celui d’un autre quota de cet événement." in again
    assert organizer.post(f"{TICKETS}quotas/{quota.pk}/remove/").status_code == 302
    assert "10 places restantes" in read_page_text(Client().get("/events/congress/"))


def test_organizer_sees_reasons_of_price(organizer: Client, event: Event, early_price: PriceStep):
    make_voucher(event, value=20)
    place = RequestedPlace(ticket="guest", first_name="A", last_name="B")
    request = OrderRequest(email="a@example.org", places=(place,), code="HALF")
    one = place_order(event=event, request=request).registrations.get()
    page = read_page_text(organizer.get(f"/organize/congress/registrations/{one.reference}/"))
    words = page
    for said in ("tarif anticipé, jusqu’au 31 mars 2030", "code HALF : 20 % de remise (−18 €)", "72 €"):
        assert said in words


def test_last_screen_shows_refund_terms(client: Client, event: Event):
    def list_refund_terms() -> list[tuple[str, list[str]]]:
        return client.get(f"{REGISTER}check/").context["refunds"]

    choose(client)
    starts = format_deadline(event.starts_at, event.zone)
    assert list_refund_terms() == [
        ("", [f"Annulation remboursée intégralement jusqu’au {starts}.", "Aucun remboursement au-delà."])
    ]
    RefundRule.objects.create(event=event, days_before=7, refund_percent=100)
    RefundRule.objects.create(event=event, days_before=0, refund_percent=0)
    [(_names, said)] = list_refund_terms()
    assert (len(said), said[-1]) == (2, "Aucun remboursement au-delà.")
    event.refund_rules.filter(days_before=7).delete()
    assert list_refund_terms() == [("", ["Les annulations ne sont pas remboursées."])]
    event.tickets.update(price=0)
    assert list_refund_terms() == []


def test_unchanged_amount_of_a_voucher_counts_as_unchanged():
    voucher = make_voucher(make_event(), kind="amount", value=2_999)

    form = VoucherForm({"amount": "29.99"}, instance=voucher, event=voucher.event)

    assert "amount" not in form.changed_data
