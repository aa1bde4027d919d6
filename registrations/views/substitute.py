"""Giving one's place to a colleague, behind one's own link."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.errors import InvalidFields

from ..correct import refuse_late
from ..doors import order_by_link
from ..forms.substitute import SubstituteForm
from ..limits import refuse_many_corrections
from ..one_place import AlreadyRegistered
from ..substitute import substitute


@never_cache
@require_http_methods(["GET", "POST"])
def substitute_registration(request: HttpRequest, reference: str, secret: str, person: str) -> HttpResponse:
    """Who takes the place; said first what it means, then done."""
    grant = order_by_link(reference, secret)
    registration, event = grant.registration(person), grant.order.event
    refuse_late(event)
    form = SubstituteForm(request.POST) if request.method == "POST" else SubstituteForm.of(registration)
    if request.method == "POST" and form.is_valid():
        refuse_many_corrections(grant.order, registration)
        try:
            new = substitute(registration=registration, by=form.place())
        except InvalidFields as error:
            form.add_errors(error.fields)
        except AlreadyRegistered as error:
            form.add_error("email", str(error))
        else:
            told = _(
                "%(name)s has the place now. The badge goes to whoever ordered, and the link to %(name)s."
            )
            if new.is_private:
                told = _("%(name)s has the place now and receives the link and the badge by e-mail.")
            messages.success(request, told % {"name": new.name})
            return redirect("order", reference, secret) if grant.is_whole else redirect("event", event.slug)
    context = {"grant": grant, "event": event, "registration": registration, "form": form}
    return render(request, "registrations/substitute.html", context)
