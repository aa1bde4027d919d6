"""The treasurer's pages of bank lines and card payments, step by step."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from registrations.billing.receivables import sync_receivable
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.refunds import fail_refund, request_refund
from registrations.invoices.models import Payment, Payout
from registrations.models import Order
from registrations.payments.bank.assignments import undo_assignment
from registrations.payments.models import BankLine
from registrations.periodic_jobs import release_expired_holds
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.payments.factories import (
    begin_payment,
    expire_holds,
    get_balance_cents,
    get_latest_attempt,
    list_states,
    order_by_card,
)
from tests.registrations.payments.statements import BOOKED_ON, camt, csv_file
from tests.registrations.payments.test_bank import DAY, import_lines

pytestmark = [pytest.mark.django_db, pytest.mark.once]

BANK = "/organize/money/bank/"


@pytest.fixture
def page(client, treasurer):
    """Sign the treasurer in; return a function that reads the text of a page."""
    client.force_login(treasurer)

    def read(address: str) -> str:
        answer = client.get(address)
        assert answer.status_code == 200
        return " ".join(html.fromstring(answer.content).find(".//main").text_content().split())

    return read


def test_statement_is_previewed_then_imported(client, page, event):
    order = order_by_card(event, payment="invoice")
    file = SimpleUploadedFile("releve.xml", camt((12_000, "Acme", "", order.creditor_reference)))

    checked = html.fromstring(client.post(f"{BANK}import/", {"file": file, "check": "1"}).content)

    assert "Ce relevé peut être importé." in checked.text_content()
    assert BankLine.objects.count() == 0

    fields = dict(checked.xpath("//main//form")[0].form_values())

    assert client.post(f"{BANK}import/", fields)["Location"] == BANK
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert "Rien à traiter" in page(BANK)
    assert "Acme" in page(f"{BANK}?show=all")


def test_chosen_columns_are_used_by_import(client, page, event):
    file = SimpleUploadedFile("x.csv", csv_file("Tag;Betrag", f"{BOOKED_ON:%d/%m/%Y};7,00"))
    told = {"file": file, "check": "1", "date": "Tag", "amount": "Betrag"}
    checked = html.fromstring(client.post(f"{BANK}import/", told).content)

    client.post(f"{BANK}import/", dict(checked.xpath("//main//form")[0].form_values()))

    assert BankLine.objects.get().amount == 700


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("x.xml", b"<html/>", "pas un relevé au format CAMT.053"),
        ("x.csv", b"a;b", "les colonnes de la date et du montant"),
        ("x.csv", b"Date;Montant\n01/03/2027;beaucoup", "Ligne 2"),
        ("x.csv", b"", "Ce fichier est vide"),
        ("x.png", b"\x89PNG\r\n\x1a\n\x00\x00", "Demandez à la banque un fichier CAMT.053 ou CSV"),
    ],
)
def test_invalid_statement_shows_error(client, page, name, content, said):
    answer = client.post(f"{BANK}import/", {"file": SimpleUploadedFile(name, content), "check": "1"})

    assert answer.status_code == 200
    assert said in answer.text


def test_line_is_assigned_undone_set_aside_and_reopened(client, page, event):
    order = order_by_card(event, payment="invoice")
    import_lines((11_000, "Acme", "", order.creditor_reference))

    address = f"{BANK}{BankLine.objects.get().pk}/"
    assert "montant inférieur" in page(BANK)
    form = html.fromstring(client.get(address).content).xpath("//main//form[@method='post']")[0]
    assert dict(form.form_values())["reference"] == order.reference

    client.post(address, dict(form.form_values()))

    assert get_balance_cents(order) == (12_000, 11_000, 0)

    assignment = BankLine.objects.get().assignments.get()
    undo = f"{address}{assignment.pk}/undo/"

    client.post(undo, {"reason": ""})

    assert get_balance_cents(order) == (12_000, 11_000, 0)

    client.post(undo, {"reason": "Erreur"})

    assert get_balance_cents(order) == (12_000, 11_000, 11_000)

    again = client.post(f"/en{undo}", {"reason": "Again"}, follow=True)

    assert "This assignment has already been undone." in again.text

    client.post(f"{address}aside/", {"ignore-reason": "Subvention"})

    assert "Subvention" in page(address)

    client.post(f"{address}aside/")

    assert BankLine.objects.get().ignored_at is None


def test_assignment_of_a_refunded_payment_stays_and_the_page_says_why(client, treasurer, event):
    order = order_by_card(event, payment="invoice")
    import_lines((12_000, "Acme", "", order.creditor_reference))
    line = BankLine.objects.get()
    client.force_login(treasurer)
    client.post(f"{BANK}{line.pk}/", {"reference": order.reference, "amount": "120"})
    assignment = line.assignments.get()
    request_refund(payment=assignment.payment, amount=1_000, reason="Discount", external_id="refund-1")

    page = client.post(f"/en{BANK}{line.pk}/{assignment.pk}/undo/", {"reason": "Mistake"}, follow=True)

    assert "Part of this payment has been refunded, so it can no longer be undone." in page.text
    assert "The assignment has been undone" not in page.text


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"reference": "NOBODY", "amount": "1"}, "NOBODY"),
        ({"reference": "X", "amount": "200"}, "Vous pouvez affecter au plus"),
        ({"reference": "X", "amount": "beaucoup"}, "nombre"),
        ({}, "obligatoire"),
    ],
)
def test_invalid_assignment_shows_error(client, page, event, sent, said):
    import_lines((11_000, "Acme", "", ""))

    answer = client.post(f"{BANK}{BankLine.objects.get().pk}/", sent)
    assert answer.status_code == 200
    assert said in answer.text
    assert Payment.objects.count() == 0


def test_amount_above_what_is_due_of_a_typed_reference_is_recorded_once_confirmed(client, page, event):
    order = order_by_card(event, payment="invoice")
    import_lines((600_000, "Inconnue", "", ""))
    address = f"/en{BANK}{BankLine.objects.get().pk}/"
    typed = {"reference": order.reference, "amount": "6000"}

    question = client.post(address, typed)
    recorded_before = Payment.objects.count()
    client.post(address, {**typed, "is_amount_confirmed": "on"})

    [form] = html.fromstring(question.content).xpath("//form[.//input[@type='checkbox']]")
    assert "more than the balance due" in form.text_content()
    assert recorded_before == 0
    assert Payment.objects.get().amount == 600_000


def test_overpayment_that_the_page_states_is_recorded_without_confirmation(client, page, event):
    order = order_by_card(event, payment="invoice")
    import_lines((13_000, "Acme", "", order.creditor_reference))
    address = f"{BANK}{BankLine.objects.get().pk}/"
    [form] = html.fromstring(client.get(address).content).xpath("//form[.//input[@id='id_amount']]")

    client.post(address, dict(form.form_values()))

    assert Payment.objects.get().amount == 13_000


def test_line_long_before_the_receivable_is_assigned_once_confirmed(client, page):
    receivable = make_receivable()
    import_lines((12_000, "Inconnue", "", ""))
    BankLine.objects.update(booked_on=datetime.date(2016, 11, 3))
    address = f"/en{BANK}{BankLine.objects.get().pk}/"
    typed = {"reference": receivable.reference, "amount": "120"}

    question = client.post(address, typed)
    recorded_before = Payment.objects.count()
    client.post(address, {**typed, "is_day_confirmed": "on"})

    assert "booked more than a year before" in question.text
    assert recorded_before == 0
    assert Payment.objects.count() == 1


def test_message_after_an_assignment_names_and_links_what_was_paid(client, page):
    receivable = make_receivable(name="Acme & fils")
    import_lines((12_000, "Inconnue", "", ""))
    address = f"/en{BANK}{BankLine.objects.get().pk}/"

    answer = client.post(address, {"reference": receivable.reference, "amount": "120"}, follow=True)

    [message] = html.fromstring(answer.content).xpath("//ul[contains(@class, 'messages')]/li")
    [link] = message.xpath(".//a/@href")
    assert f"€120.00 has been recorded for Acme & fils · {receivable.reference}." in message.text_content()
    assert link == f"/en/organize/money/owed/{receivable.reference}/"


def test_returned_payout_is_shown_as_resent_in_next_payout(stripe, page, event, run_tasks):
    """Stripe adds the amount of a returned payout to the next payout."""
    for place in range(2):
        stripe.world.pay(begin_payment(order_by_card(event)))
        stripe.post.deliver()
        run_tasks()
        sent = stripe.world.pay_out()
        if place == 0:
            stripe.world.fail_payout(sent["id"])
    stripe.post.deliver()

    run_tasks()

    again = Payout.objects.get(failed_on=None)
    assert again.amount == 23_590
    assert again.settled_amount == 11_795
    assert again.resent_amount == 11_795

    seen = page(f"/organize/money/payouts/{again.pk}/")

    assert "Rapproché235,90 €" in seen
    assert "Sommes renvoyées par la banque, versées à nouveau" in seen
    assert "Litiges" not in seen
    assert page("/organize/money/payouts/").count("entièrement") == 2


def test_payout_recorded_after_its_line_is_matched_by_button(client, page, event):
    import_lines((9_795, "STRIPE", "STRIPE PAYOUT", ""))
    record_payout(external_id="po_1", amount=9_795, arrived_on=DAY)
    address = f"{BANK}{BankLine.objects.get().pk}/"
    form = html.fromstring(client.get(address).content).xpath("//main//form")[0]

    client.post(address, dict(form.form_values()))

    assert BankLine.objects.get().payout.external_id == "po_1"


def test_paid_order_without_place_gets_one_once_it_is_free(client, page, stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    expire_holds(order)
    release_expired_holds()
    others = order_by_card(event, people=2)
    stripe.post.deliver()

    run_tasks()

    assert "Payé, mais plus de place" in page("/organize/money/cards/")
    place = f"/organize/money/cards/{order.reference}/place/"
    assert client.post(place).status_code == 409

    expire_holds(others)
    release_expired_holds()

    client.post(place)

    assert list_states(order) == ["confirmed"]
    assert get_balance_cents(order) == (12_000, 12_000, 0)
    assert "Payé, mais plus de place" not in page("/organize/money/cards/")


def test_dispute_is_shown_with_its_reason(client, page, stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.deliver()
    run_tasks()
    charge = stripe.world.objects[get_latest_attempt(order).payment.external_id]["latest_charge"]
    stripe.world.dispute(charge)
    stripe.post.deliver()
    run_tasks()

    said = page("/organize/money/cards/")

    assert "Litiges" in said
    assert "le titulaire de la carte dit ne pas être à l’origine du paiement" in said


def test_failed_refund_is_shown_with_its_amount(page, stripe, event, run_tasks):
    order = order_by_card(event)
    stripe.world.pay(begin_payment(order))
    stripe.post.deliver()
    run_tasks()
    request_refund(payment=get_latest_attempt(order).payment, amount=4_200, reason="Ne vient pas")
    run_tasks()
    before = page("/organize/money/cards/")
    stripe.world.fail_refund(stripe.world.all("re")[0]["id"])
    stripe.post.deliver()
    run_tasks()

    after = page("/organize/money/cards/")

    failed = after.partition("Remboursements échoués")[2].partition("Toutes les tentatives")[0]
    assert "Remboursements échoués" not in before
    assert order.reference in failed
    assert "42 €" in failed


def test_failed_card_refund_is_repeated_by_transfer(client, page, event):
    receivable = make_receivable()
    payment = record_payment(
        receivable=receivable, amount=compute_balance(receivable).amount_due + 4_200, method="card"
    )
    failed = request_refund(payment=payment, amount=4_200, reason="Trop payé")
    fail_refund(refund=failed, reason="expired card")
    address = f"/organize/money/payments/{payment.pk}/refund/"
    assert "Rembourser par virement" in page("/organize/money/cards/")
    by_transfer = page(f"{address}?method=transfer")
    assert "Rembourser plutôt par virement" in by_transfer
    assert "par virement (moyen de paiement d’origine" in by_transfer

    client.post(address, {"amount": "42", "reason": "Carte expirée", "by_transfer": "on"})

    assert receivable.refunds.exclude(pk=failed.pk).get().method == "transfer"
    assert "Marquer comme effectué" in page(f"/organize/money/owed/{receivable.reference}/")
    assert "Remboursements échoués" not in page("/organize/money/cards/")


def test_card_payments_page_omits_overpaid_transfers(page):
    transfer, card = make_receivable(name="Virement SA"), make_receivable(name="", email="")
    card.charges.update(attendee="Zoé Müller")
    for receivable, method in ((transfer, "transfer"), (card, "card")):
        owed = compute_balance(receivable).amount_due
        record_payment(receivable=receivable, amount=owed + 250, method=method)

    cards = page("/organize/money/cards/")

    assert "Virement SA" not in cards
    assert f"Zoé Müller · {card.reference}" in cards
    assert "2,50 €" in cards
    assert "−" not in cards


def test_charge_recorded_while_viewing_receivable_has_no_actor(page, event):
    order = order_by_card(event, payment="invoice")

    history = page(f"/organize/money/owed/{order.reference}/").rpartition("Historique")[2]

    assert "Somme ajoutée" in history
    assert AuditEntry.objects.get(verb="receivable.owe").actor_id is None


def test_each_treasurer_page_links_to_all_others(client, page):
    places = ["money", "invoices", "quotations", "cards", "bank", "payouts", "books", "issuer"]
    addresses = ["/organize/money/", *(f"/organize/money/{name}/" for name in places[1:])]
    for address in addresses:
        nav = html.fromstring(client.get(address).content).xpath("//nav[@class='organize-nav']//li/a/@href")
        assert nav == addresses, address


def test_list_without_any_statement_does_not_say_that_all_is_done(page):
    text = page(BANK)

    assert "Aucun relevé importé" in text
    assert "Rien à traiter" not in text


def test_line_without_a_payer_is_listed_by_its_text(client, page, event):
    import_lines((51_500, "", "VIR ABADIE NATHALIE", ""))
    line = BankLine.objects.get()

    document = html.fromstring(client.get(BANK).content)

    [link] = document.xpath(f"//tbody/tr/th//a[@href='{BANK}{line.pk}/']")
    assert link.text_content() == "VIR ABADIE NATHALIE"
    assert [cell.text_content() for cell in document.xpath("//td[@data-label='Montant']")] == [
        "515,00\u00a0€"
    ]


@pytest.mark.parametrize(
    ("address", "entry"),
    [
        (BANK, "Banque"),
        (f"{BANK}import/", "Banque"),
        ("/organize/money/owed/NAV001/", "Créances"),
        ("/organize/money/revenue/congress/", "Créances"),
        ("/organize/money/cards/", "Cartes et remboursements"),
    ],
)
def test_navigation_shows_where_a_page_belongs(client, treasurer, event, address, entry):
    client.force_login(treasurer)
    make_receivable(reference="NAV001")

    document = html.fromstring(client.get(address).content)

    current = document.xpath("//nav[@class='organize-nav']//a[@aria-current]")
    assert [link.text_content() for link in current] == [entry]


def test_english_page_of_a_french_order_names_event_and_items_in_english(page, event):
    order = order_by_card(event, payment="invoice")
    receivable = sync_receivable(order)

    english = page(f"/en/organize/money/owed/{order.reference}/")
    french = page(f"/organize/money/owed/{order.reference}/")

    assert "ForThe Convention" in english
    assert "Guest, Zoé Müller 0" in english
    assert "Invité, Zoé Müller 0" in french
    # Documents keep the buyer's language.
    assert receivable.charges.get().description == "Invité"


def test_payment_attempts_name_a_person_without_a_query_each(
    client, treasurer, event, stripe, django_assert_num_queries
):
    client.force_login(treasurer)
    event.tickets.update(capacity=20)
    begin_payment(order_by_card(event))
    Order.objects.update(billing_name="", company="")
    with CaptureQueriesContext(connection) as queries:
        client.get("/organize/money/cards/")
    begin_payment(order_by_card(event))
    Order.objects.update(billing_name="", company="")

    with django_assert_num_queries(len(queries)):
        document = html.fromstring(client.get("/organize/money/cards/").content)

    titles = [cell.text_content() for cell in document.xpath("//tbody/tr/th")]
    assert [title.partition(" · ")[0].strip() for title in titles] == ["Zoé Müller 0"] * 2


def test_counter_entry_of_an_assignment_is_dated_today(event):
    order = order_by_card(event, payment="invoice")
    import_lines((12_000, "Acme", "", order.creditor_reference))
    BankLine.objects.update(booked_on=BOOKED_ON - datetime.timedelta(days=30))

    reversal = undo_assignment(assignment=BankLine.objects.get().assignments.get(), reason="Autre commande")

    assert reversal.refunded_on == timezone.localdate()


def test_reason_of_an_undone_assignment_is_stored_as_entered(event):
    order = order_by_card(event, payment="invoice")
    import_lines((12_000, "Acme", "", order.creditor_reference))

    reversal = undo_assignment(assignment=BankLine.objects.get().assignments.get(), reason="Autre commande")

    assert reversal.reason == "Autre commande"


def test_counter_entry_says_that_the_assignment_was_a_mistake(event):
    order = order_by_card(event, payment="invoice")
    import_lines((12_000, "Acme", "", order.creditor_reference))
    reversal = undo_assignment(assignment=BankLine.objects.get().assignments.get(), reason="Autre commande")

    with translation.override("en"):
        reason_text = reversal.reason_text

    assert reason_text == "Assigned by mistake: Autre commande"


def preview_statement(client, *lines) -> str:
    """Return the text of the English preview of an import."""
    file = SimpleUploadedFile("x.xml", camt(*lines))
    answer = client.post(f"/en{BANK}import/", {"file": file, "check": "1"})
    return " ".join(html.fromstring(answer.content).find(".//main").text_content().split())


def test_preview_names_all_orders_that_a_transfer_pays(client, page, event):
    first, second = (order_by_card(event, payment="invoice") for _number in range(2))
    references = f"{first.reference} {second.reference}"

    text = preview_statement(client, (24_000, "Acme", references, ""))

    assert f"{first.reference} + {second.reference}" in text


def test_preview_of_a_known_statement_offers_no_import(client, page, event):
    import_lines((700, "Acme", "", ""))

    text = preview_statement(client, (700, "Acme", "", ""))

    assert "This statement contains nothing new." in text
    assert "Import this statement" not in text
