"""Pages of markets."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from convention.club.companies import save_slugged_row
from convention.club.forms.companies import MarketForm
from convention.club.models import Market
from convention.club.permissions import require_administrator
from convention.errors import InvalidFields
from convention.web.routing import require_safe_or_post

from .base import render_club_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_safe_or_post
def market_list(request: "HttpRequest") -> "HttpResponse":
    """List the markets with the number of companies in each; a POST adds one."""
    require_administrator(request.user)
    return _edit_market(request, Market())


@require_safe_or_post
def market_detail(request: "HttpRequest", market: str) -> "HttpResponse":
    """Show one market and its companies; a POST changes its names."""
    require_administrator(request.user)
    return _edit_market(request, get_object_or_404(Market, slug=market))


def _edit_market(request: "HttpRequest", market: Market) -> "HttpResponse":
    # Read before the form changes the instance.
    title = market.title
    form = MarketForm(request.POST or None, instance=market)
    if request.method == "POST" and form.is_valid():
        try:
            save_slugged_row(row=form.instance, changed_fields=form.changed_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The market has been saved."))
            return redirect("club-markets")
    rows = Market.objects.annotate(company_count=Count("companies")).order_by("sort_name", "pk")
    companies = market.companies.all() if market.pk else []
    return render_club_page(request, "markets.html", rows=rows, form=form, title=title, companies=companies)
