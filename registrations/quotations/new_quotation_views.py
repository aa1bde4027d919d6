"""Pages on which organizers and the treasurer write a quotation."""

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from convention.club.models import Company
from convention.club.permissions import can_read_directory
from convention.errors import ConventionError, InvalidFields
from convention.events.models import Event
from convention.money import Money
from convention.web.routing import require_safe_or_post
from registrations.application_rules import get_application_path
from registrations.billing.company_address import make_billing_data
from registrations.invoices.membership_dues import find_company, make_company_buyer
from registrations.invoices.models import Issuer
from registrations.invoices.permissions import is_treasurer, require_treasurer
from registrations.models import Addon, Order, Ticket
from registrations.order_context import OrderContext
from registrations.order_request import OrderRequest
from registrations.permissions import get_event_of_quotations
from registrations.pricing.display import PriceRow, describe_vat, make_line_row
from registrations.pricing.quote import Quote, QuoteLine
from registrations.storefront.forms import BillingForm

from .create import QuotationRepeated, create_order_quotation, find_last_day, price_quotation
from .staff_forms import NewQuotationForm
from .staff_views import render_staff_page
from .views import mail_to_recipient

if TYPE_CHECKING:
    from convention.club.permissions import RequestUser

# More names would make the page slow to load; a company beyond them is still found by its name.
MAX_COMPANY_NAMES = 2000


@dataclass(frozen=True)
class QuotationForms:
    """The forms of the page."""

    quotation: NewQuotationForm
    billing: BillingForm


@require_safe
def quotation_event_choice(request: HttpRequest) -> HttpResponse:
    """List the events for which the treasurer can write a quotation; go to the only one."""
    require_treasurer(request.user)
    now = timezone.now()
    rows = Event.objects.filter(kind=Event.Kind.CONVENTION, ends_at__gt=now).order_by("starts_at", "pk")
    events = [event for event in rows if event.is_registration_open(at=now)]
    if len(events) == 1:
        return redirect("organize-quotation-new", events[0].slug)
    return render(
        request, "registrations/quotation_event_choice.html", {"section": "money", "events": events}
    )


@require_safe_or_post
def quotation_create(request: HttpRequest, event: str) -> HttpResponse:
    """Write a quotation: a first POST shows its prices, one with these prices creates it."""
    event_obj = get_event_of_quotations(event, request.user)
    tickets, addons = _list_items(event_obj)
    is_open = event_obj.is_registration_open(at=timezone.now()) and not get_application_path(event_obj)
    context: dict[str, Any] = {
        "can_quote": bool(is_open and tickets and Issuer.get_current()),
        "has_issuer": Issuer.get_current() is not None,
        "is_open": is_open,
        "is_treasurer": is_treasurer(request.user),
    }
    if not context["can_quote"]:
        return render_staff_page(request, event_obj, "organizer_quotation_new", context)
    forms = _build_forms(request, event_obj, tickets, addons)
    is_submitted = request.method == "POST" and "fill_in" not in request.POST
    # `&` validates both, so that all errors show at once.
    if is_submitted and forms.quotation.is_valid() & forms.billing.is_valid():
        try:
            if response := _preview_or_create(request, event_obj, forms, context):
                return response
        except QuotationRepeated as error:
            messages.info(request, str(error))
            return redirect("organize-quotations", event_obj.slug)
        except InvalidFields as error:
            forms.quotation.add_order_errors(error)
        except ConventionError as error:
            forms.quotation.add_error(None, str(error))
    context |= {"form": forms.quotation, "billing": forms.billing}
    if "company" in forms.quotation.fields:
        names = Company.objects.filter(merged_on=None).values_list("name", flat=True)
        context["company_names"] = names[:MAX_COMPANY_NAMES]
    return render_staff_page(request, event_obj, "organizer_quotation_new", context)


def _list_items(event: Event) -> tuple[list[Ticket], list[Addon]]:
    """Return what the recipient could order now: public tickets and add-ons on sale."""
    tickets = [t for t in event.tickets.with_prices().filter(is_public=True) if t.is_on_sale()]
    addons = [addon for addon in event.addons.prefetch_related("tickets") if addon.is_on_sale()]
    return tickets, addons


