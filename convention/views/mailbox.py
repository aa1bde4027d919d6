"""/dev/mail/: every mail that would have been sent; in development, for this machine and administrators."""

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from .. import downloads
from ..errors import NotFound
from ..mail_files import kept_mail, kept_mails
from .development import development_only

if TYPE_CHECKING:
    from django.http import HttpRequest

# A mail brings its own styles and nothing else: no script, no forms, no outside pictures.
MAIL_POLICY: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": ["data:"],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"],
}

SITE_POLICY: dict[str, Any] = settings.SECURE_CSP


@development_only
@require_safe
def mails(request: "HttpRequest") -> "HttpResponse":
    """The latest first."""
    return render(request, "dev/mails.html", {"mails": kept_mails()})


@development_only
@require_safe
@csp_override({**SITE_POLICY, "frame-src": [CSP.SELF]})
def mail(request: "HttpRequest", file: str, number: int) -> "HttpResponse":
    """One mail with its headers, both versions and attachments."""
    return render(request, "dev/mail.html", {"mail": kept_mail(file, number)})


@development_only
@require_safe
@xframe_options_sameorigin
@csp_override(MAIL_POLICY)
def mail_html(_request: "HttpRequest", file: str, number: int) -> "HttpResponse":
    """The HTML version as a mail program would show it."""
    return HttpResponse(kept_mail(file, number).html)


@development_only
@require_safe
def attachment(_request: "HttpRequest", file: str, number: int, position: int) -> "HttpResponse":
    """One attachment, to keep."""
    parts = kept_mail(file, number).attachments
    if position >= len(parts):
        raise NotFound(_("This e-mail has no such attachment."))
    part = parts[position]
    return downloads.attachment(part.content, name=part.name, mimetype=part.content_type)
