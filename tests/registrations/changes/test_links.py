"""Links by e-mail: requested again, replaced, expired; every address gets the same response."""

import datetime
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from lxml import html

from convention.audit.models import AuditEntry
from registrations.changes.cancel import cancel_registration
from registrations.models import Order
from registrations.permissions import make_own_secret
from registrations.rate_limits import LINK_RENEWALS_PER_HOUR, MAILS_PER_HOUR
from schedule.models import PersonalAgenda
from tests.factories import (
    make_event,
    make_order,
    make_person,
    make_registration,
    make_session,
    make_staff,
    make_ticket,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def get_notice(answer):
    """Return the notice on the page after a link was requested."""
    page = html.fromstring(answer.content)
    return " ".join(" ".join(page.xpath("//main//*[contains(@class, 'notice')]//text()")).split())


def test_lost_link_is_mailed_and_response_does_not_reveal_registrations(
    client: Client, run_tasks, mailoutbox
):
    ticket = make_ticket(make_event(name="La Conf"))
    one = make_registration(ticket, email="colleague@example.org")

    answers = [
        client.post("/orders/link/", {"email": address}, follow=True)
        for address in ("Buyer@example.org", "colleague@example.org", "nobody@example.org")
    ]

    assert len({get_notice(answer) for answer in answers}) == 1
    assert get_notice(answers[0]).startswith("Si des inscriptions existent à cette adresse")

    run_tasks()

    assert [message.to for message in mailoutbox] == [["buyer@example.org"], ["colleague@example.org"]]
    assert one.order.manage_url in mailoutbox[0].body
    assert make_own_secret(one) in mailoutbox[1].body
    assert one.order.manage_secret not in mailoutbox[1].body


def test_requested_links_are_told_apart_in_language_of_page(client: Client, run_tasks, mailoutbox):
    event = make_event(name="La Conf", name_en="The Conference")
    ticket = make_ticket(event)
    pair, group, cancelled = [make_order(event, email="buyer@example.org") for _number in range(3)]
    for name in ("Durand", "Müller"):
        make_registration(ticket, order=pair, first_name="Inès", last_name=name, email="")
    for _number in range(5):
        make_registration(ticket, order=group, email="")
    make_registration(ticket, order=cancelled, email="", cancelled_at=timezone.now())

    client.post("/en/orders/link/", {"email": "buyer@example.org"})
    run_tasks()

    [mail] = mailoutbox
    html_body = str(mail.alternatives[0][0])
    assert mail.subject == "Links to your registrations"
    for order, places in ((pair, "Inès Durand, Inès Müller"), (group, "5 places")):
        link = f"/en/orders/{order.reference}/{order.manage_secret}/"
        pattern = rf"The Conference\n{places} · order {order.reference}\nhttps?://[^/]+{link}\n"
        assert re.search(pattern, mail.body)
        assert f"{places} · order {order.reference}" in html_body
    assert cancelled.reference not in mail.body


def test_requested_links_begin_with_the_next_event_and_end_with_past_ones(
    client: Client, run_tasks, mailoutbox
):
    now = timezone.now()
    for name, days in (("Avant-hier", -2), ("Plus tard", 60), ("Bientôt", 30), ("Hier", -1)):
        starts_at = now + datetime.timedelta(days=days)
        event = make_event(name=name, starts_at=starts_at, ends_at=starts_at + datetime.timedelta(hours=8))
        make_registration(make_ticket(event), email="")

    client.post("/orders/link/", {"email": "buyer@example.org"})
    run_tasks()

    body = mailoutbox[0].body
    names = ("Bientôt", "Plus tard", "Hier", "Avant-hier")
    assert sorted(names, key=lambda name: body.index(f"{name}\n")) == list(names)


def test_cancelled_order_is_mailed_if_there_is_nothing_else(client: Client, run_tasks, mailoutbox):
    order = make_registration(email="", cancelled_at=timezone.now()).order

    client.post("/orders/link/", {"email": "buyer@example.org"})
    run_tasks()

    assert f"commande {order.reference}" in mailoutbox[0].body


def test_new_link_of_order_without_address_is_only_shown(client: Client):
    event = make_event()
    order = make_order(event, email="")
    make_registration(make_ticket(event), order=order, email="")

    page = client.get(f"{order.manage_path}renew/").content.decode()

    assert "Le nouveau lien s’affichera sur la page suivante." in page


LOOKALIKE_ADDRESSES = ("boss@fırm-risk.example", "boss@firm-riſk.example")


@pytest.mark.parametrize("alike", LOOKALIKE_ADDRESSES)
def test_lookalike_address_gets_only_its_own_links(client: Client, run_tasks, mailoutbox, alike: str):
    ticket = make_ticket()
    for address in ("boss@firm-risk.example", alike):
        order = make_order(ticket.event, email=address)
        make_registration(ticket, order=order, email=address)
    client.post("/orders/link/", {"email": "BOSS@firm-risk.example"})
    client.post("/orders/link/", {"email": alike})
    run_tasks()

    mails = {message.to[0]: message.body for message in mailoutbox}

    assert {address: body.count("/orders/") for address, body in mails.items()} == {
        "boss@firm-risk.example": 1,
        alike: 1,
    }
    for order in Order.objects.all():
        assert order.manage_secret in mails[order.email]


def test_two_spellings_of_one_address_get_separate_mails(client: Client, run_tasks, mailoutbox):
    ticket = make_ticket()
    for address in ("boss@example.org", "Boss@example.org"):
        make_registration(ticket, order=make_order(ticket.event, email=address), email=address)
    client.post("/orders/link/", {"email": "boss@example.org"})

    run_tasks()

    assert {message.to[0]: message.body.count("/orders/") for message in mailoutbox} == {
        "boss@example.org": 1,
        "Boss@example.org": 1,
    }


def test_link_mail_sent_again_after_worker_crash_has_same_message_id(client: Client, run_tasks, mailoutbox):
    make_registration()
    for _each in range(2):
        client.post("/orders/link/", {"email": "buyer@example.org"})
    run_tasks()
    DBTaskResult.objects.update(status="READY")
    run_tasks()

    first, second, *repeats = [message.extra_headers["Message-ID"] for message in mailoutbox]

    assert first != second
    assert sorted(repeats) == sorted([first, second])


@pytest.mark.parametrize("alike", LOOKALIKE_ADDRESSES)
def test_account_page_shows_only_own_orders_and_registrations(client: Client, alike: str):
    ticket = make_ticket()
    boss = make_person(email="boss@firm-risk.example")
    strangers = make_registration(ticket, email=alike)
    ordered = make_registration(ticket, order=make_order(ticket.event, email=boss.email), email=boss.email)
    invited = make_registration(ticket, email=boss.email)
    client.force_login(boss)

    page = client.get("/me/").content.decode()

    assert strangers.order.reference not in page
    assert ordered.order.manage_secret in page
    assert invited.order.manage_secret not in page
    assert make_own_secret(invited) in page


def unfold_lines(answer) -> str:
    """Return the content of a calendar file with folded lines joined."""
    return answer.content.decode().replace("\r\n ", "")


def test_calendar_contains_link_used_for_download(client: Client):
    ticket = make_ticket()
    boss = make_registration(ticket, email="boss@example.org")
    mine = make_registration(ticket, order=boss.order, email="colleague@example.org")
    order = boss.order
    links = {link: f"{order.build_path_with(link)}" for link in (order.manage_secret, make_own_secret(mine))}
    cancel_registration(registration=boss)

    files = {link: unfold_lines(client.get(f"{path}calendar.ics")) for link, path in links.items()}

    for link, file in files.items():
        assert set(re.findall(r"/orders/\S+?/([\w-]+)/", file.replace("\\n", " "))) == {link}
        assert "STATUS:CONFIRMED" in file
    assert f"UID:{order.reference}@" in files[order.manage_secret]
    assert f"UID:{mine.reference}@" in files[make_own_secret(mine)]

    cancel_registration(registration=mine)

    assert "STATUS:CANCELLED" in unfold_lines(client.get(f"{links[make_own_secret(mine)]}calendar.ics"))

    sent = Client(enforce_csrf_checks=True).post(f"{links[make_own_secret(mine)]}calendar.ics")

    assert sent.status_code == 405
    assert sent["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_calendar_product_id_names_language_of_order(client: Client, language: str):
    order = make_registration(order=make_order(make_ticket().event, language=language)).order
    file = unfold_lines(client.get(f"{order.manage_path}calendar.ics"))

    assert f"PRODID:-//Convention//Registrations//{language.upper()}\r\n" in file


def test_colleague_cannot_redirect_mails_of_order(client: Client, run_tasks, mailoutbox):
    order = make_order(make_event(), email="boss@example.org")
    ticket = make_ticket(order.event)
    boss = make_registration(ticket, order=order, email="boss@example.org")
    mine = make_registration(ticket, order=order, email="colleague@example.org")
    path = f"{order.build_path_with(make_own_secret(mine))}{mine.reference}/correct/"
    for address in ("boss@example.org", "evil@example.net"):
        corrected = {"first_name": "Zoé", "last_name": "Müller", "email": address}
        assert client.post(path, corrected).status_code == 302

    run_tasks()

    order.refresh_from_db()
    assert order.email == "boss@example.org"
    assert {message.to[0] for message in mailoutbox} == {"boss@example.org"}

    whole = f"{order.manage_path}{boss.reference}/correct/"
    client.post(whole, {"first_name": "Zoé", "last_name": "Müller", "email": "boss@example.net"})

    order.refresh_from_db()
    assert order.email == "boss@example.net"


def test_link_requests_are_limited_alike_for_known_and_unknown_addresses(client: Client, settings):
    settings.RATE_LIMITS = "on"
    cache.clear()
    make_registration()
    for address in ("buyer@example.org", "nobody@example.org"):
        statuses = [client.post("/orders/link/", {"email": address}).status_code for _each in range(6)]
        assert statuses == [302] * 5 + [429]


def test_invalid_address_gets_error_message(client: Client):
    page = client.post("/en/orders/link/", {"email": "nonsense"})
    assert "Enter a valid e-mail address" in page.text


def test_replaced_link_is_not_found(client: Client, run_tasks, mailoutbox):
    registration = make_registration()
    order = registration.order

    old, own = order.manage_path, f"/orders/{order.reference}/{make_own_secret(registration)}/"

    assert client.get(f"{own}renew/").status_code == 404
    assert client.post(f"{own}renew/").status_code == 404

    answer = client.post(f"{old}renew/")

    order = Order.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == order.manage_path
    for gone in (old, own, f"{old}calendar.ics", f"{old}{registration.reference}/badge.pdf"):
        assert client.get(gone).status_code == 404
    assert client.get(order.manage_path).status_code == 200

    run_tasks()

    assert order.manage_url in mailoutbox[0].body
    entry = AuditEntry.objects.get(verb="order.renew_link")
    assert entry.fields == ["link_version"]
    assert order.manage_secret not in f"{entry.subject}{entry.reason}"


def test_link_renewals_are_limited_per_order_and_mailbox(client: Client, settings):
    settings.RATE_LIMITS = "on"
    cache.clear()
    ticket = make_ticket()
    orders = [make_registration(ticket).order for _each in range(5)]
    answers = [client.post(f"{orders[0].manage_path}renew/")]

    while (answer := answers[-1]).status_code == 302:
        answers.append(client.post(f"{answer['Location']}renew/"))

    assert len(answers) == LINK_RENEWALS_PER_HOUR + 1
    assert answer.status_code == 429
    assert "Réessayez dans" in answer.text

    answers = []
    for order in orders[1:]:
        for _each in range(LINK_RENEWALS_PER_HOUR):
            order.refresh_from_db()
            answers.append(client.post(f"{order.manage_path}renew/").status_code)

    left = MAILS_PER_HOUR - LINK_RENEWALS_PER_HOUR

    assert answers == [302] * left + [429] * (len(answers) - left)
    assert client.get(f"{order.manage_path}renew/").status_code == 200


def test_organizer_replaces_link(client: Client, run_tasks, mailoutbox):
    registration = make_registration()
    event, secret = registration.event, registration.order.manage_secret

    client.force_login(make_staff(event))

    path = f"/organize/{event.slug}/registrations/{registration.reference}/"
    assert client.post(f"{path}renew/")["Location"] == path
    assert Order.objects.get().manage_secret != secret
    assert "lien remplacé" in client.get(path).text.casefold()

    run_tasks()

    assert len(mailoutbox) == 1


def test_links_expire_three_months_after_event(client: Client):
    over = timezone.now() - datetime.timedelta(days=91)
    event = make_event(starts_at=over - datetime.timedelta(days=1), ends_at=over)
    registration = make_registration(make_ticket(event))
    selection = PersonalAgenda.objects.create(event=event)
    agenda = f"/events/{event.slug}/agenda/mine/{selection.link_token}"

    paths = (registration.order.manage_path, f"{agenda}/", f"{agenda}.ics")

    assert [client.get(path).status_code for path in paths] == [200, 200, 200]  # made after the event

    Order.objects.update(created_at=over)
    PersonalAgenda.objects.update(created_at=over)

    assert [client.get(path).status_code for path in paths] == [410, 410, 410]


def test_link_of_personal_programme_is_replaced(client: Client):
    event = make_event(slug="conf")
    session = make_session(event)

    client.post("/events/conf/agenda/choose/", {"add": str(session.guid)})

    old = PersonalAgenda.objects.get().link_token
    assert client.post("/events/conf/agenda/mine/renew/").status_code == 302
    new = PersonalAgenda.objects.get()
    assert new.link_token != old
    assert list(new.sessions.all()) == [session]
    for ending in ("/", ".ics"):
        assert Client().get(f"/events/conf/agenda/mine/{old}{ending}").status_code == 404
        assert Client().get(f"/events/conf/agenda/mine/{new.link_token}{ending}").status_code == 200
    assert session.title in client.get("/events/conf/agenda/mine/").text


def test_page_of_an_invalid_link_leads_to_a_new_one(client):
    order = make_order(make_event(slug="congress"))

    page = html.fromstring(client.get(f"/en/orders/{order.reference}/{'a' * 20}/").text)

    assert page.xpath("//p[@class='actions']/a[1]/@href") == ["/en/orders/link/"]
    assert page.xpath("//p[@class='actions']/a[1]/text()") == ["Find your registration"]
