"""Personal data of visits for export, erasure and retention; hashes, counts and the log of lists remain."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from convention.audit.record import record_action
from convention.codes.encryption import DecryptionFailed, MissingEncryptionKey, decrypt_value
from convention.personal_data import DataSubject, PersonalDataSource, RetentionRule, TranslatableText

from .applications.merged_people import merge_interests
from .identity.identities import get_identity_binding
from .identity.purge import RETENTION_PERIOD, list_visits_to_purge, purge_visit
from .models import (
    Application,
    DayMail,
    Debrief,
    DebriefNote,
    FeedbackAnswer,
    HostContact,
    HostLink,
    Identity,
    Interest,
    NdaAcceptance,
    NdaText,
    NotifiedDates,
    Proposal,
    RideSeat,
    Visit,
    VisitorList,
)
from .visitor_list.contents import decrypt_content

COUNTS_REMAIN = _("only the number of participants is kept, without names")


def _erase_contacts(rows: "QuerySet[Any]", _subject: DataSubject | None = None) -> None:
    """End the access of contacts and blank their names, in acknowledgements of lists too."""
    # Acknowledgements store the name as text, so they are found by the name of the contact.
    for visit, name in rows.exclude(name="").values_list("visit", "name"):
        VisitorList.objects.filter(visit=visit, acknowledged_by=name).update(acknowledged_by="")
    # Ended before blanking: the unique constraint on visit and address covers active contacts, and two blank
    # addresses would collide.
    rows.filter(ended_at__isnull=True).update(ended_at=timezone.now())
    rows.update(name="", email="")


def _decrypt_identity(identity: Identity) -> dict[str, Any]:
    """Return the decrypted identity for its owner's export; the reading is recorded like any other."""
    application = identity.application
    record_action("identity.export", application, event=application.visit.event, fields=identity.field_names)
    try:
        return {
            "answers": decrypt_value(identity.encrypted_data, row_label=get_identity_binding(application))
        }
    except (MissingEncryptionKey, DecryptionFailed) as error:
        # The export says why the data are missing; a lost key must not block the rest of it (GDPR, article
        # 15).
        return {"answers": str(error)}


def find_unpurged_lists(subject: DataSubject) -> Iterator[TranslatableText]:
    """Yield a reason to wait for each unpurged visitor list that names the person."""
    if not subject.person_id:
        return
    # Names stay on the stored lists until the purge, even of those who lost their place.
    visit_ids = Application.objects.filter(person=subject.person_id).values("visit")
    rows = Visit.objects.filter(Q(lists__encrypted_data__isnull=False), pk__in=visit_ids).distinct()
    for visit in rows.select_related("event"):
        names = {"visit": visit.event.title}
        yield (
            _(
                "The visitor list of “%(visit)s” has not been deleted yet. It will be, seven days "
                "after the visit."
            )
            % names
        )


def _find_lists_naming(subject: DataSubject) -> "QuerySet[Any]":
    """Return the stored versions of lists that have the person among their visitors."""
    own = Application.objects.filter(person__isnull=False, person=subject.person_id)
    own_ids = set(own.values_list("pk", flat=True))
    lists = VisitorList.objects.filter(visit__applications__in=own_ids, encrypted_data__isnull=False)
    naming_ids = [row.pk for row in lists.distinct() if _has_visitor(row, own_ids)]
    return VisitorList.objects.filter(pk__in=naming_ids)


def _has_visitor(visitor_list: VisitorList, application_ids: set[int]) -> bool:
    # Decrypted without a record: only the ids are used, and nobody reads it.
    try:
        rows = decrypt_content(visitor_list).rows
    except (MissingEncryptionKey, DecryptionFailed):
        # Unknown, so it is listed: the person did apply for this visit.
        return True
    return any(row["key"] in application_ids for row in rows)


def erase_old_contacts(before: datetime.datetime) -> int:
    """Erase the contacts of visits that ended before `before`; return how many."""
    old = Visit.objects.filter(event__ends_at__lt=before)
    # Contacts that are blank already are left out, so that the count reports only new erasures.
    contacts = HostContact.objects.filter(visit__in=old).exclude(name="", email="")
    count = contacts.count()
    _erase_contacts(contacts)
    old.update(security_name="", security_email="")
    VisitorList.objects.filter(visit__in=old).update(sent_to="", acknowledged_by="")
    return count


