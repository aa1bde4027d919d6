"""Personal data of the company area, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import CompanyOrder, Invitation

PERSONAL_DATA = [
    PersonalDataSource(
        model=CompanyOrder,
        purpose=_("orders you placed for your company"),
        actor_columns=("placed_by", "managed_by"),
        exported_columns=("id", "order", "company"),
        retention_reason=_("the order belongs to the company; it is anonymized"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Invitation,
        name=_("e-mails asking for details"),
        purpose=_("e-mails asking you for your details"),
        parent_columns=("registration",),
        is_deleted_on_erasure=True,
    ),
]
