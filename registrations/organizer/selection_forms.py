"""Read the selection that the organizers' list sends to the page of an action on several registrations."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache

from convention.errors import ConventionError
from convention.events.models import Event
from convention.events.permissions import get_event_to_organize
from convention.web.routing import require_safe_or_post
from registrations.changes.selections import (
    InvalidSelection,
    RegistrationSelection,
    select_matching,
    select_references,
)

from .registration_list import RegistrationFilter

MAX_FILTER_LENGTH = 3_000
MAX_PAGE_LENGTH = 300
MAX_TICKS_RESTORED = 50

type SelectionView = Callable[[HttpRequest, RegistrationSelection], HttpResponseBase]


class ReferencesField(forms.Field):
    """References, one or several in each value: check boxes send one each, later pages all in one."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: list[str] | None) -> list[str]:
        words = " ".join(value or []).split()
        # Databases refuse some characters, and references consist of ASCII letters and digits only.
        return [word for word in words if word.isascii() and word.isalnum()]


class SelectionForm(forms.Form):
    """The ticked registrations, or with `all` everything that matches the filter of the list."""

    selected = ReferencesField()
    all = forms.BooleanField(required=False)
    filter = forms.CharField(required=False, max_length=MAX_FILTER_LENGTH)

    def __init__(self, *args: Any, event: Event, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.event = event

    def clean(self) -> dict[str, Any]:
        """Find the registrations."""
        data = super().clean() or {}
        try:
            data["selection"] = self._select(data)
        except ConventionError as error:
            raise ValidationError(str(error)) from error
        return data

    def _select(self, data: dict[str, Any]) -> RegistrationSelection:
        if not data.get("all"):
            return select_references(self.event, data["selected"])
        matching = RegistrationFilter.from_query(self.query).find_registrations(self.event)
        return select_matching(self.event, matching)

    @property
    def query(self) -> QueryDict:
        """Return the query string of the list."""
        return QueryDict(self.data.get("filter", "")[:MAX_FILTER_LENGTH])

    def make_list_query(self) -> QueryDict:
        """Return the query string of the list with the page and the ticks from which this form was sent."""
        query = self.query.copy()
        if page := self.data.get("page", "")[:MAX_PAGE_LENGTH]:
            query["page"] = page
        if self.data.get("all"):
            query["select"] = "all"
        # One page's ticks: a longer selection would make a longer address than servers accept.
        elif selected := ReferencesField().clean(self["selected"].data)[:MAX_TICKS_RESTORED]:
            query["selected"] = " ".join(selected)
        return query


def with_selection(view: SelectionView) -> Callable[[HttpRequest, str], HttpResponseBase]:
    """Call the view with the selection of an event that the person organizes; else return to the list.

    The list then has its filter and selection again, also where the view raises InvalidSelection.

    A page of a selection exists for POST only. A GET, for example after a change of language, is redirected
    to the list.
    """

    @never_cache
    @require_safe_or_post
    @wraps(view)
    def select_and_view(request: HttpRequest, event: str) -> HttpResponseBase:
        event_obj = get_event_to_organize(event, request.user)
        if request.method != "POST":
            return redirect("organize-registrations", event)
        form = SelectionForm(request.POST, event=event_obj)
        try:
            if form.is_valid():
                selection = form.cleaned_data["selection"]
                return view(request, replace(selection, list_query=form.query.urlencode()))
        except InvalidSelection as error:
            form.add_error(None, str(error))
        for sentence in dict.fromkeys(text for texts in form.errors.values() for text in texts):
            messages.error(request, str(sentence))
        query = form.make_list_query().urlencode()
        return redirect(f"{reverse('organize-registrations', args=[event])}{query and '?'}{query}")

    return select_and_view
