"""Tags of pages about visits."""

from typing import Any

from django import template

from ..doors import may_read_identities

register = template.Library()


@register.simple_tag(takes_context=True)
def keeps_lists(context: template.Context, visit: Any) -> bool:
    """Whether the reader may see lists of visitors: the secretary may, an organizer of the event may not."""
    return may_read_identities(context["request"].user, visit)
