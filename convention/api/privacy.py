"""What the API holds of people, for the privacy desk."""

from django.utils.translation import gettext_lazy as _

from convention.personal import Holding

from .models import ApiToken

HOLDINGS = [
    Holding(
        model=ApiToken,
        why=_("programs that act for you"),
        people=("person",),
        hides=("token_hash",),
        gone=True,
    ),
]
