"""A visit from proposal to purge, in browsers: secretary, members, host, its gate and scanner phones.

Each step continues from the state that the previous one left; time passes by moving the visit's dates.
"""

import logging

import pytest
from django.utils import translation
from playwright.sync_api import Page, expect

from badges.attendance.models import Scan
from badges.visits.roster import load_roster
from convention import hooks
from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.tasks.periodic import run_periodic_job
from convention.text.punctuation import format_last_name_first
from registrations.visits.identity.requests import request_identities
from registrations.visits.models import Identity, VisitorList
from tests.journeys.scanning import (
    expect_all_sent,
    expect_offline_ready,
    expect_pending,
    expect_verdict,
    open_pairing_address,
    tap,
    type_as_hand_scanner,
)
from tests.journeys.visiting import (
    Story,
    fill,
    format_form_time,
    move_visit,
    read_badge_code,
    require_accessible_page,
)
from tests.pdf_readers import pdf_text
from tests.registrations.visits.find_identities import (
    decrypt_words,
    dump_database,
    find_identity_values,
    list_identity_values,
)
from tests.registrations.visits.hosts import make_identity_answers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

TITLE = "Le stockage avant sa sortie"
SECURITY, CONTACT, CLUB = "garde@hote.example", "sophie@hote.example", "visites@club.example"
FACTS = {
    "capacity": "4", "company_cap": "2", "security_name": "Poste de garde", "security_email": SECURITY,
    "identity_fields": [*make_identity_answers(1)], "identity_days_before": "30",
    "briefing": "Chaussures fermées.", "briefing_en": "Closed shoes.",
}  # fmt: skip
RIDES = {"out": ("Gare de Lyon, sortie 3", 7), "back": ("Parking P2", 17)}
PURGE = "registrations.visits.identity.purge.purge_due_data"


@pytest.fixture
def story(open_page, site, run_tasks, mailoutbox, language) -> Story:
    """Return the story at its beginning, in French on a phone or in English on a desktop."""
    screen = {"fr": "phone", "en": "desktop"}[language]
    return Story(language, screen, open_page, site, mailoutbox, run_tasks)


@pytest.mark.long
@pytest.mark.parametrize("language", ["fr", pytest.param("en", marks=pytest.mark.soak)])
def test_visit_from_proposal_to_purge(story, caplog):
    caplog.set_level(logging.DEBUG)
    propose_visit(story)
    plan_visit(story)
    apply_for_places(story)
    send_visitor_list(story)
    decline_and_replace_visitor(story)
    scan_arrivals(story)
    scan_departures(story)

    publish_debrief(story)

    assert PURGE in hooks.periodic_jobs.intervals

    purge_visit_data(story, caplog)


def propose_visit(story: Story) -> None:
    """Propose the visit as a member, express interest as another, and set a date as the secretary."""
    people = story.people
    page = story.of(people.ana, "/season/")
    story.follow(page, "Propose a visit")
    fill(page, {"title": TITLE, "host": people.host.pk, "motivation": "Personne ne l’a vu."})
    story.press(page, "Propose the visit")
    page = story.of(people.dora, "/season/proposals/")
    story.press(page, "I’m interested")
    story.reads(page, "Saved: we will e-mail you when a date is set.")
    page = story.of(people.secretary, "/me/")
    story.follow(page, "Season")
    page.locator(".attention a[href$='/proposals/']").click()
    page.get_by_role("link", name=TITLE).click()
    fill(
        page,
        {
            "date-starts_at": format_form_time(20, 9),
            "date-ends_at": format_form_time(20, 16),
            "date-contact_email": CLUB,
        },
    )
    require_accessible_page(page)
    story.press(page, "Turn it into a visit")
    assert story.visit.state == "draft"
    assert story.visit.event.host == people.host


def plan_visit(story: Story) -> None:
    """Enter terms, confidentiality text, rides and host contact as the secretary, and open the visit."""
    page = story.of(story.people.secretary, story.run)
    fill(page, FACTS | {"embargo_until": format_form_time(90, 9)})
    require_accessible_page(page)
    story.press(page, "Save the terms")
    story.press(page, "The host has agreed")
    story.press(page, "Open to members")
    story.reads(page, "Enter the confidentiality terms.")
    story.follow(page, "Confidentiality")
    fill(page, {"text": "Ce qui est vu reste entre nous.", "text_en": "What is seen stays among us."})
    story.press(page, "Save the text")
    for direction, (place, hour) in RIDES.items():
        page.goto(story.path(f"{story.run}rides/new/"))
        fill(page, {"direction": direction, "meeting_point": place, "leaves_at": format_form_time(20, hour)})
        story.press(page, "Save the ride")
    story.follow(page, "Visitor lists")
    story.follow(page, "Host contacts")
    fill(page, {"name": "Sophie Garde", "email": CONTACT, "language": story.language})
    story.press(page, "Add the contact")
    page.goto(story.path(story.run))
    story.press(page, "Open to members")
    story.reads(
        page,
        "Once members know of the visit, you can only move it to a date in the future. "
        "Everyone concerned then receives the new date by e-mail.",
    )
    story.press(page, "Open to members")
    story.reads(page, "The visit is open to members.")
    assert story.visit.state == "published"
    assert story.link_to(CONTACT) == story.path(f"/host/visits/{story.visit.event.slug}/")