PERSONAL_DATA = [
    PersonalDataSource(
        model=Application,
        purpose=_("your applications for visits and their outcome"),
        person_columns=("person",),
        retention_reason=COUNTS_REMAIN,
    ),
    PersonalDataSource(
        model=NdaAcceptance,
        purpose=_("confidentiality terms you accepted"),
        parent_columns=("application",),
        name_columns=("name",),
        blanked_columns=("name",),
        retention_reason=_("the acceptance and the checksum of the text are kept, without the name"),
    ),
    PersonalDataSource(
        model=Identity,
        purpose=_("your details for a host"),
        parent_columns=("application",),
        hidden_columns=("encrypted_data",),
        # The ciphertext is useless to its owner, so the export contains the decrypted answers instead.
        export_extra=_decrypt_identity,
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=RideSeat,
        purpose=_("rides you booked"),
        parent_columns=("application",),
        retention_reason=COUNTS_REMAIN,
    ),
    PersonalDataSource(
        model=DayMail,
        purpose=_("e-mails about a visit sent to you"),
        parent_columns=("application",),
        retention_reason=COUNTS_REMAIN,
    ),
    PersonalDataSource(
        model=NotifiedDates,
        purpose=_("the dates of a visit that you were last told"),
        parent_columns=("application", "contact"),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=DebriefNote,
        purpose=_("notes you wrote after a visit"),
        parent_columns=("application",),
        retention_reason=_("the text of the note is kept, without the name"),
    ),
    PersonalDataSource(
        model=FeedbackAnswer,
        purpose=_("your feedback on visits"),
        parent_columns=("application",),
        retention_reason=COUNTS_REMAIN,
    ),
    PersonalDataSource(
        model=Interest,
        purpose=_("visits you would like to go on"),
        person_columns=("person",),
        merge_rows=merge_interests,
        retention_reason=COUNTS_REMAIN,
    ),
    PersonalDataSource(
        model=Proposal,
        purpose=_("visits you proposed, or recorded for others"),
        actor_columns=("proposed_by", "recorded_by"),
        parent_columns=("proposed_by_host",),
        exported_columns=("id", "title", "host_name", "motivation", "proposed_at"),
        retention_reason=_("the proposal belongs to the club; it is anonymized"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=NdaText,
        purpose=_("confidentiality terms you wrote"),
        actor_columns=("written_by",),
        exported_columns=("id", "visit", "number", "written_at"),
        retention_reason=_("others accepted the text; it is kept without your name"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=VisitorList,
        purpose=_("visitor lists you created or received"),
        actor_columns=("created_by",),
        address_columns=("sent_to",),
        exported_columns=("id", "visit", "number", "created_at", "sent_to", "sent_at", "acknowledged_by"),
        blanked_columns=("sent_to", "acknowledged_by"),
        retention_reason=_("the checksum, counts and times of the list are kept, without names"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=VisitorList,
        name=_("visitor lists with your name"),
        purpose=_("your name, company and the details a host requested, as sent to that host"),
        find_more_rows=_find_lists_naming,
        exported_columns=("id", "visit", "number", "created_at", "sent_at"),
        retention_reason=_("the names are deleted seven days after the visit"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=HostContact,
        purpose=_("your role as a host’s contact"),
        address_columns=("email",),
        name_columns=("name",),
        erase_rows=_erase_contacts,
    ),
    PersonalDataSource(
        model=HostLink,
        purpose=_("sign-in links of a host’s contact"),
        parent_columns=("contact",),
        hidden_columns=("hash",),
        is_deleted_on_erasure=True,
    ),
    PersonalDataSource(
        model=Visit,
        purpose=_("your role as a host’s security contact"),
        address_columns=("security_email",),
        exported_columns=("id", "event", "security_name", "security_email"),
        blanked_columns=("security_name", "security_email"),
        leads_to_other_tables=False,
    ),
]
ERASURE_BLOCKERS = [find_unpurged_lists]


def _purge_ended_visits(before: datetime.datetime) -> int:
    """Purge the visits that ended before `before`; return how many identities that deleted.

    Usually finds nothing: the hourly job runs first. Declared so that the period is listed with the others.
    """
    due = list_visits_to_purge(at=before + RETENTION_PERIOD)
    identity_count = Identity.objects.filter(application__visit__in=due).count()
    for visit in due:
        purge_visit(visit=visit)
    return identity_count


RETENTION = [
    RetentionRule(
        slug="visitor-identities",
        name=_("Visitors’ identity details and visitor lists"),
        counted_from=_("after the visit; earlier if it is called off"),
        days=RETENTION_PERIOD.days,
        delete_older_than=_purge_ended_visits,
        is_fixed=True,
    ),
    RetentionRule(
        slug="host-contacts",
        name=_("Host contacts"),
        counted_from=_("after the visit"),
        days=365,
        min_days=30,
        delete_older_than=erase_old_contacts,
    ),
]
FREE_TEXT = {
    Application: ("revocation_reason",),
    Debrief: ("text", "lessons_learned"),
    DebriefNote: ("text",),
    FeedbackAnswer: ("text",),
    Proposal: ("title", "motivation", "set_aside_reason"),
    Visit: ("cancellation_reason",),
}
