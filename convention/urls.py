"""All addresses: pages in two languages, the API, and addresses without language.

Each app's `urls.py` has its `pages` (French without prefix, English under /en/), its `endpoints` (under
/api/v1/) and, if it has some, its `unlocalized_pages`.
"""

from allauth.account.decorators import secure_admin_login
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path, re_path

from .views import components, home, mailbox, site_pages
from .web.routing import collect_url_items

# Django's admin must not have its own sign-in, without limits and second factor.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # as Django says

admin.site.site_header = admin.site.site_title = "Convention"

urlpatterns = [
    re_path(r"^accent/(?P<colour>[0-9a-f]{6})\.css$", site_pages.accent_stylesheet, name="accent"),
    path("language/", site_pages.choose_language, name="choose-language"),
    path("api/v1/", include(collect_url_items("endpoints"))),
    path("dev/mail/<str:file>/<int:number>/html/", mailbox.mail_html, name="dev-mail-html"),
    path(
        "dev/mail/<str:file>/<int:number>/<int:position>/",
        mailbox.mail_attachment,
        name="dev-mail-attachment",
    ),
    *collect_url_items("unlocalized_pages"),
    *i18n_patterns(
        path("", home.home_page, name="home"),
        path("start/", home.landing_page, name="landing"),
        path("dev/mail/", mailbox.mail_list, name="dev-mails"),
        path("dev/mail/<str:file>/<int:number>/", mailbox.mail_detail, name="dev-mail"),
        path("organize/components/", components.component_list, name="components"),
        path("accounts/", include("allauth.account.urls")),
        path("back-office/", admin.site.urls),
        *collect_url_items("pages"),
        prefix_default_language=False,
    ),
]

handler400 = "convention.views.site_pages.bad_request"
handler404 = "convention.views.site_pages.page_not_found"
handler500 = "convention.views.site_pages.server_error"
