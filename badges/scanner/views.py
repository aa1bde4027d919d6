"""The scanner's page, its service worker and its manifest. None says anything about anyone."""

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


@cache_control(no_cache=True)
@require_safe
def scan(request: "HttpRequest") -> HttpResponse:
    """The scanner, open to all: what it shows comes with the token of a paired device."""
    return HttpResponse(shell.page(translation.get_language() or "fr"))


@cache_control(no_cache=True)
@require_safe
def worker(request: "HttpRequest") -> HttpResponse:
    """The service worker, which looks after the page in both languages."""
    response = HttpResponse(shell.worker(), content_type="text/javascript; charset=utf-8")
    response["Service-Worker-Allowed"] = "/"
    return response


@cache_control(no_cache=True)
@require_safe
def manifest(request: "HttpRequest") -> HttpResponse:
    """What a phone needs to put the scanner on its home screen."""
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
        "id": "/scan/",
        "name": _("Convention scanner"),
        "short_name": _("Scanner"),
        "description": _("Scan badges at the door, also without a network."),
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
