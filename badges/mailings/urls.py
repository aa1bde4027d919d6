from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from .views import log, mailings, preview, reminders, unsubscribe

MAIL = "organize/<slug:event>/mail"
MAILING = f"{MAIL}/<int:pk>"

pages: list[Any] = [
    path(f"{MAIL}/", mailings.mailing_list, name="organize-mail"),
    path(f"{MAIL}/new/", mailings.mailing_create, name="organize-mailing-new"),
    path(f"{MAIL}/selection/", mailings.mailing_to_selection, name="organize-selection-mail"),
    path(f"{MAIL}/reminders/", reminders.reminders_edit, name="organize-mail-reminders"),
    path(f"{MAIL}/bounces/", log.bounced_address_list, name="organize-mail-bounces"),
    path(
        f"{MAIL}/bounces/<slug:reference>/right/",
        log.bounced_address_clear,
        name="organize-mail-bounce-right",
    ),
    path(f"{MAILING}/", mailings.mailing_detail, name="organize-mailing"),
    path(f"{MAILING}/edit/", mailings.mailing_edit, name="organize-mailing-edit"),
    path(f"{MAILING}/preview/", preview.mailing_preview, name="organize-mailing-preview"),
    path(f"{MAILING}/preview.html", preview.mailing_preview_html, name="organize-mailing-preview-html"),
    path(f"{MAILING}/test/", preview.mailing_test, name="organize-mailing-test"),
    path(f"{MAILING}/send/", mailings.mailing_send, name="organize-mailing-send"),
    path(f"{MAILING}/schedule/", mailings.mailing_schedule, name="organize-mailing-schedule"),
    path(f"{MAILING}/cancel/", mailings.mailing_cancel, name="organize-mailing-cancel"),
    path(f"{MAILING}/resume/", mailings.mailing_resume, name="organize-mailing-resume"),
    path(f"{MAILING}/copy/", mailings.mailing_copy, name="organize-mailing-copy"),
    path(f"{MAILING}/remove/", mailings.mailing_remove, name="organize-mailing-remove"),
    path(f"{MAILING}/log/", log.mailing_log, name="organize-mailing-log"),
    re_path(
        r"^organize/(?P<event>[-\w]+)/mail/(?P<pk>[0-9]{1,18})/log\.(?P<kind>csv|xlsx)$",
        log.mailing_log_file,
        name="organize-mailing-log-file",
    ),
    path(
        f"{MAILING}/log/<int:recipient>/came-back/", log.recipient_bounce, name="organize-mailing-came-back"
    ),
    path("news/stop/<str:token>/", unsubscribe.unsubscribe_page, name="unsubscribe"),
]
organizer_pages = [OrganizerPage("organize-mail", _("E-mails"), 45, PageGroup.COMMUNICATION)]
