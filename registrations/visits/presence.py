"""Presence at a visit according to the scans."""

from .applications.state import load_presence
from .models import Application, Visit


def list_present_visitors(visit: Visit) -> list[Application]:
    """Return the applications of those who arrived, by name."""
    # Not `confirmed()`: people who came although their place was taken back count as present.
    rows = Application.objects.filter(visit=visit, registration__in=list(load_presence(visit.event)))
    applications = rows.select_related("registration__order", "person")
    return list(applications.order_by("registration__sort_name", "pk"))


def was_present(application: Application) -> bool:
    return application.registration_id in load_presence(application.visit.event)
