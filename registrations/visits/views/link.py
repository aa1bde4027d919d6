"""The list behind the link mailed to a host's security: first what it is, then, at a click, the names."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.errors import Expired, InvalidFields

from ..acknowledge import acknowledge, open_list
from ..forms.hosts import AcknowledgeForm
from ..host_doors import list_by_link
from ..models import VisitorList
from .frame import asks_file, file_answer, refused, shown


@never_cache
@require_http_methods(["GET", "POST"])
def host_list(request: HttpRequest, token: str) -> HttpResponse:
    """A GET opens nothing, so that programs that follow links read nothing; a POST opens or acknowledges."""
    try:
        row = list_by_link(token)
    except Expired as error:
        return refused(request, error, token=token)
    acknowledges = request.POST.get("act") == "acknowledge"
    form = AcknowledgeForm(request.POST if acknowledges else None)
    if acknowledges and form.is_valid() and _acknowledge(form, row):
        messages.success(request, _("Thank you: the club sees that you have the list."))
        return redirect("host-list", token)
    context = {"event": row.visit.event, "visit": row.visit, "list": row, "form": form, "token": token}
    if request.method == "POST" and not acknowledges:
        content = open_list(visitor_list=row)
        if kind := asks_file(request):
            return file_answer(content, row, kind)
        context |= shown(content)
    return render(request, "host/link.html", context)


def _acknowledge(form: AcknowledgeForm, row: VisitorList) -> bool:
    try:
        acknowledge(visitor_list=row, name=form.cleaned_data["name"])
    except InvalidFields as error:
        form.add_errors(error.fields)
        return False
    return True
