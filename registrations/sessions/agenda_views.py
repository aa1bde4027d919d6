"""The organizers' page on which they print the agendas of many attendees."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from convention.club.permissions import require_signed_in
from convention.events.permissions import get_event_to_organize
from convention.web.forms import get_posted_data
from convention.web.routing import require_safe_or_post
from schedule.prints.views import list_offered_kinds, list_print_pages

from .agenda_forms import AgendaPrintForm
from .printed_agendas import AgendaSelection, NoAgendas, request_agendas, select_attendees

# A page that is linked from the print page of the programme (`hooks.print_pages`).
PRINT_PAGE = (_("Personal programmes"), "organize-agendas")


@never_cache
@require_safe_or_post
def agenda_printing(request: HttpRequest, event: str) -> HttpResponse:
    """Choose the agendas to print; a POST queues the file and redirects to its progress."""
    event_obj, person = get_event_to_organize(event, request.user), require_signed_in(request.user)
    posted = get_posted_data(request)
    form = AgendaPrintForm(posted, event=event_obj, language=get_language() or "fr")
    if form.is_valid():
        try:
            job = request_agendas(event=event_obj, selection=form.get_selection(), requested_by=person)
        except NoAgendas as error:
            form.add_error(None, str(error))
        else:
            return redirect("organize-job", event_obj.slug, job.pk)
    context = {
        "event": event_obj,
        "section": "organize",
        "form": form,
        "kinds": list_offered_kinds(event_obj),
        "print_pages": list_print_pages(),
        "page_name": PRINT_PAGE[1],
        "count": select_attendees(event_obj, AgendaSelection()).count(),
    }
    return render(request, "registrations/organize_agendas.html", context)
