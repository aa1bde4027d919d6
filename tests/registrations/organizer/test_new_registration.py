"""Registrations that an organizer adds by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.errors import SoldOut
from convention.events.models import Event
from registrations.billing.receivables import sync_receivable
from registrations.booking.walk_in import register_walk_in
from registrations.invoices.documents.issuing import issue_invoice
from registrations.models import Order, Registration
from registrations.order_request import RequestedPlace
from registrations.storefront.walk_in_forms import ManualRegistrationForm
from tests.factories import make_addon, make_event, make_ticket
from tests.registrations.invoices.factories import make_issuer

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    event = make_event()
    make_ticket(event, price=12_000)
    return event


def fill(organizer, event, **typed):
    """Post the page's form with these fields; return the answer."""
    address = reverse("organize-registration-new", args=[event.slug])
    [form] = html.fromstring(organizer.get(address).content).xpath(
        "//main//form[.//input[@name='guest-nonce']]"
    )
    fields = {"guest-first_name": "Zoé", "guest-last_name": "Müller", "guest-ticket": "guest", **typed}
    return organizer.post(address, {**dict(form.form_values()), **fields}, follow=True)


def test_walk_in_who_wants_no_photographs_is_registered_so(event):
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller", no_photo=True)

    registration = register_walk_in(event=event, place=place, idempotency_key="k")

    registration.refresh_from_db()
    assert registration.no_photo


def test_same_form_in_another_language_is_another_registration(event):
    place = RequestedPlace(ticket="guest", first_name="Zoé", last_name="Müller")

    first = register_walk_in(event=event, place=place, idempotency_key="k", language="fr")
    repeated = register_walk_in(event=event, place=place, idempotency_key="k", language="fr")
    second = register_walk_in(event=event, place=place, idempotency_key="k", language="en")

    assert repeated == first
    assert second.order.language == "en"


def test_organizer_gives_free_ticket_with_reason(organizer, event, run_tasks, mailoutbox):
    answer = fill(
        organizer, event, **{"guest-email": "zoe@example.org", "guest-price": "0", "guest-reason": "presse"}
    )
    run_tasks()

    registration = Registration.objects.get()
    assert registration.price == 0
    assert registration.order.source == "organizer"
    assert registration.order.payment == Order.Payment.FREE
    assert registration.state == Registration.State.CONFIRMED
    assert AuditEntry.objects.get(verb="registration.add").reason == "presse"
    assert [mail.to for mail in mailoutbox] == [["zoe@example.org"]]
    assert "prix convenu avec l’organisateur" in answer.text


def test_language_is_the_attendees_and_not_the_organizers(organizer, event):
    organizer.cookies["django_language"] = "en"
    fill(organizer, event)
    page = fill(organizer, event, **{"guest-first_name": "Ann", "guest-language": "en"})

    languages = Registration.objects.order_by("pk").values_list("order__language", flat=True)
    assert list(languages) == ["fr", "en"]
    [language] = html.fromstring(page.content).xpath("//dl//select[@name='language']/option[@selected]")
    assert language.get("value") == "en"


def test_default_price_is_ticket_price(organizer, event):
    fill(organizer, event)

    assert Registration.objects.get().price == 12_000
    assert Order.objects.get().total == 12_000


def test_lower_price_is_charged_and_invalid_price_is_refused(organizer, event):
    no_reason = fill(organizer, event, **{"guest-price": "50"})
    too_much = fill(organizer, event, **{"guest-price": "500", "guest-reason": "x"})
    negative = fill(organizer, event, **{"guest-price": "-1", "guest-reason": "x"})
    huge = fill(organizer, event, **{"guest-price": "99999999999", "guest-reason": "x"})
    assert Registration.objects.count() == 0

    fill(organizer, event, **{"guest-price": "50,50", "guest-reason": "partenaire"})
    assert "Indiquez 100\u00a0000 au maximum." in huge.text

    Event.objects.update(
        starts_at=timezone.now() - timedelta(days=2), ends_at=timezone.now() - timedelta(days=1)
    )
    too_late = fill(organizer, event, **{"guest-first_name": "Anaïs"})

    # The input is kept.
    assert "les inscriptions ne sont plus possibles" in too_late.text
    assert "Anaïs" in too_late.text
    assert "Indiquez le motif" in no_reason.text
    assert "ne peut pas dépasser celui du billet" in too_much.text
    assert "error-summary" in negative.text
    assert Order.objects.get().total == 5_050


