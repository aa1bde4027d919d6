"""The page behind the link mailed to the host's security."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from convention.errors import InvalidFields, LinkExpired
from convention.web.routing import require_safe_or_post
from registrations.visits.hosts.forms import AcknowledgementForm
from registrations.visits.hosts.permissions import LinkOfCalledOffVisit, get_list_by_link
from registrations.visits.models import VisitorList
from registrations.visits.responses import (
    build_list_context,
    make_file_response,
    read_file_format,
    render_host_error,
)

from .acknowledge import acknowledge_list, open_list


@never_cache
@require_safe_or_post
def linked_list(request: HttpRequest, token: str) -> HttpResponse:
    """Show the list's number and counts; only a POST decrypts it, as mail scanners follow links."""
    try:
        visitor_list = get_list_by_link(token)
    # In the host's frame: readers of the link have no account on this site.
    except LinkOfCalledOffVisit as error:
        return render_host_error(request, error)
    except LinkExpired as error:
        return render_host_error(request, error, token=token)
    is_acknowledgement = request.POST.get("action") == "acknowledge"
    form = AcknowledgementForm(request.POST if is_acknowledgement else None)
    if is_acknowledgement and form.is_valid() and _save_acknowledgement(form, visitor_list):
        messages.success(request, _("Thank you. The club can see that you have received the list."))
        return redirect("host-list", token)
    context = {
        "event": visitor_list.visit.event,
        "visit": visitor_list.visit,
        "list": visitor_list,
        "form": form,
        "token": token,
    }
    if request.method == "POST" and not is_acknowledgement:
        content = open_list(visitor_list=visitor_list)
        if kind := read_file_format(request):
            return make_file_response(content, visitor_list, kind)
        context |= build_list_context(content, visitor_list)
    return render(request, "host/link.html", context)


def _save_acknowledgement(form: AcknowledgementForm, visitor_list: VisitorList) -> bool:
    try:
        acknowledge_list(visitor_list=visitor_list, name=form.cleaned_data["name"])
    except InvalidFields as error:
        form.add_errors(error.field_errors)
        return False
    return True
