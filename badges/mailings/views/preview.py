"""Organizers' pages: preview a mailing and send a test."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.csp import CSP
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_POST, require_safe

from badges.mailings.composing.audience import build_audience
from badges.mailings.composing.preview import list_preview_names, queue_test_mail, write_preview_mail
from badges.mailings.forms import PreviewForm
from badges.mailings.models import Mailing
from badges.mailings.permissions import get_mailing_to_organize
from convention.club.models import Person
from convention.mail.messages import render_mail_message

# Only inline styles are allowed: no scripts, images or forms, and links cannot replace the outer page.
MAIL_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups"],
}
SITE_POLICY: dict[str, Any] = settings.SECURE_CSP


def _read_preview_choice(query: QueryDict, mailing: Mailing, first: str = "") -> dict[str, str]:
    """Return the chosen language and registration; by default the reader's language and `first`."""
    active = get_language() or ""
    default = active if active in mailing.languages else next(iter(mailing.languages), active)
    # 13 characters are the length of a reference.
    reference = query.get("reference", "")[:13] or first
    return {"language": query.get("language") or default, "reference": reference}


@require_safe
@csp_override({**SITE_POLICY, "frame-src": [CSP.SELF]})
def mailing_preview(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    names = list_preview_names(build_audience(mailing))
    chosen = _read_preview_choice(request.GET, mailing, names[0][0] if names else "")
    form = PreviewForm(initial=chosen, names=names, languages=mailing.languages)
    context: dict[str, Any] = {
        "event": mailing.event,
        "section": "organize",
        "mailing": mailing,
        "form": form,
    }
    if mailing.languages and names:
        message = write_preview_mail(mailing, **chosen)
        context |= {"message": message, "text": render_mail_message(message)[0], "chosen": chosen}
    return render(request, "mailings/preview.html", context)


@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_POLICY)
def mailing_preview_html(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Return the HTML alone, for the frame of the preview."""
    mailing = get_mailing_to_organize(event, pk, request.user)
    message = write_preview_mail(mailing, **_read_preview_choice(request.GET, mailing))
    return HttpResponse(render_mail_message(message)[1], headers={"Cache-Control": "private, no-store"})


@require_POST
def mailing_test(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    mailing = get_mailing_to_organize(event, pk, request.user)
    assert isinstance(request.user, Person)
    address = queue_test_mail(
        mailing=mailing, person=request.user, **_read_preview_choice(request.POST, mailing)
    )
    messages.success(request, _("The test is being sent to %(email)s.") % {"email": address})
    return redirect("organize-mailing", event, pk)
