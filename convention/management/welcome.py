"""The lines that `manage.py serve` prints: where everything is, and who can sign in."""

import io
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import qrcode
from django.utils import timezone

from convention.accounts.demo_credentials import people_with_demo_password
from convention.club.demo_accounts import (
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    OUTSIDE_ORGANIZER,
    demo_people,
    latest_replacement,
)
from convention.club.models import Person
from convention.serve.authority import fingerprint
from convention.serve.plan import Place

LABELS = {account.email: account.label for account in [*DEMO_ACCOUNTS, OUTSIDE_ORGANIZER]}
"""What each demo account is for."""


def site_lines(place: Place) -> list[str]:
    """Return the addresses of the main pages."""
    site = place.site_url
    return [
        "Convention is running.",
        "",
        f"  Site        {site}/  (English: {site}/en/)",
        f"  Organizers  {site}/organize/",
        f"  Scanner     {site}/scan/",
        f"  API         {site}/api/v1/docs/",
    ]


def mail_lines(place: Place) -> list[str]:
    """Return where the mails are shown that a development site wrote."""
    lines = [f"  Mails sent  {place.site_url}/dev/mail/"]
    if place.is_exposed:
        lines.append("              (opens on this computer, and for a signed-in administrator; nobody else)")
    return lines


def account_lines(*, new_passwords: Mapping[Person, str]) -> list[str]:
    """Return the demo's accounts that this database has, with the published password only where it works.

    `new_passwords` are those that `new_password_lines` printed in this run; they are not printed again.
    """
    people = list(demo_people())
    known = {person.pk for person in people_with_demo_password()} if people else set()
    with_demo_password = [person for person in people if person.pk in known]
    with_own_password = [person for person in people if person.pk not in known]
    lines = []
    if with_demo_password:
        lines += ["", f"  Demo accounts (password: {DEMO_PASSWORD})", *map(account_line, with_demo_password)]
    if with_own_password:
        hint = "see above" if new_passwords else password_hint()
        lines += ["", f"  Demo accounts (passwords: {hint})", *map(account_line, with_own_password)]
    return lines


def password_hint() -> str:
    """Return why the passwords of the accounts below are not printed, and how to get new ones."""
    replaced = latest_replacement()
    since = (
        f"shown once on {timezone.localtime(replaced.at):%Y-%m-%d at %H:%M}" if replaced else "set by hand"
    )
    return f"{since}; new ones: {new_passwords_command()}"


def new_passwords_command() -> str:
    """Return the command that gives demo accounts new passwords, as it can be typed here."""
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{shlex.quote(str(python))} manage.py demo_passwords"


def account_line(person: Person, password: str = "") -> str:
    """Return one account, what it is for, and a new password."""
    return f"    {person.email:38}{LABELS.get(person.email or '', ''):20}{password}".rstrip()


def new_password_lines(passwords: Mapping[Person, str]) -> Iterable[str]:
    """Yield the accounts with their new passwords."""
    yield ""
    yield "  New passwords of the demo's accounts, shown only now: write them down."
    yield from (account_line(person, password) for person, password in passwords.items())
    yield "  Removed: their API tokens, passkeys and authenticator apps, all sessions, all paired phones."
    yield ""


def phone_lines(place: Place) -> list[str]:
    """Return a code that phones read to prepare themselves, and what to compare."""
    assert place.files is not None
    code = qrcode.QRCode(border=2)
    code.add_data(place.phone_url)
    drawn = io.StringIO()
    code.print_ascii(out=drawn, invert=True)
    return [
        "",
        f"  Phones on this network start here: {place.phone_url}",
        "",
        drawn.getvalue(),
        f"  Fingerprint of the certificate: {fingerprint(place.files.authority)}",
    ]
