"""Tags of pages about visitor lists."""

from typing import Any

from django import template

from registrations.visits.permissions import can_read_identities

register = template.Library()


@register.simple_tag(takes_context=True)
def can_see_lists(context: template.Context, visit: Any) -> bool:
    """Return whether the reader may see visitor lists; organizers of the event may not."""
    return can_read_identities(context["request"].user, visit)
