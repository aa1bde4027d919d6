"""Families of companies: who stands above one. A circle, should there be one, is walked once."""

from .models import Company


def above(company: Company) -> list[Company]:
    """The parent, its parent and so on, the nearest first."""
    found: list[Company] = []
    seen = {company.pk}
    parent = company.parent
    while parent is not None and parent.pk not in seen:
        seen.add(parent.pk)
        found.append(parent)
        parent = parent.parent
    return found