def test_addon_is_added_at_its_price(organizer, event):
    dinner = make_addon(event, price=4_500, capacity=10)

    answer = fill(organizer, event, **{"guest-addons": "dinner"})

    registration = Registration.objects.get()
    assert [(item.addon, item.price) for item in registration.active_addons] == [(dinner, 4_500)]
    assert registration.order.total == 16_500
    dinner.refresh_from_db()
    assert dinner.reserved == 1
    assert "Dîner" in answer.text
    # The history says that it was added, without naming the fields of the form.
    assert "Inscription ajoutée par un organisateur" in answer.text
    assert "entreprise, billet" not in answer.text


def test_addon_is_free_with_reason(organizer, event, run_tasks, mailoutbox):
    make_addon(event)
    free = {"guest-price": "0", "guest-addons": "dinner", "guest-free_addons": "on"}

    refused = fill(organizer, event, **free)
    assert not Registration.objects.exists()
    fill(organizer, event, **free, **{"guest-reason": "oratrice", "guest-email": "zoe@example.org"})
    run_tasks()

    assert "Indiquez le motif" in refused.text
    registration = Registration.objects.get()
    assert [item.price for item in registration.active_addons] == [0]
    assert registration.order.payment == Order.Payment.FREE
    entry = AuditEntry.objects.get(verb="registration.add")
    assert entry.reason == "oratrice"
    assert set(entry.fields) & {"addons", "price"} == {"addons", "price"}
    assert "Dîner" in mailoutbox[0].body


def test_free_ticket_with_paid_addon_is_invoiced(organizer, event):
    make_addon(event)

    fill(organizer, event, **{"guest-price": "0", "guest-reason": "presse", "guest-addons": "dinner"})

    order = Order.objects.get()
    assert order.total == 4_500
    assert order.payment == "invoice"
    assert order.billing_name == "Zoé Müller"


def test_free_addons_do_not_change_ticket_price(organizer, event):
    make_addon(event)

    fill(
        organizer,
        event,
        **{"guest-free_addons": "on", "guest-addons": "dinner", "guest-reason": "bénévole"},
    )

    assert Order.objects.get().total == 12_000
    assert Registration.objects.get().reductions == []


def test_full_addon_is_disabled_and_refused_by_name(organizer, event):
    make_addon(event, capacity=0)

    page = organizer.get(reverse("organize-registration-new", args=[event.slug]))
    answer = fill(organizer, event, **{"guest-addons": "dinner"})

    [box] = html.fromstring(page.content).xpath("//input[@name='guest-addons']")
    assert box.get("disabled") is not None
    assert "Il ne reste plus de place pour « Dîner »" in answer.text.replace("\xa0", " ").replace(
        "\u202f", " "
    )
    assert 'value="Zoé"' in answer.text
    assert not Registration.objects.exists()


def test_addon_sold_out_meanwhile_is_not_a_ticket_error(event):
    addons = [make_addon(event, capacity=1)]
    typed = {
        "first_name": "Zoé",
        "last_name": "Müller",
        "ticket": "guest",
        "addons": ["dinner"],
        "nonce": "n",
        "language": "fr",
    }
    posted = {f"guest-{name}": value for name, value in typed.items()}
    form = ManualRegistrationForm(posted, tickets=list(event.tickets.all()), addons=addons)
    assert form.is_valid()

    form.add_errors(SoldOut("Il ne reste plus de place pour « Dîner »."))

    assert list(form.errors) == ["__all__"]


