"""The scanner's page, service worker and manifest; none contains personal data, so all are public."""

from typing import TYPE_CHECKING

from django.http import HttpResponse, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from . import shell

if TYPE_CHECKING:
    from django.http import HttpRequest


# no_cache: a browser must check for a new version each time; offline, the service worker answers instead.
@cache_control(no_cache=True)
@require_safe
def scanner_page(request: "HttpRequest") -> HttpResponse:
    return HttpResponse(shell.render_page(translation.get_language() or "fr"))


@cache_control(no_cache=True)
@require_safe
def service_worker(request: "HttpRequest") -> HttpResponse:
    """Serve the service worker, whose scope covers the page in all languages."""
    response = HttpResponse(shell.render_service_worker(), content_type="text/javascript; charset=utf-8")
    # The script's own path would limit its scope to one language.
    response["Service-Worker-Allowed"] = "/"
    return response


@cache_control(no_cache=True)
@require_safe
def web_manifest(request: "HttpRequest") -> HttpResponse:
    """Serve the manifest, with which a phone puts the scanner on its home screen."""
    address = reverse("scan")
    icons = [
        {
            "src": static(f"scanner/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]
    content = {
        # One identity in both languages, although the start address differs: else a phone installs two apps.
        "id": "/scan/",
        "name": _("Convention scanner"),
        "short_name": _("Scanner"),
        "description": _("Scan badges at the door, even offline."),
        "lang": translation.get_language(),
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "background_color": "#101418",
        "theme_color": "#101418",
        "icons": icons,
    }
    return JsonResponse(
        content, content_type="application/manifest+json", json_dumps_params={"ensure_ascii": False}
    )
