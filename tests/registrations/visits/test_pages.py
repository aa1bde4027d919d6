"""Pages of visits, for members and for the secretary."""

import csv
import datetime
import io

import pytest
from django.test import Client
from django.utils import timezone, translation
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import ClubRole, Person, Seat
from convention.events.models import Event, EventRole
from convention.tables.files import read_table
from convention.text.dates import format_datetime
from registrations.models import Registration, Ticket
from registrations.visits.applications.state import ApplicationState
from registrations.visits.applications.withdraw import withdraw_application
from registrations.visits.models import Application, NdaAcceptance, Visit
from tests.factories import START_OF_2020, make_company, make_event, make_member, make_person, make_staff
from tests.registrations.visits.factories import (
    accept_current_text,
    get_applicant,
    get_state,
    make_application,
    make_market,
    make_visit,
    reload_visit,
)
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def secretary() -> Client:
    """The club's secretary, who organizes no event."""
    person = make_person()
    ClubRole.objects.create(person=person, role=ClubRole.Role.SECRETARY, starts_on=START_OF_2020)
    return make_client(person)


def read(client: Client, path: str) -> str:
    """Return the page in English with white space collapsed."""
    answer = client.get(f"/en{path}")
    assert answer.status_code == 200, path
    return " ".join(answer.content.decode().split())


VISIT_FORM_DATA = {
    "capacity": "12", "company_cap": "3", "security_name": "Sam", "security_email": "sam@host.example",
    "lock_working_days": "4", "identity_fields": ["birth_date", "nationality"], "identity_days_before": "14",
    "briefing": "Chaussures fermées.", "briefing_en": "Closed shoes.", "embargo_until": "2099-01-01T09:00",
}  # fmt: skip


def test_secretary_sets_up_and_publishes_visit(secretary):
    starts = timezone.now() + timezone.timedelta(days=40)
    event = make_event(
        slug="labs", kind="site_visit", visibility="draft", host=make_company(role="vendor"),
        starts_at=starts, ends_at=starts + timezone.timedelta(hours=5),
    )  # fmt: skip

    assert "Set up the visit" in read(secretary, "/organize/labs/visit/")

    secretary.post("/organize/labs/visit/begin/")
    secretary.post("/organize/labs/visit/", VISIT_FORM_DATA | {"agreed": "yes"})

    visit, ticket = Visit.objects.get(), Ticket.objects.get()
    assert ticket.capacity == 12
    assert ticket.company_cap == 3
    assert visit.lock_working_days == 4
    assert visit.identity_fields == ["birth_date", "nationality"]

    page = read(secretary, "/organize/labs/visit/")

    assert '<a href="/en/organize/labs/visit/text/">Enter the confidentiality terms.</a>' in page
    assert "No venue yet: members will see that it has yet to be announced. Choose an existing venue" in page

    secretary.post("/organize/labs/visit/text/", {"text": "Entre nous.", "text_en": "Among us."})
    asked = secretary.post("/en/organize/labs/visit/step/", {"step": "publish"}).content.decode()

    assert "can apply until" in asked
    assert reload_visit(visit).state == "agreed"

    secretary.post("/organize/labs/visit/step/", {"step": "publish", "confirmed": "1"})

    event.refresh_from_db()
    assert reload_visit(visit).state == "published"
    assert event.visibility == "members"
    assert "Close applications" in read(secretary, "/organize/labs/visit/")


def test_invalid_visit_form_shows_errors_and_preserves_input(secretary):
    visit = make_visit(slug="labs", places=5)
    sent = VISIT_FORM_DATA | {
        "company_cap": "20",
        "security_email": "nobody",
        "embargo_until": "2020-01-01T09:00",
    }

    page = secretary.post("/en/organize/labs/visit/", sent).content.decode()

    for sentence in (
        "more than the number of places",
        "The embargo must end after the visit.",
        "Sam",
        "nobody",
    ):
        assert page.count(sentence) > 0, sentence
    assert reload_visit(visit).security_name == ""
    assert Ticket.objects.get().capacity == 5


def test_capacity_below_reserved_places_is_refused(secretary):
    visit = make_visit(slug="labs", places=2)
    make_application(visit), make_application(visit)

    page = secretary.post("/en/organize/labs/visit/", VISIT_FORM_DATA | {"capacity": "1", "company_cap": "1"})

    assert "2 places are already taken" in page.content.decode()


def test_locking_by_hand_asks_first_and_then_shows_the_time_alone(secretary):
    visit = make_visit(slug="labs")
    assert "5 working days before the visit<" in read(secretary, "/organize/labs/visit/")

    asked = secretary.post("/en/organize/labs/visit/step/", {"step": "lock"}).content.decode()
    assert "Everyone still waiting will be told by e-mail" in asked
    assert reload_visit(visit).locked_at is None

    secretary.post("/en/organize/labs/visit/step/", {"step": "lock", "confirmed": "1"})
    assert reload_visit(visit).locked_at is not None
    assert "5 working days before the visit<" not in read(secretary, "/organize/labs/visit/")


