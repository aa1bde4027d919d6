"""The list of companies, and the selection that it sends to the pages of actions on several of them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.core.validators import validate_slug
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from convention.club.memberships import MembershipFilter, load_membership_statuses
from convention.club.models import Company, CompanyRole
from convention.club.permissions import require_directory_manager, require_directory_reader
from convention.web.routing import require_safe_or_post

from .base import ROWS_PER_PAGE, render_club_page
from .filters import CompanyFilter

# Each company has up to three fields in a form; settings.DATA_UPLOAD_MAX_NUMBER_FIELDS limits their number.
MAX_SELECTED: Final = 500
MAX_FILTER_LENGTH: Final = 1_000
# One page's ticks: a longer selection would make a longer address than servers accept.
MAX_TICKS_RESTORED: Final = ROWS_PER_PAGE
SELECTION_PARAMETERS: Final = ("page", "select", "selected")


@require_safe
def company_list(request: HttpRequest) -> HttpResponse:
    """List companies by name, searched, with their current memberships."""
    require_directory_reader(request.user)
    active_filter = CompanyFilter.from_query(request.GET)
    page = Paginator(active_filter.find_companies(), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    filter_query = request.GET.copy()
    for name in SELECTION_PARAMETERS:
        filter_query.pop(name, None)
    context = {
        "page_obj": page,
        "rows": load_membership_statuses(page),
        "words": active_filter.words,
        "roles": CompanyRole.Role.choices,
        "role": active_filter.role,
        "membership_choices": MembershipFilter.choices,
        "membership_filter": active_filter.membership,
        "filter_query": filter_query.urlencode(),
        "is_page_selected": request.GET.get("select") == "page",
        "is_all_selected": request.GET.get("select") == "all",
        "selected_slugs": frozenset(request.GET.get("selected", "").split()),
    }
    return render_club_page(request, "companies.html", **context)


class SlugsField(forms.Field):
    """Slugs, one or several in each value: check boxes send one each, later pages all in one."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str] | None) -> list[str]:
        """Leave out what cannot be a slug: databases refuse some characters."""
        return [word for word in " ".join(value or []).split() if is_slug(word)]


def is_slug(word: str) -> bool:
    try:
        validate_slug(word)
    except forms.ValidationError:
        return False
    return True


class CompanySelectionForm(forms.Form):
    """The ticked companies, or with `all` everything that matches the filter of the list."""

    selected = SlugsField()
    all = forms.BooleanField(required=False)
    filter = forms.CharField(required=False, max_length=MAX_FILTER_LENGTH)

    def clean(self) -> dict[str, Any]:
        """Find the companies."""
        data = super().clean() or {}
        if data.get("all"):
            rows = CompanyFilter.from_query(self.query).find_companies()
        else:
            # Before the query, which would have as many parameters.
            slugs = set(data["selected"])
            self._check_count(len(slugs))
            rows = Company.objects.filter(slug__in=slugs).select_related("parent")
        data["companies"] = list(rows.order_by("sort_name", "pk")[: MAX_SELECTED + 1])
        self._check_count(len(data["companies"]))
        return data

    @staticmethod
    def _check_count(count: int) -> None:
        if not count:
            raise forms.ValidationError(_("Select at least one company."))
        if count > MAX_SELECTED:
            sentence = ngettext(
                "At most %(most)d company can be selected at once. Narrow the search.",
                "At most %(most)d companies can be selected at once. Narrow the search.",
                MAX_SELECTED,
            )
            raise forms.ValidationError(sentence % {"most": MAX_SELECTED})

    @property
    def query(self) -> QueryDict:
        """Return the query string of the list."""
        return QueryDict(self.data.get("filter", "")[:MAX_FILTER_LENGTH])

    def make_list_query(self) -> str:
        """Return the query string of the list with the page and the ticks from which this form was sent."""
        query = self.query.copy()
        if page := self.data.get("page", "")[:20]:
            query["page"] = page
        if self.data.get("all"):
            query["select"] = "all"
        elif selected := SlugsField().clean(self["selected"].data)[:MAX_TICKS_RESTORED]:
            query["selected"] = " ".join(selected)
        return query.urlencode()


@dataclass(frozen=True)
class CompanySelection:
    """The selected companies, by name, and the query string of the list in which they were selected."""

    companies: list[Company]
    list_query: str

    @property
    def joined_slugs(self) -> str:
        """Return the slugs as one text, as forms carry them."""
        return " ".join(company.slug for company in self.companies)


type SelectionView = Callable[[HttpRequest, CompanySelection], HttpResponse]


def with_company_selection(view: SelectionView) -> Callable[[HttpRequest], HttpResponse]:
    """Call the view with the companies that a manager of the directory selected; else return to the list.

    A page of a selection exists for POST only. A GET, for example after a change of language, is redirected
    to the list.
    """

    @never_cache
    @require_safe_or_post
    @wraps(view)
    def select_and_view(request: HttpRequest) -> HttpResponse:
        require_directory_manager(request.user)
        if request.method != "POST":
            return redirect("club-companies")
        form = CompanySelectionForm(request.POST)
        if form.is_valid():
            return view(request, CompanySelection(form.cleaned_data["companies"], form.query.urlencode()))
        for sentence in dict.fromkeys(text for texts in form.errors.values() for text in texts):
            messages.error(request, str(sentence))
        query = form.make_list_query()
        return redirect(f"{reverse('club-companies')}{query and '?'}{query}")

    return select_and_view
