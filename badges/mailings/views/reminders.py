"""Organizers’ page: the reminders before an event."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields
from convention.events.called_off import called_off_at
from convention.events.doors import event_to_organize

from ..forms import RemindersForm
from ..models import Mailing
from ..placeholders import PLACEHOLDERS
from ..remind import moments, plan_of, plan_reminders


@require_http_methods(["GET", "POST"])
def reminders(request: HttpRequest, event: str) -> HttpResponse:
    """Whether, when and with which words; a POST keeps them."""
    found = event_to_organize(event, request.user)
    plan = plan_of(found)
    plan.event = found
    form = RemindersForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid():
        try:
            plan_reminders(event=found, plan=form.plan())
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("The reminders are saved."))
            return redirect("organize-mail-reminders", event)
    sent = dict(
        Mailing.objects.filter(event=found).exclude(reminder_days=None).values_list("reminder_days", "pk")
    )
    now = timezone.now()
    context = {
        "event": found,
        "section": "organize",
        "form": form,
        "plan": plan,
        "moments": [(days, at, sent.get(days), at <= now) for days, at in moments(plan)],
        "called_off_at": called_off_at(found),
        "placeholders": PLACEHOLDERS.items(),
    }
    return render(request, "mailings/reminders.html", context)
