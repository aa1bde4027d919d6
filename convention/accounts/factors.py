"""The second factors a person has set up."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from django.db import transaction

from convention.club.models import Person

LAST_STEP = "last_step"


@dataclass
class Factors:
    """Passkeys (several), the authenticator app and the sheet of recovery codes."""

    passkeys: list[Authenticator] = field(default_factory=list)
    app: Authenticator | None = None
    recovery: Authenticator | None = None

    @property
    def any(self) -> bool:
        """Whether there is one that counts; recovery codes alone do not."""
        return bool(self.passkeys or self.app)

    @property
    def codes_left(self) -> int:
        """How many recovery codes are unused."""
        return len(self.recovery.wrap().get_unused_codes()) if self.recovery else 0


def factors_of(person: Person) -> Factors:
    """What this person has set up, the oldest passkey first."""
    found = Factors()
    for row in Authenticator.objects.filter(user=person).order_by("pk"):
        if row.type == Authenticator.Type.WEBAUTHN:
            found.passkeys.append(row)
        elif row.type == Authenticator.Type.TOTP:
            found.app = row
        else:
            found.recovery = row
    return found


@transaction.atomic
def use_once(app: Authenticator, code: str) -> bool:
    """Spend a right code of the app: none is good twice, nor one older than the last, in any process."""
    row = Authenticator.objects.select_for_update().get(pk=app.pk)
    step = step_of(row, code)
    if step is None or step <= row.data.get(LAST_STEP, 0):
        return False
    app.data = row.data = {**row.data, LAST_STEP: step}
    row.save(update_fields=["data"])
    return True


def step_of(app: Authenticator, code: str) -> int | None:
    """The half-minute for which this code is right, of those accepted now."""
    secret = decrypt(app.data["secret"])
    steps: Iterator[int] = yield_hotp_counters_from_time()
    right = (
        s for s in steps if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, s)))
    )
    return next(right, None)
