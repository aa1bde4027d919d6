"""Create and change companies, their markets and their roles."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, ManyToOneRel, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from convention.audit.record import record_action
from convention.db.advisory_locks import acquire_advisory_lock
from convention.errors import InvalidFields, NotOpenNow
from convention.text.company_names import CompanyNameIndex
from convention.text.dates import format_date
from convention.text.normalize import make_unique_slug
from convention.text.phone_numbers import join_searched_digits

from .contact_details.notes import find_last_note_change, record_change
from .memberships import load_membership_statuses
from .models import Company, CompanyRole, Employment, Market, Membership, Person, Plan, Seat, WorkingGroup
from .periods import end_period, spans_overlap
from .permissions import list_assignable_company_roles
from .seats import select_held_seats

type SluggedRow = Company | Market | Plan | WorkingGroup

# `/companies/new/` is the page that adds a company; groups and plans have such a page too.
RESERVED_SLUGS = {"new"}


# For names without any Latin letter or digit.
FALLBACK_SLUG = "sans-nom"


@transaction.atomic
def save_company(
    *, company: Company, changed_fields: list[str], markets: Iterable[Market] | None = None
) -> Company:
    """Create or update a company; a new one gets a slug made from its name.

    `markets` replaces all markets of the company; None leaves them unchanged. Raise InvalidFields if
    another company has the name.
    """
    verb = "company.change" if company.pk else "company.create"
    save_named_row(company)
    # After `save`: a many-to-many relation needs the company's key.
    if markets is not None:
        company.markets.set(markets)
    record_change(verb, company, fields=changed_fields)
    return company


def make_free_slug(name: str, *, model: type[SluggedRow]) -> str:
    """Return a slug made from the name that no row of the model has."""
    return make_unique_slug(name, taken=get_taken_slugs(model), fallback=FALLBACK_SLUG)


def set_free_slug(row: SluggedRow) -> None:
    """Give a new row a slug made from its name.

    The slug never changes with the name: addresses that were mailed or bookmarked stay valid.
    """
    # Two different names can make one slug: two requests at once must not choose the same.
    acquire_advisory_lock("club:slugs")
    row.slug = make_free_slug(row.name, model=type(row))


def get_taken_slugs(model: type[SluggedRow]) -> set[str]:
    return RESERVED_SLUGS | set(model.objects.values_list("slug", flat=True))


def save_named_row(row: SluggedRow) -> None:
    """Save a row, a new one with a slug made from its name. Raise InvalidFields if another has the name."""
    if row.pk is None:
        set_free_slug(row)
    try:
        # The savepoint keeps the outer transaction usable after an IntegrityError on PostgreSQL.
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        sentences = {"name": [str(row.NAME_TAKEN)]}
        raise InvalidFields(_("Some fields need to be corrected."), sentences) from error


@transaction.atomic
def save_slugged_row(*, row: Market | Plan, changed_fields: list[str]) -> None:
    """Create or update a market or a plan. Raise InvalidFields if another one has the name."""
    action = "change" if row.pk else "create"
    save_named_row(row)
    record_action(f"{row._meta.model_name}.{action}", row, fields=changed_fields)


MAX_SIMILAR_COMPANIES: Final = 3

# Rows of each table of a company's page; the downloads and the people page have all of them.
MAX_ROWS_SHOWN: Final = 100


def search_companies(words: str, *, role: str = "") -> QuerySet[Company]:
    """Return the companies whose name, city, SIREN or phone number contain every word, by role if given.

    A company with a membership that counts is a member, also without the role.
    """
    companies = Company.objects.search_for(join_searched_digits(words)).select_related("parent")
    if role:
        # A subquery, since a join would list a company once for each of its roles.
        has_role = Q(pk__in=CompanyRole.objects.open().filter(role=role).values("company"))
        if role == CompanyRole.Role.MEMBER:
            has_role |= Q(pk__in=Membership.objects.open().values("company"))
        companies = companies.filter(has_role)
    return companies


@dataclass
class SeatRow:
    """A seat on its company's page, with those of the same holder that begin later."""

    seat: Seat
    later_seats: list[Seat] = field(default_factory=list)


def load_company_page(company: Company) -> dict[str, Any]:
    """Return the context of a company's page, with a fixed number of queries."""
    [status] = load_membership_statuses([company])
    granted_seats = Seat.objects.granting_membership().filter(membership__company=company)
    # A seat that ends with the grace period of an earlier membership is none in its renewal.
    held_seats: QuerySet[Seat] = granted_seats.filter(membership=status.membership)
    if status.membership and status.membership.accepts_seats:
        held_seats = select_held_seats(status.membership)
    has_grace_seat = Exists(granted_seats.filter(person=OuterRef("person")))
    seat_rows = _list_seat_rows(company, granted_ids=set(granted_seats.values_list("pk", flat=True)))
    employments = Employment.objects.filter(company=company).select_related("person")
    lacking_seat = employments.open().exclude(person__in=held_seats.values("person"))
    without_seat = lacking_seat.annotate(has_grace_seat=has_grace_seat).order_by("person__sort_name", "pk")
    return {
        "company": company,
        "status": status,
        "today": timezone.localdate(),
        "memberships": company.memberships.all(),
        "roles": company.roles.order_by("-starts_on", "pk"),
        "is_member_without_role": _is_member_without_role(company, status.membership),
        "markets": company.markets.all(),
        "note_change": find_last_note_change(company),
        "subsidiaries": company.subsidiaries.filter(merged_on=None)[:MAX_ROWS_SHOWN],
        "merged_companies": company.subsidiaries.exclude(merged_on=None)[:MAX_ROWS_SHOWN],
        "contacts": company.contacts.select_related("person").order_by("-starts_on", "pk")[:MAX_ROWS_SHOWN],
        "seat_rows": seat_rows[:MAX_ROWS_SHOWN],
        "seat_count": len(seat_rows),
        "without_seat": without_seat[:MAX_ROWS_SHOWN],
        "without_seat_count": without_seat.count(),
        "shown": MAX_ROWS_SHOWN,
    }