def test_invalid_visit_step_shows_error(secretary):
    make_visit(slug="labs")
    answer = secretary.post("/en/organize/labs/visit/step/", {"step": "fly"}, follow=True)

    assert "Choose an action." in answer.content.decode()

    answer = secretary.post("/en/organize/labs/visit/step/", {"step": "unlock"}, follow=True)

    assert "it stays locked" in answer.content.decode()


def test_secretary_sees_links_to_permitted_pages_only(secretary):
    make_visit(slug="labs")
    page = read(secretary, "/organize/labs/visit/")

    assert 'href="/en/organize/labs/visit/"' in page
    assert 'href="/en/organize/labs/registrations/"' not in page
    organizer = make_client(make_staff(Event.objects.get()))
    assert 'href="/en/organize/labs/registrations/"' in read(organizer, "/organize/labs/visit/")


def test_member_applies_and_accepts_confidentiality_terms():
    visit, person = make_visit(slug="labs"), make_member()
    client = make_client(person)

    assert "5 places are left." in read(client, "/visits/labs/")

    page = client.post("/en/visits/labs/apply/", follow=True).content.decode()

    assert "You have a place." in page

    text = visit.nda_texts.get()
    page = client.post("/en/visits/labs/text/", {"hash": text.hash, "name": "Ana Silva"}).content.decode()

    assert "Tick the box to accept." in page

    sent = {"hash": text.hash, "name": "Ana Silva", "agrees": "on"}
    page = client.post("/en/visits/labs/text/", sent, follow=True).content.decode()

    assert "Your acceptance has been recorded" in page
    given = NdaAcceptance.objects.get()
    assert given.name == "Ana Silva"
    assert given.hash == text.hash
    assert "You accepted the terms as Ana Silva" in read(client, "/visits/labs/text/")


def test_visit_page_asks_for_identity_after_acceptance():
    visit = make_visit(slug="labs", identity_fields=["birth_date"], identity_days_before=60)
    client = make_client(get_applicant(accept_current_text(make_application(visit))))

    assert "Next step: enter your details before the list is locked on" in read(client, "/visits/labs/")

    Visit.objects.update(locked_at=timezone.now())
    page = read(client, "/visits/labs/")

    assert (
        page.count("Please enter your details soon")
        == page.count('class="button big" href="/en/visits/labs/identity/"')
        == 1
    )

    Visit.objects.update(identity_days_before=1)
    page = read(client, "/visits/labs/")

    assert "We will e-mail you when the host needs more details from you." in page


def test_secretary_menus_link_to_season_once(secretary):
    season, privacy = 'href="/en/organize/season/"', 'href="/en/organize/privacy/"'
    home = read(secretary, "/")

    assert home.count(season) == 1
    assert home.count(privacy) == 1
    assert f'{season} aria-current="true"' in read(secretary, "/organize/season/")

    visit = make_visit()
    EventRole.objects.create(
        event=visit.event,
        person=Person.objects.get(club_roles__isnull=False),
        role="organizer",
        starts_on=START_OF_2020,
    )

    organize = read(secretary, "/organize/")

    assert organize.count(season) == 1
    assert organize.count(privacy) == 1
    assert "organize/new" not in organize


def test_acceptance_of_outdated_text_is_refused():
    visit = make_visit(slug="labs")
    application = make_application(visit)
    sent = {"hash": "0" * 64, "name": "Ana Silva", "agrees": "on"}

    answer = make_client(get_applicant(application)).post("/en/visits/labs/text/", sent, follow=True)

    assert "The text has changed in the meantime" in answer.content.decode()
    assert NdaAcceptance.objects.count() == 0


def test_ineligible_member_sees_reason_and_no_apply_button():
    market, host, rival = make_market(), make_company(role="vendor"), make_company()
    host.markets.add(market)
    rival.markets.add(market)
    make_visit(slug="labs", host=host)
    client = make_client(make_member(rival))

    page = read(client, "/visits/labs/")

    assert "the host does not open its site to competitors" in page
    assert "/visits/labs/apply/" not in page

    answer = client.post("/en/visits/labs/apply/", follow=True)

    assert "the host does not open its site to competitors" in answer.content.decode()
    assert Application.objects.get().refusal_reasons == ["competitor"]


