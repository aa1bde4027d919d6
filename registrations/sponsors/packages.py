"""Create, change and remove packages; never fewer than are taken."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import ConventionError

from ..keep import keep
from ..models import Package


class PackageInUse(ConventionError):
    """A sponsor took this package."""

    kind = "package-in-use"
    status = 409


@transaction.atomic
def save_package(*, package: Package, changed: list[str]) -> Package:
    """Keep a new or changed package; `changed` names its fields. Raises InvalidFields for too few."""
    verb = "package.change" if package.pk else "package.create"
    keep(package, changed)
    record(verb, package, event=package.event, fields=changed)
    return package


@transaction.atomic
def remove_package(*, package: Package) -> None:
    """Remove a package that nobody ever took. Raises PackageInUse."""
    if package.sponsorships.exists():
        sentence = _("“%(package)s” was taken; it cannot be removed. Close its sale instead.")
        raise PackageInUse(sentence % {"package": package.title})
    record("package.remove", package, event=package.event)
    package.delete()