def _build_forms(
    request: HttpRequest, event: Event, tickets: list[Ticket], addons: list[Addon]
) -> QuotationForms:
    """Return the forms; with the button “Fill in” they are as typed so far, with the company's address."""
    options: dict[str, Any] = {"event": event, "tickets": tickets, "addons": addons}
    data = request.POST if request.method == "POST" else None
    if data is None or "fill_in" not in data:
        forms = QuotationForms(
            NewQuotationForm(data, **options), BillingForm(data, initial={"billing_country": "FR"})
        )
    else:
        values = _fill_in_company(request)
        forms = QuotationForms(NewQuotationForm(initial=values, **options), BillingForm(initial=values))
    if not _can_fill_in(request.user):
        del forms.quotation.fields["company"]
    return forms


def _fill_in_company(request: HttpRequest) -> dict[str, str]:
    """Return what was typed so far, with address and contact of the company if it is found."""
    values = request.POST.dict()
    company = find_company(values.get("company", "")[:200]) if _can_fill_in(request.user) else None
    if company is None:
        messages.error(request, _("No company in the directory has this name or SIREN."))
        return values
    email = make_company_buyer(company)["email"]
    return values | make_billing_data(company) | ({"email": email} if email else {})


def _can_fill_in(reader: "RequestUser") -> bool:
    return is_treasurer(reader) or can_read_directory(reader)


def _preview_or_create(
    request: HttpRequest, event: Event, forms: QuotationForms, context: dict[str, Any]
) -> HttpResponse | None:
    """Create the quotation if its prices are those that were shown; else add them to the page's context.

    Raise what `create_order_quotation` raises.
    """
    form, order_request = forms.quotation, _build_request(forms)
    order_context = OrderContext(
        source=Order.Source.ORGANIZER,
        company=form.cleaned_data.get("company"),
        can_name_members_later=True,
    )
    quote, currency = price_quotation(
        event=event, request=order_request, context=order_context, terms=form.terms
    )
    valid_until = find_last_day(event, quote, form.terms)
    shown = ",".join([valid_until.isoformat(), *(str(line.price) for line in quote.lines)])
    if "create" in request.POST and request.POST.get("shown") == shown:
        quotation = create_order_quotation(
            event=event,
            request=order_request,
            context=order_context,
            terms=form.terms,
            form_key=request.POST.get("form_key", "")[:100],
        )
        messages.success(request, _("Quotation %(number)s has been created.") % {"number": quotation.number})
        if request.POST["create"] == "send":
            mail_to_recipient(request, quotation)
        return redirect("organize-quotations", event.slug)
    context |= {
        "is_changed": "create" in request.POST,
        "shown": shown,
        # A new one for each preview: the same quotation can be written twice on purpose.
        "form_key": secrets.token_hex(16),
        "rows": _group_lines(event, quote, currency),
        "total": Money(quote.total, currency),
        "vat": [describe_vat(total, currency) for total in quote.vat_by_rate],
        "valid_until": valid_until,
        "outlasts_prices": bool(
            quote.price_ends_at and quote.price_ends_at.astimezone(event.zone).date() <= valid_until
        ),
    }
    return None


def _group_lines(event: Event, quote: Quote, currency: str) -> list[tuple[PriceRow, int, Money]]:
    """Return each item with its unit price, its quantity and its total."""
    groups: dict[tuple[bool, str, int], list[QuoteLine]] = {}
    for line in quote.lines:
        groups.setdefault((line.is_addon, line.price_list.slug, line.price), []).append(line)
    return [
        (
            make_line_row(lines[0], currency=currency, zone=event.zone),
            len(lines),
            Money(sum(line.price for line in lines), currency),
        )
        for lines in groups.values()
    ]


def _build_request(forms: QuotationForms) -> OrderRequest:
    data = forms.quotation.cleaned_data
    company = data.get("company")
    return OrderRequest(
        email=data["email"],
        language=data["language"],
        company=company.name[:200] if company else "",
        billing=forms.billing.build_details(),
        purchase_order=forms.billing.cleaned_data["purchase_order"],
        places=forms.quotation.build_places(),
    ).normalize()
