"""The organizers' page of refund rules."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields
from convention.events.permissions import get_event_to_organize

from .forms import RefundRuleFormSet, load_initial_rules, read_refund_rules
from .refund_rules import save_refund_rules


@require_http_methods(["GET", "POST"])
def refund_rule_list(request: HttpRequest, event: str) -> HttpResponse:
    """Show and save all refund rules of an event."""
    event_obj = get_event_to_organize(event, request.user)
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
    context = {"event": event_obj, "section": "organize", "rules": rules, "wrong": error_text}
    return render(request, "registrations/organize_refunds.html", context)
