"""What the treasurer reads on the pages of receivables."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from lxml import html

from convention.text.dates import format_date
from registrations.invoices.documents.issuing import issue_deposit_invoice, issue_invoice
from registrations.invoices.forms.actions import CreditReasonForm, PaymentCancelForm, RequiredReasonForm
from registrations.invoices.ledger.charges import ChargeItem, replace_charges, withdraw_charges
from registrations.invoices.ledger.payments import record_payment, record_payout
from registrations.invoices.ledger.refunds import cancel_payment, request_refund
from registrations.invoices.models import Invoice, Payment, Reminder
from registrations.invoices.views import batches
from tests.factories import make_event
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_receivable

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def client(treasurer):
    return treasurer


def send_payment(client, receivable, **typed):
    """Fill in and send the form of a payment; return the page that follows."""
    address = reverse("receivable-pay", args=[receivable.reference])
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")
    return client.post(address, {**dict(form.form_values()), **typed}, follow=True)


def read_main_text(answer) -> str:
    return " ".join(html.fromstring(answer.content).xpath("//main")[0].text_content().split())


def test_list_shows_the_due_date_of_what_is_unpaid(issuer, client):
    late_day = timezone.localdate() - datetime.timedelta(days=90)
    invoice = issue_invoice(receivable=make_receivable(), issued_on=late_day)

    page = html.fromstring(client.get(reverse("receivables"), {"state": "overdue"}).content)

    [due] = page.xpath("//td[@data-label='Échéance']")
    assert due.text_content() == format_date(invoice.due_on)


def make_unnamed_receivable(**fields):
    """Create a receivable as after an import that names attendees, but no buyer."""
    guest = ChargeItem("guest", "Billet Invité", 12_000, 2000, attendee="Zoé Müller")
    values = dict.fromkeys(("name", "email", "street", "city", "postcode"), "")
    return make_receivable(guest, **{**values, "reference": "UNNAMED1", **fields})


@pytest.mark.parametrize(
    "address_name",
    ["receivable", "receivable-issue", "receivable-deposit", "receivable-pay", "receivable-buyer"],
)
def test_pages_of_a_receivable_name_the_attendee_where_no_buyer_is_named(issuer, client, address_name):
    receivable = make_unnamed_receivable()

    page = read_main_text(client.get(reverse(address_name, args=[receivable.reference])))

    assert "Zoé Müller" in page


def test_buyer_row_names_the_attendee_where_no_buyer_is_named(issuer, client):
    receivable = make_unnamed_receivable()

    page = html.fromstring(client.get(reverse("receivable", args=[receivable.reference])).content)

    [buyer] = page.xpath("//dl//div[dt='Acheteur']/dd")
    assert "Zoé Müller" in buyer.text_content()


def test_receivables_with_missing_details_are_listed_by_name(issuer, client):
    make_unnamed_receivable()

    page = read_main_text(client.get(reverse("invoices-issue")))

    assert "Zoé Müller · UNNAMED1" in page


def test_receipt_names_the_attendee_where_no_buyer_is_named(issuer, client):
    receivable = make_unnamed_receivable()
    record_payment(receivable=receivable, amount=12_000, method="cash")

    receipt = client.get(reverse("receivable-pro-forma", args=[receivable.reference]))

    # Once as the buyer, once on the line.
    assert pdf_text(receipt.content).count("Zoé Müller") == 2


def test_names_on_a_payout_take_no_query_each(issuer, client, django_assert_num_queries):
    def make_payout(count: int) -> str:
        payments = [
            record_payment(
                receivable=make_unnamed_receivable(reference=f"P{count}X{n}"), amount=12_000, method="card"
            )
            for n in range(count)
        ]
        payout = record_payout(
            external_id=f"po_{count}",
            amount=12_000 * count,
            arrived_on=timezone.localdate(),
            payments=payments,
        )
        return reverse("payout", args=[payout.pk])

    small, large = make_payout(1), make_payout(4)
    with CaptureQueriesContext(connection) as queries:
        client.get(small)
    with django_assert_num_queries(len(queries)):
        page = client.get(large)

    assert read_main_text(page).count("Zoé Müller") == 4


def test_payment_above_the_balance_is_recorded_once_confirmed(issuer, client):
    receivable = make_receivable()

    question = send_payment(client, receivable, amount="999999", note="virement du 3")
    [form] = html.fromstring(question.content).xpath("//main//form")
    recorded_before = Payment.objects.count()
    [box] = form.xpath(".//input[@type='checkbox']/@name")
    client.post(
        reverse("receivable-pay", args=[receivable.reference]), {**dict(form.form_values()), box: "on"}
    )

    assert "999 879,00 € de plus que le solde dû" in read_main_text(question)
    assert "J’ai bien reçu ce montant" in read_main_text(question)
    assert recorded_before == 0
    assert Payment.objects.get().amount == 99_999_900
    assert Payment.objects.get().note == "virement du 3"


def test_payment_long_before_the_receivable_is_recorded_once_confirmed(issuer, client):
    receivable = make_receivable()

    with translation.override("en"):
        question = send_payment(client, receivable, received_on="2016-11-03")
        [form] = html.fromstring(question.content).xpath("//main//form")
        recorded_before = Payment.objects.count()
        [box] = form.xpath(".//input[@type='checkbox']/@name")
        client.post(
            reverse("receivable-pay", args=[receivable.reference]), {**dict(form.form_values()), box: "on"}
        )

    assert "This is more than a year before the amount was recorded" in read_main_text(question)
    assert recorded_before == 0
    assert Payment.objects.get().received_on == datetime.date(2016, 11, 3)


def test_second_click_on_a_payment_of_the_balance_asks_nothing(issuer, client):
    receivable = make_receivable()
    address = reverse("receivable-pay", args=[receivable.reference])
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")

    answers = [client.post(address, dict(form.form_values())) for _click in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Payment.objects.count() == 1


def test_paid_receivable_offers_a_receipt_and_no_deposit(issuer, client):
    receivable = make_receivable()
    record_payment(receivable=receivable, amount=12_000, method="transfer")

    answer = client.get(reverse("receivable", args=[receivable.reference]))
    download = client.get(reverse("receivable-pro-forma", args=[receivable.reference]))

    page = html.fromstring(answer.content)
    labels = [link.text_content().strip() for link in page.xpath("//*[@class='actions']/a")]
    assert "Reçu" in labels
    assert "Facturer un acompte" not in labels
    assert "120,00 € sont payés mais pas encore facturés" in read_main_text(answer)
    assert f"recu-{receivable.reference}.pdf" in download["Content-Disposition"]


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [("0", "Indiquez 0,01 ou plus."), ("20000000", "Indiquez 10 000 000 au maximum.")],
)
def test_limits_of_an_amount_are_written_as_the_language_writes_numbers(issuer, client, amount, sentence):
    answer = send_payment(client, make_receivable(), amount=amount)

    assert sentence in read_main_text(answer)


def test_accounts_of_each_event_are_reached_from_the_books(issuer, client):
    make_receivable(event=make_event(slug="congress"))

    links = html.fromstring(client.get(reverse("accounting")).content).xpath("//main//a/@href")

    assert reverse("revenue", args=["congress"]) in links
    assert reverse("day-book", args=["congress"]) in links


def test_queued_batch_is_not_offered_again(issuer, client, run_tasks):
    make_receivable()
    address = reverse("invoices-issue")
    [form] = html.fromstring(client.get(address).content).xpath("//main//form")

    listed = client.post(address, dict(form.form_values()), follow=True)
    offered = html.fromstring(client.get(address).content).xpath("//main//form")
    run_tasks()

    assert "1 facture est en cours d’émission et d’envoi" in read_main_text(listed)
    assert "Émettre 1 facture" not in read_main_text(listed)
    assert not offered
    assert Invoice.objects.count() == 1


def test_history_names_documents_and_amounts(issuer, client):
    receivable = make_receivable()
    invoice = issue_invoice(receivable=receivable)
    record_payment(receivable=receivable, amount=12_000, method="transfer")

    page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert f"Document émis · {invoice.number}" in page
    assert "Paiement enregistré · 120,00 €, virement" in page


def test_history_names_items_with_their_amounts(issuer, client):
    dinner = ChargeItem("dinner", "Dîner", 6_600, 1000)
    receivable = make_receivable(ChargeItem("guest", "Billet Invité", 12_000, 2000), dinner)
    withdraw_charges(receivable=receivable, keys=["dinner"])
    replace_charges(receivable, {f"{n}": ChargeItem(f"{n}", "Repas", 1_000, 1000) for n in range(4)})

    page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "Somme ajoutée · Billet Invité (120,00 €), Dîner (66,00 €)" in page
    assert "Somme annulée · Dîner (66,00 €)" in page
    assert "Somme ajoutée · 4 éléments, 40,00 €" in page


def test_overdue_rest_of_a_payment_is_one_recommendation(issuer, client):
    receivable = make_receivable()
    issue_invoice(receivable=receivable, issued_on=timezone.localdate() - datetime.timedelta(days=90))
    record_payment(receivable=receivable, amount=1_000, method="transfer")

    page = html.fromstring(client.get(reverse("receivable", args=[receivable.reference])).content)

    [item] = page.xpath("//ul[@class='attention']/li")
    assert "il manque 110,00" in item.text_content()
    assert "en retard depuis" in item.text_content()
    # Icon, sentence and one button: the list has three columns.
    assert len(item) == 3
    assert len(page.xpath("//a[contains(., 'Enregistrer un paiement')]")) == 1


def test_list_shows_first_what_is_most_urgent(issuer, client):
    today = timezone.localdate()
    names = ("paid", "fresh", "fresher", "late", "later", "due")
    rows = {name: make_receivable(name=name, reference=f"R-{name}") for name in names}
    record_payment(receivable=rows["paid"], amount=12_000, method="transfer")
    for name, age in (("later", 120), ("late", 90), ("due", 0)):
        issue_invoice(receivable=rows[name], issued_on=today - datetime.timedelta(days=age))

    page = client.get(reverse("receivables")).context["page_obj"]

    assert [row.name for row in page] == ["later", "late", "due", "fresher", "fresh", "paid"]


def test_missing_details_are_counted_and_reached_when_nothing_can_be_issued(issuer, client, monkeypatch):
    monkeypatch.setattr(batches, "MAX_ROWS_SHOWN", 1)
    for number in range(2):
        make_receivable(reference=f"R-{number}", street="", city="")

    page = html.fromstring(client.get(reverse("receivables")).content)
    [link] = page.xpath("//a[contains(., 'Coordonnées incomplètes')]")
    listed = client.get(link.get("href"))

    assert "".join(link.text_content().split()) == "Coordonnéesincomplètes:2"
    assert "2factures ne peuvent pas encore être émises" in read_main_text(listed)
    assert "240,00 €" in read_main_text(listed)
    rows = "//section[@id='incomplete']/ul/li"
    second_page = client.get(reverse("invoices-issue"), {"page": 2})
    assert len(html.fromstring(listed.content).xpath(rows)) == 1
    assert len(html.fromstring(second_page.content).xpath(rows)) == 1


@pytest.mark.parametrize(
    ("address_name", "typed"), [("receivable-issue", {}), ("receivable-deposit", {"amount": "10"})]
)
def test_invoice_is_not_issued_without_the_buyers_address(issuer, client, address_name: str, typed):
    receivable = make_receivable(street="", postcode="", city="")
    address = reverse(address_name, args=[receivable.reference])

    page = client.get(address)
    answer = client.post(address, typed)

    # The page says so before anything is sent, and leads to the form where the address is entered.
    for shown in (page, answer):
        [link] = html.fromstring(shown.content).xpath("//*[contains(@class, 'notice')]//a/@href")[:1]
        assert link == reverse("receivable-buyer", args=[receivable.reference])
        assert "le nom, la rue, la ville et le pays de l’acheteur" in read_main_text(shown)
    assert not Invoice.objects.exists()


def test_reminders_are_numbered_among_those_after_the_due_date(issuer, client):
    receivable = make_receivable()
    invoice = issue_invoice(receivable=receivable)
    sent_at = timezone.make_aware(datetime.datetime(2026, 11, 30, 9))
    for step in (-3, 45, 60):
        Reminder.objects.create(invoice=invoice, step=step, sent_at=sent_at)

    page = read_main_text(client.get(reverse("receivable", args=[receivable.reference])))

    assert "Rappel avant l’échéance, envoyé le 30 novembre 2026" in page
    assert "Relance 3 sur 3, envoyée le 30 novembre 2026" in page
    assert "Relance envoyée le 30 novembre 2026" in page


@pytest.mark.parametrize("form_class", [RequiredReasonForm, CreditReasonForm, PaymentCancelForm])
def test_every_reason_is_stored_as_one_line(form_class):
    form = form_class({"reason": " Faute \t de  frappe "})

    assert form.is_valid()
    assert form.cleaned_data["reason"] == "Faute de frappe"


@pytest.mark.parametrize(
    ("form_class", "max_length", "sentence"),
    [
        (RequiredReasonForm, 300, "Indiquez le motif."),
        (CreditReasonForm, 300, "Indiquez le motif\u202f; il figurera sur l’avoir."),
        (PaymentCancelForm, 250, "Indiquez le motif."),
    ],
)
def test_each_form_says_which_reason_is_missing(form_class, max_length: int, sentence: str):
    form = form_class({"reason": ""})

    assert form.errors["reason"] == [sentence]
    assert form.fields["reason"].max_length == max_length


@pytest.fixture
def requested_refund():
    """Return a refund of a transfer that was received ten days ago."""
    ten_days_ago = timezone.localdate() - datetime.timedelta(days=10)
    payment = record_payment(
        receivable=make_receivable(), amount=13_000, method="transfer", received_on=ten_days_ago
    )
    return request_refund(payment=payment, amount=1_000, reason="trop payé")


def test_refund_is_completed_on_the_day_entered(client, requested_refund):
    yesterday = timezone.localdate() - datetime.timedelta(days=1)

    client.post(reverse("refund-done", args=[requested_refund.pk]), {"refunded_on": str(yesterday)})

    requested_refund.refresh_from_db()
    assert requested_refund.state == "done"
    assert requested_refund.refunded_on == yesterday


@pytest.mark.parametrize(
    ("days", "sentence"),
    [(1, "Choose a day that is not in the future"), (-11, "The payment was received on")],
)
def test_refund_is_not_completed_in_the_future_or_before_its_payment(
    client, requested_refund, days: int, sentence: str
):
    day = timezone.localdate() + datetime.timedelta(days=days)

    with translation.override("en"):
        answer = client.post(reverse("refund-done", args=[requested_refund.pk]), {"refunded_on": str(day)})

    requested_refund.refresh_from_db()
    assert sentence in read_main_text(answer)
    assert requested_refund.state == "requested"


def count_queries(client, receivable) -> int:
    address = reverse("receivable", args=[receivable.reference])
    with CaptureQueriesContext(connection) as queries:
        client.get(address)
    return len(queries)


def test_page_needs_no_further_query_for_each_unpaid_invoice(issuer, client):
    issuer.reminder_days = [7]
    issuer.save()
    late_day = timezone.localdate() - datetime.timedelta(days=90)
    receivable = make_receivable()
    issue_invoice(receivable=receivable, issued_on=late_day)
    count_queries(client, receivable)
    before = count_queries(client, receivable)
    items = {"guest": ChargeItem("guest", "Billet Invité", 12_000, 2000)}
    for key in ("dinner", "tour"):
        items[key] = ChargeItem(key, "Option", 4_500, 1000)
        replace_charges(receivable, items)
        issue_invoice(receivable=receivable, issued_on=late_day)
    for document in receivable.invoices.all():
        Reminder.objects.create(invoice=document, step=7)

    after = count_queries(client, receivable)

    assert receivable.invoices.count() == 3
    assert after == before


def test_invoices_issued_together_leave_out_those_with_an_unpaid_deposit(issuer, client):
    unpaid, paid = make_receivable(), make_receivable()
    for receivable in (unpaid, paid):
        issue_deposit_invoice(receivable=receivable, amount=4_000)
    record_payment(receivable=paid, amount=4_000, method="transfer")

    with translation.override("en"):
        answer = client.get(reverse("invoices-issue"))

    [section] = html.fromstring(answer.content).xpath("//section[@id='unpaid-deposits']")
    text = " ".join(section.text_content().split())
    assert [row.pk for row in answer.context["batch"].ready] == [paid.pk]
    assert "1 final invoice is left out until its deposit is paid." in text
    assert unpaid.reference in text


def test_final_invoice_with_an_unpaid_deposit_is_not_counted_as_ready(issuer, client):
    issue_deposit_invoice(receivable=make_receivable(), amount=12_000)

    answer = client.get(reverse("receivables"))

    assert answer.context["uninvoiced_count"] == 0


def test_same_payment_recorded_again_asks_for_a_confirmation(issuer, client):
    receivable = make_receivable()
    typed = {"amount": "40", "method": "transfer"}
    with translation.override("en"):
        send_payment(client, receivable, **typed)

        answer = send_payment(client, receivable, **typed)

    [checkbox] = html.fromstring(answer.content).xpath("//input[@name='is_repetition_confirmed']")
    assert checkbox.get("type") == "checkbox"
    assert "A payment of €40.00 by this method on this day has already been recorded." in read_main_text(
        answer
    )
    assert receivable.payments.count() == 1


def test_same_payment_is_recorded_again_once_it_is_confirmed(issuer, client):
    receivable = make_receivable()
    typed = {"amount": "40", "method": "transfer"}
    send_payment(client, receivable, **typed)

    send_payment(client, receivable, **typed, is_repetition_confirmed="on")

    assert receivable.payments.count() == 2


def test_payment_of_another_day_asks_for_no_confirmation(issuer, client):
    receivable = make_receivable()
    send_payment(client, receivable, amount="40", received_on="2026-01-02", is_day_confirmed="on")

    send_payment(client, receivable, amount="40", received_on="2026-01-03", is_day_confirmed="on")

    assert receivable.payments.count() == 2


def test_payment_is_recorded_again_after_the_first_was_cancelled(issuer, client):
    receivable = make_receivable()
    send_payment(client, receivable, amount="40")
    cancel_payment(payment=receivable.payments.get(), reason="wrong buyer")

    send_payment(client, receivable, amount="40")

    assert receivable.payments.count() == 2
