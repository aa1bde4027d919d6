"""Personal data of privacy requests themselves."""

from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from convention.personal_data import PersonalDataSource, RetentionRule

from .consents import list_purpose_agreements, merge_consents
from .models import Consent, PrivacyCase
from .retention import delete_old_cases

PERSONAL_DATA = [
    PersonalDataSource(
        model=PrivacyCase,
        purpose=_("your privacy requests and the club’s answers"),
        person_columns=("person",),
        address_columns=("email",),
        actor_columns=("opened_by", "answered_by"),
        exported_columns=("id", "kind", "requested_at", "answered_at", "answer", "reason"),
        blanked_columns=("email",),
        retention_reason=_(
            "kept without the name, to prove to the data protection authority that requests were answered"
        ),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Consent,
        purpose=_("your consents, by version of the text"),
        person_columns=("person",),
        merge_rows=merge_consents,
        retention_reason=_(
            "kept without the name, to prove to the data protection authority that consent was given"
        ),
    ),
]
AGREEMENTS = [list_purpose_agreements]
RETENTION = [
    RetentionRule(
        slug="privacy-cases",
        name=_("Requests about personal data"),
        counted_from=_("after the answer"),
        days=5 * 365,
        min_days=365,
        delete_older_than=delete_old_cases,
    ),
]
FREE_TEXT = {
    PrivacyCase: ("reason",),
    # A third-party table without a `privacy.py`: arguments are ids, but errors may quote what people typed.
    DBTaskResult: ("args_kwargs", "return_value", "traceback"),
}
