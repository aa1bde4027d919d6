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

ADDRESS_WORDS = ("mail", "address")
NOT_EMAIL_COLUMNS = {
    # looks like an e-mail address: a postal or network address, or a relation to a row with one
    "account.EmailConfirmation.email_address",
}


def list_person_columns():
    """Yield each column that references a person or contains an e-mail address."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            label = f"{model._meta.label}.{field.name}"
            is_address = isinstance(field, models.EmailField) or (
                isinstance(field, models.CharField) and any(word in field.name for word in ADDRESS_WORDS)
            )
            if (field.is_relation and field.related_model is Person) or (
                is_address and label not in NOT_EMAIL_COLUMNS
            ):
                yield model, field.name


def list_subject_columns():
    return {(source.model, column) for source in list_data_sources() for column in source.subject_columns}


def find_undeclared_columns(known):
    found = set(list_person_columns()) - known
    # Columns that are blanked together with a declared one.
    beside = {(source.model, column) for source in list_data_sources() for column in source.blanked_columns}
    return {f"{model._meta.label}.{name}" for model, name in found - beside}


def test_every_column_with_person_or_email_address_is_declared():
    assert find_undeclared_columns(list_subject_columns()) == set()


def test_undeclared_table_is_found():
    """Negative control: an app that does not declare its waiting lists is found."""
    known = {(model, column) for model, column in list_subject_columns() if model.__name__ != "WaitingEntry"}
    assert "registrations.WaitingEntry.email" in find_undeclared_columns(known)


def test_every_table_related_to_personal_data_is_declared():
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


def test_declarations_name_existing_columns():
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


def test_anonymized_table_has_retention_reason():
    silent_about = [
        source.table_label
        for source in list_data_sources()
        if source.erasure_action == "anonymized" and not source.retention_reason
    ]
    assert silent_about == []


# Tables with names of things, and with texts for others to read; an erasure lists texts that name the
# person. Sessions of browsers are redacted separately.
TABLES_WITHOUT_PEOPLE = {
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
    "schedule.criterion", "schedule.dayhours", "schedule.session",
    "schedule.sessionformat", "schedule.track", "schedule.walkingtime", "sessions.session",
    "visits.feedbackquestion", "visits.ride",
}  # fmt: skip
# Columns with numbers, codes and names of things, in tables with personal data.
COLUMNS_WITHOUT_PEOPLE = {
    "admin.logentry.object_id", "api.repeatablerequest.result",
    "attendance.device.state",
    "audit.auditentry.details", "audit.auditentry.fields", "audit.auditentry.subject",
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
BLANKED_WITH_ANOTHER_TABLE = {
    "club.directoryimport.values_after",  # with the person
    "club.directoryimport.values_before",
    "invoices.charge.attendee",  # with the registration
}
LONG_TEXT_CHARS = 100


def list_long_text_columns():
    """Yield each column in which somebody could write about another person."""
    for model in apps.get_models():
        for column in iterate_text_columns(model):
            is_long = (
                not isinstance(column, models.CharField)
                or (column.max_length or LONG_TEXT_CHARS) >= LONG_TEXT_CHARS
            )
            if model._meta.label_lower not in TABLES_WITHOUT_PEOPLE and is_long:
                yield model, column.name


def test_every_long_text_is_redacted_blanked_or_listed_as_harmless():
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
        for model, name in list_long_text_columns()
        if (model, name) not in known and model not in emptied
    }

    assert unknown == COLUMNS_WITHOUT_PEOPLE | BLANKED_WITH_ANOTHER_TABLE


def test_export_contains_no_column_with_a_secret():
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


def test_every_table_has_a_translatable_name():
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


def test_retention_rules_have_unique_slugs():
    slugs = [rule.slug for rule in list_retention_rules()]

    assert len(slugs) == len(set(slugs))
    assert isinstance(list_data_sources()[0], PersonalDataSource)