def _is_member_without_role(company: Company, membership: Membership | None) -> bool:
    """Return whether the company is a member by its membership alone, as `search_companies` counts it."""
    has_role = company.roles.open().filter(role=CompanyRole.Role.MEMBER).exists()
    return membership is not None and membership.is_open() and not has_role


def _list_seat_rows(company: Company, *, granted_ids: set[int]) -> list[SeatRow]:
    """Return one row for each holder, the latest first, then one for each seat that has ended.

    A renewal gives its holders a second seat long before it counts.
    """
    seats = Seat.objects.filter(membership__company=company).select_related("person", "membership__company")
    rows, ended = dict[int, SeatRow](), list[SeatRow]()
    for seat in seats.order_by("starts_on", "pk"):
        if seat.ends_on and seat.ends_on < timezone.localdate():
            ended.append(SeatRow(seat))
        elif seat.person_id not in rows or seat.pk in granted_ids:
            rows[seat.person_id] = SeatRow(seat)
        else:
            rows[seat.person_id].later_seats.append(seat)
    return [
        *sorted(rows.values(), key=lambda row: (row.seat.starts_on, -row.seat.pk), reverse=True),
        *reversed(ended),
    ]


def find_similar_companies(company: Company) -> list[Company]:
    """Return the first few other companies that may be this one: by SIREN, by name, by a mistyped name.

    Accents, capitals, punctuation and the legal form do not count.
    """
    names = CompanyNameIndex[Company]()
    # In Python: no column has the name without its legal form, and companies are added one by one here.
    others = list(Company.objects.exclude(pk=company.pk).order_by("pk"))
    for other in others:
        names.add_company(other.name, other)
    similar = [
        *(other for other in others if company.siren and other.siren == company.siren),
        *names.find_same_name(company.name),
        # Two numbers that differ are two companies, not a typing error.
        *(other for other in names.find_mistyped_name(company.name) if not (company.siren and other.siren)),
    ]
    return list({other.pk: other for other in similar}.values())[:MAX_SIMILAR_COMPANIES]


def list_parent_companies(company: Company) -> list[Company]:
    """Return the company's parent, its parent and so on, the nearest first."""
    parents: list[Company] = []
    # The back office can make a circle of parents, which must not loop for ever.
    seen = {company.pk}
    parent = company.parent
    while parent is not None and parent.pk not in seen:
        seen.add(parent.pk)
        parents.append(parent)
        parent = parent.parent
    return parents


@transaction.atomic
def give_company_role(
    *, company: Company, role: str, starts_on: datetime.date, ends_on: datetime.date | None = None
) -> CompanyRole:
    """Give the company a role. Raise InvalidFields if it has the same role on one of these days."""
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)
    # Under the company's lock: a form sent twice must not give the role twice.
    for existing in CompanyRole.objects.filter(company=company, role=role):
        if spans_overlap((existing.starts_on, existing.ends_on), (starts_on, ends_on)):
            sentence = _("The company already has this role from %(day)s. End it first.")
            message = sentence % {"day": format_date(existing.starts_on)}
            raise InvalidFields(_("Some fields need to be corrected."), {"role": [message]})
    new_role = CompanyRole.objects.create(company=company, role=role, starts_on=starts_on, ends_on=ends_on)
    record_action("company_role.give", new_role, fields=["role", "starts_on", "ends_on"])
    return new_role


@transaction.atomic
def end_company_role(*, role: CompanyRole) -> None:
    """End the role yesterday; delete it if it began today or later."""
    record_action("company_role.end", role, fields=["ends_on"])
    end_period(role)


@transaction.atomic
def delete_company(*, company: Company, actor: Person) -> None:
    """Delete a company that was added by mistake. Raise NotOpenNow if anything refers to it."""
    # Not `no_key`: a row that refers to the company can then be neither added nor committed meanwhile.
    company = Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    if list_company_uses(company, actor=actor):
        raise NotOpenNow(_("%(name)s is in use, so it cannot be deleted.") % {"name": company})
    record_action("company.delete", company)
    company.delete()


def list_company_uses(company: Company, *, actor: Person) -> list[str]:
    """Return each kind of row, of any app, that refers to the company, and how many there are.

    Its markets are no use, nor are roles that the actor may give and end.
    """
    uses: list[str] = []
    # Hidden relations too: those with `related_name="+"`.
    for relation in Company._meta.get_fields(include_hidden=True):
        if not isinstance(relation, ManyToOneRel) or relation.related_model is Company.markets.through:
            continue
        model: Any = relation.related_model
        rows = model._base_manager.filter(**{relation.field.name: company})
        if model is CompanyRole:
            rows = rows.exclude(role__in=list_assignable_company_roles(actor))
        if count := rows.count():
            values = {"rows": capfirst(model._meta.verbose_name_plural), "count": count}
            uses.append(_("%(rows)s: %(count)d") % values)
    return uses
