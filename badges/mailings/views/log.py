"""Organizers’ pages: who got a mailing, and addresses that mail came back from."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.audit.record import record
from convention.bounces import bounced_among
from convention.downloads import download
from convention.errors import NotFound
from convention.events.doors import event_to_organize
from registrations.models import Registration

from ..bounce import bounced_registrations, mark_addresses, mark_recipient, say_right
from ..doors import mailing_to_organize
from ..forms import AddressesForm
from ..log import STATES, counts_of, happened_at, recipients_in, sheet_of
from ..models import Recipient
from ..send_batch import addressee_of

ON_A_PAGE = 50


@require_GET
def log(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Each recipient, of one state or all."""
    one = mailing_to_organize(event, pk, request.user)
    state = request.GET.get("state", "")
    shown = Paginator(recipients_in(one, state), ON_A_PAGE).get_page(request.GET.get("page"))
    rows = [(recipient, addressee_of(recipient), happened_at(recipient)) for recipient in shown]
    context = {
        "event": one.event,
        "section": "organize",
        "mailing": one,
        "shown": shown,
        "rows": rows,
        "state": state if state in STATES else "",
        "states": [(name, Recipient.State(name).label) for name in STATES],
        "counts": counts_of([one])[one.pk],
    }
    return render(request, "mailings/log.html", context)


@require_GET
def log_file(request: HttpRequest, event: str, pk: int, kind: str) -> HttpResponse:
    """The same list as a file."""
    one = mailing_to_organize(event, pk, request.user)
    record("mailing.export", one, event=one.event, fields=[kind])
    sheet = sheet_of(one, request.GET.get("state", ""))
    return download(sheet, name=f"{one.event.slug}-{_('mailing')}-{one.pk}", kind=kind)


@require_POST
def came_back(request: HttpRequest, event: str, pk: int, recipient: int) -> HttpResponse:
    """Mark by hand that one mail came back."""
    one = mailing_to_organize(event, pk, request.user)
    found = one.recipients.filter(pk=recipient).first()
    if found is None:
        raise NotFound(_("There is no such recipient."))
    found.mailing = one
    mark_recipient(recipient=found)
    messages.success(request, _("It is marked: the address is left out until it is corrected."))
    return redirect("organize-mailing-log", event, pk)


@require_http_methods(["GET", "POST"])
def bounces(request: HttpRequest, event: str) -> HttpResponse:
    """The addresses that mail came back from, and more by hand; what nobody has stays in the field."""
    found = event_to_organize(event, request.user)
    form = AddressesForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        addresses = form.cleaned_data["addresses"]
        unknown = mark_addresses(event=found, addresses=addresses)
        if marked := len(addresses) - len(unknown):
            messages.success(request, _say_marked(marked))
        if not unknown:
            return redirect("organize-mail-bounces", event)
        form = AddressesForm({"addresses": "\n".join(unknown)})
        form.add_error("addresses", _say_unknown(len(unknown)))
    rows = bounced_registrations(found).select_related("order").order_by("sort_name", "pk")
    shown = Paginator(rows, ON_A_PAGE).get_page(request.GET.get("page"))
    listed = bounced_among(address for one in shown for address in (one.email, one.order.email))
    context = {"event": found, "section": "organize", "form": form, "shown": shown, "bounced": listed}
    return render(request, "mailings/bounces.html", context)


def _say_marked(count: int) -> str:
    return ngettext(
        "%(count)d address is marked: it is left out until it is corrected.",
        "%(count)d addresses are marked: they are left out until they are corrected.",
        count,
    ) % {"count": count}


def _say_unknown(count: int) -> str:
    return ngettext(
        "Nobody registered for this event has the address below.",
        "Nobody registered for this event has the %(count)d addresses below.",
        count,
    ) % {"count": count}


@require_POST
def right_address(request: HttpRequest, event: str, reference: str) -> HttpResponse:
    """The address is right after all."""
    found = event_to_organize(event, request.user)
    rows = Registration.objects.select_related("order", "event")
    one = get_object_or_404(rows, event=found, reference=reference)
    say_right(registration=one)
    messages.success(request, _("%(name)s is written to again.") % {"name": one.name or one.email})
    return redirect("organize-mail-bounces", event)