def apply_for_places(story: Story) -> None:
    """Give places to four members, refuse two and let one wait; the four complete their applications."""
    people = story.people
    coming = [people.ana, people.paul, people.dora, people.emil]
    for person in coming:
        page = story.of(person, story.own)
        story.press(page, "Apply")
        story.reads(page, "You have a place. The confirmation is on its way by e-mail.")
    for person in (people.zoe, people.rita):
        page = story.of(person, story.own)
        story.reads(page, "You cannot join this visit at the moment:")
        expect(page.locator("form[action$='/apply/']")).to_have_count(0)
    page = story.of(people.farid, story.own)
    story.press(page, "Join the waiting list")
    request_identities()
    for number, person in enumerate(coming, start=1):
        assert story.link_to(person.email) == story.path(f"{story.own}identity/")
        complete_application(story, person, number)
    require_accessible_page(story.of(people.ana, story.own))
    assert story.states() == dict.fromkeys(("Ana", "Paul", "Dora", "Emil"), "complete") | {"Farid": "waiting"}


def complete_application(story: Story, person: Person, number: int) -> None:
    """Accept the terms, enter the identity and choose rides, following the links of the pages."""
    page = story.of(person, story.own)
    story.follow(page, "Read and accept the terms")
    story.press(page, "Accept the terms")
    story.reads(page, "Tick the box to accept.")
    page.locator("[name=agrees]").check()
    story.press(page, "Accept the terms")
    story.follow(page, "Enter your details")
    fill(page, make_identity_answers(number))
    if number == 1:
        require_accessible_page(page)
    story.press(page, "Submit my details")
    story.reads(page, "Thank you. Your details are encrypted and complete for this host.")
    page.goto(story.path(f"{story.own}rides/"))
    fill(page, {ride.direction: ride.pk for ride in story.visit.rides.all()})
    story.press(page, "Save my rides")
    story.reads(page, "Your rides have been saved.")


def send_visitor_list(story: Story) -> None:
    """Lock the list and mail its link; the gate opens it and confirms receipt."""
    page = story.of(story.people.secretary, story.run)
    story.press(page, "Lock the list now")
    story.reads(page, "Everyone still waiting will be told by e-mail that there is no place for them.")
    story.press(page, "Lock the list now")
    send_next_version(story, page, "Create the first version")
    gate = story.browser("gate", "phone")
    gate.goto(story.link_to(SECURITY))
    require_accessible_page(gate)
    expect(gate.get_by_text("Silva")).to_have_count(0)
    confirm_receipt(story, gate)
    first = VisitorList.objects.get()
    assert first.number == 1
    assert first.count == 4
    assert first.acknowledged_by == "Marc Portier"


def list_names(story: Story, *names: tuple[str, str]) -> list[str]:
    """Return the names as lists by last name show them in the story's language."""
    with translation.override(story.language):
        return [format_last_name_first(first, last) for first, last in names]


def send_next_version(story: Story, page: Page, button: str = "Create the next version") -> None:
    """Create the next version of the list and mail its link; the e-mails contain no names."""
    story.follow(page, "Visitor lists")
    require_accessible_page(page)
    story.press(page, button)
    fill(page, {"language": story.language})
    story.press(page, "Send the link")
    for address in (SECURITY, CONTACT):
        body = story.mail_to(address).body
        assert [name for name in ("Silva", "Refusé", "Brun", "Absent", "Tardif") if name in body] == []


def confirm_receipt(story: Story, gate: Page) -> None:
    """Open the list as the host's security, and confirm receipt."""
    story.press(gate, "Open the list")
    expect(gate.get_by_role("rowheader", name="Silva")).to_be_visible()
    require_accessible_page(gate)
    fill(gate, {"name": "Marc Portier"})
    story.press(gate, "Confirm receipt")
    story.reads(gate, "Thank you. The club can see that you have received the list.")


