"""Organizers who have the same page open keep each other's changes of what is for sale."""

from typing import Any

import pytest
from django.forms import BaseForm
from django.test import Client
from django.utils import timezone

from convention.audit.models import AuditEntry
from registrations.models import Addon, Package, PriceStep, Question, Quota, Ticket, Voucher
from tests.factories import make_event, make_registration, make_staff, make_ticket
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]
TICKET_PATH = "/en/organize/x/tickets/standard/"


@pytest.fixture
def event():
    return make_event(slug="x")


@pytest.fixture
def ticket(event) -> Ticket:
    return make_ticket(event, slug="standard", name="Standard", price=45000, capacity=100)


@pytest.fixture
def organizer(event) -> Client:
    return make_client(make_staff(event))


def read_form(form: BaseForm) -> dict[str, Any]:
    """Return what a browser sends for a form that was left as it is."""
    rows = {}
    for field in form:
        value = field.value()
        if isinstance(value, list):
            rows[field.html_name] = [str(getattr(row, "pk", row)) for row in value]
        elif value is not None and value is not False and value != "":
            prepared = field.field.prepare_value(value)
            rows[field.html_name] = f"{value:%Y-%m-%dT%H:%M}" if hasattr(value, "hour") else str(prepared)
    return rows


def load_page(client: Client, path: str) -> dict[str, Any]:
    """Return the values that the page's form sends back."""
    context = client.get(path).context
    form = context["form"]
    values = read_form(form) | {"seen": form.seen_fingerprints}
    for formset in (getattr(form, "step_forms", None), getattr(form, "option_forms", None)):
        if formset is not None:
            values |= read_form(formset.management_form)
            for row in formset:
                values |= read_form(row)
    return values


def test_a_description_saved_from_an_older_page_leaves_the_new_price(organizer, ticket):
    first, second = load_page(organizer, TICKET_PATH), load_page(organizer, TICKET_PATH)
    organizer.post(TICKET_PATH, first | {"cost": "470", "capacity": "80"})

    organizer.post(TICKET_PATH, second | {"description": "Deux jours"})

    ticket.refresh_from_db()
    assert ticket.price == 47000
    assert ticket.capacity == 80
    assert ticket.description == "Deux jours"
    assert AuditEntry.objects.filter(verb="ticket.change").first().fields == ["description"]


def test_another_price_is_shown_before_it_is_replaced(organizer, ticket):
    first, second = load_page(organizer, TICKET_PATH), load_page(organizer, TICKET_PATH)
    organizer.post(TICKET_PATH, first | {"cost": "470"})

    page = organizer.post(TICKET_PATH, second | {"cost": "430"})

    ticket.refresh_from_db()
    assert ticket.price == 47000
    assert page.context["form"].other_version == [("Price, in euros, VAT included", "id_cost", "470")]
    assert "Someone else changed the same fields" in page.content.decode()


def test_saving_again_after_a_conflict_replaces_the_other_price(organizer, ticket):
    first, second = load_page(organizer, TICKET_PATH), load_page(organizer, TICKET_PATH)
    organizer.post(TICKET_PATH, first | {"cost": "470", "name_en": "Regular"})
    conflict = organizer.post(TICKET_PATH, second | {"cost": "430"})
    seen = conflict.context["form"].seen_fingerprints

    organizer.post(TICKET_PATH, second | {"cost": "430", "seen": seen})

    ticket.refresh_from_db()
    assert ticket.price == 43000
    assert ticket.name_en == "Regular"


def test_an_older_page_leaves_new_early_prices(organizer, ticket):
    first, second = load_page(organizer, TICKET_PATH), load_page(organizer, TICKET_PATH)
    organizer.post(TICKET_PATH, first | {"step-0-cost": "400", "step-0-until": "2099-01-01T12:00"})

    organizer.post(TICKET_PATH, second | {"description": "Deux jours"})

    assert ticket.price_steps.get().price == 40000


def test_early_prices_and_a_price_changed_at_once_are_a_conflict(organizer, ticket):
    PriceStep.objects.create(ticket=ticket, price=30000, ends_at=timezone.now() + timezone.timedelta(days=9))
    first, second = load_page(organizer, TICKET_PATH), load_page(organizer, TICKET_PATH)
    organizer.post(TICKET_PATH, first | {"cost": "350"})

    page = organizer.post(TICKET_PATH, second | {"step-0-cost": "400"})

    labels = {label for label, _control, _value in page.context["form"].other_version}
    assert labels == {"Price, in euros, VAT included", "Early-bird prices"}
    assert ticket.price_steps.get().price == 30000


