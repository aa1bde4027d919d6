"""What a signed-in person registered for."""

import datetime
from typing import TYPE_CHECKING

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from convention.club.models import Person
from convention.events.doors import events_for_members
from convention.events.models import Event

from ..doors import registrations_of, secret_for
from ..models import Registration

if TYPE_CHECKING:
    from convention.club.doors import Visitor


@never_cache
@login_required
@require_GET
def me(request: HttpRequest) -> HttpResponse:
    """One's registrations: what lies ahead, and what was; and what is open to members."""
    person = request.user if isinstance(request.user, Person) else None
    found = registrations_of(person) if person else []
    email = (person.email if person else "") or ""
    now = timezone.now()
    ahead = [r for r in found if r.event.ends_at >= now]
    context = {
        "ahead": [(r, secret_for(r, email)) for r in ahead],
        "past": [(r, secret_for(r, email)) for r in reversed(found) if r.event.ends_at < now],
        "among_members": _open_to(request.user, besides=found, at=now),
        "section": "me",
    }
    return render(request, "registrations/me.html", context)


def _open_to(person: "Visitor", *, besides: list[Registration], at: datetime.datetime) -> list[Event]:
    """The members' events that take registrations now, and where this person has no place yet."""
    booked = {registration.event_id for registration in besides if not registration.cancelled_at}
    ahead = events_for_members(person).filter(ends_at__gte=at).select_related("venue")
    return [event for event in ahead if event.pk not in booked and event.is_registration_open(at=at)]
