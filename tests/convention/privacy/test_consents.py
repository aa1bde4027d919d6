"""Consents, including those given with a registration, and their withdrawal."""

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields
from convention.privacy.consents import add_purpose_text, get_agreement, give_consent, withdraw_consent
from convention.privacy.models import Consent, PrivacyCase, Purpose, PurposeText
from convention.privacy.registry import list_agreements
from convention.privacy.requests import record_request
from convention.privacy.subjects import get_subject
from registrations.models import ConsentText
from tests.factories import make_event, make_person, make_question, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


def make_purpose(slug="photos"):
    purpose = Purpose.objects.create(slug=slug, name="Photographies", name_en="Photographs")
    PurposeText.objects.create(purpose=purpose, version=1, text="Oui")
    return purpose


def test_withdrawn_photo_consent_marks_upcoming_registrations():
    person, purpose = make_person(), make_purpose()
    coming = make_registration(make_ticket(make_event()), person=person)
    give_consent(person=person, purpose=purpose)

    withdraw_consent(person=person, purpose=purpose)

    coming.refresh_from_db()
    person.refresh_from_db()
    assert coming.no_photo
    assert coming.sequence == 1
    assert not person.photo_consent
    verbs = (
        AuditEntry.objects.filter(verb__startswith="consent.").order_by("pk").values_list("verb", flat=True)
    )
    assert list(verbs) == ["consent.give", "consent.withdraw"]


def test_giving_and_withdrawing_consent_twice_changes_nothing():
    person, purpose = make_person(), make_purpose("directory")

    assert give_consent(person=person, purpose=purpose) == give_consent(person=person, purpose=purpose)

    withdraw_consent(person=person, purpose=purpose)
    withdraw_consent(person=person, purpose=purpose)

    assert Consent.objects.filter(withdrawn_at__isnull=False).count() == Consent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_consent_given_concurrently_is_stored_once():
    person, purpose = make_person(), make_purpose()
    run_in_threads([lambda: give_consent(person=person, purpose=purpose)] * 6, threads=6)

    assert Consent.objects.count() == 1


def test_consent_text_cannot_be_changed_or_left_empty():
    text = make_purpose().texts.get()

    text.text = "Non"
    with pytest.raises(TypeError):
        text.save()
    with pytest.raises(InvalidFields):
        add_purpose_text(purpose=text.purpose, text="  ")


@pytest.mark.parametrize("is_required", [True, False])
def test_consent_of_registration_can_be_withdrawn_unless_required(is_required):
    person, event = make_person(), make_event()
    question = make_question(event, "film", kind="consent", is_required=is_required, version=2)
    ConsentText.objects.create(question=question, version=1, text="Être filmé")
    at = timezone.now().isoformat()
    place = make_registration(make_ticket(event), person=person, answers={"film": {"version": 1, "at": at}})
    subject = get_subject(person)

    [one] = [agreement for agreement in list_agreements(subject) if agreement.key.startswith("registration-")]

    assert one.title == f"{event.title} · Être filmé"
    assert one.is_outdated
    assert not one.can_be_given
    assert one.can_be_withdrawn is not is_required

    if not is_required:
        get_agreement(subject, one.key).withdraw_consent()
        place.refresh_from_db()
        kept = place.answers["film"]
        assert kept == {"earlier": [{"version": 1, "at": at, "until": kept["earlier"][0]["until"]}]}
        assert [
            agreement for agreement in list_agreements(subject) if agreement.key.startswith("registration-")
        ] == []
        assert AuditEntry.objects.get(verb="consent.withdraw").fields == ["film"]


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_from_unknown_address_create_one_case():
    values = {"kind": "erasure", "language": "fr", "opened_by": make_person()}
    emails = ["Zoe@example.org", "zoe@example.org"] * 3

    run_in_threads([lambda email=email: record_request(email=email, **values) for email in emails], threads=6)

    assert PrivacyCase.objects.count() == 1
