"""Absorb: two companies merge; people, roles and markets of one go over to the other, history stays."""

import datetime
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from convention import hooks
from convention.audit.record import record
from convention.errors import Closed, InvalidFields
from convention.turns import take_turn

from .contacts import appoint_contact, is_contact
from .family import above
from .leave import leave
from .models import Company, CompanyContact, CompanyRole, Employment, Membership, Person, Seat
from .periods import ONE_DAY
from .seats import NoSeatLeft, SeatTaken, give_seat, take_seat


@dataclass
class Absorbed:
    """What a merger does, or would do: who moves, who keeps a seat, and for whom none is left."""

    moved: list[Person] = field(default_factory=list)
    seated: list[Person] = field(default_factory=list)
    unseated: list[Person] = field(default_factory=list)

    def __str__(self) -> str:
        people = ngettext("%(people)d person moves.", "%(people)d people move.", len(self.moved))
        seats = ngettext("%(seats)d seat goes over.", "%(seats)d seats go over.", len(self.seated))
        return " ".join([people % {"people": len(self.moved)}, seats % {"seats": len(self.seated)}])


@transaction.atomic
def absorb_company(*, company: Company, into: Company, on: datetime.date) -> Absorbed:
    """From that day everybody of the company works at the other one, with a seat as far as there are some.

    Its membership ends the day before, its roles, markets and contacts go over. The other one's limit of
    seats holds: those with the oldest seats come first. Raises InvalidFields for a company and itself, for
    one that belongs to the company that goes, and while that one runs an event under a contract.
    """
    take_turn("club:directory")
    _refuse_circle(company, into)
    _refuse_guarded(company, on)
    done = Absorbed()
    held = _end_seats(company, on)
    _move_people(done, company, into, on)
    _seat(done, held, into, on)
    _move_contacts(company, into, on)
    for membership in Membership.objects.filter(company=company, left_on__isnull=True).order_by("pk"):
        if membership.ends_on is None or (membership.last_day or on) >= on:
            leave(
                membership=membership,
                on=max(on, membership.starts_on),
                left_as=Membership.Leaving.MERGED,
            )
    _move_roles(company, into, on)
    into.markets.add(*company.markets.all())
    Company.objects.filter(pk=company.pk).update(parent=into)
    record("company.absorb", company, fields=["parent", "employments", "seats", "roles", "markets"])
    return done


@transaction.atomic
def rehearse_absorption(*, company: Company, into: Company, on: datetime.date) -> Absorbed:
    """What `absorb_company` would do; nothing is kept. Raises the same."""
    done = absorb_company(company=company, into=into, on=on)
    transaction.set_rollback(True)
    return done


def _refuse_circle(company: Company, into: Company) -> None:
    if company.pk in {one.pk for one in (into, *above(into))}:
        sentence = _("Choose a company that does not belong to this one.")
        raise InvalidFields(_("Some fields need another look."), {"into": [sentence]})


def _refuse_guarded(company: Company, on: datetime.date) -> None:
    """Whoever builds on companies may forbid it for now (`hooks.company_guards`)."""
    fields: dict[str, list[str]] = {}
    for guard in hooks.company_guards.providers():
        fields |= guard(company, on)
    if fields:
        raise InvalidFields(_("Some fields need another look."), fields)


def _end_seats(company: Company, on: datetime.date) -> list[Seat]:
    """End the company's seats the day before; those that would have counted, the oldest first."""
    lasting = Seat.objects.filter(membership__company=company).filter(
        Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    )
    seats = list(lasting.select_related("membership", "person").order_by("starts_on", "pk"))
    for seat in seats:
        take_seat(seat=seat, last_day=on - ONE_DAY)
    return seats


def _move_people(done: Absorbed, company: Company, into: Company, on: datetime.date) -> None:
    there = set(Employment.objects.open(at=on).filter(company=into).values_list("person", flat=True))
    lasting = Employment.objects.filter(company=company).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    for job in lasting.select_related("person").order_by("starts_on", "pk"):
        if job.person_id not in there:
            there.add(job.person_id)
            first = max(on, job.starts_on)
            words = {"title": job.title, "level": job.level}
            Employment.objects.create(
                person=job.person, company=into, starts_on=first, ends_on=job.ends_on, **words
            )
            done.moved.append(job.person)
        if job.starts_on >= on:
            job.delete()
        else:
            job.ends_on = on - ONE_DAY
            job.save(update_fields=["ends_on"])


def _seat(done: Absorbed, held: list[Seat], into: Company, on: datetime.date) -> None:
    """Give those who had a seat one of the other company's, as long as there are some."""
    membership = next((one for one in Membership.objects.filter(company=into) if one.is_open(at=on)), None)
    for seat in held:
        if membership is None:
            done.unseated.append(seat.person)
        else:
            _give(done, membership, seat, max(on, seat.starts_on))


def _give(done: Absorbed, membership: Membership, seat: Seat, first: datetime.date) -> None:
    try:
        give_seat(membership=membership, person=seat.person, starts_on=first, ends_on=seat.ends_on)
    except (NoSeatLeft, Closed):
        done.unseated.append(seat.person)
    except SeatTaken:
        return
    else:
        done.seated.append(seat.person)


def _move_contacts(company: Company, into: Company, on: datetime.date) -> None:
    contacts = CompanyContact.objects.filter(company=company)
    lasting = contacts.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    for contact in list(lasting.select_related("person")):
        first = max(on, contact.starts_on)
        if not is_contact(contact.person, into, at=first):
            appoint_contact(company=into, person=contact.person, starts_on=first, ends_on=contact.ends_on)
    lasting.filter(starts_on__gte=on).delete()
    lasting.filter(starts_on__lt=on).update(ends_on=on - ONE_DAY)


def _move_roles(company: Company, into: Company, on: datetime.date) -> None:
    lasting = company.roles.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))
    held = set(CompanyRole.objects.open(at=on).filter(company=into).values_list("role", flat=True))
    for role in list(lasting.order_by("pk")):
        if role.role not in held:
            held.add(role.role)
            first = max(on, role.starts_on)
            CompanyRole.objects.create(company=into, role=role.role, starts_on=first, ends_on=role.ends_on)
    lasting.filter(starts_on__gte=on).delete()
    lasting.filter(starts_on__lt=on).update(ends_on=on - ONE_DAY)
