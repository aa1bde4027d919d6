"""Pages for receivables that the treasurer enters by hand."""

import pytest
from django.urls import reverse
from django.utils import translation
from lxml import html

from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.manual_charges import has_manual_charges
from registrations.invoices.models import Invoice, Receivable
from tests.factories import make_company, make_contact
from tests.registrations.invoices.factories import make_receivable
from tests.registrations.invoices.test_pages import read_main_text

pytestmark = pytest.mark.django_db
BUYER = {
    "name": "Acme SA", "street": "1 quai", "postcode": "69002", "city": "Lyon", "country": "FR",
    "siren": "542 051 180", "email": "compta@acme.example", "language": "fr", "subject": "Salle",
    "key": "7b1c3a52-6b1a-4b63-9a57-2f3f5f1c9c10",
}  # fmt: skip
LINES = {
    "line-TOTAL_FORMS": "3", "line-INITIAL_FORMS": "0",
    "line-0-description": "Salle, un jour", "line-0-quantity": "2",
    "line-0-price": "600", "line-0-tax": "2000:",
    "line-1-description": "Formation", "line-1-quantity": "", "line-1-price": "90,50",
    "line-1-tax": "0:VATEX-EU-132-1I",
    "line-2-description": "", "line-2-quantity": "1", "line-2-price": "", "line-2-tax": "2000:",
}  # fmt: skip


def create_receivable(treasurer, **typed) -> Receivable:
    treasurer.post(reverse("receivable-new"), {**BUYER, **LINES, **typed})
    return Receivable.objects.get()


def list_active_charges(one: Receivable) -> list[tuple[str, str, int, int, str]]:
    rows = one.charges.active().order_by("pk")
    return [(c.key, c.description, c.amount, c.vat_rate, c.exemption) for c in rows]


def test_manual_receivable_is_created_once_and_invoiced(issuer, treasurer):
    for _twice in range(2):
        one = create_receivable(treasurer)

    assert one.name == "Acme SA"
    assert one.siren == "542051180"
    assert one.subject == "Salle"
    assert has_manual_charges(one)
    assert list_active_charges(one) == [
        ("hand-1", "Salle, un jour", 120_000, 2000, ""),
        ("hand-2", "Formation", 9_050, 0, "VATEX-EU-132-1I"),
    ]

    document = issue_invoice(receivable=one)

    assert document.total == 129_050
    assert document.vat == 20_000
    assert compute_balance(one).amount_due == 129_050
    assert "Salle, un jour" in read_main_text(treasurer.get(reverse("receivable", args=[one.reference])))


@pytest.mark.parametrize(("typed", "sentence"), [
    ({"name": ""}, "Ce champ est obligatoire."),
    ({"siren": "123"}, "SIREN non valide"),
    ({"line-0-price": ""}, "Indiquez le prix."),
    ({"line-1-description": ""}, "Indiquez ce qui est dû."),
    ({"line-0-price": "abc"}, "Saisissez un nombre."),
    ({"line-0-price": "", "line-0-description": "", "line-1-price": "", "line-1-description": ""},
     "Indiquez au moins une ligne."),
    ({"service_from": "2027-02-02", "service_to": "2027-02-01"},
     "Le dernier jour ne peut pas précéder le premier."),
])  # fmt: skip
def test_invalid_form_shows_error_and_keeps_input(issuer, treasurer, typed, sentence):
    answer = treasurer.post(reverse("receivable-new"), {**BUYER, **LINES, **typed})

    assert sentence in read_main_text(answer)
    assert 'value="1 quai"' in answer.text
    assert Receivable.objects.count() == 0


def test_errors_name_the_line_by_its_title(issuer, treasurer):
    answer = treasurer.post(reverse("receivable-new"), {**BUYER, **LINES, "line-1-price": ""})

    page = html.fromstring(answer.text)
    [error] = page.xpath("//*[@id='error-summary']//li")
    assert error.text_content().startswith("Ligne 2, ")
    assert "Ligne 2" in page.xpath("//legend/text()")