def test_a_page_without_fingerprints_saves_every_value(organizer, ticket):
    values = load_page(organizer, TICKET_PATH)
    del values["seen"]
    Ticket.objects.update(price=47000)

    organizer.post(TICKET_PATH, values)

    ticket.refresh_from_db()
    assert ticket.price == 45000


def test_an_older_page_leaves_the_new_price_and_tickets_of_an_addon(organizer, event, ticket):
    addon = Addon.objects.create(event=event, slug="dinner", name="Dîner", price=5000)
    path = "/en/organize/x/tickets/add-ons/dinner/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"cost": "60", "tickets": [str(ticket.pk)]})

    organizer.post(path, second | {"description": "Au château"})

    addon.refresh_from_db()
    assert addon.price == 6000
    assert list(addon.tickets.all()) == [ticket]
    assert addon.description == "Au château"


def test_an_older_page_leaves_the_new_value_of_a_voucher(organizer, event):
    voucher = Voucher.objects.create(event=event, code="ABC", kind="percent", value=20)
    path = "/en/organize/x/tickets/vouchers/ABC/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"amount": "30"})

    organizer.post(path, second | {"label": "Presse"})

    voucher.refresh_from_db()
    assert voucher.value == 30
    assert voucher.label == "Presse"


def test_an_older_page_leaves_the_tickets_of_a_shared_quota(organizer, event, ticket):
    quota = Quota.objects.create(event=event, name="Salle", capacity=50)
    path = f"/en/organize/x/tickets/quotas/{quota.pk}/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"tickets": [str(ticket.pk)]})

    organizer.post(path, second | {"capacity": "60"})

    quota.refresh_from_db()
    assert quota.capacity == 60
    assert list(quota.tickets.all()) == [ticket]


def test_an_older_page_leaves_the_ticket_of_a_package(organizer, event, ticket):
    package = Package.objects.create(event=event, slug="gold", name="Or", price=5000)
    path = "/en/organize/x/sponsors/packages/gold/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"pass_ticket": str(ticket.pk), "passes": "2"})

    organizer.post(path, second | {"description": "Grand stand"})

    package.refresh_from_db()
    assert package.pass_ticket == ticket
    assert package.passes == 2
    assert package.description == "Grand stand"


def test_an_older_page_leaves_the_new_choices_of_a_question(organizer, event):
    question = Question.objects.create(event=event, slug="size", text="Taille", kind="choice")
    question.options.create(slug="s", text="S", position=0)
    path = "/en/organize/x/questions/size/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"option-1-text": "M"})

    organizer.post(path, second | {"help": "Coupe droite"})

    question.refresh_from_db()
    assert [option.text for option in question.options.all()] == ["S", "M"]
    assert question.help == "Coupe droite"


def test_an_older_page_leaves_the_corrected_name_of_a_registration(organizer, ticket):
    registration = make_registration(ticket, first_name="Ane", last_name="Roux", company="Alfa")
    path = f"/en/organize/x/registrations/{registration.reference}/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"first_name": "Anne"})

    organizer.post(path, second | {"company": "Beta"})

    registration.refresh_from_db()
    assert registration.name == "Anne Roux"
    assert registration.company == "Beta"


def test_two_corrections_of_one_name_are_a_conflict(organizer, ticket):
    registration = make_registration(ticket, first_name="Ane", last_name="Roux")
    path = f"/en/organize/x/registrations/{registration.reference}/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"first_name": "Anne"})

    page = organizer.post(path, second | {"last_name": "Leroux"})

    registration.refresh_from_db()
    assert registration.name == "Anne Roux"
    assert "Their version" in page.content.decode()


def test_an_organizers_older_page_does_not_correct_the_next_attendee(organizer, ticket):
    registration = make_registration(ticket, first_name="Ane", last_name="Roux", company="Alfa")
    path = f"/en/organize/x/registrations/{registration.reference}/"
    first, second = load_page(organizer, path), load_page(organizer, path)
    organizer.post(path, first | {"first_name": "Léo", "last_name": "Marin", "email": "leo@example.org"})

    organizer.post(path, second | {"company": "Beta"})

    registration.refresh_from_db()
    assert registration.name == "Léo Marin"
    assert registration.company == "Alfa"
