"""Base of the club's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _

from convention import hooks
from convention.club.change_employer import (
    PersonRoles,
    describe_missing_contacts,
    describe_roles_to_replace,
    describe_vacant_roles,
    list_represented_memberships,
)
from convention.club.models import Person
from convention.text.dates import format_date

ROWS_PER_PAGE: Final = 60


def render_club_page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, f"organize/club/{template}", {"section": "directory", **context})


@dataclass(frozen=True)
class EndQuestion:
    """The question before a seat or a role ends, with what follows from it and the page to return to."""

    title: str
    heading: str
    effects: Sequence[str]
    back_label: str
    back_path: str
    # The entry of `tabs.html` that the page belongs to.
    tab: str = "companies"


def render_end_question(request: HttpRequest, question: EndQuestion, **context: Any) -> HttpResponse:
    """Ask before something ends; the form posts to the same address, which then ends it."""
    return render_club_page(request, "end_question.html", question=question, **context)


def warn_of_roles_to_replace(
    request: HttpRequest, person: Person, *, former_roles: PersonRoles | None = None
) -> None:
    """Name the roles that a person who leaves a company has left vacant, or still has in memberships.

    `former_roles` are the person's roles before the change; without them only the latter are named.
    """
    for company, sentence in describe_missing_contacts(former_roles) if former_roles else []:
        path = reverse("club-company", args=[company.slug])
        link = format_html('<a href="{}#contacts">{}</a>', path, _("Appoint a contact"))
        messages.warning(request, format_html("{} {}", sentence, link))
    for membership, sentence in describe_vacant_roles(former_roles.membership_roles if former_roles else []):
        label = _("Choose someone in the membership that began on %(day)s")
        if membership.starts_on > timezone.localdate():
            label = _("Choose someone in the membership that begins on %(day)s")
        path = reverse("club-membership", args=[membership.company.slug, membership.pk])
        link = format_html('<a href="{}">{}</a>', path, label % {"day": format_date(membership.starts_on)})
        messages.warning(request, format_html("{} {}", sentence, link))
    memberships = list_represented_memberships(person)
    for sentence in describe_roles_to_replace(memberships, person=person):
        messages.warning(request, sentence)


def warn_of_visits_to_decide(request: HttpRequest, person: Person) -> None:
    """Name the visits on which the person lost what the place depends on, with links to decide."""
    providers = hooks.person_participations.providers()
    rows = [row for provider in providers for row in provider(person, request.user) if row.needs_decision]
    rows.sort(key=lambda row: row.event.starts_at)
    if rows:
        links = format_html_join(", ", '<a href="{}">{}</a>', ((row.path, row.event.title) for row in rows))
        sentence = _("Decide whether %(name)s keeps the place on:") % {"name": person}
        messages.warning(request, format_html("{} {}", sentence, links))
