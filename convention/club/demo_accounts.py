"""The demo's accounts and published password, and whether this database is a demo."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from convention.audit.models import AuditEntry

from .models import Person

DEMO_PASSWORD = "convention"  # noqa: S105 (published: README, `make run`)


# Reserved by RFC 2606: no mail to a demo address ever reaches anybody.
DEMO_DOMAIN = ".example"


# Verb of the audit entry that `manage.py seed` writes; `is_demo` looks for it.
SEED_AUDIT_VERB = "seed"


REPLACE_PASSWORD_VERB = "person.replace_demo_password"  # noqa: S105 (a verb, no secret)


@dataclass(frozen=True)
class DemoAccount:
    """An account that `manage.py seed` creates; `role` is empty for the desk's staff."""

    email: str
    first_name: str
    last_name: str
    role: str

    @property
    def label(self) -> str:
        """Return the role as `make run` prints it."""
        return self.role or "staff"


DEMO_ACCOUNTS = [
    DemoAccount("admin@club.example", "Adèle", "Admirat", "administrator"),
    DemoAccount("organisation@club.example", "Oscar", "Organ", "organizer"),
    DemoAccount("tresorerie@club.example", "Théo", "Trésor", "treasurer"),
    DemoAccount("secretariat@club.example", "Salomé", "Secret", "secretary"),
    DemoAccount("accueil@club.example", "Aline", "Accueil", ""),
    DemoAccount("entreprise@club.example", "Cléo", "Contact", "company contact"),
]


# Created only with the convention that an agency runs.
OUTSIDE_ORGANIZER = DemoAccount("prestataire@agence-des-lacs.example", "Agnès", "Agence", "outside organizer")


def is_demo() -> bool:
    """Return whether `manage.py seed` created this database; real people may have been added since."""
    return AuditEntry.objects.filter(verb=SEED_AUDIT_VERB).exists()


def get_latest_replacement() -> AuditEntry | None:
    """Return the audit entry of the last time that a demo password was replaced, or None."""
    return AuditEntry.objects.filter(verb=REPLACE_PASSWORD_VERB).order_by("-created_at").first()


def make_initial_password_hash() -> str:
    """Return the password hash of a new demo account.

    After passwords were replaced, the database may be served to other people: a later `seed` sets no
    password, and `manage.py demo_passwords` makes one.
    """
    # `make_password(None)` gives a hash that no password matches.
    return make_password(None if get_latest_replacement() else DEMO_PASSWORD)


def get_demo_people() -> "QuerySet[Person]":
    emails = [account.email for account in [*DEMO_ACCOUNTS, OUTSIDE_ORGANIZER]]
    return Person.objects.filter(email__in=emails).order_by("pk")