def test_visit_page_shows_waiting_position_and_link_to_offer():
    visit = make_visit(slug="labs", places=1)
    first, second = make_application(visit), make_application(visit)

    client = make_client(get_applicant(second))

    assert "You are number 1 on the waiting list." in read(client, "/visits/labs/")

    withdraw_application(application=first)
    page = read(client, "/visits/labs/")

    second.waiting_entry.refresh_from_db()
    assert f"/waiting/{second.waiting_entry.link_token}/" in page

    client.post(f"/en/waiting/{second.waiting_entry.link_token}/", {"accept": "1"})

    assert get_state(second) == ApplicationState.CONFIRMED


def test_member_withdraws_and_may_apply_again():
    visit = make_visit(slug="labs")
    application = make_application(visit)
    client = make_client(get_applicant(application))

    answer = client.post("/en/visits/labs/withdraw/", follow=True)

    assert "You have withdrawn." in answer.content.decode()
    assert "/visits/labs/apply/" in read(client, "/visits/labs/")
    assert make_client(make_member()).post("/en/visits/labs/withdraw/").status_code == 404


def test_visit_pages_are_for_members_and_drafts_are_not_found():
    make_visit(slug="labs")
    make_visit(slug="draft", visibility="draft")

    member, stranger = make_client(make_member()), make_client(make_person())

    assert member.get("/visits/labs/").status_code == 200
    assert member.get("/visits/draft/").status_code == 404
    assert stranger.get("/visits/labs/").status_code == 403
    assert Client().get("/visits/labs/").status_code == 302
    assert "are for people with a seat" in read(stranger, "/visits/")


def test_access_ends_day_after_end_of_seat_except_to_own_application():
    visit = make_visit(slug="labs")
    application, other = make_application(visit), make_member()
    today = timezone.localdate()

    Seat.objects.update(ends_on=today)

    assert make_client(other).get("/visits/labs/").status_code == 200

    Seat.objects.update(ends_on=today - datetime.timedelta(days=1))

    assert make_client(other).get("/visits/labs/").status_code == 403
    assert make_client(get_applicant(application)).get("/visits/labs/").status_code == 200


def test_visit_list_shows_application_state():
    visit = make_visit(slug="labs")
    make_visit(slug="other")
    application = accept_current_text(make_application(visit))

    page = read(make_client(get_applicant(application)), "/visits/")

    assert page.count("/en/visits/labs/") == 1
    assert page.count("/en/visits/other/") == 1
    assert ">ready for the host’s list</span>" in page


def test_visit_list_shows_free_places():
    reader = make_member()
    for places in (5, 1, 0, None):
        make_visit(slug=f"places-{places}", places=places)
    make_visit(slug="closed", closed_at=timezone.now())
    make_visit(slug="over", starts_at=timezone.now() - datetime.timedelta(days=3))
    page = html.fromstring(read(make_client(reader), "/visits/"))

    said = {
        row.xpath("string(.//a/@href)").split("/")[-2]: row.xpath("string(.//span[contains(@class, 'tag')])")
        for row in page.xpath("//ul[@class='listing']/li")
    }

    assert said == {
        "places-5": "5 places left", "places-1": "1 place left", "places-0": "full, with a waiting list",
        "places-None": "places available", "closed": "applications closed", "over": "",
    }  # fmt: skip


def test_applicants_are_listed_by_state_and_downloaded(secretary):
    visit = make_visit(slug="labs", places=2)
    placed, other, waits = make_application(visit), make_application(visit), make_application(visit)
    withdraw_application(application=other)
    apart = make_application(visit)

    page = read(secretary, "/organize/labs/visit/applicants/?state=confirmed")

    assert str(placed.person) in page
    assert str(apart.person) not in page
    assert str(other.person) not in page

    text = secretary.get("/en/organize/labs/visit/applicants.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [(row["Name"], row["Status"]) for row in rows] == [
        (str(placed.person), "place confirmed"),
        (str(other.person), "withdrawn"),
        (str(waits.person), "place offered"),
        (str(apart.person), "on the waiting list"),
    ]
    content = secretary.get("/en/organize/labs/visit/applicants.xlsx").content
    assert len(read_table("x.xlsx", content).rows) == 4
    assert AuditEntry.objects.filter(verb="visit.export_applicants").count() == 2


def test_pages_of_applicants_say_until_when_a_place_is_offered(secretary):
    visit = make_visit(slug="labs", places=2)
    make_application(visit)
    freed, offered = make_application(visit), make_application(visit)
    make_application(visit)
    withdraw_application(application=freed)
    offered.waiting_entry.refresh_from_db()
    expires_at = offered.waiting_entry.offer_expires_at
    with translation.override("en"):
        sentence = " ".join(f"offered until {format_datetime(expires_at, visit.event.zone)}".split())

    detail = read(secretary, f"/organize/labs/visit/applicants/{offered.pk}/")
    listing = read(secretary, "/organize/labs/visit/applicants/")

    assert sentence in detail
    assert listing.count(sentence) == 1
    assert listing.count("offered until") == 1


