"""Which sponsors' logos are shown where: by package, then by the alphabet, all of one package in one size.

Nothing here knows of sessions: to sponsor gives no say in the programme.
"""

import itertools
from dataclasses import dataclass

from django.utils import timezone

from convention.events.models import Event
from schedule.paper.logos import PrintedLogo

from .models import Package, Sponsorship


@dataclass(frozen=True)
class Tier:
    """The sponsors of one package whose logo is shown; `size` is 1 for the largest, 3 for the smallest."""

    package: Package
    size: int
    sponsors: list[Sponsorship]

    @property
    def mark(self) -> str:
        """What changes when anything of it does."""
        shown = [(one.pk, one.name, one.website, one.logo.digest) for one in self.sponsors]
        return f"{self.package.pk} {self.package.name} {self.package.name_en} {shown}"


def tiers_of(event: Event) -> list[Tier]:
    """What the event's page shows now."""
    rows = Sponsorship.objects.shown(at=timezone.now()).filter(event=event)
    rows = rows.select_related("package", "logo").defer("logo__content")
    groups = itertools.groupby(rows, key=lambda one: one.package)
    return [
        Tier(package, min(number, 3), list(sponsors))
        for number, (package, sponsors) in enumerate(groups, start=1)
    ]


def printed_logos(event: Event) -> list[PrintedLogo]:
    """What stands on printed matter, as far as the package includes it (`hooks.printed_logos`)."""
    rows = Sponsorship.objects.confirmed().filter(
        event=event, package__has_printed_logo=True, logo__isnull=False
    )
    return [
        PrintedLogo(
            name=one.name,
            group=one.package.title,
            content=bytes(one.logo.content),
            width=one.logo.width,
            height=one.logo.height,
        )
        for one in rows.select_related("package", "logo")
    ]
