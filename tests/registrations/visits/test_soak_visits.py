"""Query counts of visit, season and privacy pages do not grow with 500 companies and 20,000 people.

Each page is requested for a small club, then for the whole one; response times are printed.
"""

import datetime
import time

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from convention.club.downloads import CLUB_LISTS
from convention.club.models import (
    Company,
    CompanyRole,
    DirectoryImport,
    Employment,
    Market,
    Membership,
    Person,
    Plan,
    Seat,
)
from convention.events.models import Event
from convention.jobs.models import Job
from convention.privacy.models import Consent, PrivacyCase, Purpose, PurposeText, RetentionRun
from registrations.models import Order, Registration, WaitingEntry
from registrations.visits.models import (
    Application,
    Debrief,
    Interest,
    NdaAcceptance,
    NdaText,
    Proposal,
    Visit,
)
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_event,
    make_member,
    make_ticket,
)
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.soak]
SMALL = {"companies": 4, "people": 40, "visits": 6, "applicants": 8, "proposals": 4, "requests": 4}
WHOLE = {
    "companies": 500,
    "people": 20_000,
    "visits": 80,
    "applicants": 600,
    "proposals": 120,
    "requests": 400,
}
MEMBER_PAGES = ["visits/", "season/", "season/proposals/", "visits/learned/", "me/privacy/"]
CLUB_PAGES = [
    "", "?role=member", "?q=Large", "people/", "people/?page=9", "people/?q=nom 3", "people/?seat=none",
    "markets/", "imports/", "import/", "long-jobs/",
    *(f"lists/{name}.csv" for name in CLUB_LISTS), *(f"lists/{name}.xlsx" for name in CLUB_LISTS),
]  # fmt: skip
PAGES_WITH_COUNT_QUERY = ["people/?q=nom 3", "people/?seat=none"]
"""Pages that count people with one more query when more than 500 match."""
SECRETARY_PAGES = [
    "season/", "season/turns/", "season/turns/?page=2", "season/turns.csv", "season/proposals/",
    "privacy/", "privacy/retention/", "privacy/texts/",
]  # fmt: skip
VISIT_PAGES = [
    "", "applicants/", "applicants/?page=2", "applicants/?state=decide", "applicants.csv", "text/", "lists/",
    "host/", "rides/", "day/", "day/visit-roster.csv", "day/roster.pdf", "day/evacuation/", "feedback/",
    "debrief/",
]  # fmt: skip


@pytest.fixture
def club():
    """Return a club with a visit, a proposal, an administrator and a member."""
    return Club()


