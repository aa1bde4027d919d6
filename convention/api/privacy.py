"""Personal data of the API (see `convention/personal_data.py`)."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import ApiToken, RepeatableRequest

PERSONAL_DATA = [
    PersonalDataSource(
        model=ApiToken,
        purpose=_("software that acts for you"),
        person_columns=("person",),
        hidden_columns=("token_hash",),
        is_deleted_on_erasure=True,
    ),
]
NO_PERSONAL_DATA = {RepeatableRequest: "hashes and keys of rows, for two days"}
