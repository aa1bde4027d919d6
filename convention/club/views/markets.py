"""Administrators' pages of the club: markets, by which firms compete."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.db.models import Count
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from ..doors import administrator
from ..forms_people import MarketForm
from ..keep_market import keep_market
from ..models import Market
from .frame import page, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@read_or_write
def markets(request: "HttpRequest") -> "HttpResponse":
    """All markets, with how many firms sell in each; a POST adds one."""
    administrator(request.user)
    return _edit(request, Market())


@read_or_write
def market(request: "HttpRequest", market: str) -> "HttpResponse":
    """One market: its names, and who sells there."""
    administrator(request.user)
    return _edit(request, get_object_or_404(Market, slug=market))


def _edit(request: "HttpRequest", one: Market) -> "HttpResponse":
    title = one.title
    form = MarketForm(request.POST or None, instance=one)
    if request.method == "POST" and form.is_valid():
        keep_market(market=form.instance, changed=form.changed_data)
        messages.success(request, _("The market is saved."))
        return redirect("club-markets")
    rows = Market.objects.annotate(firms=Count("companies")).order_by("sort_name", "pk")
    firms = one.companies.all() if one.pk else []
    return page(request, "markets.html", rows=rows, form=form, title=title, firms=firms)