def test_secretary_decides_about_places_of_visitors_without_seat(secretary):
    visit = make_visit(slug="labs")
    kept, freed = make_application(visit), make_application(visit)

    Seat.objects.update(ends_on=START_OF_2020)

    assert "2 people with a place have lost their seat" in read(secretary, "/organize/labs/visit/")

    base = "/en/organize/labs/visit/applicants"
    page = secretary.post(
        f"{base}/{kept.pk}/decide/", {"action": "grant_exception", "reason": ""}
    ).content.decode()

    assert "Enter the reason." in page

    unsaid = secretary.post(f"{base}/{kept.pk}/decide/", {"reason": "No button."}).content.decode()

    assert "Choose an action." in unsaid
    assert "No button." in unsaid

    saved = secretary.post(
        f"{base}/{kept.pk}/decide/",
        {"action": "grant_exception", "reason": "The host agrees."},
        follow=True,
    ).text
    secretary.post(f"{base}/{freed.pk}/decide/", {"action": "revoke", "reason": "No seat."})

    assert "The place is kept. Reason: The host agrees." in saved
    assert get_state(kept) == ApplicationState.CONFIRMED
    assert get_state(freed) == ApplicationState.REVOKED
    assert "it was decided to keep the place" in read(
        secretary, f"/organize/labs/visit/applicants/{kept.pk}/"
    )
    assert "lost their seat" not in read(secretary, "/organize/labs/visit/")


def test_cancellation_needs_reason_and_pages_show_it(secretary):
    visit = make_visit(slug="labs")
    application = make_application(visit)

    path = "/en/organize/labs/visit/call-off/"
    page = read(secretary, "/organize/labs/visit/call-off/")
    assert "1 place will be cancelled." in page
    assert "refunded" not in page
    assert "Enter the reason" in secretary.post(path, {"reason": ""}).content.decode()

    secretary.post(path, {"reason": "Strike."})

    assert ": Strike." in read(make_client(get_applicant(application)), "/visits/labs/")
    assert "Strike." in read(secretary, "/organize/labs/visit/")


def test_page_that_calls_off_a_visit_with_paid_places_announces_the_refunds(secretary):
    application = make_application(make_visit(slug="labs"))
    Registration.objects.filter(pk=application.registration_id).update(price=4500)

    assert "payments refunded in full" in read(secretary, "/organize/labs/visit/call-off/")


def test_visit_page_is_translated_into_french():
    visit = make_visit(slug="labs")
    client = make_client(get_applicant(make_application(visit)))

    page = client.get("/visits/labs/").content.decode()

    assert "Votre demande" in page
    assert "place confirmée" in page


def test_new_visit_is_prefilled_from_last_visit_at_same_host(secretary):
    host = make_company(role="vendor")
    earlier = timezone.now() - datetime.timedelta(days=300)
    facts = {"briefing": "Chaussures fermées.", "identity_fields": ["birth_date"], "security_name": "Sam"}
    make_visit(host=host, starts_at=earlier, places=12, text="Le texte de l’an dernier.", **facts)
    make_visit(starts_at=earlier + datetime.timedelta(days=9), text="Celui d’un autre hôte.")
    visit = make_visit(host=host, visibility="draft", agreed_at=None, text="")
    page = f"/organize/{visit.event.slug}/visit/"

    form = secretary.get(page).context["form"]
    text = secretary.get(f"{page}text/").context["form"]
    secretary.post(page, {name: value for name, value in form.initial.items() if value not in (None, "")})

    assert text.initial["text"] == "Le texte de l’an dernier."
    assert form.initial["capacity"] == 12
    saved = Visit.objects.get(pk=visit.pk)
    assert saved.briefing == "Chaussures fermées."
    assert saved.identity_fields == ["birth_date"]
    assert saved.security_name == ""


def test_agreement_of_host_is_recorded_with_the_terms_in_the_form(secretary):
    visit = make_visit(slug="labs", visibility="draft", agreed_at=None)
    page = "/organize/labs/visit/"
    assert 'class="meter' not in read(secretary, page)

    secretary.post(f"{page}step/", {"step": "agree"})
    assert reload_visit(visit).state == "draft"

    secretary.post(page, VISIT_FORM_DATA | {"company_cap": "20", "agreed": "yes"})
    assert reload_visit(visit).state == "draft"

    secretary.post(page, VISIT_FORM_DATA | {"agreed": "yes"})
    saved = reload_visit(visit)
    assert saved.state == "agreed"
    assert saved.briefing == "Chaussures fermées."
    assert Ticket.objects.get().capacity == 12
