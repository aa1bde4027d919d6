"""Hand over: what somebody does for a company and in working groups goes to others when they leave."""

import datetime
from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models import Q, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from convention.audit.record import record
from convention.errors import InvalidFields

from .contacts import appoint_contact, is_contact
from .models import Company, CompanyContact, Employment, Mandate, Membership, Person
from .periods import ONE_DAY

STANDING_FOR: Final = ("billing_contact", "representative")


class Mandates(TextChoices):
    """What becomes of mandates in working groups."""

    STAY = "stay", gettext_lazy("stay with this person")
    END = "end", gettext_lazy("end on the last day")
    HAND_OVER = "hand_over", gettext_lazy("go to somebody else")


@dataclass(frozen=True)
class Successors:
    """Who takes over: `heir` what was done for the company, `lead` the mandates; none leaves it open."""

    heir: Person | None = None
    mandates: str = Mandates.STAY
    lead: Person | None = None


def mandates_of(person: Person, *, at: datetime.date) -> list[Mandate]:
    """What the person leads, relays or writes for on that day."""
    held = Mandate.objects.open(at=at).filter(person=person)
    return list(held.select_related("group").order_by("group__name", "pk"))


@transaction.atomic
def hand_over_company(*, person: Person, company: Company, on: datetime.date, heir: Person | None) -> None:
    """From that day the heir registers colleagues where the person did; bills and votes go over at once.

    Raises InvalidFields where the heir does not work there on that day.
    """
    if heir and not Employment.objects.open(at=on).filter(person=heir, company=company).exists():
        sentence = _("%(name)s does not work at %(company)s on that day.")
        said = sentence % {"name": heir, "company": company}
        raise InvalidFields(_("Some fields need another look."), {"heir": [said]})
    contacts = CompanyContact.objects.filter(person=person, company=company)
    acts = contacts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    if heir and acts.exists() and not is_contact(heir, company, at=on):
        appoint_contact(company=company, person=heir, starts_on=on)
    acts.filter(starts_on__gte=on).delete()
    acts.filter(starts_on__lt=on).update(ends_on=on - ONE_DAY)
    for name in STANDING_FOR:
        for membership in Membership.objects.filter(company=company, **{name: person}).order_by("pk"):
            setattr(membership, name, heir)
            membership.save(update_fields=[name])
            record("membership.hand_over", membership, fields=[name])


@transaction.atomic
def hand_over_mandates(*, person: Person, on: datetime.date, to: Person | None) -> list[Mandate]:
    """End the person's mandates the day before; each goes on with somebody else, if anybody is named."""
    begun = []
    for held in mandates_of(person, at=on - ONE_DAY):
        until = held.ends_on
        held.ends_on = on - ONE_DAY
        held.save(update_fields=["ends_on"])
        record("mandate.end", held, fields=["ends_on"])
        if to and (until is None or until >= on):
            new = Mandate.objects.create(
                group=held.group, person=to, role=held.role, starts_on=on, ends_on=until
            )
            record("mandate.give", new, fields=["person", "role", "starts_on", "ends_on"])
            begun.append(new)
    return begun
