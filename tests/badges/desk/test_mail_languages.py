"""The language of a guest's e-mails is chosen at the desk, whatever language the staff reads."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from registrations.models import Registration
from tests.badges.desk.test_offline import OfflineDesk, make_entry
from tests.factories import make_event, make_order, make_registration, make_staff, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event(client):
    """Return an event of today; its desk is signed in."""
    event = make_event(
        slug="x", starts_at=timezone.now(), ends_at=timezone.now() + datetime.timedelta(hours=9)
    )
    make_ticket(event)
    client.force_login(make_staff(event, "desk"))
    return event


def register_walk_in(client, event, **typed):
    page = html.fromstring(client.get("/en/desk/x/walk-in/").content)
    [form] = page.xpath("//main//form[.//*[@name='guest-first_name']]")
    names = {"guest-first_name": "Inès", "guest-last_name": "Durand", "guest-email": "ines@example.org"}
    client.post(
        "/en/desk/x/walk-in/", {**dict(form.form_values()), "guest-ticket": "guest", **names, **typed}
    )
    return event.registrations.get(last_name="Durand")


def test_walk_in_gets_e_mails_in_the_language_of_the_desk_unless_another_is_chosen(client, event):
    walk_in = register_walk_in(client, event)

    assert walk_in.mail_language == "en"


def test_walk_in_gets_e_mails_in_the_chosen_language(client, event):
    walk_in = register_walk_in(client, event, **{"guest-language": "fr"})

    assert walk_in.mail_language == "fr"


def test_walk_in_of_a_page_without_the_language_gets_e_mails_in_that_of_the_desk(client, event):
    page = client.get("/en/desk/x/walk-in/")
    typed = {"first_name": "Inès", "last_name": "Durand", "email": "ines@example.org", "ticket": "guest"}
    values = typed | {"nonce": page.context["form"]["nonce"].value()}

    client.post("/en/desk/x/walk-in/", {f"guest-{name}": value for name, value in values.items()})

    assert event.registrations.get(last_name="Durand").mail_language == "en"


def test_language_of_a_walk_in_is_changed_on_the_page_of_the_guest(client, event):
    walk_in = register_walk_in(client, event)
    path = f"/en/desk/x/guests/{walk_in.reference}/"
    [form] = html.fromstring(client.get(path).content).xpath(f"//form[@action='{path}language/']")

    client.post(form.action, {"language": "fr"})

    walk_in.order.refresh_from_db()
    assert walk_in.order.language == "fr"


def test_language_of_a_walk_in_with_an_own_one_is_left_to_the_correction(client, event):
    walk_in = register_walk_in(client, event)
    Registration.objects.filter(pk=walk_in.pk).update(email="own@example.org", language="fr")
    path = f"/en/desk/x/guests/{walk_in.reference}/"

    page = html.fromstring(client.get(path).content)

    assert page.xpath(f"//form[@action='{path}language/']") == []


def test_desk_does_not_change_the_language_of_another_buyers_order(client, event):
    guest = make_registration(event.tickets.get(), order=make_order(event, language="fr"))

    client.post(f"/en/desk/x/guests/{guest.reference}/language/", {"language": "en"})

    guest.order.refresh_from_db()
    assert guest.order.language == "fr"


def test_language_of_a_guest_with_their_own_address_is_corrected(client, event):
    order = make_order(event, email="buyer@example.org", language="fr")
    guest = make_registration(event.tickets.get(), order=order, email="zoe@example.org")
    path = f"/en/desk/x/guests/{guest.reference}/correct/"
    [form] = html.fromstring(client.get(path).content).xpath("//main//form[.//*[@name='first_name']]")

    client.post(path, {**dict(form.form_values()), "language": "en"})

    guest.refresh_from_db()
    assert "language" in dict(form.form_values())
    assert guest.mail_language == "en"


@pytest.mark.parametrize(("chosen", "language"), [({"language": "en"}, "en"), ({}, "fr")])
def test_walk_in_without_network_gets_e_mails_in_the_chosen_language(client, event, chosen, language):
    desk = OfflineDesk(client, event)
    spare = desk.sync()["data"]["spares"][0]["reference"]
    names = {"first_name": "Léo", "last_name": "Bêta", "company": "", "email": "leo@example.org"}

    desk.sync(make_entry("walk_in", spare, **names, ticket="guest", **chosen))

    assert event.registrations.get(last_name="Bêta").mail_language == language
