"""Visit all pages: each is opened by those who may read it, and must have no defect.

The pages come from the address patterns: a new one is included automatically. Each is opened in both
languages, light and dark, at 390 and 1280 pixels, with extreme content and with none. axe-core finds nothing,
nothing scrolls sideways or moves while loading, no policy is violated, there is one heading, the title names
the event, every control shows its focus, and a public page weighs at most 100 kB without pictures. Pages look
the same on both databases.
"""

import pytest
from django.test import Client

from badges.codes import build_badge_code
from convention.club.models import Person
from convention.events.models import Event, Room
from registrations.models import Order, Registration, Ticket
from schedule.models import Session, Speaker, Track
from tests.factories import make_registration, make_session, make_staff
from tests.journeys.browsing import sign_in
from tests.journeys.walking import SCHEMES, Walk, list_named_pages, list_pages_for
from tests.permission_table import POST_ONLY
from tests.site_objects import make_world
from tests.test_headers import FRAMED_PAGES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.once,
    pytest.mark.long,
    pytest.mark.timeout(1800),  # some hundred pages
]

LONG = ("Infrastructures souveraines, exploitation responsable et gouvernance : " * 5)[:300]
UNBROKEN = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2
RIGHT_TO_LEFT = "عبد الرحمن بن محمد الفاسي"
# test_components.py tries the page of all components; a mail's frame runs no script; the desk's numbers are
# part of a page.
SKIPPED_PAGES = POST_ONLY | FRAMED_PAGES | {"components", "desk-numbers"}


def lengthen_content() -> None:
    """Make all content as long and as odd as possible."""
    Event.objects.update(name=LONG)
    Ticket.objects.update(name=LONG[:120], capacity=10, reserved=10, price=123_456)
    Registration.objects.update(first_name=RIGHT_TO_LEFT, last_name=UNBROKEN[:150], company=LONG[:200])
    Order.objects.update(company=LONG[:200])
    Room.objects.update(name=UNBROKEN[:100])
    Track.objects.update(name=LONG[:100])
    Session.objects.update(title=LONG, room=Room.objects.first())
    Speaker.objects.update(name=UNBROKEN[:100])
    Person.objects.update(first_name=RIGHT_TO_LEFT, last_name=UNBROKEN[:150])


# By language and content, the pages that signed-in people can skip: those of anonymous visitors, and files.
VISITED_PAGES: dict[tuple[str, bool], set[str]] = {}


def make_pages(*, language: str, person: str, cruel: bool) -> tuple[Person | None, dict[str, str], str]:
    """Return the reader, the pages by name, and the title of the event."""
    people, values, special = make_world()
    first = Registration.objects.order_by("pk")[0]
    special["badge"] = {"token": build_badge_code(first).rsplit("/", 1)[1]}
    if cruel:
        event = Event.objects.get(slug="doors")
        for number in range(4):
            make_session(event, speakers=(f"Speaker {number}",))
            make_registration(event.tickets.get(), email=f"{number}@example.org")
        make_staff(event, "desk")
        lengthen_content()
    else:
        values = {"event": "elsewhere", "slug": "elsewhere"}
        special = {}
    walker, client, pages = people.get(person), Client(), {}
    if (language, cruel) not in VISITED_PAGES or not walker:
        known: set[str] = set()
        pages = list_pages_for(client, language, values, special, known=known)
        VISITED_PAGES[language, cruel] = known | set(pages)
    if walker:
        client.force_login(walker)
        pages = list_pages_for(client, language, values, special, known=VISITED_PAGES[language, cruel])
    return (
        walker,
        {name: pages[name] for name in pages if name not in SKIPPED_PAGES},
        LONG if cruel else "Convention",
    )


def choose_contrast_schemes(name: str, language: str) -> list[str]:
    """Return the scheme to look at contrast in: not that of the next page, nor of the other walk."""
    return [SCHEMES[(get_page_number(name) // 2 + (language == "en")) % 2]]


def is_for_other_walk(name: str, language: str) -> bool:
    """Return whether the walk in the other language visits this page; `make soak` visits all in both."""
    return get_page_number(name) % 2 == (language == "en")


def get_page_number(name: str) -> int:
    return [other for other, _arguments in list_named_pages()].index(name)


@pytest.fixture
def walk(open_page, site, client):
    """Return a function that visits the pages of a person; if signed in, only those others do not see."""

    def walked(*, language: str, person: str, cruel: bool, in_full: bool) -> list[str]:
        walker, pages, name = make_pages(language=language, person=person, cruel=cruel)
        screen = {"fr": "phone", "en": "desktop"}[language]
        page = open_page(screen, language)
        if walker:
            sign_in(page, client, site, walker)
        way = Walk(page, language, screen, weighs=walker is None)
        for each, address in pages.items():
            if walker and not in_full and is_for_other_walk(each, language):
                continue
            about_an_event = f"/{'doors' if cruel else 'elsewhere'}/" in address
            way.visit(
                address,
                named=name if about_an_event else "",
                speaks="fr" if each == "badge" else language,
                contrast=SCHEMES if in_full else choose_contrast_schemes(each, language),
            )
        return way.found

    return walked


@pytest.mark.parametrize(
    ("language", "cruel"),
    [
        pytest.param("fr", True, id="fr-cruel"),
        pytest.param("en", False, id="en-bare"),
        pytest.param("en", True, id="en-cruel", marks=pytest.mark.soak),
        pytest.param("fr", False, id="fr-bare", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize(
    "in_full", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["in turn", "in full"]
)
@pytest.mark.parametrize("person", ["anonymous", "administrator", "company contact"])
def test_pages_have_no_defects(walk, language, person, cruel, in_full):
    """Check contrast in light or dark, and every other page if signed in; `make soak` checks everything."""
    found = walk(language=language, person=person, cruel=cruel, in_full=in_full)

    if found:
        pytest.fail("\n".join(found), pytrace=False)
