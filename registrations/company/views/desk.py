"""The company at a glance, and its seats."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.club.doors import companies_of_contact, company_of_contact
from convention.club.join import join_with_seat
from convention.club.models import Company, Employment, Membership, Seat
from convention.club.seats import NoSeatLeft, SeatTaken, give_seat, take_seat
from convention.errors import Closed, Forbidden, InvalidFields, SignInNeeded

from ...limits import refuse_many_colleagues
from ..attention import matters
from ..facts import facts_of, membership_of
from ..forms import ColleagueForm, DayForm
from .frame import page


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The company one registers people for, or the choice of several."""
    if not request.user.is_authenticated:
        raise SignInNeeded(_("Sign in to see this page."))
    companies = list(companies_of_contact(request.user))
    if not companies:
        raise Forbidden(_("You register people for no company. Ask the club to name you as its contact."))
    if len(companies) == 1:
        return redirect("company-home", companies[0].slug)
    return render(request, "company/companies.html", {"companies": companies, "section": "company"})


@never_cache
@require_GET
def home(request: HttpRequest, company: str) -> HttpResponse:
    """Membership, seats, what lies ahead, and what needs attention."""
    found = company_of_contact(company, request.user)
    facts, now = facts_of(found), timezone.now()
    return page(request, "company/home.html", found, facts=facts, matters=matters(facts, at=now), now=now)


@never_cache
@require_http_methods(["GET", "POST"])
def seats(request: HttpRequest, company: str) -> HttpResponse:
    """Who holds a seat, who has none, and a colleague to add."""
    found = company_of_contact(company, request.user)
    form = ColleagueForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        refuse_many_colleagues(found, form.cleaned_data["email"])
        try:
            person = join_with_seat(membership=_membership(found), **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.fields)
        except (NoSeatLeft, SeatTaken, Closed) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%(name)s holds a seat now.") % {"name": person})
            return redirect("company-seats", company)
    return page(request, "company/seats.html", found, facts=facts_of(found), form=form, days=DayForm())


def _membership(company: Company) -> Membership:
    """The membership whose seats are given today. Raises Closed."""
    found = membership_of(company, at=timezone.localdate())
    if found is None:
        raise Closed(_("The company has no membership: there are no seats to give."))
    return found


@require_POST
def give(request: HttpRequest, company: str, job: int) -> HttpResponse:
    """Give a colleague a seat, from today or a day."""
    found = company_of_contact(company, request.user)
    jobs = Employment.objects.open().filter(company=found, person__is_active=True).select_related("person")
    works = get_object_or_404(jobs, pk=job)
    days = DayForm(request.POST)
    if days.is_valid():
        give_seat(membership=_membership(found), person=works.person, starts_on=days.cleaned_data["day"])
        messages.success(request, _("%(name)s holds a seat now.") % {"name": works.person})
    else:
        messages.error(request, str(days.errors["day"][0]))
    return redirect("company-seats", company)


@require_POST
def take(request: HttpRequest, company: str, seat: int) -> HttpResponse:
    """Take a seat: at once, or with a last day."""
    found = company_of_contact(company, request.user)
    rows = Seat.objects.select_related("person", "membership").filter(membership__company=found)
    held = get_object_or_404(rows, pk=seat)
    days = DayForm(request.POST)
    if days.is_valid():
        take_seat(seat=held, last_day=days.cleaned_data["day"])
        messages.success(request, _("The seat of %(name)s ends.") % {"name": held.person})
    else:
        messages.error(request, str(days.errors["day"][0]))
    return redirect("company-seats", company)
