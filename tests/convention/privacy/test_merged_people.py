"""Every table that names a person takes part when two records of one person are merged."""

import datetime

import pytest
from django.apps import apps
from django.db import models
from django.utils import timezone, translation

from convention.audit.record import record_action
from convention.club.merge_people.merge_people import PeopleMergeRefused, merge_people
from convention.club.models import Person
from convention.personal_data import DataSubject
from convention.privacy.consents import give_consent, withdraw_consent
from convention.privacy.export import build_export
from convention.privacy.find_data import SubjectData
from convention.privacy.models import Consent, PrivacyCase, Purpose, PurposeText
from convention.privacy.move_person_rows import list_relations_to_person
from convention.privacy.registry import list_data_sources
from tests.convention.privacy.person_fixtures import make_person_with_data
from tests.factories import make_administrator, make_person

# Rights of an account: they are not handed to another one, and go with the record.
DELETED_WITH_ACCOUNT = {
    ("club.Person_groups", "person"), ("club.Person_user_permissions", "person"),
    ("mfa.Authenticator", "user"), ("usersessions.UserSession", "user"),
}  # fmt: skip


def list_relations():
    """Yield the model and field of each relation to a person in the database."""
    for model in apps.get_models(include_auto_created=True):
        for field in model._meta.concrete_fields:
            if field.is_relation and field.related_model is Person:
                yield model, field


def merge(survivor, duplicate):
    with translation.override("en"):
        return merge_people(survivor=survivor, duplicate=duplicate, actor=make_administrator())


def test_every_relation_to_a_person_is_moved_or_deleted_on_purpose():
    moved = {
        (source.model._meta.label, column)
        for source in list_data_sources()
        if not source.is_deleted_on_merge
        for column in list_relations_to_person(source)
    }

    relations = {(model._meta.label, field.name) for model, field in list_relations()}

    assert relations - moved == DELETED_WITH_ACCOUNT


# Only one row of a person is possible where the other columns are equal: a guard refuses such a merge.
GUARDED_CONSTRAINTS = {
    "one_application_per_person_and_visit",
    "one_open_case_per_person",
    "review_once_per_reviewer",
}


def test_every_unique_constraint_with_a_person_has_a_rule():
    """A row that the survivor has too would otherwise end the merge with an error."""
    combined = {source.model for source in list_data_sources() if source.merge_rows}

    unique = {
        (model, constraint.name)
        for model, field in list_relations()
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and field.name in constraint.fields
    }

    unruled = {name for model, name in unique if model not in combined} - {"unique_authenticator_type"}
    assert unruled == GUARDED_CONSTRAINTS


def test_no_relation_has_a_unique_column_without_a_rule():
    unique = {(model._meta.label, field.name) for model, field in list_relations() if field.unique}

    assert unique == set()


@pytest.mark.django_db
def test_rows_of_every_kind_become_those_of_the_survivor():
    survivor, duplicate = make_person(), make_person_with_data()
    PrivacyCase.objects.all().delete()
    duplicate_id = duplicate.pk
    named = {
        (model, field.attname)
        for model, field in list_relations()
        if model._base_manager.filter(**{field.attname: duplicate_id}).exists()
    }

    merge(survivor, duplicate)

    assert len(named) > 10
    assert [
        (model, column)
        for model, column in named
        if not model._base_manager.filter(**{column: survivor.pk}).exists()
    ] == []


@pytest.mark.django_db
def test_access_file_of_the_survivor_has_the_duplicates_rows_and_audit_entries():
    survivor, duplicate = make_person(), make_person_with_data()
    PrivacyCase.objects.all().delete()
    record_action("person.change", duplicate, fields=["language"])
    subject = f"club.person:{duplicate.pk}"
    address = duplicate.email

    merge(survivor, duplicate)

    export = str(build_export(SubjectData(get_subject_of(survivor))))
    assert subject in export
    assert address in export


def get_subject_of(person):
    return DataSubject(Person.objects.get(pk=person.pk), frozenset())


@pytest.mark.django_db
@pytest.mark.parametrize("owner", [0, 1])
def test_open_privacy_request_is_answered_first(owner):
    people = make_person(), make_person()
    PrivacyCase.objects.create(kind="erasure", person=people[owner])

    with pytest.raises(PeopleMergeRefused, match="privacy request"):
        merge(*people)


@pytest.fixture
def consents():
    """Return two people and one text, which both may accept."""
    purpose = Purpose.objects.create(slug="photos", name="Photos")
    return make_person(), make_person(), PurposeText.objects.create(purpose=purpose, version=1, text="Oui")


@pytest.mark.django_db
def test_same_consent_is_stored_once_with_the_earlier_date(consents):
    survivor, duplicate, text = consents
    earlier = timezone.now() - datetime.timedelta(days=9)
    Consent.objects.create(person=survivor, text=text)
    Consent.objects.create(person=duplicate, text=text, given_at=earlier)

    merge(survivor, duplicate)

    assert Consent.objects.get(person=survivor).given_at == earlier


@pytest.mark.django_db
def test_consent_withdrawn_later_with_the_other_record_does_not_revive(consents):
    survivor, duplicate, text = consents
    now, day = timezone.now(), datetime.timedelta(days=1)
    Consent.objects.create(person=survivor, text=text, given_at=now - 3 * day, withdrawn_at=now - day)
    Consent.objects.create(person=duplicate, text=text, given_at=now - 2 * day)

    merge(survivor, duplicate)

    assert not Consent.objects.filter(person=survivor, withdrawn_at=None).exists()


@pytest.mark.django_db
def test_refusal_of_one_record_ends_a_later_consent_to_photographs_of_the_other(consents):
    survivor, duplicate, _text = consents
    purpose = Purpose.objects.get()
    withdraw_consent(person=duplicate, purpose=purpose)
    give_consent(person=survivor, purpose=purpose)
    survivor.refresh_from_db()
    duplicate.refresh_from_db()

    merge(survivor, duplicate)

    survivor.refresh_from_db()
    assert survivor.photo_consent is False
    assert not Consent.objects.filter(person=survivor, withdrawn_at=None).exists()


@pytest.mark.django_db
def test_person_agrees_to_photographs_again_after_the_merge(consents):
    survivor, duplicate, _text = consents
    purpose = Purpose.objects.get()
    withdraw_consent(person=duplicate, purpose=purpose)
    give_consent(person=survivor, purpose=purpose)
    merge(survivor, duplicate)

    give_consent(person=survivor, purpose=purpose)

    survivor.refresh_from_db()
    assert survivor.photo_consent is True
    assert Consent.objects.filter(person=survivor, withdrawn_at=None).exists()
