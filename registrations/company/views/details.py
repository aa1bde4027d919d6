"""What the holder of a place says of themselves, behind their own link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields

from ...answers import still_open
from ...doors import order_by_link
from ...limits import refuse_many_corrections
from ...models import Registration
from ...questions import questions_of
from ..complete import complete
from ..forms import DetailsForm


@never_cache
@require_http_methods(["GET", "POST"])
def details(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Names as they shall stand on the badge, and whether one may be photographed."""
    grant = order_by_link(reference, secret)
    registration = grant.registration(person)
    form = DetailsForm(request.POST) if request.method == "POST" else DetailsForm.of(registration)
    if request.method == "POST" and form.is_valid():
        refuse_many_corrections(grant.order, registration)
        try:
            completed = complete(registration=registration, details=form.details())
        except InvalidFields as error:
            form.add_errors(error.fields)
        else:
            messages.success(request, _("Thank you: your details are complete."))
            page = (
                ("order-answers", reference, secret, person)
                if _is_asked(completed)
                else ("order", reference, secret)
            )
            return redirect(*page)
    context = {"grant": grant, "event": grant.order.event, "registration": registration, "form": form}
    return render(request, "company/details.html", context)


def _is_asked(registration: Registration) -> bool:
    """Whether something must still be answered, which comes next."""
    return bool(still_open(questions_of(registration.event), registration.ticket, registration.answers))