def decline_and_replace_visitor(story: Story) -> None:
    """Decline a visitor as the host, approve a replacement, and check the changes in the next list."""
    people, host = story.people, story.browser("host")
    host.goto(story.path("/host/"))
    fill(host, {"email": CONTACT})
    story.press(host, "Send me the link")
    host.goto(story.link_to(CONTACT))
    story.press(host, "Sign in")
    require_accessible_page(host)
    story.follow(host, "Decline this visitor", "Paul Refusé")
    require_accessible_page(host)
    story.press(host, "Decline this visitor")
    assert story.say("The host has not confirmed your visit") in story.mail_to(people.paul.email).body
    page = story.of(people.paul, story.own)
    story.reads(page, "The host did not confirm your visit, so you cannot apply for it again.")
    assert [mail.to for mail in story.mails if "Paul Refusé" in mail.body][-1] == [CLUB]
    name_replacement(story, host)
    old = story.link_to(SECURITY)
    page = story.of(people.secretary, f"{story.run}lists/")
    story.reads(
        page,
        "The host’s list is out of date. Create the next version and send it.",
    )
    send_next_version(story, page)
    gate = story.browser("gate")
    assert gate.request.get(old).status == 410
    gate.goto(story.link_to(SECURITY))
    confirm_receipt(story, gate)
    second = VisitorList.objects.get(number=2)
    assert second.count == 4
    assert second.added == 1
    assert second.removed == 1
    assert second.changed == 0
    check_list_changes(story, host)


def name_replacement(story: Story, host: Page) -> None:
    """Propose the waiting member as replacement; the host approves, and the member completes the details."""
    farid = story.people.farid
    page = story.of(story.people.secretary, f"{story.run}lists/")
    story.follow(page, "Name a replacement", "Paul Refusé")
    require_accessible_page(page)
    story.press(page, "Propose this person")
    host.goto(story.link_to(CONTACT))
    story.follow(host, "Decide", "Farid Tardif")
    story.press(host, "Approve this visitor")
    story.run_tasks()
    complete_application(story, farid, 5)
    assert story.states() == {
        "Ana": "listed", "Paul": "host_refused", "Dora": "listed", "Emil": "listed", "Farid": "complete",
    }  # fmt: skip


def check_list_changes(story: Story, host: Page) -> None:
    """Check that the host's list shows the added and the removed visitor."""
    host.goto(story.path(f"/host/visits/{story.visit.event.slug}/"))
    story.press(host, "Open the list")
    story.reads(host, "Changes since the previous version")
    changes = host.locator(".listing li")
    expect(changes).to_have_count(2)
    expect(changes.first).to_contain_text("Farid Tardif")
    expect(changes.last).to_contain_text("Paul Refusé, Banque du Lac")


def pair_phone(story: Story, kind: str, **fields: object) -> Page:
    """Pair a phone with a checkpoint, and wait until it works offline."""
    door = story.visit.event.checkpoints.get(kind=kind, **fields)
    page = story.of(story.people.secretary, f"/organize/{story.visit.event.slug}/devices/")
    fill(page, {"checkpoint": door.pk, "name": kind})
    story.press(page, "Show the pairing code")
    link = page.get_by_role("link", name=story.say("Use this device instead"))
    phone = story.browser(f"phone at {kind}", "phone")
    open_pairing_address(phone, link.get_attribute("href") or "", door.name)
    expect_offline_ready(phone)
    return phone


def scan_offline(phone: Page, *people: tuple[Person, str]) -> None:
    """Scan the people offline, then reconnect and check that the server stored the scans."""
    before = Scan.objects.count()
    phone.context.set_offline(True)
    for person, code in people:
        type_as_hand_scanner(phone, code)
        expect_verdict(phone, "admitted", name=person.name)
    expect_pending(phone, len(people))
    assert Scan.objects.count() == before
    phone.context.set_offline(False)
    expect_all_sent(phone)
    assert Scan.objects.count() == before + len(people)


def locate(story: Story) -> dict[str, str]:
    """Return the whereabouts of each visitor in the roster, by first name."""
    return {one.first_name: one.whereabouts.value for one in load_roster(story.visit)}


