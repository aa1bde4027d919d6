"""Organizers’ pages: a mailing as a real recipient would get it."""

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

from convention.club.models import Person
from convention.mail import shown

from ..audience import audience_of
from ..doors import mailing_to_organize
from ..forms import SampleForm
from ..models import Mailing
from ..sample import names_of, sample_letter, send_test

# A mail brings its own styles and nothing else, not even links that lead out of its frame.
MAIL_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups"],
}
SITE_POLICY: dict[str, Any] = settings.SECURE_CSP


def _chosen(query: QueryDict, mailing: Mailing, first: str = "") -> dict[str, str]:
    """The language and the person asked for; the reader’s own language and the first where none is named."""
    spoken = get_language() or ""
    usual = spoken if spoken in mailing.languages else next(iter(mailing.languages), spoken)
    reference = query.get("reference", "")[:13] or first
    return {"language": query.get("language") or usual, "reference": reference}


@require_safe
@csp_override({**SITE_POLICY, "frame-src": [CSP.SELF]})
def sample(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Subject, text and HTML for one recipient."""
    one = mailing_to_organize(event, pk, request.user)
    names = names_of(audience_of(one))
    chosen = _chosen(request.GET, one, names[0][0] if names else "")
    form = SampleForm(initial=chosen, names=names, languages=one.languages)
    context: dict[str, Any] = {"event": one.event, "section": "organize", "mailing": one, "form": form}
    if one.languages and names:
        letter = sample_letter(one, **chosen)
        context |= {"letter": letter, "text": shown(letter)[0], "chosen": chosen}
    return render(request, "mailings/sample.html", context)


@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_POLICY)
def sample_html(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """The HTML alone, for the frame."""
    one = mailing_to_organize(event, pk, request.user)
    letter = sample_letter(one, **_chosen(request.GET, one))
    return HttpResponse(shown(letter)[1], headers={"Cache-Control": "private, no-store"})


@require_POST
def test(request: HttpRequest, event: str, pk: int) -> HttpResponse:
    """Send it to oneself."""
    one = mailing_to_organize(event, pk, request.user)
    assert isinstance(request.user, Person)
    address = send_test(mailing=one, to=request.user, **_chosen(request.POST, one))
    messages.success(request, _("The test is on its way to %(email)s.") % {"email": address})
    return redirect("organize-mailing", event, pk)
