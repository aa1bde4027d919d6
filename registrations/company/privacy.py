"""What the company desk holds of people, for the privacy desk."""

from django.utils.translation import gettext_lazy as _

from convention.personal import Holding

from .models import CompanyOrder, Invitation

HOLDINGS = [
    Holding(
        model=CompanyOrder,
        why=_("orders that you placed for your company"),
        did=("placed_by", "managed_by"),
        tells=("id", "order", "company"),
        because=_("the order is the company’s; no name is left"),
        leads=False,
    ),
    Holding(
        model=Invitation,
        name=_("e-mails that ask for details"),
        why=_("e-mails that asked for your own details"),
        through=("registration",),
        gone=True,
    ),
]
