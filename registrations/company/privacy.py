"""Personal data of the company desk, for export and erasure."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import CompanyOrder, Invitation

PERSONAL_DATA = [
    PersonalDataSource(
        model=CompanyOrder,
        purpose=_("orders that you placed for your company"),
        actor_columns=("placed_by", "managed_by"),
        exported_columns=("id", "order", "company"),
        retention_reason=_("the order is the company’s; no name is left"),
        leads_to_other_tables=False,
    ),
    PersonalDataSource(
        model=Invitation,
        name=_("e-mails that ask for details"),
        purpose=_("e-mails that asked for your own details"),
        parent_columns=("registration",),
        is_deleted_on_erasure=True,
    ),
]
