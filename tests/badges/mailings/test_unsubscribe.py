"""Test unsubscribing through a signed link with one click, and undoing it."""

import re

import pytest
from django.test import Client

from badges.mailings.models import Recipient, Unsubscription
from badges.mailings.sending.launch import launch_mailing
from badges.mailings.unsubscribe import make_unsubscribe_url
from convention.audit.models import AuditEntry
from tests.badges.mailings.factories import add_people, make_mailing
from tests.factories import make_event, make_registration, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def get_unsubscribe_path(message) -> str:
    """Return the path of the unsubscribe link in an e-mail's header."""
    return message.extra_headers["List-Unsubscribe"].strip("<>").partition(":8000")[2]


def send_news(event, run_tasks, mailoutbox, purpose="news") -> list:
    before = len(mailoutbox)
    launch_mailing(mailing=make_mailing(event, purpose=purpose))
    run_tasks()
    return mailoutbox[before:]


def test_unsubscribe_page_is_in_recipients_language_and_can_be_undone(client, mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 1)
    add_people(event, 1, language="en", start=1)
    mails = send_news(event, run_tasks, mailoutbox)

    french, english = (get_unsubscribe_path(mail) for mail in mails)

    assert "Ne plus envoyer d’actualités à ana0@example.org" in client.get(french).content.decode()

    page = client.get(english).content.decode()

    assert english.startswith("/en/news/stop/")
    assert "Stop sending club news to ana1@example.org?" in page
    assert Unsubscription.objects.count() == 0
    assert "ana1@example.org is unsubscribed from club news." in client.post(english).content.decode()
    assert [mail.to for mail in send_news(event, run_tasks, mailoutbox)] == [["ana0@example.org"]]

    informed = send_news(event, run_tasks, mailoutbox, purpose="information")

    assert sorted(mail.to[0] for mail in informed) == ["ana0@example.org", "ana1@example.org"]

    again = client.post(english, {"again": "1"}).content.decode()

    assert "ana1@example.org will receive club news again." in again
    assert len(send_news(event, run_tasks, mailoutbox)) == 2


def test_mail_client_unsubscribes_with_one_post_without_session(mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 1)

    [mail] = send_news(event, run_tasks, mailoutbox)

    assert mail.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    stranger = Client(enforce_csrf_checks=True, headers={"origin": "https://mail.example"})
    for _twice in range(2):
        answer = stranger.post(
            get_unsubscribe_path(mail),
            "List-Unsubscribe=One-Click",
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code == 200

    assert Unsubscription.objects.get().email == "ana0@example.org"
    recipient = Recipient.objects.get()
    assert recipient.unsubscribed_at is not None
    entry = AuditEntry.objects.get(verb="news.unsubscribe")
    assert entry.event == event.slug
    assert "@" not in f"{entry.subject}{entry.fields}"


def test_link_unsubscribes_address_that_it_was_sent_to(client):
    event = make_event()
    [ana] = add_people(event, 1)
    url = make_unsubscribe_url(recipient_id=77, address="Former@Example.org", language="fr").partition(
        ":8000"
    )[2]

    client.post(url)

    assert Unsubscription.objects.get().email == "former@example.org"

    ana.delete()

    assert client.get(url).status_code == 200


def test_forged_link_and_link_of_test_mail_have_no_effect(client):
    assert client.post("/news/stop/WzEsImFuYTBAZXhhbXBsZS5vcmciXQ:forged:forged/").status_code == 404
    url = make_unsubscribe_url(recipient_id=0, address="ana@example.org", language="en").partition(":8000")[2]
    assert "This link comes from a test e-mail, so it has no effect." in client.post(url).content.decode()
    assert Unsubscription.objects.count() == 0


def test_recipient_who_unsubscribes_during_sending_is_omitted(client, mailoutbox, run_tasks):
    event = make_event()
    add_people(event, 2)
    mailing = launch_mailing(mailing=make_mailing(event, purpose="news"))
    Unsubscription.objects.create(email="ana1@example.org")

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["ana0@example.org"]]
    assert list(mailing.recipients.values_list("left_out", flat=True)) == ["", "unsubscribed"]


def test_long_headers_arrive_unbroken_and_one_click_link_works(mail_receiver, run_tasks, settings):
    settings.SITE_URL = "https://inscriptions.un-club-au-nom-vraiment-tres-long-et-encore-plus-long.example"
    event = make_event()
    address = "une.adresse.plutot.longue.pour.un.en.tete@example.org"
    make_registration(make_ticket(event), email=address)
    launch_mailing(mailing=make_mailing(event, purpose="news"))
    run_tasks()
    [message] = mail_receiver.messages

    raw = dict(message.raw_items())

    assert re.fullmatch(r"<https://[\w./-]+/news/stop/[\w:-]+/>", raw["List-Unsubscribe"])
    assert re.fullmatch(r"<mailing-\d+-\d+@inscriptions[\w.-]+>", raw["Message-ID"])

    path = raw["List-Unsubscribe"].strip("<>").removeprefix(settings.SITE_URL)

    form = "application/x-www-form-urlencoded"
    assert Client().post(path, "List-Unsubscribe=One-Click", content_type=form).status_code == 200
    assert Unsubscription.objects.get().email == address
