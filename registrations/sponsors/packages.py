"""Create, change and remove packages."""

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.errors import ConventionError
from registrations.models import Package
from registrations.ticketing.stock_limits import save_sale_item


class PackageInUse(ConventionError):
    """The package was taken by a sponsor."""

    kind = "package-in-use"
    status = 409


@transaction.atomic
def save_package(*, package: Package, changed_fields: list[str]) -> Package:
    """Save a new or changed package. Raise InvalidFields for a capacity below what is taken."""
    verb = "package.change" if package.pk else "package.create"
    save_sale_item(package, changed_fields)
    record_action(verb, package, event=package.event, fields=changed_fields)
    return package


@transaction.atomic
def remove_package(*, package: Package) -> None:
    """Remove a package that nobody took. Raise PackageInUse."""
    # Cancelled sponsorships count too: their orders and invoices refer to the package.
    if package.sponsorships.exists():
        sentence = _("“%(package)s” has been ordered, so it cannot be removed. Set “On sale until” instead.")
        raise PackageInUse(sentence % {"package": package.title})
    # Before the deletion, while the row has an id to record.
    record_action("package.remove", package, event=package.event)
    package.delete()
