"""`manage.py seed`: create a demo club with invented people."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import override

from convention.audit.record import record_action
from convention.club.demo_accounts import SEED_AUDIT_VERB, is_demo
from convention.club.models import Company, Person
from convention.commands import ConventionCommand
from convention.errors import ConventionError
from convention.events.models import Event
from convention.seeding import DEMO_SIZES, DemoWorld


class Command(ConventionCommand):
    """Run the `seed.py` of each installed app, lowest layer first."""

    help = "Fill the database with a demo club of fictional people. The result is always the same."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--size", choices=DEMO_SIZES, default="club")
        parser.add_argument("--random-seed", type=int, default=1)

    def run(self, **options: Any) -> None:
        """Create one size of the demo, unless it exists."""
        world = DemoWorld(options["size"], options["random_seed"])
        check_not_production()
        # Invented people among real ones could not be told apart later.
        check_own_database()
        if Event.objects.filter(slug=world.main_event_slug).exists():
            self.print_notice(
                _("The demo “%(size)s” already exists. Nothing was changed.") % {"size": world.size}
            )
            return
        seed_apps(world)
        record_action(SEED_AUDIT_VERB, f"{world.size}:{world.random_seed}")
        made = ", ".join(map(str, world.created))
        self.print_notice(
            _("Seeded “%(size)s”: event %(event)s, %(made)s.")
            % {"size": world.size, "event": world.main_event_slug, "made": made}
        )


def seed_apps(world: DemoWorld) -> None:
    """Let each app add its rows, lowest layer first."""
    # The demo's club is French, whatever the language of the terminal.
    with override("fr"):
        # `reversed`: INSTALLED_APPS begins with the highest layer, and each needs the rows of those below.
        for app in reversed(settings.INSTALLED_APPS):
            if find_spec(f"{app}.seed"):
                import_module(f"{app}.seed").seed(world)


def check_not_production() -> None:
    """Raise ConventionError in production: the demo accounts have a published password."""
    if settings.PRODUCTION:
        raise ConventionError(
            _(
                "The demo’s accounts have a publicly known password, so `seed` does not run on a "
                "production site."
            )
        )


def check_own_database() -> None:
    """Raise ConventionError if the database has data that is not the demo's."""
    has_data = Event.objects.exists() or Company.objects.exists() or Person.objects.exists()
    if has_data and not is_demo():
        raise ConventionError(
            _("This database contains data that `seed` did not create. Use an empty one (DATABASE_URL).")
        )
