"""Organizers' page: what comes back to whoever cancels, and until when."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize

from ..forms.refund_rules import RuleForms, initial_rules, rules_in
from ..refund_rules import save_refund_rules


@require_http_methods(["GET", "POST"])
def refund_rules(request: HttpRequest, event: str) -> HttpResponse:
    """All rules of an event at once."""
    found = event_to_organize(event, request.user)
    known = None if request.method == "POST" else initial_rules(found)
    rules = RuleForms(request.POST or None, prefix="rule", initial=known, form_kwargs={"event": found})
    wrong = ""
    if request.method == "POST" and rules.is_valid():
        try:
            save_refund_rules(event=found, rules=rules_in(rules))
        except InvalidFields as error:
            wrong = str(error)
        else:
            messages.success(request, _("The refund rules are saved."))
            return redirect("organize-refunds", event)
    context = {"event": found, "section": "organize", "rules": rules, "wrong": wrong}
    return render(request, "registrations/organize_refunds.html", context)
