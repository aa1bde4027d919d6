"""Organizers' page: reminders before an event."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from badges.mailings.composing.placeholders import PLACEHOLDERS
from badges.mailings.forms import RemindersForm
from badges.mailings.models import Mailing
from badges.mailings.permissions import get_event_to_mail
from badges.mailings.sending.reminders import get_reminder_plan, list_reminder_times, save_reminder_plan
from convention.errors import InvalidFields
from convention.events.cancellations import find_cancellation_time
from convention.web.routing import require_safe_or_post


@require_safe_or_post
def reminders_edit(request: HttpRequest, event: str) -> HttpResponse:
    event_obj = get_event_to_mail(event, request.user)
    plan = get_reminder_plan(event_obj)
    plan.event = event_obj
    form = RemindersForm(request.POST or None, plan=plan)
    if request.method == "POST" and form.is_valid():
        try:
            save_reminder_plan(event=event_obj, choices=form.get_choices())
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.success(request, _("The reminders have been saved."))
            return redirect("organize-mail-reminders", event)
    mailing_by_days = dict(
        Mailing.objects.filter(event=event_obj).exclude(reminder_days=None).values_list("reminder_days", "pk")
    )
    now = timezone.now()
    context = {
        "event": event_obj,
        "section": "organize",
        "form": form,
        "plan": plan,
        "reminder_times": [
            (days, at, mailing_by_days.get(days), at <= now) for days, at in list_reminder_times(plan)
        ],
        "cancelled_at": find_cancellation_time(event_obj),
        "placeholders": PLACEHOLDERS.items(),
    }
    return render(request, "mailings/reminders.html", context)
