"""`manage.py seed`: a demo club with invented people."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from convention.audit.record import record
from convention.club.demo_accounts import SEED_VERB, is_demo
from convention.club.models import Company, Person
from convention.commands import SentenceCommand
from convention.errors import ConventionError
from convention.events.models import Event
from convention.seeding import SIZES, World


class Command(SentenceCommand):
    """Walk the installed apps, lowest storey first, and run each one's `seed.py`."""

    help = "Fill the database with a demo club of invented people, always the same for the same seed."

    def add_arguments(self, parser: CommandParser) -> None:
        """The size of the demo and its seed."""
        parser.add_argument("--size", choices=SIZES, default="club")
        parser.add_argument("--random-seed", type=int, default=1)

    def run(self, **options: Any) -> None:
        """Build one size, unless it stands."""
        world = World(options["size"], options["random_seed"])
        refuse_production()
        refuse_foreign_database()
        if Event.objects.filter(slug=world.main_event).exists():
            self.say(_("The demo “%(size)s” is there already; nothing was changed.") % {"size": world.size})
            return
        plant(world)
        record(SEED_VERB, f"{world.size}:{world.number}")
        made = ", ".join(map(str, world.made))
        self.say(
            _("Seeded “%(size)s”: event %(event)s, %(made)s.")
            % {"size": world.size, "event": world.main_event, "made": made}
        )


def plant(world: World) -> None:
    """Let each app add its rows, the lowest storey first."""
    with override("fr"):
        for app in reversed(settings.INSTALLED_APPS):
            if find_spec(f"{app}.seed"):
                import_module(f"{app}.seed").seed(world)


def refuse_production() -> None:
    """The demo's accounts, an administrator's too, have a password that everybody knows."""
    if settings.PRODUCTION:
        raise ConventionError(
            _("The demo’s accounts have a password that everybody knows: `seed` fills no production site.")
        )


def refuse_foreign_database() -> None:
    """Never mix invented people with real ones."""
    holds_something = Event.objects.exists() or Company.objects.exists() or Person.objects.exists()
    if holds_something and not is_demo():
        raise ConventionError(
            _("This database holds data that `seed` did not put there; use an empty one (DATABASE_URL).")
        )
