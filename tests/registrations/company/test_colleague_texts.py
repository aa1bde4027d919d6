"""The invitation and the pages of a colleague for whom the company's contact ordered a place."""

import pytest

from registrations.company.invitations import build_details_url, build_invitation_message
from registrations.models import Registration, RegistrationAddon
from registrations.permissions import make_own_secret
from tests.factories import make_addon
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk():
    """A company with an order of a place with a dinner."""
    desk = make_desk()
    make_addon(desk.event, price=4_500)
    order_rows(desk, make_row("Alpha", "a@x.fr", addons=["dinner"]), language="en")
    return desk


def open_cancel_page(client, secret):
    registration = Registration.objects.get()
    path = f"/en/orders/{registration.order.reference}/{secret}/{registration.reference}/cancel/"
    return client.get(path).text


def test_invitation_names_the_addons_and_the_contact(desk):
    Registration.objects.update(language="en")

    message = build_invitation_message(Registration.objects.get(), message_key="x")

    assert message.context["addon_titles"] == ["Dinner"]
    assert message.context["contact"] == desk.contact


def test_invitation_to_a_paid_place_asks_to_tell_the_contact(desk, run_tasks, mailoutbox):
    Registration.objects.update(language="en")

    run_tasks()

    [invitation] = [mail for mail in mailoutbox if mail.subject.startswith("Complete your details")]
    text = " ".join(invitation.body.split())
    assert "If you can’t come, tell Cléo Contact with the button on that page" in text
    assert "Add-ons: Dinner" in text


def test_page_to_complete_the_details_names_the_addons(desk, client):
    url = build_details_url(Registration.objects.get())

    page = client.get(url[url.index("/orders/") :], headers={"Accept-Language": "en"}, follow=True).text

    assert "<dd>Dîner</dd>" in page or "<dd>Dinner</dd>" in page


def test_colleague_reads_whom_to_tell_before_cancelling_a_free_place(desk, client):
    RegistrationAddon.objects.all().delete()
    Registration.objects.update(price=0)

    page = open_cancel_page(client, make_own_secret(Registration.objects.get()))

    assert "Tell Cléo Contact before you cancel" in page


def test_contact_is_not_asked_to_tell_anybody(desk, client):
    page = open_cancel_page(client, Registration.objects.get().order.manage_secret)

    assert "before you cancel" not in page


def test_review_says_what_colleagues_can_do(desk):
    row = {"row-TOTAL_FORMS": "1", "row-INITIAL_FORMS": "0", "check": "1", "row-0-first_name": "Zoé"}
    row |= {"row-0-last_name": "Beta", "row-0-ticket": "guest"}

    page = desk.client.post(f"/en{desk.many}", row, follow=True).text

    assert "With that link they can also give the place to somebody else, or tell you" in page
