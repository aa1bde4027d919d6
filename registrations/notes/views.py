"""The organizers' form of the note on a registration's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from convention.club.models import Person
from convention.events.permissions import get_event_to_organize
from registrations.models import Registration

from .forms import StaffNoteForm
from .staff_notes import write_staff_note


@require_POST
def registration_note(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """Replace the note about an attendee."""
    event_obj = get_event_to_organize(event, request.user)
    registration = get_object_or_404(Registration, event=event_obj, reference=reference)
    form = StaffNoteForm(request.POST)
    if form.is_valid():
        author = request.user if isinstance(request.user, Person) else None
        write_staff_note(registration=registration, text=form.cleaned_data["text"], written_by=author)
        messages.success(request, _("The note has been saved."))
    else:
        messages.error(request, " ".join(map(str, form.errors["text"])))
    return redirect("organize-registration", event, reference)
