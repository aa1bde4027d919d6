"""Find accounts with the demo's published password, and replace it.

Anybody who knew the password may have added other ways in: `replace_credentials` removes those too.
"""

import secrets
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from convention import hooks
from convention.api.models import ApiToken
from convention.audit.record import record_action
from convention.club.demo_accounts import DEMO_DOMAIN, DEMO_PASSWORD, REPLACE_PASSWORD_VERB
from convention.club.models import ClubRole, Person
from convention.events.models import EventRole

# Without characters that look alike.
PASSWORD_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # noqa: S105 (letters to choose from)
# 16 characters, 79 bits.
PASSWORD_GROUP_COUNT, PASSWORD_GROUP_LENGTH = 4, 4
# Hashing releases the interpreter lock.
HASHING_THREADS = 4
REPLACED_CREDENTIALS = ["password", "sessions", "second factors", "tokens", "devices"]


def find_people_with_demo_password() -> list[Person]:
    """Return the active people whose password is the demo's, ordered by address.

    Only addresses of the demo's domain and the club's staff are checked: hashing takes a tenth of a second
    each, and nobody else can choose that password (`password_validators.KnownPasswordValidator`).
    """
    has_club_role = Exists(ClubRole.objects.filter(person=OuterRef("pk")))
    has_event_role = Exists(EventRole.objects.filter(person=OuterRef("pk")))
    suspects = Person.objects.filter(
        Q(email__iendswith=DEMO_DOMAIN)
        | Q(is_staff=True)
        | Q(is_superuser=True)
        | has_club_role
        | has_event_role,
        is_active=True,
    )
    people = list(
        suspects.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX).exclude(password="").order_by("email")
    )
    hashes = {person.password for person in people}  # the seed hashes once for all of its accounts
    with ThreadPoolExecutor(HASHING_THREADS) as pool:
        matches = dict(zip(hashes, pool.map(is_demo_password_hash, hashes), strict=True))
    return [person for person in people if matches[person.password]]


def is_demo_password_hash(encoded: str) -> bool:
    return check_password(DEMO_PASSWORD, encoded)


@transaction.atomic
def replace_credentials(people: Iterable[Person]) -> dict[Person, str]:
    """Give each of these people a random password; return the passwords, which are not stored.

    Their API tokens, second factors and added addresses are removed. All sessions end, also those of hosts,
    and all paired devices of the site are revoked, since it is not known who paired them.
    """
    passwords = {person: generate_password() for person in people}
    if not passwords:
        return {}
    for person, password in passwords.items():
        person.set_password(password)
        person.save(update_fields=["password"])
        Authenticator.objects.filter(user=person).delete()
        ApiToken.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())
        # An address that a stranger added would receive sign-in codes.
        EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
        record_action(REPLACE_PASSWORD_VERB, person, fields=REPLACED_CREDENTIALS)
    # All of them: a session's owner is inside its encoded data, and a host's session has none.
    Session.objects.all().delete()
    hooks.revoke_devices.provider()()
    return passwords


def generate_password() -> str:
    """Return a random password that can be read out and typed."""
    groups = (
        "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_GROUP_LENGTH))
        for _ in range(PASSWORD_GROUP_COUNT)
    )
    return "-".join(groups)
