"""Sponsors' logos for pages and printed matter: by package, then by name, in one size per package.

Independent of the programme: sponsors have no influence on it.
"""

import itertools
from dataclasses import dataclass

from django.utils import timezone

from convention.events.models import Event
from schedule.paper.logos import PrintedLogo

from .models import Package, Sponsorship


@dataclass(frozen=True)
class SponsorTier:
    """The sponsors of one package whose logo is shown; `logo_size` is 1 (largest) to 3."""

    package: Package
    logo_size: int
    sponsors: list[Sponsorship]

    @property
    def fingerprint(self) -> str:
        """Return a text that changes with everything shown of the tier."""
        shown = [
            (sponsorship.pk, sponsorship.name, sponsorship.website, sponsorship.logo.digest)
            for sponsorship in self.sponsors
        ]
        return f"{self.package.pk} {self.package.name} {self.package.name_en} {shown}"


def list_sponsor_tiers(event: Event) -> list[SponsorTier]:
    """Return the tiers on the event's page now."""
    rows = Sponsorship.objects.with_visible_logo(at=timezone.now()).filter(event=event)
    # Pages link to the images, whose bytes would be read for nothing.
    rows = rows.select_related("package", "logo").defer("logo__content")
    # `with_visible_logo` sorts by package, which `groupby` needs.
    groups = itertools.groupby(rows, key=lambda sponsorship: sponsorship.package)
    return [
        # By rank among the packages shown, so that the first one is large even if a higher package has no
        # sponsor.
        SponsorTier(package, min(number, 3), list(sponsors))
        for number, (package, sponsors) in enumerate(groups, start=1)
    ]


def list_printed_logos(event: Event) -> list[PrintedLogo]:
    """Return the logos that packages put on printed matter; registered as `hooks.printed_logos`."""
    rows = Sponsorship.objects.confirmed().filter(
        event=event, package__has_printed_logo=True, logo__isnull=False
    )
    return [
        PrintedLogo(
            name=sponsorship.name,
            group_name=sponsorship.package.title,
            content=bytes(sponsorship.logo.content),
            width=sponsorship.logo.width,
            height=sponsorship.logo.height,
        )
        for sponsorship in rows.select_related("package", "logo")
    ]
