"""From the call for proposals to a published session, in five browsers and two languages."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from convention.club.models import CompanyRole, Employment
from schedule.models import CallForProposals, SessionProposal
from tests.factories import START_OF_2020, make_company, make_person, make_staff
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.schedule.proposals.factories import make_pdf
from tests.schedule.speakers.factories import make_june_event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once, pytest.mark.long]


def check_page(page: Page) -> None:
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def create_call(page: Page) -> None:
    """Create a call that is open now, with one format and one criterion, in French."""
    now = timezone.localtime()
    page.goto("/organize/june/schedule/proposals/")
    page.get_by_role("link", name="Créer l’appel").click()
    page.fill("[name=title]", "Partagez vos nuages")
    page.fill("[name=title_en]", "Share your clouds")
    page.fill("[name=opens_at]", f"{now - datetime.timedelta(days=1):%Y-%m-%dT%H:%M}")
    page.fill("[name=closes_at]", f"{now + datetime.timedelta(days=9):%Y-%m-%dT%H:%M}")
    page.fill("[name=formats-0-name]", "Conférence")
    page.fill("[name=formats-0-name_en]", "Talk")
    page.fill("[name=formats-0-minutes]", "45")
    page.fill("[name=criteria-0-name]", "Contenu")
    page.check("[name=is_blind]")
    check_page(page)
    page.get_by_role("button", name="Enregistrer l’appel").click()
    expect(page.get_by_text("L’appel à propositions est enregistré.")).to_be_visible()


def fill_proposal(page: Page, title: str, *speakers: tuple[str, str, str]) -> None:
    page.fill("[name=title]", title)
    page.fill("[name=abstract]", "How **we** did it.")
    page.select_option("[name=format]", index=1)
    for index, (name, email, company) in enumerate(speakers):
        page.fill(f"[name=speakers-{index}-name]", name)
        page.fill(f"[name=speakers-{index}-email]", email)
        page.fill(f"[name=speakers-{index}-company]", company)


def review(page: Page, address: str, title: str, button: str) -> None:
    """Give the highest score to a proposal of the queue."""
    page.goto(address)
    check_page(page)
    page.get_by_role("link", name=title).click()
    expect(page.get_by_role("main")).not_to_contain_text("Vera")
    page.locator("[name^=criterion-][value='5']").check()
    check_page(page)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("status")).to_be_visible()


def find_link(mailoutbox, address: str, part: str) -> str:
    """Return the path of the last link of that kind sent to an address."""
    bodies = [message.body for message in mailoutbox if message.to == [address] and part in message.body]
    return re.search(rf"http://[^/\s]+(\S*{part}\S+)", bodies[-1])[1]


def test_proposal_is_submitted_reviewed_accepted_and_published(open_page, site, run_tasks, mailoutbox):
    event = make_june_event(slug="june", name="Convention de juin")
    vendor = make_company(role=CompanyRole.Role.VENDOR, name="Nuage SA")
    vera = make_person(email="vera@nuage.example")
    Employment.objects.create(person=vera, company=vendor, starts_on=START_OF_2020)
    organizer, speaker, seller = (
        open_page("desktop", "fr"),
        open_page("phone", "fr"),
        open_page("desktop", "en"),
    )
    reviewer, colleague = open_page("phone", "en"), open_page("desktop", "fr")
    sign_in(organizer, Client(), site, make_staff(event))
    sign_in(reviewer, Client(), site, make_staff(event, "reviewer", email="rita@review.example"))
    sign_in(colleague, Client(), site, make_staff(event, "reviewer", email="chef@acme.example"))
    create_call(organizer)

    # A vendor's sales talk is stopped with the reason; the case study with a customer passes.
    seller.goto("/en/events/june/proposals/")
    check_page(seller)
    fill_proposal(seller, "Why our product is best", ("Vera", "vera@nuage.example", "Nuage SA"))
    seller.get_by_role("button", name="Submit the proposal").click()
    expect(seller.locator("#error-summary")).to_contain_text("Speakers from a vendor: Vera.")
    expect(seller.locator("[name=title]")).to_have_value("Why our product is best")
    check_page(seller)
    client_row = ("Cléo", "cleo@client.example", "Client")
    fill_proposal(seller, "A year at Client", ("Vera", "vera@nuage.example", "Nuage SA"), client_row)
    seller.check("[name=is_case_study]")
    seller.fill("[name=customer]", "Client")
    seller.get_by_role("button", name="Submit the proposal").click()
    expect(seller.get_by_text("Your proposal was submitted")).to_be_visible()
    check_page(seller)

    speaker.goto("/events/june/proposals/")
    check_page(speaker)
    fill_proposal(speaker, "Nos mots de passe", ("Ana", "ana@acme.example", "Acme"))
    speaker.get_by_role("button", name="Envoyer la proposition").click()
    expect(speaker.get_by_text("Votre proposition est envoyée")).to_be_visible()
    run_tasks()
    speaker.goto(find_link(mailoutbox, "ana@acme.example", "/proposals/"))
    speaker.fill("[name=title]", "Sans mots de passe")
    speaker.get_by_role("button", name="Enregistrer la proposition").click()
    expect(speaker.locator("h1")).to_have_text("Sans mots de passe")

    # The colleague of Acme does not see Ana's proposal; the other reviewer scores both.
    review(reviewer, "/en/review/june/", "A year at Client", "Save the review")
    review(reviewer, "/en/review/june/", "Sans mots de passe", "Save the review")
    colleague.goto("/review/june/")
    expect(colleague.get_by_text("Sans mots de passe")).to_have_count(0)
    colleague.get_by_role("link", name=re.compile("Proposition \\d+")).click()
    expect(colleague.locator("h1")).to_have_text("Conflit d’intérêts")
    check_page(colleague)
    review(colleague, "/review/june/", "A year at Client", "Enregistrer la relecture")

    organizer.goto("/organize/june/schedule/proposals/?order=score")
    check_page(organizer)
    organizer.get_by_label("A year at Client").check()
    organizer.get_by_label("Sans mots de passe").check()
    organizer.get_by_role("button", name="Voir l’effet de la décision").click()
    check_page(organizer)
    organizer.get_by_role("button", name="Décider et envoyer 3 e-mails").dblclick()
    expect(organizer.get_by_text("La décision sur 2 propositions est enregistrée")).to_be_visible()
    run_tasks()
    assert [event.sessions.count(), SessionProposal.objects.filter(session=None).count()] == [2, 0]

    speaker.goto(find_link(mailoutbox, "ana@acme.example", "/speakers/"))
    speaker.get_by_role("button", name="Confirmer").click()
    expect(speaker.get_by_text("la session est confirmée")).to_be_visible()
    speaker.set_input_files(
        "[name=slides]", {"name": "mots.pdf", "mimeType": "application/pdf", "buffer": make_pdf()}
    )
    speaker.locator("#slides [name=has_consent]").check()
    speaker.get_by_role("button", name="Envoyer les supports").click()
    expect(speaker.get_by_role("link", name="mots.pdf")).to_be_visible()
    check_page(speaker)

    session = event.sessions.get(title="Sans mots de passe")
    organizer.goto(f"/organize/june/schedule/{session.number}/")
    check_page(organizer)
    organizer.fill("[name=starts_at]", "2099-06-15T10:00")
    organizer.fill("[name=ends_at]", "2099-06-15T10:45")
    organizer.get_by_role("button", name="Enregistrer la session").click()
    organizer.goto("/organize/june/schedule/publish/")
    organizer.get_by_role("button", name="Publier", exact=True).click()
    speaker.goto("/events/june/agenda/")
    expect(speaker.get_by_text("Sans mots de passe").first).to_be_visible()
    expect(speaker.get_by_text("A year at Client")).to_have_count(0)
    assert CallForProposals.objects.get().proposals.count() == 2
