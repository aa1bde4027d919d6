"""Actors and helpers of the story of a visit: people, their browsers, sentences, and the clock."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.mail import EmailMessage
from django.db.models import F
from django.test import Client
from django.utils import timezone, translation
from playwright.sync_api import Page, expect

from convention.club.models import Market, Person
from convention.events.models import Event
from registrations.visits.applications.state import find_states
from registrations.visits.models import Application, Ride, Visit
from tests.factories import make_company, make_member, make_secretary
from tests.journeys.browsing import assert_accessible, assert_no_sideways_scroll, sign_in
from tests.pdf_readers import decode_qr

PATH = re.compile(r"https?://[^\s/]+(/\S+)")


class People:
    """People that exist beforehand: the host's firm, the secretary, members of several companies."""

    def __init__(self, language: str) -> None:
        market = Market.objects.create(slug="storage", name="Stockage", name_en="Storage")
        self.host = make_company(role="vendor", name="Nordlys")
        bank, rival = make_company(name="Banque du Lac"), make_company(name="Rival SA")
        for firm in (self.host, rival):
            firm.markets.add(market)
        self.secretary = make_secretary()
        words = {"language": language}
        self.ana = make_member(bank, first_name="Ana", last_name="Silva", **words)
        self.paul = make_member(bank, first_name="Paul", last_name="Refusé", **words)
        self.zoe = make_member(bank, first_name="Zoé", last_name="Troisième", **words)
        self.dora = make_member(first_name="Dora", last_name="Brun", **words)
        self.emil = make_member(first_name="Emil", last_name="Absent", **words)
        self.farid = make_member(first_name="Farid", last_name="Tardif", **words)
        self.rita = make_member(rival, first_name="Rita", last_name="Rivale", **words)


def require_accessible_page(page: Page) -> None:
    """Require an accessible page."""
    assert_accessible(page)
    assert_no_sideways_scroll(page)


def fill(page: Page, answers: Mapping[str, Any]) -> None:
    """Fill a form by the names of its fields; a list ticks boxes."""
    for name, value in answers.items():
        control = page.locator(f"main [name={name}]")
        kind = control.first.evaluate("(control) => control.type")
        if kind in ("radio", "checkbox"):
            for one in value if isinstance(value, list) else [value]:
                page.locator(f"main [name={name}][value='{one}']").check()
        elif kind == "select-one":
            control.select_option(str(value))
        else:
            control.fill(value)


@dataclass
class Story:
    """One visit in one language on one screen; each person has a browser."""

    language: str
    screen: str
    open_page: Callable[..., Page]
    site: str
    mails: list[EmailMessage]
    run_tasks: Callable[[], Any]
    pages: dict[str, Page] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.people = People(self.language)

    @property
    def visit(self) -> Visit:
        """Return the visit as stored now."""
        return Visit.objects.select_related("event__host").get()

    @property
    def run(self) -> str:
        """Return the path of the organizer's pages."""
        return f"/organize/{self.visit.event.slug}/visit/"

    @property
    def own(self) -> str:
        """Return the path of the members' pages."""
        return f"/visits/{self.visit.event.slug}/"

    def say(self, sentence: str, **facts: object) -> str:
        """Return a source sentence in the story's language; one without translation fails."""
        with translation.override(self.language):
            said = translation.gettext(sentence)
        assert self.language == "en" or said != sentence, f"not in French: {sentence}"
        return said % facts if facts else said

    def path(self, address: str) -> str:
        """Return an address in the story's language."""
        return address if self.language == "fr" else f"/en{address}"

    def browser(self, name: str, screen: str = "") -> Page:
        """Return the page of a person's browser, opened when first needed."""
        if name not in self.pages:
            self.pages[name] = self.open_page(screen or self.screen, self.language)
        return self.pages[name]

    def of(self, person: Person, address: str) -> Page:
        """Return a page that a person of the club reads, signed in."""
        name = person.email or ""
        is_new = name not in self.pages
        page = self.browser(name)
        if is_new:
            sign_in(page, Client(), self.site, person)
        page.goto(self.path(address))
        return page

    def status(self, person: Person, address: str) -> int:
        """Return the status that a person gets at an address."""
        return self.pages[person.email or ""].request.get(self.path(address)).status

    def press(self, page: Page, sentence: str) -> None:
        """Press the button that begins with these words; a hidden label may follow."""
        page.get_by_role("button", name=re.compile(f"^{re.escape(self.say(sentence))}")).click()
        page.wait_for_load_state()

    def follow(self, page: Page, sentence: str, name: str = "") -> None:
        """Follow the link that begins with these words and ends with that name."""
        words = re.compile(f"^{re.escape(self.say(sentence))}.*{re.escape(name)}")
        page.get_by_role("link", name=words).click()
        page.wait_for_load_state()

    def reads(self, page: Page, sentence: str, **facts: object) -> None:
        """Require these words on the page."""
        expect(page.get_by_text(self.say(sentence, **facts)).first).to_be_visible()

    def mail_to(self, address: str | None) -> EmailMessage:
        """Return the latest mail to an address, after running all tasks."""
        self.run_tasks()
        return [mail for mail in self.mails if mail.to == [address]][-1]

    def link_to(self, address: str) -> str:
        """Return the first address on this site in the latest mail to an address."""
        return PATH.findall(self.mail_to(address).body)[0]

    def states(self) -> dict[str, str]:
        """Return the state of each application, by first name."""
        found = list(Application.objects.select_related("person").exclude(person=None))
        states = find_states(self.visit, found)
        return {one.person.first_name: states[one.pk].value for one in found if one.person}


def read_badge_code(story: Story, person: Person) -> str:
    """Return the code on a person's badge, read from the file in their mail."""
    story.run_tasks()
    theirs = [mail for mail in story.mails if mail.to == [person.email]]
    badges = [content for mail in theirs for name, content, _type in mail.attachments if name[:5] == "badge"]
    return decode_qr(badges[-1])[0]


def format_form_time(days: int, hour: int) -> str:
    """Return a time so many days from now at an hour, as a form takes it."""
    return f"{timezone.localdate() + datetime.timedelta(days=days):%Y-%m-%d}T{hour:02}:00"


def move_visit(story: Story, hours: float) -> None:
    """Let time pass: move the visit and its rides to start in so many hours."""
    event = story.visit.event
    by = timezone.now() + datetime.timedelta(hours=hours) - event.starts_at
    Event.objects.update(starts_at=event.starts_at + by, ends_at=event.ends_at + by)
    Ride.objects.update(leaves_at=F("leaves_at") + by)
