"""`manage.py serve`: run server and task worker together; `make run` starts it."""

import contextlib
import os
import time
import urllib.error
import urllib.request
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.db import DatabaseError, connection
from django.utils.translation import override

from convention.accounts.demo_credentials import find_people_with_demo_password, replace_credentials
from convention.club.demo_accounts import is_demo
from convention.club.models import Person
from convention.commands import ConventionCommand
from convention.disk_space import database_folder, is_out_of_space
from convention.errors import ConventionError, StorageFull
from convention.events.models import Event
from convention.files import write_atomically
from convention.management.welcome import (
    format_account_lines,
    format_mail_lines,
    format_new_password_lines,
    format_phone_lines,
    format_site_lines,
)
from convention.serve import local_network, processes
from convention.serve.certificates import ensure_certificates
from convention.serve.supervisor import Supervisor
from convention.tasks.periodic import register_periodic_jobs

START_TIMEOUT_SECONDS = 60
# SQLite writes its header into the first page before any table exists.
SQLITE_PAGE_BYTES = 4096


def parse_port(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise ArgumentTypeError(f"“{text}” is no port: choose one from 1024 to 65535.") from error


class Command(ConventionCommand):
    """Prepare the database in development, then keep server and worker running until Ctrl-C."""

    help = "Run the server and the task worker together until Ctrl-C."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Printed before the server starts; stored, so that the welcome lines do not repeat them.
        self.new_passwords: dict[Person, str] = {}

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--port",
            type=parse_port,
            default=os.environ.get("PORT") or "8000",
            help="the port to listen on (default: PORT, or 8000); --lan also uses the next one",
        )
        parser.add_argument(
            "--host", default="", help="the address to listen on (default: this machine only)"
        )
        parser.add_argument("--lan", action="store_true", help="serve phones on the local network over HTTPS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run without a transaction: it lasts for hours."""
        try:
            self.run(**options)
        except ConventionError as error:
            self.exit_with_error(str(error))

    def run(self, **options: Any) -> None:
        """Check the ports, prepare, start, print the addresses."""
        address = (
            make_lan_address(options["port"])
            if options["lan"]
            else make_local_address(options["port"], options["host"])
        )
        local_network.check_port_is_free(address.host, address.port)
        if address.certificate_files:
            local_network.check_port_is_free(address.host, address.phone_port)
        remember_site_url(address)
        self.prepare_site()
        # In production the operator's settings apply; on a local network the site is always restricted.
        if address.is_exposed and (address.certificate_files or not settings.PRODUCTION):
            self.restrict_exposed_site(address)
        processes_to_run = [processes.server_process(address), *processes.task_worker_processes()]
        if address.certificate_files:
            processes_to_run.append(processes.phone_page_process(address))
        supervisor = Supervisor(processes_to_run, self.print_notice)
        supervisor.run(when_started=lambda: self.print_welcome(address, supervisor))
        self.print_notice("Convention has stopped; its data is kept.")

    def prepare_site(self) -> None:
        """Bring the database up to date; on a full disk start all the same if there is a database.

        Server and worker then answer that the disk is full, and recover by themselves once there is space.
        """
        try:
            if not settings.PRODUCTION:
                self.prepare_database()
            # Not only in the worker: with these rows, /readyz notices a worker that never started.
            register_periodic_jobs()
        except (OSError, DatabaseError) as error:
            if not is_out_of_space(error):
                raise
            if database_folder() and not has_database_file():
                raise StorageFull(
                    "The disk is full: make room for the database, then start again."
                ) from error
            self.print_notice("The disk is full: nothing can be saved until there is room.")

    def prepare_database(self) -> None:
        """Migrate; seed an empty database."""
        call_command("migrate", verbosity=0)
        if not Event.objects.exists() and not Person.objects.exists():
            self.print_notice("Making the demo club ...")
            with override("en"):  # print everything in one language
                call_command("seed", stderr=self.stderr)

    def restrict_exposed_site(self, address: processes.ServerAddress) -> None:
        """Restrict settings and passwords before other machines can reach the site.

        Raise ConventionError if an account of a site that is no demo has the demo's published password.
        """
        try:
            self.replace_demo_passwords()
            if not is_demo():
                os.environ["PLAYED_PAYMENTS"] = "false"  # other machines could confirm real orders with them
            restrict_settings(address)
        except (OSError, DatabaseError) as error:
            if not is_out_of_space(error):
                raise
            raise StorageFull(
                "The disk is full, so the demo's passwords can be neither looked at nor replaced: "
                "make room, then start again."
            ) from error

    def replace_demo_passwords(self) -> None:
        """Replace published passwords on a demo and print the new ones; raise ConventionError elsewhere."""
        people = find_people_with_demo_password()
        if people and not is_demo():
            raise ConventionError(
                f"These accounts open with the demo's password, which everybody can read: "
                f"{', '.join(str(person.email) for person in people)}. Give each another one with "
                f"`manage.py changepassword ADDRESS`, then start again."
            )
        if people:
            self.new_passwords = replace_credentials(people)
            self.print_lines(format_new_password_lines(self.new_passwords))

    def print_welcome(self, address: processes.ServerAddress, supervisor: Supervisor) -> None:
        """Print the addresses and the demo accounts, once the server answers."""
        if not wait_until_answering(address, supervisor):
            return
        lines = ["", *format_site_lines(address)]
        if settings.MODE == "development":
            lines += format_mail_lines(address)
            # If the database does not answer now, only the account lines are left out.
            with contextlib.suppress(DatabaseError):
                lines += format_account_lines(new_passwords=self.new_passwords)
        if address.certificate_files:
            lines += format_phone_lines(address)
        self.print_lines([*lines, "", "Stop with Ctrl-C.", ""])


def make_local_address(port: int, host: str) -> processes.ServerAddress:
    """Return an address on this machine alone, over http."""
    site_url = os.environ.get("SITE_URL") or f"http://localhost:{port}"
    return processes.ServerAddress(host or "127.0.0.1", port, site_url.rstrip("/"))


def make_lan_address(port: int) -> processes.ServerAddress:
    """Return an address on the local network, over https with a local certificate."""
    addresses = local_network.list_local_addresses()
    site_url = os.environ.get("SITE_URL") or f"https://{addresses[0]}:{port}"
    if not site_url.startswith("https://"):
        raise ConventionError(
            f"SITE_URL is {site_url}, but on the local network the site is served over https: "
            f"leave SITE_URL out, or let it begin with https://."
        )
    certificate_files = ensure_certificates(
        settings.VAR_DIR / "lan", names=local_network.list_host_names(), addresses=addresses
    )
    return processes.ServerAddress("0.0.0.0", port, site_url.rstrip("/"), certificate_files)  # noqa: S104 (the local network is wanted)


def remember_site_url(address: processes.ServerAddress) -> None:
    """Pass the address to child processes, and store it for commands that run later."""
    os.environ["SITE_URL"] = address.site_url
    settings.SITE_URL = address.site_url
    if not settings.PRODUCTION:
        with contextlib.suppress(ConventionError), write_atomically(settings.VAR_DIR / "site_url") as file:
            file.write(address.site_url.encode())  # on a full disk later commands use the previous address


def restrict_settings(address: processes.ServerAddress) -> None:
    """Make child processes hide tracebacks and answer to this machine's names alone."""
    # By environment, since server and worker are processes that read the settings again.
    os.environ["DEBUG"] = "false"
    names = [
        *local_network.list_host_names(),
        *local_network.list_local_addresses(),
        urlsplit(address.site_url).hostname or "",
    ]
    # `setdefault`: names that the operator has set are kept.
    os.environ.setdefault("ALLOWED_HOSTS", ",".join(dict.fromkeys(filter(None, names))))


def has_database_file() -> bool:
    """Return whether the SQLite file has a table, that is, more than its first page."""
    path = Path(str(connection.settings_dict["NAME"]))
    return path.exists() and path.stat().st_size > SQLITE_PAGE_BYTES


def wait_until_answering(address: processes.ServerAddress, supervisor: Supervisor) -> bool:
    """Wait until the server answers; return False if it is stopped before."""
    scheme = "https" if address.certificate_files else "http"
    host = "127.0.0.1" if address.host == "0.0.0.0" else address.host  # noqa: S104 (compared)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not supervisor.stopping.wait(0.1) and time.monotonic() < deadline:
        # The supervisor's own loop starts only after this wait.
        supervisor.restart_ended()
        if is_url_answering(f"{scheme}://{host}:{address.port}/healthz"):
            return True
    return False


def is_url_answering(url: str) -> bool:
    """Return whether anything answers, including an unknown certificate."""
    try:
        urllib.request.urlopen(url, timeout=2).close()  # noqa: S310 (our own address)
    # Any status is an answer.
    except urllib.error.HTTPError:
        return True
    except urllib.error.URLError as error:
        # On the local network the certificate is from our own authority, which this program does not trust.
        return "CERTIFICATE_VERIFY_FAILED" in str(error.reason)
    except OSError:
        return False
    return True
