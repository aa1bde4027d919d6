"""The page that cancels an event after showing what that does, and restores it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from convention.club.permissions import require_signed_in
from convention.errors import InvalidFields, NotOpenNow
from convention.events.permissions import get_event_to_cancel
from convention.web.forms import ActionErrorsMixin, get_posted_data
from convention.web.routing import require_safe_or_post

from .cancel_event import (
    MAX_REASON_LENGTH,
    cancel_event,
    find_cancellation_obstacle,
    find_restoration_obstacle,
    load_effects,
    restore_event,
)

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class CancelEventForm(ActionErrorsMixin, forms.Form):
    """The reason, and the refund if there are choices."""

    refund = forms.ChoiceField(label=gettext_lazy("Refund"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=MAX_REASON_LENGTH,
        help_text=gettext_lazy(
            "Shown as you write it on the event’s page and in all e-mails, for example: the venue is closed "
            "after a flood."
        ),
        error_messages={"required": gettext_lazy("Enter a reason.")},
    )

    def __init__(self, *args: Any, refund_choices: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not refund_choices:
            del self.fields["refund"]
            return
        field = self.fields["refund"]
        assert isinstance(field, forms.ChoiceField)
        field.choices, field.initial = refund_choices, refund_choices[0][0]


@never_cache
@require_safe_or_post
def event_cancellation(request: "HttpRequest", event: str) -> "HttpResponse":
    """Show what cancelling the event does, and cancel it with a reason; of a cancelled one, its state."""
    event_row = get_event_to_cancel(event, request.user)
    obstacle = find_cancellation_obstacle(event_row)
    context = {"event": event_row, "section": "organize", "obstacle": obstacle}
    if obstacle:
        # Of two clicks, or two people, the second one finds the event cancelled.
        if request.method == "POST":
            messages.warning(request, obstacle)
        context["restoration_obstacle"] = find_restoration_obstacle(event_row)
        return render(request, "organize/event_cancel.html", context)
    effects = load_effects(event_row)
    form = CancelEventForm(get_posted_data(request), refund_choices=effects.refund_choices)
    if form.is_valid():
        try:
            cancel_event(event=event_row, requested_by=require_signed_in(request.user), **form.cleaned_data)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        except NotOpenNow as error:
            messages.warning(request, str(error))
            return redirect("organize-event-cancel", event_row.slug)
        else:
            messages.success(request, _("The event has been cancelled."))
            return redirect("organize-event-cancel", event_row.slug)
    can_be_restored = event_row.starts_at > timezone.now()
    context |= {"form": form, "effects": effects, "can_be_restored": can_be_restored}
    return render(request, "organize/event_cancel.html", context)


@require_POST
def event_restoration(request: "HttpRequest", event: str) -> "HttpResponse":
    """Undo the cancellation."""
    event_row = get_event_to_cancel(event, request.user)
    try:
        restore_event(event=event_row)
    except NotOpenNow as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request,
            _(
                "The event has been restored. Registrations that were cancelled stay cancelled: you can "
                "reinstate them one by one in the list of registrations."
            ),
        )
    return redirect("organize-event-cancel", event_row.slug)