class Club:
    """A club that can grow between two measurements."""

    def __init__(self):
        self.plan = Plan.objects.create(slug="plan", name="Plan")
        self.host = make_company(name="Nuage", role="vendor")
        self.visit = self.add_visit(timezone.now() + datetime.timedelta(days=3))
        self.proposal = Proposal.objects.create(title="Stockage", host=self.host)
        self.text = PurposeText.objects.create(
            purpose=Purpose.objects.create(slug="photos", name="Photos"), version=1, text="Oui"
        )
        self.clerk, self.member = make_administrator(), make_member()
        self.companies, self.people = [], []

    def add_visit(self, starts):
        event = make_event(
            kind="site_visit", visibility="members", host=self.host, starts_at=starts,
            ends_at=starts + datetime.timedelta(hours=6),
        )  # fmt: skip
        make_ticket(event, slug="member", audience="member", capacity=1000, is_default=True)
        visit = Visit.objects.create(event=event, agreed_at=timezone.now())
        NdaText.objects.create(visit=visit, number=1, text="Entre nous.")
        return visit

    def grow(self, *, companies, people, visits, applicants, proposals, requests):
        self.add_companies(companies)
        self.add_people(people)
        for number in range(len(self.visits()), visits):
            visit = self.add_visit(timezone.now() + datetime.timedelta(days=3 * (number - visits // 2)))
            self.apply(visit, self.people[number : number + 30])
            Debrief.objects.create(
                visit=visit, text="Vu", lessons_learned="Su", audience="members", published_at=timezone.now(),
                host_approved_at=timezone.now(),
            )  # fmt: skip
        self.apply(self.visit, self.people[self.visit.applications.count() : applicants])
        self.propose(proposals)
        self.ask(requests)

    def visits(self):
        return Visit.objects.exclude(pk=self.visit.pk)

    def add_companies(self, number):
        new = Company.objects.bulk_create(
            Company(name=f"Large {n}", slug=f"large-{n}", sector="Banque")
            for n in range(len(self.companies), number)
        )
        terms = {"plan": self.plan, "seats": 100, "starts_on": START_OF_2020, "confirmed_on": START_OF_2020}
        Membership.objects.bulk_create(Membership(company=one, **terms) for one in new)
        CompanyRole.objects.bulk_create(
            CompanyRole(company=one, role="member", starts_on=START_OF_2020) for one in new
        )
        for n in range(len(self.companies) // 10, number // 10):
            Market.objects.create(slug=f"market-{n}", name=f"Marché {n}").companies.set(new[n::50])
        self.companies += new

    def add_people(self, number):
        new = Person.objects.bulk_create(
            (
                Person(email=f"p{n}@x.example", first_name=f"Prénom {n}", last_name=f"Nom {n}", password="!")
                for n in range(len(self.people), number)
            ),
            1000,
        )
        memberships = dict(Membership.objects.values_list("company", "pk"))
        jobs = [
            Employment(person=one, company=self.companies[n % len(self.companies)], starts_on=START_OF_2020)
            for n, one in enumerate(new)
        ]
        Employment.objects.bulk_create(jobs, 1000)
        Seat.objects.bulk_create(
            (
                Seat(membership_id=memberships[job.company_id], person=job.person, starts_on=START_OF_2020)
                for n, job in enumerate(jobs)
                if n % 10
            ),
            1000,
        )
        Consent.objects.bulk_create((Consent(person=one, text=self.text) for one in new), 1000)
        self.people += new

    def apply(self, visit, people):
        """Create applications of `people`: nine in ten with a place and signed, the others waiting."""
        event, ticket = visit.event, visit.event.tickets.get()
        jobs = dict(Employment.objects.filter(person__in=people).values_list("person", "company"))
        placed, waiting = [one for n, one in enumerate(people) if n % 10], people[::10]
        orders = Order.objects.bulk_create(
            Order(event=event, email=one.email, payment="free") for one in placed
        )
        places = Registration.objects.bulk_create(
            Registration(
                event=event, order=order, ticket=ticket, person=one, email=one.email, last_name=one.last_name,
                confirmed_at=timezone.now(),
            )
            for one, order in zip(placed, orders, strict=True)
        )  # fmt: skip
        entries = WaitingEntry.objects.bulk_create(
            WaitingEntry(event=event, ticket=ticket, email=one.email, address=one.email) for one in waiting
        )
        made = Application.objects.bulk_create(
            [
                *(
                    Application(
                        visit=visit, person=place.person, company_id=jobs[place.person_id], registration=place
                    )
                    for place in places
                ),
                *(
                    Application(visit=visit, person=one, company_id=jobs[one.pk], waiting_entry=entry)
                    for one, entry in zip(waiting, entries, strict=True)
                ),
            ]
        )
        text = visit.nda_texts.get()
        NdaAcceptance.objects.bulk_create(
            NdaAcceptance(application=one, nda=text, hash=text.hash, name="Ana")
            for one in made
            if one.registration_id
        )

    def propose(self, number):
        new = Proposal.objects.bulk_create(
            Proposal(title=f"Proposition {n}", host=self.host, proposed_by=self.people[n])
            for n in range(Proposal.objects.count(), number)
        )
        liked = [(one, person) for one in new for person in self.people[:40]]
        liked += [(self.proposal, person) for person in self.people[self.proposal.interests.count() : 2000]]
        Interest.objects.bulk_create((Interest(proposal=one, person=person) for one, person in liked), 1000)

    def ask(self, number):
        now, before = timezone.now(), PrivacyCase.objects.count()
        PrivacyCase.objects.bulk_create(
            PrivacyCase(
                kind="export", person=self.people[n], email=f"p{n}@x.example",
                answered_at=now if n % 2 else None, answer="done" if n % 2 else "",
            )
            for n in range(before, number)
        )  # fmt: skip
        RetentionRun.objects.bulk_create(
            RetentionRun(rule="attendees", cutoff=now, removed_count=n) for n in range(before, number)
        )
        DirectoryImport.objects.bulk_create(
            DirectoryImport(imported_by=self.clerk, created_count=n) for n in range(before, number)
        )
        Job.objects.bulk_create(
            Job(kind="directory", title="Import", requested_by=self.clerk) for _n in range(before, number)
        )

    def addresses(self):
        """Return each page with the person who requests it."""
        event = self.visit.event.slug
        applicant = self.visit.applications.order_by("pk")[0].pk
        case = PrivacyCase.objects.order_by("pk")[0].pk
        members = [*MEMBER_PAGES, f"visits/{event}/"]
        clerks = [
            *(f"organize/club/{page}" for page in CLUB_PAGES),
            *(f"organize/{page}" for page in SECRETARY_PAGES),
            *(f"organize/{event}/visit/{page}" for page in VISIT_PAGES),
            f"organize/{event}/visit/applicants/{applicant}/",
            f"organize/season/proposals/{self.proposal.pk}/",
            f"organize/privacy/{case}/",
            f"organize/club/people/{self.people[1].pk}/",
            f"organize/club/companies/{self.companies[1].slug}/",
            "visits/",
        ]
        return [*((page, self.member) for page in members), *((page, self.clerk) for page in clerks)]

    def read(self):
        """Return the number of queries and the seconds that each page takes."""
        counts, seconds = {}, {}
        for page, reader in self.addresses():
            client, place = make_client(reader), (page, reader.pk)
            cache.clear()
            with CaptureQueriesContext(connection) as asked:
                before = time.monotonic()
                answer = client.get(f"/{page}")
                seconds[place] = time.monotonic() - before
            assert answer.status_code == 200, (page, answer.status_code)
            counts[place] = len(asked)
        return counts, seconds


def test_query_counts_do_not_grow_with_size_of_club(club):
    club.grow(**SMALL)
    club.read()
    few, _seconds = club.read()

    club.grow(**WHOLE)

    assert Company.objects.count() > 500
    assert Person.objects.count() > 20_000
    assert Event.objects.count() == WHOLE["visits"] + 1

    many, seconds = club.read()
    for (page, _reader), taken in sorted(seconds.items(), key=lambda one: -one[1]):
        print(f"{taken:.2f} s  {page}")

    grown = {place: many[place] - few[place] for place in few if many[place] > few[place]}

    assert grown == {(f"organize/club/{page}", club.clerk.pk): 1 for page in PAGES_WITH_COUNT_QUERY}
