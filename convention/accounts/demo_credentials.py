"""Find the accounts that open with the demo's published password, and give them passwords of their own.

Whoever knew the password may have left other ways in: `replace_credentials` takes them away too.
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
from convention.audit.record import record
from convention.club.demo_accounts import DEMO_DOMAIN, DEMO_PASSWORD, REPLACE_VERB
from convention.club.models import ClubRole, Person
from convention.events.models import EventRole

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without characters that look alike."""
GROUPS, GROUP_LENGTH = 4, 4
"""Of a random password: 16 characters, 79 bits."""
HASHING_THREADS = 4
FIELDS = ["password", "sessions", "second factors", "tokens", "devices"]


def people_with_demo_password() -> list[Person]:
    """Return the active people whose password is the demo's, by address.

    Looked at are addresses of the demo's domain and everybody who works for the club: hashing takes a tenth of
    a second each, and nobody else can choose that password (`passwords.KnownPasswordValidator`).
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
        matches = dict(zip(hashes, pool.map(opens_with_demo_password, hashes), strict=True))
    return [person for person in people if matches[person.password]]


def opens_with_demo_password(encoded: str) -> bool:
    """Return whether a stored password is the demo's."""
    return check_password(DEMO_PASSWORD, encoded)


@transaction.atomic
def replace_credentials(people: Iterable[Person]) -> dict[Person, str]:
    """Give each of these people a random password; return the passwords, which are stored nowhere.

    Their API tokens, second factors and added addresses are removed. All sessions end, also those of hosts, and
    all paired devices of the site are revoked: who paired them is not known.
    """
    passwords = {person: random_password() for person in people}
    if not passwords:
        return {}
    for person, password in passwords.items():
        person.set_password(password)
        person.save(update_fields=["password"])
        Authenticator.objects.filter(user=person).delete()
        ApiToken.objects.filter(person=person, revoked_at=None).update(revoked_at=timezone.now())
        EmailAddress.objects.filter(user=person).exclude(email=person.email).delete()
        record(REPLACE_VERB, person, fields=FIELDS)
    Session.objects.all().delete()
    hooks.revoke_devices.provider()()
    return passwords


def random_password() -> str:
    """Return a password that can be read out and typed."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
