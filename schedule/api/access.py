"""The base of all endpoints for organizers' programs: scopes, the event, its draft."""

from rest_framework.permissions import SAFE_METHODS, IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from convention.api.models import ApiToken
from convention.api.scopes import HasScope
from convention.club.models import Person
from convention.club.permissions import require_signed_in
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize


class PlanningView(APIView):
    """Base of the endpoints for organizers: `schedule:read` to read, `schedule:write` for the rest."""

    permission_classes = (IsAuthenticated, HasScope)
    request: Request

    @property
    def required_scope(self) -> ApiToken.Scope:
        is_reading = self.request.method in SAFE_METHODS
        return ApiToken.Scope.SCHEDULE_READ if is_reading else ApiToken.Scope.SCHEDULE_WRITE


def open_event(request: Request, slug: str) -> tuple[Event, Person]:
    """Return the event and the token's owner, who organizes it. Raise NotFound or Forbidden."""
    person = require_signed_in(request.user)
    return get_event_to_organize(slug, person), person
