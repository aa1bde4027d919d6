"""An organizer sends a mailing to buyers of unpaid orders; one of them unsubscribes."""

import pytest
from playwright.sync_api import Page, expect

from badges.mailings.models import Mailing, Unsubscription
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_order, make_registration, make_staff, make_ticket
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]
WORDS = {
    "fr": ("Nouvel envoi", "Champs disponibles", "Enregistrer le brouillon", "Aperçu",
           "M’envoyer un e-mail d’essai", "Envoyer maintenant à 1 destinataire", "Se désabonner"),
    "en": ("New mailing", "Available placeholders", "Save the draft", "Preview",
           "Send me a test", "Send to 1 recipient now", "Unsubscribe"),
}  # fmt: skip


def check_page(page: Page) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)


@pytest.mark.long
@pytest.mark.parametrize(("screen", "language"), [("phone", "fr"), ("desktop", "en")], indirect=True)
def test_mailing_is_sent_and_recipient_unsubscribes(browser_page: Page, client, site, language, mailoutbox):
    prefix = {"fr": "", "en": "/en"}[language]
    write, braces, save, preview, trial, send, stop = WORDS[language]
    event = make_event()
    add_people(event, 2, language=language)
    owes = make_order(event, email="owes@example.org", language=language, payment="invoice", total=12_000)
    paid = make_ticket(event, slug="paid")
    make_registration(paid, order=owes, first_name="Zoé", email="owes@example.org", price=12_000)
    sign_in(browser_page, client, site, make_staff(event))
    page = browser_page

    page.goto(f"{prefix}/organize/{event.slug}/mail/")

    check_page(page)

    page.get_by_role("link", name=write).first.click()
    page.get_by_text(braces).click()

    expect(page.get_by_text("{first_name}")).to_be_visible()

    check_page(page)
    page.locator("[name=purpose][value=news]").check()

    page.fill(f"[name=subject_{language}]", "{event}: {ticket}")
    page.fill(f"[name=text_{language}]", "**{first_name}**, [{name}]({manage_url}) {oops}")
    page.select_option("[name=payment]", "unpaid")
    page.get_by_role("button", name=save).click()

    expect(page.locator(f"#id_text_{language}")).to_have_attribute("aria-invalid", "true")

    check_page(page)

    page.fill(f"[name=text_{language}]", "**{first_name}**, [{name}]({manage_url})")
    page.get_by_role("button", name=save).click()

    expect(page.locator("h1")).to_have_text(f"{event.name}: {{ticket}}")

    check_page(page)

    page.get_by_role("link", name=preview).click()
    expect(page.frame_locator(".mail-frame").locator("strong").first).to_have_text("Zoé")

    check_page(page)

    page.go_back()
    page.get_by_role("button", name=trial).click()
    page.get_by_role("button", name=send).click()
    expect(page.locator("#job")).to_have_attribute("data-state", "running")
    run_waiting_tasks()

    expect(page.locator("#job")).to_have_attribute("data-state", "done")

    check_page(page)
    assert [mail.to for mail in mailoutbox][1:] == [["owes@example.org"]]
    assert Mailing.objects.get().state == "sent"

    page.goto(mailoutbox[1].extra_headers["List-Unsubscribe"].strip("<>"))

    check_page(page)

    page.get_by_role("button", name=stop).click()
    expect(page.locator(".notice")).to_contain_text("owes@example.org")

    assert Unsubscription.objects.get().email == "owes@example.org"
