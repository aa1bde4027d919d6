"""Keep a company: add one to the directory, or write what changed of it."""

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.errors import InvalidFields

from .models import Company

RESERVED = frozenset({"new"})


@transaction.atomic
def keep_company(*, company: Company, changed: list[str]) -> Company:
    """Keep a new or changed company; `changed` names its fields. A new one gets an address from its name.

    Raises InvalidFields where another company has the name.
    """
    verb = "company.change" if company.pk else "company.create"
    company.slug = company.slug or free_slug(company.name)
    try:
        with transaction.atomic():
            company.save()
    except IntegrityError as error:
        sentence = _("Another company has this name.")
        raise InvalidFields(_("Some fields need another look."), {"name": [sentence]}) from error
    record(verb, company, fields=changed)
    return company


def free_slug(name: str) -> str:
    """An address out of the name that no company has."""
    stem = slugify(name.replace("’", "-"))[:70] or "entreprise"
    taken = set(Company.objects.filter(slug__startswith=stem).values_list("slug", flat=True)) | RESERVED
    numbered = (f"{stem}-{number}" for number in range(2, len(taken) + 3))
    return stem if stem not in taken else next(slug for slug in numbered if slug not in taken)