def scan_arrivals(story: Story) -> None:
    """Scan two visitors at coach and gate, one refused at the gate and one late; one is a no-show."""
    people = story.people
    move_visit(story, hours=1)
    page = story.of(people.secretary, f"{story.run}day/")
    page.locator("form[action$='/doors/'] button").click()
    ana, dora = ((one, read_badge_code(story, one)) for one in (people.ana, people.dora))
    scan_offline(pair_phone(story, "coach", ride__direction="out"), ana, dora)
    page = story.of(people.secretary, f"{story.run}day/coaches/{story.visit.rides.get(direction='out').pk}/")
    require_accessible_page(page)
    expect(page.locator(".stat-value")).to_have_text(["2", "2"])
    assert locate(story) == {"Ana": "aboard", "Dora": "aboard", "Emil": "expected", "Farid": "expected"}
    move_visit(story, hours=-0.5)
    gate = pair_phone(story, "entrance")
    scan_offline(gate, ana, dora)
    gate.context.set_offline(True)
    type_as_hand_scanner(gate, read_badge_code(story, people.paul))
    expect_verdict(gate, "refused")
    tap(gate)
    gate.context.set_offline(False)
    assert locate(story) == {"Ana": "inside", "Dora": "inside", "Emil": "late", "Farid": "late"}
    type_as_hand_scanner(gate, read_badge_code(story, people.farid))
    expect_verdict(gate, "admitted", name="Farid Tardif")
    expect_all_sent(gate)
    page = story.of(people.secretary, f"{story.run}day/?state=late")
    require_accessible_page(page)
    expect(page.get_by_role("rowheader")).to_have_text(list_names(story, ("Emil", "Absent")))
    page.goto(story.path(f"{story.run}day/evacuation/"))
    require_accessible_page(page)
    expect(page.locator(".people-checklist strong")).to_have_text(
        list_names(story, ("Dora", "Brun"), ("Ana", "Silva"), ("Farid", "Tardif"))
    )


def scan_departures(story: Story) -> None:
    """Scan two visitors out offline, and check the numbers on the host's page."""
    people = story.people
    way_out = pair_phone(story, "exit")
    expect(way_out.locator("[name=direction][value=out]")).to_be_checked()
    scan_offline(way_out, *((one, read_badge_code(story, one)) for one in (people.ana, people.dora)))
    move_visit(story, hours=-12)
    assert locate(story) == {"Ana": "left", "Dora": "left", "Emil": "no_show", "Farid": "not_out"}
    host = story.browser("host")
    host.goto(story.path(f"/host/visits/{story.visit.event.slug}/"))
    expect(host.locator(".stat-value")).to_have_text(["4", "3"])
    expect(host.get_by_role("link", name=story.say("Decline this visitor"))).to_have_count(0)


def publish_debrief(story: Story) -> None:
    """Publish the debrief, and check access to it before and after the embargo, and to certificates."""
    people = story.people
    page = story.of(people.secretary, f"{story.run}debrief/")
    fill(
        page,
        {"text": "Le froid est un liquide.", "lessons_learned": "Le froid coûte.", "audience": "members"},
    )
    story.press(page, "Save the debrief")
    story.press(page, "Publish the debrief")
    story.press(page, "The host approved this text")
    require_accessible_page(page)
    page = story.of(people.ana, story.own)
    require_accessible_page(page)
    certificate = page.request.get(story.path(f"{story.own}certificate.pdf"))
    assert "Ana Silva" in pdf_text(certificate.body())
    assert [story.status(one, f"{story.own}certificate.pdf") for one in (people.emil, people.farid)] == [
        409,
        409,
    ]
    story.follow(page, "Debrief")
    expect(page.get_by_text("Le froid est un liquide.")).to_be_visible()
    require_accessible_page(page)
    others = [people.emil, people.zoe, people.paul]
    assert [story.status(one, f"{story.own}debrief/") for one in [people.farid, *others]] == [
        200,
        404,
        404,
        404,
    ]
    visit = story.visit
    visit.embargo_until = visit.event.ends_at
    visit.save()
    assert [story.status(other, f"{story.own}debrief/") for other in others] == [200, 200, 200]
    page = story.of(people.zoe, "/visits/learned/")
    expect(page.get_by_text("Le froid coûte.")).to_be_visible()


def purge_visit_data(story: Story, caplog: pytest.LogCaptureFixture) -> None:
    """Run the purge after seven days: checksums, counts and the audit trail remain, but no personal data."""
    declined, visitors = 2, (1, 3, 4, 5)
    everybody = (declined, *visitors)
    sealed = dump_database()
    stored = decrypt_words(sealed)
    assert [value for value in list_identity_values(*everybody) if value in sealed] == []
    assert [value for value in list_identity_values(*visitors) if value not in stored] == []
    # Deleted when the host declined the visitor, also from the list that was sent before.
    assert [value for value in list_identity_values(declined) if value in stored] == []
    move_visit(story, hours=-8 * 24)
    run_periodic_job(PURGE)
    assert find_identity_values(*everybody, mails=story.mails, log=caplog.text) == set()
    assert not Identity.objects.exists()
    kept = VisitorList.objects.order_by("number").values_list("count", "encrypted_data", "acknowledged_by")
    assert list(kept) == [(4, None, "Marc Portier")] * 2
    assert AuditEntry.objects.get(verb="visit.purge").reason == "4 identities, 2 lists"
    page = story.of(story.people.secretary, f"{story.run}lists/2/")
    story.reads(page, "The names have been deleted as planned. The checksum, counts and log remain.")
    host = story.browser("host")
    host.reload()
    story.reads(host, "The names were deleted seven days after the visit.")
    expect(host.get_by_text("Silva")).to_have_count(0)
