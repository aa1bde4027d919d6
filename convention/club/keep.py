"""Keep a company: add one to the directory, or write what changed of it."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields
from convention.short_names import short_name

from .models import Company, Market

RESERVED = {"new"}
NAMELESS = "sans-nom"


@transaction.atomic
def keep_company(*, company: Company, changed: list[str], markets: Iterable[Market] | None = None) -> Company:
    """Keep a new or changed company; `changed` names its fields. A new one gets an address from its name.

    `markets` are all that it sells in; none leaves them as they are.

    Raises InvalidFields where another company has the name.
    """
    verb = "company.change" if company.pk else "company.create"
    company.slug = company.slug or free_slug(company.name, of=Company)
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        sentence = _("Another company has this name.")
        raise InvalidFields(_("Some fields need another look."), {"name": [sentence]}) from error
    if markets is not None:
        company.markets.set(markets)
    record(verb, company, fields=changed)
    return company


def free_slug(name: str, *, of: type[Company] | type[Market]) -> str:
    """An address out of the name that no row of that kind has."""
    return short_name(name, taken=taken_slugs(of), or_else=NAMELESS)


def taken_slugs(of: type[Company] | type[Market]) -> set[str]:
    """The addresses that a new row of that kind cannot have."""
    return RESERVED | set(of.objects.values_list("slug", flat=True))
