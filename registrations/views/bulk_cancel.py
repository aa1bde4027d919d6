"""The organizers' page that finds orders, shows what cancelling them means, and cancels them at once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from convention.events.doors import event_to_organize
from convention.events.models import Event

from ..bulk_cancel import MAX_ORDERS, cancel_orders, cancel_orders_and_notify, preview_cancellation
from ..forms.bulk_cancel import HELD, BulkCancelForm, OrderFilterForm


@never_cache
@require_http_methods(["GET", "POST"])
def bulk_cancel(request: HttpRequest, event: str) -> HttpResponse:
    """Show the orders of the filter; a POST cancels those that are ticked."""
    found = event_to_organize(event, request.user)
    asked = request.GET if "state" in request.GET else {"state": HELD}
    filters = OrderFilterForm(asked, zone=found.zone)
    form = BulkCancelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        references = request.POST.getlist("order")[:MAX_ORDERS]
        if not references:
            messages.error(request, _("Select at least one order."))
        elif form.is_valid():
            return _cancel(request, found, references, form)
    preview = preview_cancellation(found, filters.order_filter()) if filters.is_valid() else None
    context = {"event": found, "section": "organize", "filters": filters, "form": form, "preview": preview}
    context["is_cut"] = preview is not None and preview.found > len(preview.orders)
    return render(request, "registrations/organize_bulk_cancel.html", context)


def _cancel(request: HttpRequest, event: Event, references: list[str], form: BulkCancelForm) -> HttpResponse:
    act = cancel_orders_and_notify if form.cleaned_data["notify_buyers"] else cancel_orders
    done = len(act(event=event, references=references, reason=form.cleaned_data["reason"]))
    sentence = ngettext("%(orders)d order is cancelled.", "%(orders)d orders are cancelled.", done)
    messages.success(request, sentence % {"orders": done})
    if left := len(set(references)) - done:
        sentence = ngettext(
            "%(orders)d order was left as it is: see the reason in the list.",
            "%(orders)d orders were left as they are: see the reasons in the list.",
            left,
        )
        messages.warning(request, sentence % {"orders": left})
    return redirect(request.get_full_path())
