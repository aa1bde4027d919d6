"""`manage.py serve`: server and task worker together; what `make run` starts."""

import io
import os
import time
import urllib.error
import urllib.request
from typing import Any

import qrcode
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandParser
from django.utils.translation import override

from convention.club.models import Person
from convention.club.seed import ACCOUNTS, PASSWORD
from convention.commands import SentenceCommand
from convention.errors import ConventionError
from convention.events.models import Event
from convention.periodic import expect_rounds
from convention.serve import network, plan
from convention.serve.authority import certify, fingerprint
from convention.serve.supervise import Supervisor

SECONDS_TO_START = 60


class Command(SentenceCommand):
    """Prepare the database in development, then keep server and worker alive until Ctrl-C."""

    help = "Run server and task worker together, until Ctrl-C."

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
        if not settings.PRODUCTION:
            self.prepare_database()
        expect_rounds()
        parts = [plan.server(place), plan.worker()]
        if place.files:
            parts.append(plan.phone_page(place))
        supervisor = Supervisor(parts, self.say)
        supervisor.run(when_started=lambda: self.announce(place, supervisor))
        self.say("Convention has stopped; its data is kept.")

    def prepare_database(self) -> None:
        """Migrate; an empty database gets the demo club."""
        call_command("migrate", verbosity=0)
        if not Event.objects.exists() and not Person.objects.exists():
            self.say("Making the demo club ...")
            with override("en"):  # one language in one run
                call_command("seed", stderr=self.stderr)

    def announce(self, place: plan.Place, supervisor: Supervisor) -> None:
        """Once the server answers, say where everything is."""
        if not answers(place, supervisor):
            return
        site = place.site_url
        lines = [
            "",
            "Convention is running.",
            "",
            f"  Site        {site}/  (English: {site}/en/)",
            f"  Organizers  {site}/organize/",
            f"  Scanner     {site}/scan/",
            f"  API         {site}/api/v1/docs/",
        ]
        if settings.MODE == "development":
            lines += [f"  Mails sent  {site}/dev/mail/", *demo_accounts()]
        if place.files:
            lines += phone_lines(place)
        self.stdout.write("\n".join([*lines, "", "Stop with Ctrl-C.", ""]))
        self.stdout.flush()


def local_place(port: int, host: str) -> plan.Place:
    """Only this machine, over http, unless told otherwise."""
    site_url = os.environ.get("SITE_URL") or f"http://localhost:{port}"
    return plan.Place(host or "127.0.0.1", port, site_url.rstrip("/"))


def lan_place(port: int) -> plan.Place:
    """The local network, over https with a certificate made here."""
    addresses = network.local_addresses()
    files = certify(settings.VAR_DIR / "lan", names=network.host_names(), addresses=addresses)
    site_url = os.environ.get("SITE_URL") or f"https://{addresses[0]}:{port}"
    return plan.Place("0.0.0.0", port, site_url.rstrip("/"), files)  # noqa: S104 (the local network is wanted)


def remember_address(place: plan.Place) -> None:
    """Give the address to the processes started from here, and to commands run later beside them."""
    os.environ["SITE_URL"] = place.site_url
    settings.SITE_URL = place.site_url
    if not settings.PRODUCTION:
        (settings.VAR_DIR / "site_url").write_text(place.site_url)


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


def demo_accounts() -> list[str]:
    """The demo's accounts, where this database has them."""
    known = set(
        Person.objects.filter(email__in=[account[0] for account in ACCOUNTS]).values_list("email", flat=True)
    )
    shown = [f"    {email:28}{role or 'staff'}" for email, _, _, role in ACCOUNTS if email in known]
    return ["", f"  Demo accounts (password: {PASSWORD})", *shown] if shown else []


def phone_lines(place: plan.Place) -> list[str]:
    """A code that phones read to prepare themselves, and what to compare."""
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
