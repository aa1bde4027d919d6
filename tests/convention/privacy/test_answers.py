"""Every table that holds something of people has an answer: a new one without fails here."""

from django.apps import apps
from django.db import models

from convention.club.models import Person
from convention.personal import Holding
from convention.privacy.held import leads_to
from convention.privacy.mentions import text_columns
from convention.privacy.walk import free_text, holdings, rules, silent, transient_text

ADDRESSES = ("mail", "address")
NO_ADDRESS = {
    # what looks like one: a postal or network address, or a relation to a row with one
    "account.EmailConfirmation.email_address",
}


def columns_of_people():
    """Each column that names a person or holds an e-mail address."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            label = f"{model._meta.label}.{field.name}"
            is_address = isinstance(field, models.EmailField) or (
                isinstance(field, models.CharField) and any(word in field.name for word in ADDRESSES)
            )
            if (field.is_relation and field.related_model is Person) or (
                is_address and label not in NO_ADDRESS
            ):
                yield model, field.name


def answered():
    return {(one.model, column) for one in holdings() for column in one.answers}


def unanswered(known):
    found = set(columns_of_people()) - known
    # Columns beside an answered one, emptied or told with its row.
    beside = {(one.model, column) for one in holdings() for column in one.empties}
    return {f"{model._meta.label}.{name}" for model, name in found - beside}


def test_every_column_with_a_person_or_an_address_has_an_answer():
    assert unanswered(answered()) == set()


def test_a_table_without_an_answer_is_found():
    """The control: whoever forgets the waiting lists learns it."""
    known = {(model, column) for model, column in answered() if model.__name__ != "WaitingEntry"}
    assert "registrations.WaitingEntry.email" in unanswered(known)


def test_every_table_that_hangs_on_such_a_table_has_an_answer():
    about = {one.model for one in holdings() if leads_to(one, one.model)}
    known = {(one.model, column) for one in holdings() for column in one.answers}
    missing = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model not in silent()
        for field in [*model._meta.concrete_fields, *model._meta.local_many_to_many]
        if field.is_relation
        and field.related_model in about - {Person, model}
        and not any(known_model is model for known_model, _column in known)
    }
    assert missing == set()


def test_answers_name_columns_that_there_are():
    wrong = {}
    for one in holdings():
        names = {field.name for field in one.model._meta.get_fields()} | {"pk"}
        named = {*one.answers, *one.tells, *one.hides, *one.empties}
        if named - names:
            wrong[one.table] = named - names
    assert wrong == {}


def test_what_is_kept_says_why():
    silent_about = [one.table for one in holdings() if one.fate == "kept" and not one.because]
    assert silent_about == []


NOTHING_OF_PEOPLE = {
    "attendance.checkpoint", "auth.group", "auth.permission", "checkout.balanceline",
    "checkout.stripeevent", "checkout.striperefund", "club.company", "club.market", "club.plan",
    "club.workinggroup", "contenttypes.contenttype", "convention.lease", "convention.round",
    "events.room", "events.venue", "invoices.issuer", "invoices.payout", "invoices.series",
    "privacy.keeping", "privacy.purpose", "privacy.purposetext", "privacy.sweep", "registrations.addon",
    "registrations.consenttext", "registrations.idempotencykey", "registrations.option",
    "registrations.package", "registrations.question", "registrations.quota", "registrations.salemark",
    "registrations.sponsorlogo", "registrations.ticket", "schedule.schedule", "schedule.selection",
    "schedule.session", "schedule.track", "sessions.session", "visits.feedbackquestion", "visits.leg",
}  # fmt: skip
"""Tables of names of things and of texts written for others to read; an erasure lists those that name people.

What a session of a browser holds is struck by itself.
"""
CODED = {
    "admin.logentry.object_id", "audit.entry.fields", "audit.entry.subject",
    "checkout.bankline.reference", "checkout.dispute.external_id", "club.directoryimport.made",
    "club.membership.plan_name", "club.membership.plan_name_en",
    "django_tasks_database.dbtaskresult.exception_class_path",
    "django_tasks_database.dbtaskresult.task_path", "django_tasks_database.dbtaskresult.worker_ids",
    "events.event.description", "events.event.description_en", "events.event.name",
    "events.event.name_en", "invoices.payment.external_id", "invoices.refund.external_id",
    "mailings.mailing.segment", "mailings.reminderplan.days", "privacy.case.counts",
    "privacy.case.mentions", "privacy.case.retained", "registrations.sponsorship.name",
    "registrations.sponsorship.sort_name", "registrations.sponsorship.website",
    "registrations.voucher.for_company", "visits.application.reasons", "visits.application.told",
    "visits.ndatext.text", "visits.ndatext.text_en", "visits.proposal.host_name",
    "visits.visit.briefing", "visits.visit.briefing_en", "visits.visit.identity_fields",
}  # fmt: skip
"""Columns of numbers, codes and names of things, in tables that hold something of people."""
EMPTIED_WITH_ANOTHER_TABLE = {
    "club.directoryimport.after",  # with the person
    "club.directoryimport.before",
    "invoices.charge.attendee",  # with the registration
}
LONG = 100


def long_texts():
    """Each column in which somebody could write about somebody else."""
    for model in apps.get_models():
        for column in text_columns(model):
            is_long = not isinstance(column, models.CharField) or (column.max_length or LONG) >= LONG
            if model._meta.label_lower not in NOTHING_OF_PEOPLE and is_long:
                yield model, column.name


def test_every_long_text_is_struck_emptied_or_known_to_name_nobody():
    emptied = {one.model for one in holdings() if one.gone or one.forget or one.by_law}
    known = {(one.model, name) for one in holdings() for name in (*one.answers, *one.empties, *one.hides)}
    texts = [*free_text().items(), *transient_text().items()]
    known |= {(model, name) for model, columns in texts for name in columns}
    unknown = {
        f"{model._meta.label_lower}.{name}"
        for model, name in long_texts()
        if (model, name) not in known and model not in emptied
    }
    assert unknown == CODED | EMPTIED_WITH_ANOTHER_TABLE


def test_secrets_are_told_to_nobody():
    words = ("secret", "token", "password", "hash", "key")
    told = {
        f"{one.table}.{field.name}"
        for one in holdings()
        for field in one.model._meta.concrete_fields
        if any(word in field.name for word in words)
        and not isinstance(field, models.BinaryField)
        and field.name not in one.hides
        and (not one.tells or field.name in one.tells)
    }
    assert told == {"visits.ndaacceptance.hash"}  # what was agreed to, not a secret


def test_every_table_has_a_name_in_the_readers_language():
    ours = ("convention", "schedule", "registrations", "badges")
    nameless = {
        one.table
        for one in holdings()
        if not one.name
        and not (
            one.model.__module__.startswith(ours) and "verbose_name_plural" in one.model._meta.original_attrs
        )
    }
    assert nameless == set()


def test_rules_have_names_of_their_own():
    slugs = [rule.slug for rule in rules()]
    assert len(slugs) == len(set(slugs))
    assert isinstance(holdings()[0], Holding)
