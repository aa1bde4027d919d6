"""Declare the personal data in certificates."""

import datetime

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource, RetentionRule

from .models import Certificate


def delete_old_certificates(before: datetime.datetime) -> int:
    """Delete the certificates of events that ended before `before`; return how many."""
    rows = Certificate.objects.filter(event__ends_at__lt=before)
    count = rows.count()
    rows.delete()
    return count


PERSONAL_DATA = [
    PersonalDataSource(
        model=Certificate,
        purpose=_("certificates of attendance, which can be checked by their code"),
        parent_columns=("registration",),
        name_columns=("name",),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
]
RETENTION = [
    RetentionRule(
        slug="certificates",
        name=_("Certificates of attendance"),
        counted_from=_("after the end of the event"),
        days=5 * 365,
        min_days=365,
        delete_older_than=delete_old_certificates,
    ),
]
