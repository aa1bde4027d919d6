"""Counters that rise by a statement of their own, which saving a row must never turn back."""

from typing import Any

from django.db.models import Model


def all_but(counter: str, *, of: Model, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of `save` for a row: all columns but the counter, unless columns are named."""
    if of._state.adding or given.get("update_fields") is not None or given.get("force_insert"):
        return given
    names = [field.name for field in of._meta.concrete_fields if not field.primary_key]
    return given | {"update_fields": [name for name in names if name != counter]}
