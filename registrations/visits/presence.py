"""Who was at a visit, as the doors saw it."""

from .models import Application, Visit
from .standing import presence_of


def were_there(visit: Visit) -> list[Application]:
    """The applications of those who arrived, in the order of names."""
    rows = Application.objects.filter(visit=visit, registration__in=list(presence_of(visit.event)))
    people = rows.select_related("registration__order", "person")
    return list(people.order_by("registration__sort_name", "pk"))


def was_there(application: Application) -> bool:
    """Whether this one arrived."""
    return application.registration_id in presence_of(application.visit.event)
