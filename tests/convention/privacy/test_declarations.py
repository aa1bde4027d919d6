"""Every table with personal data is declared for privacy requests."""

from django.apps import apps
from django.db import models

from convention.club.models import Person
from convention.personal_data import PersonalDataSource
from convention.privacy.find_data import is_about_subject
from convention.privacy.redaction.mentions import iterate_text_columns
from convention.privacy.registry import (
    get_free_text_columns,
    get_transient_text_columns,
    list_data_sources,
    list_models_without_data,
    list_retention_rules,
)

ADDRESSES = ("mail", "address")
NO_ADDRESS = {
    # what looks like one: a postal or network address, or a relation to a row with one
    "account.EmailConfirmation.email_address",
}


def columns_of_people():
    """Yield each column that references a person or contains an e-mail address."""
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
    return {(source.model, column) for source in list_data_sources() for column in source.subject_columns}


def unanswered(known):
    found = set(columns_of_people()) - known
    # Columns beside an answered one, emptied or told with its row.
    beside = {(source.model, column) for source in list_data_sources() for column in source.blanked_columns}
    return {f"{model._meta.label}.{name}" for model, name in found - beside}


def test_every_column_with_a_person_or_an_address_has_an_answer():
    assert unanswered(answered()) == set()


def test_a_table_without_an_answer_is_found():
    """Negative control: an app that does not declare its waiting lists is found."""
    known = {(model, column) for model, column in answered() if model.__name__ != "WaitingEntry"}
    assert "registrations.WaitingEntry.email" in unanswered(known)


def test_every_table_that_hangs_on_such_a_table_has_an_answer():
    about = {source.model for source in list_data_sources() if is_about_subject(source, source.model)}
    known = {(source.model, column) for source in list_data_sources() for column in source.subject_columns}
    missing = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        if model not in list_models_without_data()
        for field in [*model._meta.concrete_fields, *model._meta.local_many_to_many]
        if field.is_relation
        and field.related_model in about - {Person, model}
        and not any(known_model is model for known_model, _column in known)
    }
    assert missing == set()


def test_answers_name_columns_that_there_are():
    wrong = {}
    for source in list_data_sources():
        names = {field.name for field in source.model._meta.get_fields()} | {"pk"}
        named = {
            *source.subject_columns,
            *source.exported_columns,
            *source.hidden_columns,
            *source.blanked_columns,
        }
        if named - names:
            wrong[source.table_label] = named - names
    assert wrong == {}


def test_what_is_kept_says_why():
    silent_about = [
        source.table_label
        for source in list_data_sources()
        if source.erasure_action == "anonymized" and not source.retention_reason
    ]
    assert silent_about == []


# Tables of names of things and of texts written for others to read; an erasure lists those that name
# people. Sessions of browsers are redacted separately.
NOTHING_OF_PEOPLE = {
    "attendance.checkpoint", "auth.group", "auth.permission", "payments.payoutline",
    "payments.stripeevent", "payments.striperefund", "club.company", "club.market", "club.plan",
    "club.workinggroup", "contenttypes.contenttype", "convention.lease", "convention.periodicjob",
    "events.eventpicture", "events.room", "events.venue",
    "invoices.issuer", "invoices.payout", "invoices.numberseries",
    "privacy.retentionperiod", "privacy.purpose", "privacy.purposetext", "privacy.retentionrun",
    "registrations.addon",
    "registrations.consenttext", "registrations.idempotencykey", "registrations.questionoption",
    "registrations.package", "registrations.question", "registrations.quota",
    "registrations.sponsorlogo", "registrations.ticket", "schedule.schedule", "schedule.personalagenda",
    "schedule.criterion", "schedule.session",
    "schedule.sessionformat", "schedule.track", "schedule.walkingtime", "sessions.session",
    "visits.feedbackquestion", "visits.ride",
}  # fmt: skip
# Columns of numbers, codes and names of things in tables with personal data.
CODED = {
    "admin.logentry.object_id", "api.repeatablerequest.result",
    "attendance.device.state",
    "audit.auditentry.fields", "audit.auditentry.subject",
    "payments.bankline.reference", "payments.dispute.external_id", "club.directoryimport.created_keys",
    "club.membership.plan_name", "club.membership.plan_name_en",
    "django_tasks_database.dbtaskresult.exception_class_path",
    "django_tasks_database.dbtaskresult.task_path", "django_tasks_database.dbtaskresult.worker_ids",
    "events.event.description", "events.event.description_en", "events.event.name",
    "events.event.name_en", "invoices.payment.external_id", "invoices.refund.external_id",
    "jobs.jobfile.name",
    "mailings.mailing.segment", "mailings.reminderplan.days", "privacy.privacycase.counts",
    "privacy.privacycase.mentions", "privacy.privacycase.retained", "registrations.sponsorship.name",
    "registrations.sponsorship.sort_name", "registrations.sponsorship.website",
    "schedule.move.after", "schedule.move.before", "schedule.planrun.costs",
    "schedule.callforproposals.languages", "schedule.callforproposals.left_out_fields",
    "schedule.sessionfile.content_type",
    "schedule.agendaprint.page_counts", "schedule.speakermailing.audience", "schedule.versionslot.room_name",
    "registrations.voucher.for_company", "visits.application.refusal_reasons",
    "visits.application.sent_mails",
    "visits.ndatext.text", "visits.ndatext.text_en", "visits.proposal.host_name",
    "visits.visit.briefing", "visits.visit.briefing_en", "visits.visit.identity_fields",
}  # fmt: skip
EMPTIED_WITH_ANOTHER_TABLE = {
    "club.directoryimport.values_after",  # with the person
    "club.directoryimport.values_before",
    "invoices.charge.attendee",  # with the registration
}
LONG = 100


def long_texts():
    """Yield each column in which somebody could write about another person."""
    for model in apps.get_models():
        for column in iterate_text_columns(model):
            is_long = not isinstance(column, models.CharField) or (column.max_length or LONG) >= LONG
            if model._meta.label_lower not in NOTHING_OF_PEOPLE and is_long:
                yield model, column.name


def test_every_long_text_is_struck_emptied_or_known_to_name_nobody():
    emptied = {
        source.model
        for source in list_data_sources()
        if source.is_deleted_on_erasure or source.erase_rows or source.is_required_by_law
    }
    known = {
        (source.model, name)
        for source in list_data_sources()
        for name in (*source.subject_columns, *source.blanked_columns, *source.hidden_columns)
    }
    texts = [*get_free_text_columns().items(), *get_transient_text_columns().items()]
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
        f"{source.table_label}.{field.name}"
        for source in list_data_sources()
        for field in source.model._meta.concrete_fields
        if any(word in field.name for word in words)
        and not isinstance(field, models.BinaryField)
        and field.name not in source.hidden_columns
        and (not source.exported_columns or field.name in source.exported_columns)
    }
    assert told == {
        "visits.ndaacceptance.hash",  # of the text that was agreed to
        "registrations.maildelivery.message_key",  # the beginning of a Message-ID
    }


def test_every_table_has_a_name_in_the_readers_language():
    ours = ("convention", "schedule", "registrations", "badges")
    nameless = {
        source.table_label
        for source in list_data_sources()
        if not source.name
        and not (
            source.model.__module__.startswith(ours)
            and "verbose_name_plural" in source.model._meta.original_attrs
        )
    }
    assert nameless == set()


def test_rules_have_names_of_their_own():
    slugs = [rule.slug for rule in list_retention_rules()]
    assert len(slugs) == len(set(slugs))
    assert isinstance(list_data_sources()[0], PersonalDataSource)