def test_changed_lines_leave_invoice_unchanged_and_suggest_credit_note(issuer, treasurer):
    one = create_receivable(treasurer)
    issue_invoice(receivable=one)
    address = reverse("receivable-lines", args=[one.reference])
    kept = {
        "line-INITIAL_FORMS": "2",
        "line-TOTAL_FORMS": "3",
        "line-0-key": "hand-1",
        "line-1-key": "hand-2",
    }
    gone = {"line-0-description": "", "line-0-price": ""}
    more = {"line-2-description": "Café", "line-2-price": "12", "line-2-tax": "1000:"}

    treasurer.post(address, {**LINES, **kept, **gone, **more})

    assert list_active_charges(one) == [
        ("hand-2", "Formation", 9_050, 0, "VATEX-EU-132-1I"),
        ("hand-3", "Café", 1_200, 1000, ""),
    ]
    assert "avoir" in read_main_text(treasurer.get(reverse("receivable", args=[one.reference])))
    assert Invoice.objects.get().total == 129_050


def test_lines_with_excessive_total_are_refused_and_input_is_kept(issuer, treasurer):
    one = create_receivable(treasurer)
    before = list_active_charges(one)
    address = reverse("receivable-lines", args=[one.reference])

    answer = treasurer.post(address, {**LINES, "line-0-quantity": "10000", "line-0-price": "10000000"})

    assert "vérifiez la quantité et le prix" in read_main_text(answer)
    assert 'value="10000000"' in answer.text
    assert list_active_charges(one) == before


def test_charges_of_order_cannot_be_edited_by_hand(issuer, treasurer):
    one = make_receivable()

    address = reverse("receivable-lines", args=[one.reference])
    assert treasurer.post(address, LINES).status_code == 404
    assert [c.key for c in one.charges.active()] == ["guest"]


def fill_in(treasurer, **typed) -> dict[str, str]:
    """Press the button “Fill in” of a new receivable; return the values of the fields that follow."""
    with translation.override("en"):
        answer = treasurer.post(reverse("receivable-new"), {**BUYER, **LINES, "fill_in": "1", **typed})
    [form] = html.fromstring(answer.text).xpath("//main//form")
    return dict(form.form_values())


def test_company_fills_in_the_buyer_and_keeps_what_was_typed(issuer, treasurer):
    make_company(name="Nuage SA", street="2 rue du Port", city="Nantes", postcode="44000")

    values = fill_in(treasurer, company="Nuage SA", name="", service_from="2027-02-01")

    assert values["name"] == "Nuage SA"
    assert values["street"] == "2 rue du Port"
    assert values["subject"] == "Salle"
    assert values["service_from"] == "2027-02-01"
    assert values["line-0-description"] == "Salle, un jour"
    assert values["line-0-price"] == "600"
    assert values["line-1-tax"] == "0:VATEX-EU-132-1I"
    assert values["key"] == BUYER["key"]
    assert Receivable.objects.count() == 0


def test_company_fills_in_the_address_of_its_contact(issuer, treasurer):
    company = make_company(name="Nuage SA")
    contact = make_contact(company)

    values = fill_in(treasurer, company="Nuage SA")

    assert values["email"] == contact.email


def test_unknown_company_keeps_the_buyer_as_typed(issuer, treasurer):
    make_company(name="Nuage SA")

    values = fill_in(treasurer, company="Orage SA")

    assert values["name"] == "Acme SA"
    assert values["line-0-price"] == "600"


def test_company_without_a_buyer_is_filled_in_by_the_enter_key(issuer, treasurer):
    make_company(name="Nuage SA")

    answer = treasurer.post(reverse("receivable-new"), {**BUYER, **LINES, "name": "", "company": "Nuage SA"})

    assert answer.context["form"]["name"].value() == "Nuage SA"
