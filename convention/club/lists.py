"""What an administrator downloads of the club: companies, memberships and seats."""

from collections.abc import Callable

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from convention.downloads import Sheet

from .facts import standings
from .models import Company, Employment, Membership, Seat


def _companies() -> Sheet:
    header = [_("Company"), _("Membership"), _("Until"), _("Seats"), _("Seats given"), _("Contacts")]
    rows = (
        [
            one.company.name,
            one.membership.title if one.membership else "",
            (one.membership.ends_on or "") if one.membership else "",
            one.membership.allowed if one.membership else "",
            one.seats,
            ", ".join(str(contact.person) for contact in one.contacts),
        ]
        for one in standings(Company.objects.order_by("sort_name", "pk"))
    )
    return Sheet(_("Companies"), header, rows)


def _memberships() -> Sheet:
    header = [
        _("Company"), _("Plan"), _("From"), _("Until"), _("State"), _("Seats"), _("Confirmed on"),
        _("Left on"),
    ]  # fmt: skip
    kept = Membership.objects.select_related("company")
    rows = (
        [
            one.company.name, one.title, one.starts_on, one.ends_on or "", one.get_state_display(),
            one.allowed, one.confirmed_on or "", one.left_on or "",
        ]
        for one in kept.order_by("company__sort_name", "starts_on", "pk")
    )  # fmt: skip
    return Sheet(_("Memberships"), header, rows)


def _seats() -> Sheet:
    header = [_("Company"), _("Name"), _("E-mail"), _("From"), _("Until")]
    seats = Seat.objects.select_related("person", "membership__company")
    rows = (
        [
            one.membership.company.name,
            str(one.person),
            one.person.email or "",
            one.starts_on,
            one.ends_on or "",
        ]
        for one in seats.order_by("membership__company__sort_name", "starts_on", "pk")
    )
    return Sheet(_("Seats"), header, rows)


def _people() -> Sheet:
    header = [
        _("Company"), _("SIREN"), _("First name"), _("Last name"), _("E-mail"), _("Function"), _("Level"),
        _("From"), _("Until"), _("Seat"),
    ]  # fmt: skip
    jobs = Employment.objects.select_related("person", "company")
    held = set(Seat.objects.counting().values_list("membership__company", "person"))
    rows = (
        [
            job.company.name, job.company.siren, job.person.first_name, job.person.last_name,
            job.person.email or "", job.title, job.level, job.starts_on, job.ends_on or "",
            _("yes") if (job.company_id, job.person_id) in held else "",
        ]
        for job in jobs.order_by("company__sort_name", "person__sort_name", "pk")
    )  # fmt: skip
    return Sheet(pgettext("club", "People"), header, rows)


LISTS: dict[str, Callable[[], Sheet]] = {
    "companies": _companies,
    "memberships": _memberships,
    "people": _people,
    "seats": _seats,
}
