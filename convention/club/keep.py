"""Keep a company: add one to the directory, or write what changed of it."""

import itertools
from collections.abc import Container, Iterable

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company, Market

RESERVED = frozenset({"new"})


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
    taken = set(of.objects.values_list("slug", flat=True))
    return slug_beside(taken, name)


def slug_beside(taken: Container[str], name: str) -> str:
    """An address out of the name, numbered where it is taken."""
    stem = slugify(name.replace("’", "-"))[:40] or "sans-nom"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(slug for slug in names if slug not in taken and slug not in RESERVED)
