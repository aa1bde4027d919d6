"""A buyer cancels and sees the refund; an organizer changes the refund rules."""

import datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from convention.club.models import ClubRole
from registrations.billing.refund_rules import save_refund_rules
from registrations.invoices.models.documents import Refund
from registrations.models import RefundRule
from registrations.payments.cards.settlement import record_order_payment
from tests.factories import make_event, make_person, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.registrations.payments.factories import order_by_card

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def look_at(page):
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.long
def test_cancellation_shows_refund_amount_and_organizer_changes_rules(browser_page, language, site):
    event = make_event(slug="congress", starts_at=timezone.now() + datetime.timedelta(days=20))
    make_ticket(event, price=12_000, capacity=50)
    save_refund_rules(
        event=event,
        refund_rules=[
            RefundRule(days_before=30, refund_percent=100),
            RefundRule(days_before=7, refund_percent=50),
        ],
    )
    order = order_by_card(event)
    record_order_payment(order=order, amount=12_000, method="test", external_id="paid")
    order.language = language
    page = browser_page
    page.goto(order.manage_path)
    page.get_by_role(
        "link", name={"fr": "Annuler l’inscription", "en": "Cancel the registration"}[language]
    ).click()
    look_at(page)
    amount = {"fr": "60\u00a0€", "en": "€60"}[language]
    assert amount in page.locator("main").inner_text()
    page.locator("main button").click()
    look_at(page)
    assert amount in page.locator("main").inner_text()
    assert Refund.objects.get().amount == 6_000

    organizer = make_person()
    ClubRole.objects.create(person=organizer, role=ClubRole.Role.ORGANIZER)
    sign_in(page, Client(), site, organizer)
    with translation.override(language):
        page.goto(reverse("organize-refunds", args=["congress"]))
    look_at(page)
    page.locator("#id_rule-1-share").fill("40")
    page.locator("main form button").click()
    assert list(event.refund_rules.values_list("days_before", "refund_percent")) == [(30, 100), (7, 40)]
