"""Organizers’ page of what holds for the whole programme."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from convention.events.doors import event_to_organize
from schedule.forms import ScheduleForm
from schedule.models import Schedule
from schedule.write_part import write_part

from .frame import page, posted, read_or_write

if TYPE_CHECKING:
    from django.http import HttpRequest


@read_or_write
def settings(request: "HttpRequest", event: str) -> HttpResponse:
    """The version that every page and print names, and when days begin."""
    found = event_to_organize(event, request.user)
    schedule = Schedule.objects.filter(event=found).first() or Schedule(event=found)
    form = ScheduleForm(posted(request), instance=schedule)
    if form.is_valid():
        write_part(event=found, part=form.save(commit=False), fields=form.changed_data)
        messages.success(request, _("The programme was saved."))
        return redirect("organize-schedule", found.slug)
    return page(request, "settings", found, form=form)
