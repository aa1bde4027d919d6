"""`manage.py serve`: server and task worker together; what `make run` starts."""

import contextlib
import os
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import DatabaseError, connection
from django.utils.translation import override

from convention.accounts.demo_credentials import people_with_demo_password, replace_credentials
from convention.club.demo_accounts import is_demo
from convention.club.models import Person
from convention.commands import SentenceCommand
from convention.disk_space import database_folder, is_out_of_space
from convention.errors import ConventionError, StorageFull
from convention.events.models import Event
from convention.files import whole_file
from convention.management.welcome import (
    account_lines,
    mail_lines,
    new_password_lines,
    phone_lines,
    site_lines,
)
from convention.periodic import expect_rounds
from convention.serve import network, plan
from convention.serve.authority import certify
from convention.serve.supervise import Supervisor

SECONDS_TO_START = 60
SQLITE_PAGE_BYTES = 4096


class Command(SentenceCommand):
    """Prepare the database in development, then keep server and worker alive until Ctrl-C."""

    help = "Run server and task worker together, until Ctrl-C."
    requires_system_checks: list[str] = []  # they connect to a database that may be away or full

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.new_passwords: dict[Person, str] = {}

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to listen."""
        parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "8000")
        parser.add_argument(
            "--host", default="", help="the address to listen at (default: this machine only)"
        )
        parser.add_argument("--lan", action="store_true", help="https for phones on the local network")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run without a transaction around it: it lasts for hours."""
        try:
            self.run(**options)
        except ConventionError as error:
            self.refuse(str(error))

    def run(self, **options: Any) -> None:
        """Check the ports, prepare, start, say where."""
        place = (
            lan_place(options["port"]) if options["lan"] else local_place(options["port"], options["host"])
        )
        network.require_free_port(place.host, place.port)
        if place.files:
            network.require_free_port(place.host, place.phone_port)
        remember_address(place)
        self.prepare()
        if place.is_exposed and (place.files or not settings.PRODUCTION):
            self.close_to_others(place)
        parts = [plan.server(place), plan.worker()]
        if place.files:
            parts.append(plan.phone_page(place))
        supervisor = Supervisor(parts, self.say)
        supervisor.run(when_started=lambda: self.announce(place, supervisor))
        self.say("Convention has stopped; its data is kept.")

    def prepare(self) -> None:
        """Bring the database up to date; on a full disk start all the same, if there is anything to serve.

        Server and worker answer that the disk is full, and go on by themselves once there is room.
        """
        try:
            if not settings.PRODUCTION:
                self.prepare_database()
            expect_rounds()
        except (OSError, DatabaseError) as error:
            if not is_out_of_space(error):
                raise
            if database_folder() and not has_database_file():
                raise StorageFull(
                    "The disk is full: make room for the database, then start again."
                ) from error
            self.say("The disk is full: nothing can be saved until there is room.")

    def prepare_database(self) -> None:
        """Migrate; an empty database gets the demo club."""
        call_command("migrate", verbosity=0)
        if not Event.objects.exists() and not Person.objects.exists():
            self.say("Making the demo club ...")
            with override("en"):  # one language in one run
                call_command("seed", stderr=self.stderr)

    def close_to_others(self, place: plan.Place) -> None:
        """Take away what only this machine may have, before others can reach the site.

        Raises ConventionError while somebody's account opens with the demo's published password.
        """
        try:
            self.replace_demo_passwords()
            if not is_demo():
                os.environ["PLAYED_PAYMENTS"] = "false"  # they would confirm real orders
            close_settings(place)
        except (OSError, DatabaseError) as error:
            if not is_out_of_space(error):
                raise
            raise StorageFull(
                "The disk is full, so the demo's passwords can be neither looked at nor replaced: "
                "make room, then start again."
            ) from error

    def replace_demo_passwords(self) -> None:
        """On a demo replace the published password and print the new ones; elsewhere refuse it."""
        people = people_with_demo_password()
        if people and not is_demo():
            raise ConventionError(
                f"These accounts open with the demo's password, which everybody can read: "
                f"{', '.join(str(person.email) for person in people)}. Give each another one with "
                f"`manage.py changepassword ADDRESS`, then start again."
            )
        if people:
            self.new_passwords = replace_credentials(people)
            self.tell(new_password_lines(self.new_passwords))

    def announce(self, place: plan.Place, supervisor: Supervisor) -> None:
        """Once the server answers, say where everything is."""
        if not answers(place, supervisor):
            return
        lines = ["", *site_lines(place)]
        if settings.MODE == "development":
            lines += mail_lines(place)
            with contextlib.suppress(DatabaseError):  # it does not answer now, and everything else is true
                lines += account_lines(new_passwords=self.new_passwords)
        if place.files:
            lines += phone_lines(place)
        self.tell([*lines, "", "Stop with Ctrl-C.", ""])


def local_place(port: int, host: str) -> plan.Place:
    """Only this machine, over http, unless told otherwise."""
    site_url = os.environ.get("SITE_URL") or f"http://localhost:{port}"
    return plan.Place(host or "127.0.0.1", port, site_url.rstrip("/"))


def lan_place(port: int) -> plan.Place:
    """The local network, over https with a certificate made here."""
    addresses = network.local_addresses()
    site_url = os.environ.get("SITE_URL") or f"https://{addresses[0]}:{port}"
    if not site_url.startswith("https://"):
        raise ConventionError(
            f"SITE_URL is {site_url}, but on the local network the site is served over https: "
            f"leave SITE_URL out, or let it begin with https://."
        )
    files = certify(settings.VAR_DIR / "lan", names=network.host_names(), addresses=addresses)
    return plan.Place("0.0.0.0", port, site_url.rstrip("/"), files)  # noqa: S104 (the local network is wanted)


def remember_address(place: plan.Place) -> None:
    """Give the address to the processes started from here, and to commands run later beside them."""
    os.environ["SITE_URL"] = place.site_url
    settings.SITE_URL = place.site_url
    if not settings.PRODUCTION:
        with contextlib.suppress(ConventionError), whole_file(settings.VAR_DIR / "site_url") as file:
            file.write(place.site_url.encode())  # on a full disk later commands take the address of before


def close_settings(place: plan.Place) -> None:
    """Let the processes started from here show no tracebacks, and answer to this machine's names alone."""
    os.environ["DEBUG"] = "false"
    names = [*network.host_names(), *network.local_addresses(), urlsplit(place.site_url).hostname or ""]
    os.environ.setdefault("ALLOWED_HOSTS", ",".join(dict.fromkeys(filter(None, names))))


def has_database_file() -> bool:
    """Whether the SQLite file has more than its first page, which holds no table."""
    path = Path(str(connection.settings_dict["NAME"]))
    return path.exists() and path.stat().st_size > SQLITE_PAGE_BYTES


def answers(place: plan.Place, supervisor: Supervisor) -> bool:
    """Wait until the server answers; False if it is stopped before."""
    scheme = "https" if place.files else "http"
    host = "127.0.0.1" if place.host == "0.0.0.0" else place.host  # noqa: S104 (compared)
    end = time.monotonic() + SECONDS_TO_START
    while not supervisor.stopping.wait(0.1) and time.monotonic() < end:
        supervisor.watch()
        if is_open(f"{scheme}://{host}:{place.port}/healthz"):
            return True
    return False


def is_open(url: str) -> bool:
    """Whether something answers there, whatever it says: an unknown certificate is an answer too."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 (our own address)
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError as error:
        return "CERTIFICATE_VERIFY_FAILED" in str(error.reason)
    except OSError:
        return False
    return True