def test_addon_of_other_ticket_or_currency_is_refused(organizer, event):
    make_addon(event).tickets.add(make_ticket(event, slug="vip", name="VIP"))
    make_addon(event, slug="tour", name="Visite", currency="CHF")

    other_ticket = fill(organizer, event, **{"guest-addons": "dinner"})
    other_currency = fill(organizer, event, **{"guest-addons": "tour"})

    assert "n’est pas disponible avec ce billet" in other_ticket.text
    assert "devises différentes" in other_currency.text
    assert not Registration.objects.exists()


def test_addon_can_be_added_after_its_sale_ended(organizer, event):
    make_addon(event, closes_at=timezone.now() - timedelta(days=1))

    fill(organizer, event, **{"guest-addons": "dinner"})

    assert Order.objects.get().total == 16_500


def test_form_without_addons_has_no_free_addons_field(organizer, event):
    page = organizer.get(reverse("organize-registration-new", args=[event.slug]))

    assert "guest-free_addons" not in page.text


BILLING = {
    "billing_name": "Acme SAS",
    "billing_street": "1 rue du Test",
    "billing_postcode": "35000",
    "billing_city": "Rennes",
    "billing_country": "FR",
    "billing_tax_number": "732829320",
    "purchase_order": "BC-7",
}


def test_company_can_be_invoiced_with_the_billing_details_entered(organizer, event):
    make_issuer()

    fill(organizer, event, **BILLING)

    order = Order.objects.get()
    invoice = issue_invoice(receivable=sync_receivable(order))
    assert order.billing_name == "Acme SAS"
    assert order.billing_city == "Rennes"
    assert order.purchase_order == "BC-7"
    assert invoice.receivable.siren == "732829320"


def test_incomplete_billing_details_are_refused_as_at_checkout(organizer, event):
    answer = fill(organizer, event, billing_name="Acme SAS", billing_tax_number="12")

    assert not Registration.objects.exists()
    errors = html.fromstring(answer.content).xpath("//*[@aria-invalid='true']/@name")
    assert {"billing_street", "billing_postcode", "billing_city", "billing_tax_number"} <= set(errors)


def test_page_of_free_tickets_asks_for_no_billing_details(organizer):
    event = make_event()
    make_ticket(event, price=0)

    page = organizer.get(reverse("organize-registration-new", args=[event.slug]))

    assert "billing_name" not in page.text


def test_member_ticket_for_an_address_of_no_member_needs_a_reason(organizer, event):
    make_ticket(event, slug="member", name="Adhérent", audience="member")
    typed = {"guest-ticket": "member", "guest-email": "zoe@example.org"}

    refused = fill(organizer, event, **typed)
    assert not Registration.objects.exists()
    fill(organizer, event, **typed, **{"guest-reason": "adhésion en cours"})

    assert "cette personne n’est pas adhérente à ce jour" in refused.text
    entry = AuditEntry.objects.get(verb="registration.add")
    assert entry.reason == "adhésion en cours"
    assert "price" not in entry.fields


def test_same_person_is_registered_twice_only_after_a_confirmation(organizer, event):
    typed = {"guest-email": "zoe@example.org"}
    fill(organizer, event, **typed)
    first = Registration.objects.get()

    asked = fill(organizer, event, **typed | {"guest-email": "Zoe@Example.org"})
    count_before = Registration.objects.count()
    fill(organizer, event, **typed, accepted_duplicate=first.reference)
    fill(organizer, event, **{"guest-email": "other@example.org"})

    assert "a déjà une inscription avec cette adresse e-mail" in asked.text
    assert f'name="accepted_duplicate" value="{first.reference}"' in asked.text
    assert count_before == 1
    assert Registration.objects.count() == 3
