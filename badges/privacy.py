"""Declare the personal data of the badges app: which badge was printed, and when."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import LastPrintedBadge

PERSONAL_DATA = [
    PersonalDataSource(
        model=LastPrintedBadge,
        purpose=_("when your badge was last printed"),
        parent_columns=("registration",),
        exported_columns=("registration", "printed_at"),
        is_deleted_on_erasure=True,
        leads_to_other_tables=False,
    ),
]
