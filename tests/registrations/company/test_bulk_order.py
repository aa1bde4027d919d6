"""Bulk orders of companies: rows are pasted, corrected and ordered together; typed values are preserved."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Membership
from registrations.billing.receivables import sync_receivable
from registrations.changes.cancel import cancel_registration
from registrations.company.models import CompanyOrder, Invitation
from registrations.invoices.ledger.payments import record_payment
from registrations.models import Order, PassQuota, Registration, Ticket
from tests.factories import make_registration, make_ticket
from tests.registrations.company.factories import BILLING, make_desk, make_posted_rows, make_row, order_rows
from tests.registrations.invoices.factories import make_issuer

pytestmark = pytest.mark.django_db
PASTED = "Prénom\tNom\tE-mail\tBillet\nZoé\tAlpha\tz@x.fr\tInvité\nLéo\tBêta\tleo@\tInvité\nIda\tGamma\t\tOr"


def normalize_spaces(text):
    """Replace non-breaking spaces with plain spaces."""
    return str(text).replace("\u202f", " ").replace("\u00a0", " ")


def get_errors(answer):
    """Return the errors by row number, and the errors of the whole form."""
    forms = answer.context["rows"]
    return {
        number: {name: [normalize_spaces(text) for text in said] for name, said in form.errors.items()}
        for number, form in enumerate(forms.forms, start=1)
        if form.errors
    }, [normalize_spaces(text) for text in forms.non_form_errors()]


def test_pasted_rows_are_shown_with_each_error_once():
    desk = make_desk()
    answer = desk.client.post(desk.many, make_posted_rows(pasted=PASTED, paste="1"))

    assert get_errors(answer) == (
        {
            2: {"email": ["Indiquez une adresse e-mail valide, par exemple nom@example.org."]},
            3: {"ticket": ["Il n’y a pas de billet « Or ». Choisissez-en un dans la liste."]},
        },
        [],
    )

    page = answer.content.decode()

    assert [page.count(text) for text in ('href="#row-2"', 'href="#row-3"', "leo@")] == [1, 1, 1]

    again = desk.client.get(desk.many)  # stored in the session, valid or not
    kept = [form["last_name"].value() for form in again.context["rows"]]

    assert kept == ["Alpha", "Bêta", "Gamma"]
    assert Registration.objects.count() == 0


def test_head_request_leaves_the_rows_as_they_are():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), make_row("Bêta"), add="1"))

    assert desk.client.head(desk.many).status_code == 200

    names = [form["last_name"].value() for form in desk.client.get(desk.many).context["rows"]]
    assert names[:2] == ["Alpha", "Bêta"]


def test_corrected_rows_make_one_order_for_contact(run_tasks, mailoutbox):
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(pasted=PASTED, paste="1"))

    answer = order_rows(
        desk,
        make_row("Alpha", "z@x.fr"),
        make_row("Bêta", "leo@x.fr"),
        make_row("Silva", desk.colleague.email, "member"),
        {"ticket": "guest"},  # an empty row
        {"ticket": "guest", "is_to_follow": "on"},
    )

    one = Order.objects.get()
    assert answer["Location"] == f"{desk.at}/orders/{one.reference}/"
    assert one.email == desk.contact.email
    assert one.total == 100_000
    assert one.purchase_order == "PO-77"
    assert one.billing_name == "Direction des achats"
    assert one.company == desk.company.name
    assert one.source == "company"
    assert CompanyOrder.objects.get().placed_by == desk.contact

    states = {r.last_name: (r.state, r.person, r.member_of) for r in one.registrations.all()}

    assert states == {
        "Alpha": ("confirmed", None, None), "Bêta": ("confirmed", None, None),
        "Silva": ("confirmed", desk.colleague, desk.company), "": ("confirmed", None, None),
    }  # fmt: skip

    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(
        [desk.contact.email, "z@x.fr", "leo@x.fr", desk.colleague.email]
    )

    [confirmation] = [mail for mail in mailoutbox if mail.to == [desk.contact.email]]

    assert len(confirmation.attachments) == 4  # the calendar, and a badge for each named attendee
    assert "Il manque encore un nom" in normalize_spaces(confirmation.body)
    assert Invitation.objects.filter(sent_at__isnull=False).count() == 3
    assert AuditEntry.objects.filter(verb="order.book_for_company").count() == 1

    page = normalize_spaces(desk.client.get(f"{desk.at}/orders/").content.decode())

    assert [word in page for word in (one.reference, "PO-77", "1 000")] == [True] * 3

    one.registrations.filter(last_name="Alpha").update(cancelled_at=timezone.now())
    rows = html.fromstring(desk.client.get(f"{desk.at}/orders/").text)

    assert rows.xpath("//td[@data-label='Places']/text()") == ["3"]
    assert desk.client.get(desk.many).context["rows"].forms[0]["last_name"].value() in (None, "")


def test_contact_sees_which_orders_are_paid_and_which_registration_is_cancelled():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    order_rows(desk, make_row("Beta", "b@x.fr"))
    paid, unpaid = Order.objects.order_by("pk")
    record_payment(receivable=sync_receivable(paid), amount=30_000, method="transfer")
    cancel_registration(registration=unpaid.registrations.get())
    order_rows(desk, make_row("Gamma", "g@x.fr"))

    orders = html.fromstring(desk.client.get(f"/en{desk.at}/orders/").content)
    order = normalize_spaces(desk.client.get(f"{desk.at}/orders/{paid.reference}/").text)
    registrations = html.fromstring(desk.client.get(f"{desk.at}/registrations/").content)

    states = [cell.text_content().strip() for cell in orders.xpath("//td[@data-label='Payment']")]
    assert states == ["to pay: €300", "cancelled", "paid"]
    assert "<dt>Payé</dt><dd>300 €</dd>" in order
    details = registrations.xpath("//td[@data-label='Informations']")
    assert [cell.text_content().strip() for cell in details][-1] == "–"


def test_double_click_books_once():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "z@x.fr"), check="1"))
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce

    for _click in range(2):
        answer = desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce})
        assert answer["Location"] == f"{desk.at}/orders/{Order.objects.get().reference}/"

    assert Order.objects.count() == 1


@pytest.mark.parametrize(
    ("people", "wrong"),
    [
        ([make_row("")], {1: {"last_name"}}),
        ([make_row("Alpha", ticket="")], {1: {"ticket"}}),
        ([make_row("Alpha", ticket="member")], {1: {"email"}}),
        ([make_row("Alpha", "stranger@x.fr", "member")], {1: {"email"}}),
        ([make_row("A", "a@x.fr"), make_row("B", "A@x.fr")], {2: {"email"}}),
        ([make_row("A" * 301)], {1: {"last_name"}}),
    ],
)
def test_invalid_row_reports_error_by_field(people, wrong):
    desk = make_desk()
    answer = desk.client.post(desk.many, make_posted_rows(*people, check="1"))

    by_row, general = get_errors(answer)

    assert {number: set(fields) for number, fields in by_row.items()} == wrong
    assert general == []


def test_member_place_is_refused_for_registered_colleague_or_without_seat():
    desk = make_desk()
    order_rows(desk, make_row("Silva", desk.colleague.email, "member"))
    people = [
        make_row("Silva", desk.colleague.email, "member"),
        make_row("Roi", desk.without_seat.email, "member"),
    ]
    seats_path = f"{desk.at}/seats/?event={desk.event.slug}&amp;row=2#add"
    link = f'<a href="{seats_path}">Lui attribuer un siège</a>'
    sentence = "Aucun collègue n’a de siège avec cette adresse. Attribuez-en un d’abord."

    by_row, _general = get_errors(answer := desk.client.post(desk.many, make_posted_rows(*people, check="1")))

    assert link in answer.text
    assert by_row == {
        1: {"email": ["Ana Silva a déjà une place."]},
        2: {"email": [f"<span>{sentence} {link}</span>"]},
    }


def test_rows_beyond_limit_are_preserved_with_error():
    desk = make_desk()
    text = "\n".join(f"Zoé\tNuméro {number}\tz{number}@x.fr\tInvité" for number in range(51))

    answer = desk.client.post(desk.many, make_posted_rows(pasted=text, paste="1"))

    assert get_errors(answer) == (
        {},
        ["Une commande ne peut pas dépasser 50 personnes : créez plusieurs commandes."],
    )
    assert len(answer.context["rows"].forms) == 51

    too_many = "\n".join(f"Zoé\tNuméro {number}" for number in range(201))
    answer = desk.client.post(desk.many, make_posted_rows(pasted=too_many, paste="1"))

    assert answer.context["paste"].errors == {"pasted": ["Collez au plus 200 lignes à la fois."]}
    assert answer.context["paste"]["pasted"].value() == too_many


def test_too_few_places_are_reported_before_and_at_order():
    desk = make_desk()
    people = make_posted_rows(make_row("Alpha", "a@x.fr"), make_row("Bêta", "b@x.fr"), check="1")
    review = desk.client.post(desk.many, people)["Location"]
    nonce = desk.client.get(review).context["draft"].nonce
    desk.event.tickets.filter(slug="guest").update(capacity=1)

    before = desk.client.post(desk.many, people)
    at_order = desk.client.post(review, {**BILLING, "nonce": nonce})

    errors = ({}, ["Il ne reste que 1 place pour « Invité »."])
    assert [get_errors(before), get_errors(at_order)] == [errors, errors]
    assert Order.objects.count() == 0


def test_rows_are_added_removed_and_cleared_without_losing_others():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), make_row("Bêta"), add="1"))

    assert len(desk.client.get(desk.many).context["rows"].forms) == 5

    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), make_row("Bêta"), remove="0"))

    assert [form["last_name"].value() for form in desk.client.get(desk.many).context["rows"]] == ["Bêta"]

    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), clear="1"))

    assert len(desk.client.get(desk.many).context["rows"].forms) == 3
    assert (
        desk.client.post(desk.many, make_posted_rows(make_row("Gamma")), headers={"X-Draft": "1"}).status_code
        == 204
    )
    assert [form["last_name"].value() for form in desk.client.get(desk.many).context["rows"]] == ["Gamma"]


def test_empty_or_unreadable_rows_are_reported():
    desk = make_desk()
    by_row, general = get_errors(
        desk.client.post(desk.many, make_posted_rows({"ticket": "guest"}, check="1"))
    )

    assert by_row == {}
    assert general == ["Indiquez au moins un participant."]
    assert get_errors(desk.client.get(f"{desk.many}check/"))[1] == ["Indiquez au moins un participant."]

    answer = desk.client.post(desk.many, make_posted_rows(pasted='Zoé\t"Alpha\nLéo\tBêta', paste="1"))

    assert list(answer.context["paste"].errors) == ["pasted"]


def test_empty_paste_is_reported_at_the_top_without_errors_of_the_rows():
    desk = make_desk()

    page = desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), pasted="", paste="1"))

    [summary] = html.fromstring(page.content).xpath("id('error-summary')")
    assert "Collez au moins une ligne." in summary.text_content()
    assert "participant" not in summary.text_content()
    assert page.context["rows"][0]["last_name"].value() == "Alpha"


def test_free_order_needs_no_billing_address():
    desk = make_desk()
    desk.event.tickets.update(price=0)
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))

    page = desk.client.get(f"{desk.many}check/")

    assert page.context["billing"] is None

    desk.client.post(f"{desk.many}check/", {"nonce": page.context["draft"].nonce, "language": "fr"})

    assert Order.objects.get().payment == "free"


@pytest.mark.parametrize("headers", [{}, {"X-Draft": "1"}], ids=["ordered", "autosaved"])
def test_wrong_vat_number_can_be_corrected_on_the_review_page(headers):
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    review = f"{desk.many}check/"
    nonce = desk.client.get(review).context["draft"].nonce
    wrong = {**BILLING, "nonce": nonce, "billing_tax_number": "FR54354855018"}
    desk.client.post(review, wrong, headers=headers)

    page = desk.client.get(review)
    refused = desk.client.post(review, wrong)
    corrected = desk.client.post(review, {**wrong, "billing_tax_number": ""})

    assert page.context["billing"]["billing_tax_number"].value() == "FR54354855018"
    assert list(refused.context["billing"].errors) == ["billing_tax_number"]
    assert corrected["Location"] == f"{desk.at}/orders/{Order.objects.get().reference}/"


def test_bulk_order_for_closed_event_is_refused():
    desk = make_desk()
    desk.event.registration_closes_at = desk.event.created_at
    desk.event.save()

    assert desk.client.get(desk.many).status_code == 409


def test_order_page_shows_people_total_documents_and_payment_details():
    make_issuer()
    desk = make_desk()

    answer = order_rows(desk, make_row("Alpha", "z@x.fr"), make_row("Silva", desk.colleague.email, "member"))
    page = normalize_spaces(desk.client.get(answer["Location"]).text)
    stranger = make_desk().client.get(answer["Location"])
    ordered = Order.objects.get()
    record_payment(receivable=sync_receivable(ordered), amount=40_050, method="transfer")
    overpaid = normalize_spaces(desk.client.get(answer["Location"]).text)

    assert "Zoé Alpha" in page
    assert "400 €" in page
    assert "FR14 2004 1010 0505 0001 3M02 606" in page
    assert ordered.creditor_reference in page
    assert f"/orders/{ordered.reference}/{ordered.manage_secret}/pro-forma.pdf" in page
    assert "Trop-perçu</dt><dd>0,50 €" in overpaid
    assert stranger.status_code == 404


def test_default_ticket_uses_pass_and_review_counts_used_passes():
    desk = make_desk()
    Membership.objects.filter(company=desk.company).update(passes=6)
    desk.event.tickets.filter(slug="member").update(uses_pass=True)

    [ticket, *_others] = [form["ticket"].value() for form in desk.client.get(desk.many).context["rows"]]
    reviewed = desk.client.post(
        desk.many, make_posted_rows(make_row("Silva", desk.colleague.email, "member"), check="1"), follow=True
    )

    assert ticket == "member"
    assert "Pass de l’adhésion utilisé par cette commande : 1 (disponibles : 6)." in normalize_spaces(
        reviewed.text
    )


def get_total(answer):
    return " ".join(re.sub(r"<[^>]*>", "", answer.content.decode()).split())


def test_ticket_choices_show_prices():
    desk = make_desk()
    make_ticket(desk.event, slug="press", name="Presse", price=0)

    form = desk.client.get(desk.many).context["rows"].forms[0]

    labels = [normalize_spaces(label) for slug, label in form.fields["ticket"].choices if slug]
    assert labels == ["Adhérent · 100 €", "Invité · 300 €", "Presse · gratuit"]


def test_draft_request_returns_total_of_rows():
    desk = make_desk()
    people = [make_row("Alpha"), make_row("Silva", desk.colleague.email, "member"), {"ticket": "guest"}]

    answer = desk.client.post(desk.many, make_posted_rows(*people), headers={"X-Draft": "total"})

    assert get_total(answer) == "2 personnes, total : 400 €"
    assert get_total(desk.client.get(desk.many)).count("2 personnes, total : 400 €") == 1


def test_total_is_empty_without_known_ticket_or_with_two_currencies():
    desk = make_desk()
    make_ticket(desk.event, slug="abroad", price=5_000, currency="CHF")

    empty = desk.client.post(desk.many, make_posted_rows({"ticket": "guest"}), headers={"X-Draft": "total"})
    unknown = desk.client.post(
        desk.many, make_posted_rows(make_row("A", ticket="Or")), headers={"X-Draft": "total"}
    )
    mixed = make_posted_rows(make_row("A"), make_row("B", ticket="abroad"))
    two_currencies = desk.client.post(desk.many, mixed, headers={"X-Draft": "total"})

    assert [get_total(each) for each in (empty, unknown, two_currencies)] == ["", "", ""]


def test_passes_lower_total_of_draft():
    desk = make_desk()
    Ticket.objects.filter(slug="member").update(uses_pass=True)
    Membership.objects.update(passes=2)
    colleague = make_row("Silva", desk.colleague.email, "member")

    answer = desk.client.post(
        desk.many, make_posted_rows(colleague, make_row("Alpha")), headers={"X-Draft": "total"}
    )

    assert get_total(answer).startswith("2 personnes, total : 300 €")
    assert "Pass de l’adhésion utilisé par cette commande : 1 (disponibles : 2)." in get_total(answer)


def get_offered_names(answer):
    """Return the names on the buttons that add a colleague."""
    return [
        button.text_content() for button in html.fromstring(answer.text).xpath("//button[@name='colleague']")
    ]


def test_colleague_with_seat_is_added_in_one_click():
    desk = make_desk()
    typed = make_row("Alpha", "z@x.fr")

    before = desk.client.get(desk.many)
    answer = desk.client.post(desk.many, make_posted_rows(typed, {}, colleague=str(desk.colleague.pk)))
    after = desk.client.get(desk.many)

    assert get_offered_names(before) == ["Cléo Contact", "Ana Silva"]
    assert answer["Location"] == f"{desk.many}#rows"
    rows = [(form["last_name"].value(), form["email"].value()) for form in after.context["rows"]]
    assert rows == [("Alpha", "z@x.fr"), ("Silva", desk.colleague.email)]
    assert after.context["rows"].forms[1]["ticket"].value() == "member"
    assert get_offered_names(after) == ["Cléo Contact"]


def test_only_seat_holders_without_place_are_offered():
    desk = make_desk()
    elsewhere = make_desk()
    order_rows(desk, make_row("Silva", desk.colleague.email, "member"))

    page = desk.client.get(desk.many)
    forged = desk.client.post(desk.many, make_posted_rows(colleague=str(elsewhere.colleague.pk)), follow=True)

    assert get_offered_names(page) == ["Cléo Contact"]
    assert elsewhere.colleague.email not in forged.text


def test_place_that_contact_cannot_see_is_not_revealed_by_list_of_colleagues():
    desk = make_desk()
    guest = desk.event.tickets.get(slug="guest")
    make_registration(guest, email=desk.colleague.email, person=desk.colleague)

    page = desk.client.get(desk.many)

    assert "Ana Silva" in get_offered_names(page)


def test_page_says_which_passes_are_left_and_why_somebody_is_charged():
    desk = make_desk()
    Ticket.objects.filter(slug="member", event=desk.event).update(uses_pass=True)
    Membership.objects.update(passes=6)
    people = [make_row("Silva", desk.colleague.email, "member"), make_row("Alpha")]

    rows = normalize_spaces(desk.client.get(desk.many).text)
    review = desk.client.post(desk.many, make_posted_rows(*people, check="1"), follow=True)

    assert "Pass de l’adhésion restants : 6." in rows
    assert "avec le billet « Adhérent »" in rows
    assert "1 personne est facturée alors qu’il reste des pass" in normalize_spaces(review.text)


def test_page_counts_the_passes_left_once():
    desk = make_desk()
    Ticket.objects.filter(slug="member", event=desk.event).update(uses_pass=True)
    Membership.objects.update(passes=6)

    with CaptureQueriesContext(connection) as queries:
        desk.client.get(desk.many)

    counts = [query for query in queries.captured_queries if PassQuota._meta.db_table in query["sql"]]
    assert len(counts) == 1


def test_page_mentions_no_passes_without_any():
    desk = make_desk()
    Ticket.objects.filter(slug="member", event=desk.event).update(uses_pass=True)

    review = desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"), follow=True)

    assert "restants" not in desk.client.get(desk.many).text
    assert "qu’il reste des pass" not in review.text
