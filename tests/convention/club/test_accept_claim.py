"""The owner of an address confirms that a colleague is them: both records become one, as in any merge."""

import datetime

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import translation

from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.audit.record import record_action
from convention.club.claims import make_claim_token
from convention.club.merge_people.accept_claim import accept_claim
from convention.club.merge_people.merge_people import PeopleMergeRefused
from convention.club.models import Employment, Person, Seat
from convention.personal_data import DataSubject
from convention.privacy.models import PrivacyCase
from convention.privacy.registry import list_data_sources
from tests.factories import START_OF_2020, make_company, make_person
from tests.registrations.visits.factories import make_application, make_visit

pytestmark = pytest.mark.django_db
KNOWN = "known@example.org"
JANUARY, MARCH = datetime.date(2026, 1, 1), datetime.date(2026, 3, 1)


@pytest.fixture
def owner():
    return make_person(email=KNOWN, first_name="Kim", last_name="Known", language="en")


@pytest.fixture
def claimed(owner):
    """Return the record that a contact added with the owner's address."""
    return make_person(email=None, claimed_email=KNOWN, first_name="Noé", last_name="Petit", language="fr")


def accept(claimed: Person) -> Person:
    with translation.override("en"):
        return accept_claim(claimed=claimed)


def test_owner_keeps_name_language_and_address(owner, claimed):
    accept(claimed)

    owner.refresh_from_db()
    assert owner.name == "Kim Known"
    assert owner.language == "en"
    assert owner.email == KNOWN


def test_overlapping_jobs_become_one_with_the_title_of_either(owner, claimed):
    company = make_company()
    Employment.objects.create(person=owner, company=company, starts_on=MARCH)
    Employment.objects.create(person=claimed, company=company, starts_on=JANUARY, title="Ops")

    accept(claimed)

    job = owner.employments.get()
    assert job.starts_on == JANUARY
    assert job.title == "Ops"


def test_past_seat_of_the_colleague_is_not_dropped(owner, claimed):
    membership = make_company().memberships.get()
    Seat.objects.create(membership=membership, person=owner, starts_on=MARCH)
    Seat.objects.create(membership=membership, person=claimed, starts_on=START_OF_2020, ends_on=JANUARY)

    accept(claimed)

    assert list(owner.seats.order_by("starts_on").values_list("starts_on", flat=True)) == [
        START_OF_2020,
        MARCH,
    ]


def test_second_factor_of_the_colleague_does_not_move(owner, claimed):
    Authenticator.objects.create(user=claimed, type=Authenticator.Type.TOTP, data={})

    accept(claimed)

    assert not Authenticator.objects.exists()


def test_api_token_of_the_colleague_is_revoked(owner, claimed):
    create_token(person_id=claimed.pk, name="Script", scopes=["events:read"])

    accept(claimed)

    assert ApiToken.objects.get(person=owner).revoked_at is not None


def test_refusal_of_photographs_counts_for_both(owner, claimed):
    Person.objects.filter(pk=claimed.pk).update(photo_consent=False)

    accept(claimed)

    owner.refresh_from_db()
    assert owner.photo_consent is False


def test_two_applications_for_one_visit_are_settled_by_the_club_first(owner, claimed):
    visit = make_visit()
    for person in (owner, claimed):
        application = make_application(visit)
        application.person = person
        application.save(update_fields=["person"])

    with pytest.raises(PeopleMergeRefused, match="contact the club"):
        accept(claimed)

    assert Person.objects.filter(pk__in=(owner.pk, claimed.pk)).count() == 2


def test_page_says_what_to_do_about_an_open_privacy_request(owner, claimed):
    PrivacyCase.objects.create(kind=PrivacyCase.Kind.ERASURE, person=claimed)

    page = Client().post(f"/en/colleagues/{make_claim_token(claimed)}/")

    assert page.status_code == 409
    assert "the club has to settle something first" in page.text
    assert Person.objects.filter(pk=claimed.pk).exists()


def test_owner_finds_the_entries_about_the_colleague_in_the_audit_trail(owner, claimed):
    entry = record_action("seat.give", claimed)

    accept(claimed)

    [source] = [source for source in list_data_sources() if source.model is AuditEntry]
    assert entry.pk in source.find_own_keys(DataSubject(person=owner))
