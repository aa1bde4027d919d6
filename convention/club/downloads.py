"""Downloadable lists of the club: companies, memberships, people and seats."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.tables.downloads import TableSheet

from .directory_import.columns import COLUMN_LABELS
from .directory_import.membership_cells import MEMBERSHIP_FIELDS
from .memberships import load_membership_statuses
from .models import Company, CompanyRole, Employment, Membership, Plan, Seat
from .periods import spans_overlap
from .seats import get_span

COMPANY_DETAILS: Final = ("name", "siren", "sector", "street", "postcode", "city", "phone")


# The headings of memberships are those of the import of a list (`directory_import/columns.py`), so that a
# downloaded list can be imported again.
def _make_company_sheet() -> TableSheet:
    header = [
        _("Company"), _("SIREN"), _("Sector"), _("Street"), _("Postcode"), _("City"),
        _("Company phone"), _("Company roles"), _("Markets"), *_list_term_headings(), _("Seats given"),
        _("Contacts"),
    ]  # fmt: skip
    today = timezone.localdate()
    roles = Prefetch("roles", CompanyRole.objects.open(at=today))
    companies = Company.objects.order_by("sort_name", "pk").prefetch_related("markets", roles)
    plan_titles = _load_plan_titles()
    rows = (
        [
            *(getattr(status.company, name) for name in COMPANY_DETAILS),
            ", ".join(str(role.get_role_display()) for role in status.company.roles.all()),
            ", ".join(market.slug for market in status.company.markets.all()),
            *_list_terms(status.membership, plan_titles),
            status.given_seat_count,
            ", ".join(str(contact.person) for contact in status.contacts),
        ]
        for status in load_membership_statuses(companies)
    )
    return TableSheet(_("Companies"), header, rows)


def _list_term_headings() -> list[str]:
    return [str(COLUMN_LABELS[name]) for name in MEMBERSHIP_FIELDS]


def _load_plan_titles() -> dict[int, str]:
    """Return the present names of all plans by id: the import knows no earlier ones."""
    return {plan.pk: plan.title for plan in Plan.objects.all()}


def _list_terms(membership: Membership | None, plan_titles: Mapping[int, str]) -> list[Any]:
    """Return the cells of a membership in the order of `MEMBERSHIP_FIELDS`."""
    if membership is None:
        return [""] * len(MEMBERSHIP_FIELDS)
    return [
        plan_titles[membership.plan_id], membership.starts_on, membership.ends_on or "", membership.seats,
        membership.extra_seats, Decimal(membership.dues_cents) / 100, membership.confirmed_on or "",
    ]  # fmt: skip


def _make_membership_sheet() -> TableSheet:
    header = [_("Company"), _("SIREN"), *_list_term_headings(), _("Status"), _("Left on")]
    memberships = Membership.objects.select_related("company")
    plan_titles = _load_plan_titles()
    rows = (
        [
            membership.company.name, membership.company.siren, *_list_terms(membership, plan_titles),
            membership.get_state_display(), membership.left_on or "",
        ]
        for membership in memberships.order_by("company__sort_name", "starts_on", "pk")
    )  # fmt: skip
    return TableSheet(_("Memberships"), header, rows)


def _make_seat_sheet() -> TableSheet:
    # The import reads the days of the job. It has no columns for those of a seat, and ignores them.
    header = [
        _("Company"), _("SIREN"), _("First name"), _("Last name"), _("E-mail"), _("Employed from"),
        _("Employed until"), _("Seat from"), _("Seat until"),
    ]  # fmt: skip
    seats = Seat.objects.select_related("person", "membership__company")
    rows = (
        [
            seat.membership.company.name, seat.membership.company.siren, seat.person.first_name,
            seat.person.last_name, seat.person.email or "", *_find_job_days(seat), seat.starts_on,
            seat.ends_on or "",
        ]
        for seat in seats.order_by("membership__company__sort_name", "starts_on", "pk").prefetch_related(
            "person__employments"
        )
    )  # fmt: skip
    return TableSheet(_("Seats"), header, rows)


def _find_job_days(seat: Seat) -> tuple[Any, Any]:
    """Return the first and last day of the job that the seat began in; those of the seat if it is gone."""
    company = seat.membership.company_id
    spans = [get_span(job) for job in seat.person.employments.all() if job.company_id == company]
    day = (seat.starts_on, seat.starts_on)
    first_day, last_day = next((span for span in spans if spans_overlap(span, day)), get_span(seat))
    return first_day, last_day or ""


def _make_people_sheet() -> TableSheet:
    header = [
        _("Company"), _("SIREN"), _("First name"), _("Last name"), _("E-mail"), _("Phone"), _("Job title"),
        _("Level"), _("From"), _("Until"), _("Seat"),
    ]  # fmt: skip
    employments = Employment.objects.select_related("person", "company")
    seat_holders = set(Seat.objects.granting_membership().values_list("membership__company", "person"))
    rows = (
        [
            employment.company.name, employment.company.siren, employment.person.first_name,
            employment.person.last_name, employment.person.email or "", employment.person.phone,
            employment.title, employment.level, employment.starts_on, employment.ends_on or "",
            _("yes") if (employment.company_id, employment.person_id) in seat_holders else "",
        ]
        for employment in employments.order_by("company__sort_name", "person__sort_name", "pk")
    )  # fmt: skip
    return TableSheet(pgettext("club", "People"), header, rows)


CLUB_LISTS: dict[str, Callable[[], TableSheet]] = {
    "companies": _make_company_sheet,
    "memberships": _make_membership_sheet,
    "people": _make_people_sheet,
    "seats": _make_seat_sheet,
}
