"""The lines that `manage.py serve` prints: addresses and demo accounts."""

import io
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import qrcode
from django.utils import timezone

from convention.accounts.demo_credentials import find_people_with_demo_password
from convention.club.demo_accounts import (
    DEMO_ACCOUNTS,
    DEMO_PASSWORD,
    OUTSIDE_ORGANIZER,
    get_demo_people,
    get_latest_replacement,
)
from convention.club.models import Person
from convention.serve.certificates import format_fingerprint
from convention.serve.processes import ServerAddress

# The purpose of each demo account.
ACCOUNT_LABELS = {account.email: account.label for account in [*DEMO_ACCOUNTS, OUTSIDE_ORGANIZER]}


def format_site_lines(server_address: ServerAddress) -> list[str]:
    """Return the addresses of the main pages."""
    site = server_address.site_url
    return [
        "Convention is running.",
        "",
        f"  Site        {site}/  (English: {site}/en/)",
        f"  Organizers  {site}/organize/",
        f"  Scanner     {site}/scan/",
        f"  API         {site}/api/v1/docs/",
    ]


def format_mail_lines(server_address: ServerAddress) -> list[str]:
    """Return the address of the mails that a development site wrote."""
    lines = [f"  Mails sent  {server_address.site_url}/dev/mail/"]
    if server_address.is_exposed:
        lines.append("              (opens on this computer, and for a signed-in administrator; nobody else)")
    return lines


def format_account_lines(*, new_passwords: Mapping[Person, str]) -> list[str]:
    """Return the demo accounts in this database, with the published password only if it works.

    `new_passwords` were printed in this run and are not printed again.
    """
    people = list(get_demo_people())
    # Checked by hash and not by date: somebody may have changed a password since.
    ids_with_demo_password = {person.pk for person in find_people_with_demo_password()} if people else set()
    with_demo_password = [person for person in people if person.pk in ids_with_demo_password]
    with_own_password = [person for person in people if person.pk not in ids_with_demo_password]
    lines = []
    if with_demo_password:
        lines += [
            "",
            f"  Demo accounts (password: {DEMO_PASSWORD})",
            *map(format_account_line, with_demo_password),
        ]
    if with_own_password:
        hint = "see above" if new_passwords else describe_password_source()
        lines += ["", f"  Demo accounts (passwords: {hint})", *map(format_account_line, with_own_password)]
    return lines


def describe_password_source() -> str:
    """Return why the passwords below are not printed, and how to get new ones."""
    latest_replacement = get_latest_replacement()
    origin = (
        f"shown once on {timezone.localtime(latest_replacement.created_at):%Y-%m-%d at %H:%M}"
        if latest_replacement
        else "set by hand"
    )
    return f"{origin}; new ones: {format_passwords_command()}"


def format_passwords_command() -> str:
    """Return the command that makes new demo passwords, as it can be typed here."""
    # `python` alone would often be another one than that of the virtual environment.
    python = Path(sys.executable)
    if python.is_relative_to(Path.cwd()):
        python = python.relative_to(Path.cwd())
    return f"{shlex.quote(str(python))} manage.py demo_passwords"


def format_account_line(person: Person, password: str = "") -> str:
    """Return one account, its purpose and its new password."""
    return f"    {person.email:38}{ACCOUNT_LABELS.get(person.email or '', ''):20}{password}".rstrip()


def format_new_password_lines(passwords: Mapping[Person, str]) -> Iterable[str]:
    """Yield the accounts with their new passwords."""
    yield ""
    yield "  New passwords of the demo's accounts, shown only now: write them down."
    yield from (format_account_line(person, password) for person, password in passwords.items())
    yield "  Removed: their API tokens, passkeys and authenticator apps, all sessions, all paired phones."
    yield ""


def format_phone_lines(server_address: ServerAddress) -> list[str]:
    """Return a QR code for phones, and the fingerprint to compare."""
    files = server_address.certificate_files
    assert files is not None
    code = qrcode.QRCode(border=2)
    code.add_data(server_address.phone_url)
    buffer = io.StringIO()
    code.print_ascii(out=buffer, invert=True)
    return [
        "",
        f"  Phones on this network start here: {server_address.phone_url}",
        "",
        buffer.getvalue(),
        f"  Fingerprint of the certificate: {format_fingerprint(files.authority_certificate)}",
    ]
