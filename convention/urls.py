"""All addresses: pages in two languages, the API and what stands outside languages.

Each app's `urls.py` names its `pages` (French without prefix, English under /en/), its `endpoints`
(beneath /api/v1/) and, where it has some, its `plain` ones without language.
"""

from allauth.account.decorators import secure_admin_login
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from .routes import named
from .views import components, home, mailbox, site

# One sign-in for all: with its limits, and by code.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as Django says

admin.site.site_header = admin.site.site_title = "Convention"

urlpatterns = [
    re_path(r"^accent/(?P<colour>[0-9a-f]{6})\.css$", site.accent, name="accent"),
    path("language/", site.choose_language, name="choose-language"),
    path("api/v1/", include(named("endpoints"))),
    path("dev/mail/<str:file>/<int:number>/html/", mailbox.mail_html, name="dev-mail-html"),
    path("dev/mail/<str:file>/<int:number>/<int:position>/", mailbox.attachment, name="dev-mail-attachment"),
    *named("plain"),
    *i18n_patterns(
        path("", home.home, name="home"),
        path("dev/mail/", mailbox.mails, name="dev-mails"),
        path("dev/mail/<str:file>/<int:number>/", mailbox.mail, name="dev-mail"),
        path("organize/components/", components.components, name="components"),
        path("accounts/", include("allauth.account.urls")),
        path("back-office/", admin.site.urls),
        *named("pages"),
        prefix_default_language=False,
    ),
]

handler400 = "convention.views.site.bad_request"
handler404 = "convention.views.site.not_found"
handler500 = "convention.views.site.server_error"
