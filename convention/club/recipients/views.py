"""Pages with the e-mail addresses of a list or of one page of the directory.

Like the downloads, each page is for those who manage the directory, and is recorded in the audit trail.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext
from django.views.decorators.http import require_GET

from convention.audit.record import record_action
from convention.club.appointments.contacts import select_companies_without_contact
from convention.club.models import Company, Person, WorkingGroup
from convention.club.permissions import require_directory_manager
from convention.club.views.base import render_club_page
from convention.club.views.company_list import CompanySelection, with_company_selection
from convention.club.views.filters import CompanyFilter, PeopleFilter
from convention.tables.downloads import TABLE_TYPES, table_response
from convention.text.languages import LANGUAGE_CHOICES

from .address_list import (
    MAX_GROUP_ADDRESSES,
    MAX_NAMES_SHOWN,
    Unsubscribed,
    build_address_list,
    make_recipient_sheet,
    select_contacts,
    select_group_people,
)

INCLUDE_UNSUBSCRIBED: Final = "include"
LANGUAGES: Final = frozenset(code for code, _name in LANGUAGE_CHOICES)


@dataclass(frozen=True)
class AddressSource:
    """The list or page whose addresses are shown: its people in words, and the way back to it.

    `subject` goes into the audit trail; `parameters` and `facts` are the active parts of the list's filter,
    as in its address and in words.
    """

    description: str
    tab: str
    back_label: str
    back_path: str
    subject: Company | WorkingGroup | str
    parameters: Mapping[str, str] = field(default_factory=dict)
    selection: CompanySelection | None = None
    facts: Sequence[tuple[str, str]] = ()
    note: str = ""

    @property
    def back_url(self) -> str:
        query = self.selection.list_query if self.selection else urlencode(self.parameters)
        return f"{self.back_path}?{query}" if query else self.back_path


@require_GET
def contact_addresses(request: HttpRequest) -> HttpResponse:
    """Show the addresses of the contacts of the companies in the list."""
    require_directory_manager(request.user)
    company_filter = CompanyFilter.from_query(request.GET)
    companies, facts = company_filter.find_companies(), company_filter.describe()
    source = AddressSource(
        description=_("Contacts of the companies in the list") if facts else _("Contacts of all companies"),
        tab="companies",
        back_label=_("Companies"),
        back_path=reverse("club-companies"),
        subject="companies",
        parameters=company_filter.parameters,
        facts=facts,
    )
    without_contact = list(select_companies_without_contact(companies))
    return _render_addresses(
        request, source, select_contacts(companies), companies_without_contact=without_contact
    )


@with_company_selection
def selection_addresses(request: HttpRequest, selection: CompanySelection) -> HttpResponse:
    """Show the addresses of the contacts of the companies that were ticked in the list."""
    count = len(selection.companies)
    companies = Company.objects.filter(pk__in=[company.pk for company in selection.companies])
    source = AddressSource(
        description=ngettext(
            "Contacts of the selected company",
            "Contacts of the %(count)d selected companies",
            count,
        )
        % {"count": count},
        tab="companies",
        back_label=_("Companies"),
        back_path=reverse("club-companies"),
        subject="companies",
        selection=selection,
    )
    without_contact = list(select_companies_without_contact(companies))
    return _render_addresses(
        request, source, select_contacts(companies), companies_without_contact=without_contact
    )


@require_GET
def people_addresses(request: HttpRequest) -> HttpResponse:
    """Show the addresses of the people in the list."""
    require_directory_manager(request.user)
    people_filter = PeopleFilter.from_query(request.GET)
    facts = people_filter.describe()
    source = AddressSource(
        description=_("People in the list") if facts else _("Everyone in the directory"),
        tab="people",
        back_label=pgettext("club", "People"),
        back_path=reverse("club-people"),
        subject="people",
        parameters=people_filter.parameters,
        facts=facts,
    )
    return _render_addresses(request, source, people_filter.find_people())


@require_GET
def company_addresses(request: HttpRequest, company: str) -> HttpResponse:
    """Show the addresses of a company's contacts."""
    require_directory_manager(request.user)
    company_row = get_object_or_404(Company, slug=company)
    source = AddressSource(
        description=_("Contacts of %(company)s") % {"company": company_row},
        tab="companies",
        back_label=str(company_row),
        back_path=reverse("club-company", args=[company]),
        subject=company_row,
    )
    contacts = select_contacts(Company.objects.filter(pk=company_row.pk))
    return _render_addresses(request, source, contacts)


@require_GET
def group_addresses(request: HttpRequest, group: str) -> HttpResponse:
    """Show the addresses of the people with a mandate in a working group."""
    require_directory_manager(request.user)
    group_row = get_object_or_404(WorkingGroup, slug=group)
    source = AddressSource(
        description=_("People with a mandate in %(group)s") % {"group": group_row},
        tab="groups",
        back_label=str(group_row),
        back_path=reverse("club-group", args=[group]),
        subject=group_row,
        note=_(
            "Participants in the group’s meetings are not included. The leads write to them from the "
            "meeting’s page, under “Mailings”."
        ),
    )
    return _render_addresses(request, source, select_group_people(group_row))


def _render_addresses(
    request: HttpRequest,
    source: AddressSource,
    people: QuerySet[Person],
    *,
    companies_without_contact: Sequence[Company] = (),
) -> HttpResponse:
    """Record that the addresses are read, and show them or return them as a list to save."""
    # The ticked companies are posted.
    parameters = request.POST if source.selection else request.GET
    includes = parameters.get("unsubscribed") == INCLUDE_UNSUBSCRIBED
    unsubscribed = Unsubscribed.INCLUDE if includes else Unsubscribed.LEAVE_OUT
    language = _get_choice(parameters, "language", LANGUAGES)
    kind = _get_choice(parameters, "download", TABLE_TYPES)
    address_list = build_address_list(people, unsubscribed=unsubscribed, language=language)
    record_action(
        "addresses.export",
        source.subject,
        fields=[
            *source.parameters,
            *(["selected"] if source.selection else []),
            *(["unsubscribed"] if includes else []),
            *(["language"] if language else []),
            *([kind] if kind else []),
        ],
        details={"count": len(address_list.addresses)},
    )
    if kind:
        return table_response(make_recipient_sheet(address_list.people), name="recipients", kind=kind)
    context = {
        "source": source,
        "address_list": address_list,
        "chosen_language": language,
        "includes_unsubscribed": includes,
        "companies_without_contact": companies_without_contact,
        "max_group_addresses": MAX_GROUP_ADDRESSES,
        "max_names_shown": MAX_NAMES_SHOWN,
    }
    return render_club_page(request, "addresses.html", **context)


def _get_choice(parameters: QueryDict, name: str, choices: Collection[str]) -> str:
    """Return the parameter, or "" unless it is one of the choices."""
    value = parameters.get(name, "")
    return value if value in choices else ""
