"""Who came to a visit and when they left, asked of the storey above by its name in settings.PRESENCE."""

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from django.conf import settings
from django.utils.module_loading import import_string

from .models import Application, Visit

if TYPE_CHECKING:
    from convention.events.models import Event

type Stays = Mapping[int, tuple[datetime.datetime, datetime.datetime | None]]


def stays_at(event: "Event") -> Stays:
    """By registration: when each came in first, and left last; None for whoever has not left."""
    return cast("Stays", import_string(settings.PRESENCE)(event))


def were_there(visit: Visit) -> list[Application]:
    """The applications of those who arrived, in the order of names."""
    rows = Application.objects.filter(visit=visit, registration__in=list(stays_at(visit.event)))
    people = rows.select_related("registration__order", "person")
    return list(people.order_by("registration__last_name", "registration__first_name", "pk"))


def was_there(application: Application) -> bool:
    """Whether this one arrived."""
    return application.registration_id in stays_at(application.visit.event)
