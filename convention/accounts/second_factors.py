"""The second factors that a person has set up."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.club.models import Person
from convention.errors import NotFound
from convention.text.email_addresses import filter_by_email

from .mails import send_notice, write_account_mail
from .sessions import end_other_sessions

# RFC 6238, 5.2: a code must be accepted once only. allauth remembers it
# in the cache, which each process may have for itself.
LAST_STEP_KEY = "last_step"


@dataclass
class EnrolledFactors:
    """A person's passkeys, authenticator app and recovery codes."""

    passkeys: list[Authenticator] = field(default_factory=list)
    authenticator_app: Authenticator | None = None
    recovery_codes: Authenticator | None = None

    @property
    def has_any(self) -> bool:
        """Return whether there is a factor; recovery codes alone are none."""
        return bool(self.passkeys or self.authenticator_app)

    @property
    def unused_code_count(self) -> int:
        return len(self.recovery_codes.wrap().get_unused_codes()) if self.recovery_codes else 0


def get_factors(person: Person) -> EnrolledFactors:
    """Return what this person has set up, the oldest passkey first."""
    factors = EnrolledFactors()
    for row in Authenticator.objects.filter(user=person).order_by("pk"):
        if row.type == Authenticator.Type.WEBAUTHN:
            factors.passkeys.append(row)
        elif row.type == Authenticator.Type.TOTP:
            factors.authenticator_app = row
        else:
            factors.recovery_codes = row
    return factors


@transaction.atomic
def use_app_code(app: Authenticator, code: str) -> bool:
    """Mark a valid code of the app as used; return False if it is wrong, used, or older than the last one."""
    # Two requests with one code at once: the lock lets the second see the step of the first.
    row = Authenticator.objects.select_for_update().get(pk=app.pk)
    step = find_time_step(row, code)
    if step is None or step <= row.data.get(LAST_STEP_KEY, 0):
        return False
    app.data = row.data = {**row.data, LAST_STEP_KEY: step}
    row.save(update_fields=["data"])
    return True


def find_time_step(app: Authenticator, code: str) -> int | None:
    """Return the half-minute for which this code is valid among those accepted now, or None."""
    secret = decrypt(app.data["secret"])
    steps: Iterator[int] = yield_hotp_counters_from_time()
    matching = (
        step
        for step in steps
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, step)))
    )
    return next(matching, None)


@transaction.atomic
def reset_second_factor(*, email: str, reason: str = "") -> Person:
    """Remove a person's passkeys, app and recovery codes, end all sessions and notify them.

    Raise NotFound for an unknown address, or if there is no factor.
    """
    people = filter_by_email(Person.objects.select_for_update().order_by("pk"), email.strip())
    person = people[0] if people else None
    if person is None or not person.email:
        raise NotFound(_("There is no account with the address %(email)s.") % {"email": email})
    removed, _rows = Authenticator.objects.filter(user=person).delete()
    if not removed:
        raise NotFound(_("%(email)s has no second factor, so there is nothing to reset.") % {"email": email})
    end_other_sessions(person=person, except_key=None)
    record_action("second_factor.reset", person, reason=reason)
    notice = write_account_mail("second_factor_reset", person.email, {}, person.language)
    # A mail must not tell of a reset that was rolled back.
    transaction.on_commit(lambda: send_notice(notice))
    return person
