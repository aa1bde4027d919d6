"""The page to write to the applicants of a visit."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from badges.mailings.permissions import get_event_to_mail
from convention.web.routing import require_safe_or_post
from registrations.changes.selections import InvalidSelection, select_matching, select_references
from registrations.models import Registration
from registrations.organizer.selection_forms import ReferencesField
from registrations.visits.applications.applicants import list_applicants_to_mail
from registrations.visits.permissions import get_managed_visit

from .mailings import write_to_selection


@never_cache
@require_safe_or_post
def mailing_to_applicants(request: HttpRequest, event: str) -> HttpResponse:
    """Write a mailing to the applicants in `?state=`; the form then carries who they were."""
    event_obj = get_event_to_mail(event, request.user)
    back_path = reverse("organize-visit-applicants", args=[event])
    try:
        if request.method == "POST":
            references = ReferencesField().clean(request.POST.getlist("selected"))
            selection = select_references(event_obj, references)
        else:
            visit = get_managed_visit(event, request.user)
            applicants = list_applicants_to_mail(visit, state=request.GET.get("state", ""))
            applications = [applicant.application for applicant in applicants]
            places = Registration.objects.filter(event=event_obj, application__in=applications)
            selection = select_matching(event_obj, places)
    except InvalidSelection as error:
        messages.error(request, str(error))
        return redirect(back_path)
    return write_to_selection(request, selection, back_path=back_path, back_label=_("Applicants"))
