"""Downloadable lists of the club: companies, memberships, people and seats."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.tables.downloads import TableSheet

from .memberships import load_membership_statuses
from .models import Company, Employment, Membership, Seat


def _make_company_sheet() -> TableSheet:
    header = [_("Company"), _("Membership"), _("Until"), _("Seats"), _("Seats given"), _("Contacts")]
    rows = (
        [
            status.company.name,
            status.membership.title if status.membership else "",
            (status.membership.ends_on or "") if status.membership else "",
            status.membership.seat_limit if status.membership else "",
            status.given_seat_count,
            ", ".join(str(contact.person) for contact in status.contacts),
        ]
        for status in load_membership_statuses(Company.objects.order_by("sort_name", "pk"))
    )
    return TableSheet(_("Companies"), header, rows)


def _make_membership_sheet() -> TableSheet:
    header = [
        _("Company"), _("Plan"), _("From"), _("Until"), _("Status"), _("Seats"), _("Confirmed on"),
        _("Left on"),
    ]  # fmt: skip
    memberships = Membership.objects.select_related("company")
    rows = (
        [
            membership.company.name, membership.title, membership.starts_on, membership.ends_on or "",
            membership.get_state_display(), membership.seat_limit, membership.confirmed_on or "",
            membership.left_on or "",
        ]
        for membership in memberships.order_by("company__sort_name", "starts_on", "pk")
    )  # fmt: skip
    return TableSheet(_("Memberships"), header, rows)


def _make_seat_sheet() -> TableSheet:
    header = [_("Company"), _("Name"), _("E-mail"), _("From"), _("Until")]
    seats = Seat.objects.select_related("person", "membership__company")
    rows = (
        [
            seat.membership.company.name,
            str(seat.person),
            seat.person.email or "",
            seat.starts_on,
            seat.ends_on or "",
        ]
        for seat in seats.order_by("membership__company__sort_name", "starts_on", "pk")
    )
    return TableSheet(_("Seats"), header, rows)


def _make_people_sheet() -> TableSheet:
    header = [
        _("Company"), _("SIREN"), _("First name"), _("Last name"), _("E-mail"), _("Job title"), _("Level"),
        _("From"), _("Until"), _("Seat"),
    ]  # fmt: skip
    employments = Employment.objects.select_related("person", "company")
    seat_holders = set(Seat.objects.granting_membership().values_list("membership__company", "person"))
    rows = (
        [
            employment.company.name, employment.company.siren, employment.person.first_name,
            employment.person.last_name, employment.person.email or "", employment.title,
            employment.level, employment.starts_on, employment.ends_on or "",
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
