"""The language of an existing order: changed by its buyer, the company's contact or an organizer."""

import pytest
from django.urls import reverse

from convention.audit.models import AuditEntry
from registrations.changes.resend import resend_mail
from registrations.models import Order, Registration
from registrations.permissions import make_own_secret
from tests.factories import make_event, make_registration, make_ticket
from tests.registrations.company.factories import BILLING, make_desk, make_posted_rows, make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def registration() -> Registration:
    return make_registration(make_ticket(make_event(slug="congress")), email="zoe@example.org")


def post_language(client, order: Order, secret: str, language: str = "en"):
    path = reverse("order-language", args=[order.reference, secret])
    return client.post(f"/en{path}", {"language": language}, follow=True)


def test_attendee_changes_the_language_of_later_mails(client, registration, run_tasks, mailoutbox):
    order = registration.order

    page = post_language(client, order, order.manage_secret)
    resend_mail(registration=Registration.objects.get(pk=registration.pk))
    run_tasks()

    order.refresh_from_db()
    assert order.language == "en"
    assert "in the language you chose" in page.text
    assert mailoutbox[-1].subject.startswith("Registration confirmed")
    assert AuditEntry.objects.filter(verb="order.change_language").count() == 1


def test_only_attendee_of_an_order_changes_it_by_their_own_link(client, registration):
    post_language(client, registration.order, make_own_secret(registration))

    assert Order.objects.get().language == "en"


def test_attendee_of_a_group_cannot_change_it_for_the_others(client, registration):
    make_registration(registration.ticket, order=registration.order, email="two@example.org")

    page = post_language(client, registration.order, make_own_secret(registration))

    assert page.status_code == 404
    assert Order.objects.get().language == "fr"


def test_unknown_language_is_refused(client, registration):
    page = post_language(client, registration.order, registration.order.manage_secret, language="xx")

    assert "Choose the language of the e-mails." in page.text
    assert Order.objects.get().language == "fr"


def test_same_language_is_no_change(client, registration):
    post_language(client, registration.order, registration.order.manage_secret, language="fr")

    assert not AuditEntry.objects.filter(verb="order.change_language").exists()


def test_organizer_changes_it_on_the_page_of_the_registration(organizer, registration):
    path = reverse("organize-registration-language", args=["congress", registration.reference])

    page = organizer.post(f"/en{path}", {"language": "en"}, follow=True)

    assert Order.objects.get().language == "en"
    assert "Language of the e-mails changed" in page.text


def test_contact_changes_it_for_the_colleagues_of_an_order():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "z@x.fr"), check="1"))
    nonce = desk.client.get(f"{desk.many}check/").context["draft"].nonce
    desk.client.post(f"{desk.many}check/", {**BILLING, "nonce": nonce})
    order = Order.objects.get()
    former = order.language
    path = reverse("company-order-language", args=[desk.company.slug, order.reference])

    desk.client.post(path, {"language": "en" if former == "fr" else "fr"})

    order.refresh_from_db()
    assert order.language != former
