"""The demo's accounts and their published password, and whether this database is a demo."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db.models import QuerySet

from convention.audit.models import Entry

from .models import Person

DEMO_PASSWORD = "convention"  # noqa: S105 (published: README, `make run`)
DEMO_DOMAIN = ".example"
"""Addresses of the demo end so; RFC 2606 reserves it, and no mail ever reaches one."""
SEED_VERB = "seed"
"""Of the audit entry that `manage.py seed` leaves."""
REPLACE_VERB = "person.replace_demo_password"


@dataclass(frozen=True)
class DemoAccount:
    """An account that `manage.py seed` makes; `role` is empty for the desk's staff."""

    email: str
    first_name: str
    last_name: str
    role: str

    @property
    def label(self) -> str:
        """What `make run` calls the role."""
        return self.role or "staff"


DEMO_ACCOUNTS = [
    DemoAccount("admin@club.example", "Adèle", "Admirat", "administrator"),
    DemoAccount("organisation@club.example", "Oscar", "Organ", "organizer"),
    DemoAccount("tresorerie@club.example", "Théo", "Trésor", "treasurer"),
    DemoAccount("secretariat@club.example", "Salomé", "Secret", "secretary"),
    DemoAccount("accueil@club.example", "Aline", "Accueil", ""),
    DemoAccount("entreprise@club.example", "Cléo", "Contact", "company contact"),
]
OUTSIDE_ORGANIZER = DemoAccount("prestataire@agence-des-lacs.example", "Agnès", "Agence", "outside organizer")
"""Made with the convention that an agency runs, not by each size of the demo."""


def is_demo() -> bool:
    """Return whether `manage.py seed` made this database; real people may have been added since."""
    return Entry.objects.filter(verb=SEED_VERB).exists()


def latest_replacement() -> Entry | None:
    """Return the audit entry of the last time that a demo account got a password of its own."""
    return Entry.objects.filter(verb=REPLACE_VERB).order_by("-at").first()


def initial_password_hash() -> str:
    """Return the stored form of a new demo account's password.

    Once passwords were replaced, the database may be served to others: a later `seed` gives none, and
    `manage.py demo_passwords` makes one.
    """
    return make_password(None if latest_replacement() else DEMO_PASSWORD)


def demo_people() -> "QuerySet[Person]":
    """Return the people of the demo's accounts that this database has."""
    emails = [account.email for account in [*DEMO_ACCOUNTS, OUTSIDE_ORGANIZER]]
    return Person.objects.filter(email__in=emails).order_by("pk")
