"""Organizers' pages: the packages of an event."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from convention.errors import InvalidFields
from convention.events.doors import event_to_organize
from convention.events.models import Event

from ...models import Package
from ..doors import package_to_organize
from ..forms.packages import PackageForm
from ..packages import remove_package, save_package


@require_GET
def packages(request: HttpRequest, event: str) -> HttpResponse:
    """All packages, with how many are taken."""
    found = event_to_organize(event, request.user)
    rows = list(found.packages.select_related("pass_ticket", "badge_ticket"))
    context = {"event": found, "section": "organize", "packages": rows}
    return render(request, "sponsors/organize_packages.html", context)


@require_http_methods(["GET", "POST"])
def new_package(request: HttpRequest, event: str) -> HttpResponse:
    """Add one."""
    found = event_to_organize(event, request.user)
    return _edit(request, found, Package(event=found, position=found.packages.count() * 10))


@require_http_methods(["GET", "POST"])
def package(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Change one."""
    found, one = package_to_organize(event, slug, request.user)
    return _edit(request, found, one)


def _edit(request: HttpRequest, event: Event, one: Package) -> HttpResponse:
    title = one.title if one.pk else ""
    form = PackageForm(request.POST or None, instance=one, event=event)
    if request.method == "POST" and form.is_valid():
        try:
            save_package(package=form.row(), changed=form.changed_fields)
        except InvalidFields as error:
            form.add_error("capacity", error.fields["capacity"])
        else:
            messages.success(request, _("The package is saved."))
            return redirect("organize-packages", event.slug)
    context = {"event": event, "section": "organize", "form": form, "package": one, "title": title}
    return render(request, "sponsors/organize_package.html", context)


@require_POST
def remove(request: HttpRequest, event: str, slug: str) -> HttpResponse:
    """Remove one that nobody took."""
    _event, one = package_to_organize(event, slug, request.user)
    remove_package(package=one)
    messages.success(request, _("The package is removed."))
    return redirect("organize-packages", event)
