"""The page on which the secretary asks the administrators to change a person's address."""

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache

from convention.club.models import Person
from convention.club.people import find_address_holder, find_address_objection, refuse_erased_person
from convention.club.permissions import require_directory_manager
from convention.club.views.base import render_club_page
from convention.errors import InvalidFields
from convention.web.routing import require_safe_or_post

from .forms import NewAddressForm, parse_address
from .mails import list_recipients
from .requests import AdministratorsAskedMeanwhile, NoAdministrator, ask_administrators

if TYPE_CHECKING:
    from django.http import HttpRequest


@never_cache
@require_safe_or_post
def address_request(request: "HttpRequest", person_id: int) -> HttpResponse:
    """Show who gets the e-mail; a POST sends it. Readers who may change the address are redirected."""
    actor = require_directory_manager(request.user)
    person = get_object_or_404(Person, pk=person_id)
    refuse_erased_person(person)
    if person.pk == actor.pk or not find_address_objection(person, actor):
        email = parse_address(request.POST if request.method == "POST" else request.GET)
        path = reverse("club-person-edit", args=[person_id])
        return redirect(f"{path}?{urlencode({'email': email})}" if email else path)
    form = NewAddressForm(request.POST or None, person=person)
    if request.method == "POST" and form.is_valid():
        try:
            level, sentence = send_request(form, person=person, actor=actor)
        except InvalidFields as error:
            form.add_errors(error.field_errors)
        else:
            messages.add_message(request, level, sentence)
            return redirect("club-person", person_id)
    holder = find_address_holder(request.POST.get("email", "")) if "email" in form.errors else None
    context = {
        "person": person,
        "objection": find_address_objection(person, actor),
        "recipients": list_recipients(person),
        "holder": holder,
    }
    return render_club_page(request, "address_request.html", address_form=form, **context)


def send_request(form: NewAddressForm, *, person: Person, actor: Person) -> tuple[int, str]:
    """Ask for the valid form's address; return a message on who gets the e-mail. Raise InvalidFields."""
    values = form.cleaned_data
    try:
        count = ask_administrators(
            person=person, email=values["email"], actor=actor, last_entry_id=values["last_entry"]
        )
    except (AdministratorsAskedMeanwhile, NoAdministrator) as error:
        return messages.ERROR, str(error)
    sentence = ngettext(
        "%(count)d administrator will receive your e-mail about the new address.",
        "%(count)d administrators will receive your e-mail about the new address.",
        count,
    )
    return messages.SUCCESS, sentence % {"count": count}
