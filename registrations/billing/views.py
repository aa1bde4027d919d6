"""The organizers' page of refund rules, and the treasurer's page of revenue."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from convention.audit.record import record_action
from convention.errors import InvalidFields
from convention.events.models import Event
from convention.events.permissions import get_event_to_administer
from convention.tables.downloads import table_response
from convention.text.normalize import normalize_whitespace
from convention.web.routing import require_safe_or_post
from registrations.invoices.permissions import require_treasurer

from .ask_details import ask_for_billing_details
from .forms import RefundRuleFormSet, load_initial_rules, read_refund_rules
from .refund_rules import save_refund_rules
from .revenue import build_revenue_sheet, load_revenue


@require_safe_or_post
def refund_rule_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show and save all refund rules of an event."""
    event_obj = get_event_to_administer(event, request.user)
    initial = None if request.method == "POST" else load_initial_rules(event_obj)
    rules = RefundRuleFormSet(
        request.POST or None, prefix="rule", initial=initial, form_kwargs={"event": event_obj}
    )
    error_text = ""
    if request.method == "POST" and rules.is_valid():
        try:
            save_refund_rules(event=event_obj, refund_rules=read_refund_rules(rules))
        except InvalidFields as error:
            error_text = str(error)
        else:
            messages.success(request, _("The refund rules have been saved."))
            return redirect("organize-refunds", event)
    context = {
        "event": event_obj,
        "section": "organize",
        "can_administer": True,
        "rules": rules,
        "error_text": error_text,
    }
    return render(request, "registrations/organize_refunds.html", context)


@require_POST
def billing_details_ask(request: HttpRequest) -> HttpResponse:
    """Ask the buyers by e-mail for the billing details that invoices need."""
    require_treasurer(request.user)
    event_slug = normalize_whitespace(request.POST.get("event", ""))[:100]
    count = ask_for_billing_details(event_slug=event_slug)
    message = ngettext(
        "We are sending an e-mail to %(count)d buyer with the link to enter the billing details.",
        "We are sending an e-mail to %(count)d buyers with the link to enter the billing details.",
        count,
    )
    nobody = _(
        "No buyer was asked: they were asked within the last week, or have no order or e-mail address."
    )
    messages.success(request, message % {"count": count} if count else nobody)
    query = f"?{urlencode({'event': event_slug})}" if event_slug else ""
    return redirect(f"{reverse('invoices-issue')}{query}")


@require_GET
def revenue_page(request: HttpRequest, event_slug: str) -> HttpResponse:
    """Show the revenue of an event by ticket and add-on, and by day."""
    require_treasurer(request.user)
    event = get_object_or_404(Event, slug=event_slug)
    context = {"section": "money", "revenue_event": event, "revenue": load_revenue(event)}
    return render(request, "registrations/revenue.html", context)


@require_GET
def revenue_download(request: HttpRequest, event_slug: str, kind: str) -> HttpResponse:
    """Download the revenue of an event as CSV or XLSX."""
    require_treasurer(request.user)
    event = get_object_or_404(Event, slug=event_slug)
    record_action("revenue.export", event, event=event, fields=[kind])
    return table_response(
        build_revenue_sheet(load_revenue(event)), name=f"{event.slug}-{_('revenue')}", kind=kind
    )
