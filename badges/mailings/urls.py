from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from .permissions import can_send_mailings
from .views import applicants, log, mailings, preview, reminders, unsubscribe

MAIL_PATH = "organize/<slug:event>/mail"
MAILING_PATH = f"{MAIL_PATH}/<int:pk>"

pages: list[Any] = [
    path(f"{MAIL_PATH}/", mailings.mailing_list, name="organize-mail"),
    path(f"{MAIL_PATH}/new/", mailings.mailing_create, name="organize-mailing-new"),
    path(f"{MAIL_PATH}/dates/dismiss/", mailings.date_change_dismiss, name="organize-date-change-dismiss"),
    path(f"{MAIL_PATH}/selection/", mailings.mailing_to_selection, name="organize-selection-mail"),
    path(f"{MAIL_PATH}/applicants/", applicants.mailing_to_applicants, name="organize-applicants-mail"),
    path(f"{MAIL_PATH}/reminders/", reminders.reminders_edit, name="organize-mail-reminders"),
    path(f"{MAIL_PATH}/bounces/", log.bounced_address_list, name="organize-mail-bounces"),
    path(
        f"{MAIL_PATH}/bounces/<slug:reference>/right/",
        log.bounced_address_clear,
        name="organize-mail-bounce-right",
    ),
    path(f"{MAILING_PATH}/", mailings.mailing_detail, name="organize-mailing"),
    path(f"{MAILING_PATH}/edit/", mailings.mailing_edit, name="organize-mailing-edit"),
    path(f"{MAILING_PATH}/preview/", preview.mailing_preview, name="organize-mailing-preview"),
    path(f"{MAILING_PATH}/preview.html", preview.mailing_preview_html, name="organize-mailing-preview-html"),
    path(f"{MAILING_PATH}/test/", preview.mailing_test, name="organize-mailing-test"),
    path(f"{MAILING_PATH}/send/", mailings.mailing_send, name="organize-mailing-send"),
    path(f"{MAILING_PATH}/schedule/", mailings.mailing_schedule, name="organize-mailing-schedule"),
    path(f"{MAILING_PATH}/cancel/", mailings.mailing_cancel, name="organize-mailing-cancel"),
    path(f"{MAILING_PATH}/resume/", mailings.mailing_resume, name="organize-mailing-resume"),
    path(f"{MAILING_PATH}/copy/", mailings.mailing_copy, name="organize-mailing-copy"),
    path(f"{MAILING_PATH}/remove/", mailings.mailing_remove, name="organize-mailing-remove"),
    path(f"{MAILING_PATH}/log/", log.mailing_log, name="organize-mailing-log"),
    re_path(
        r"^organize/(?P<event>[-\w]+)/mail/(?P<pk>[0-9]{1,18})/log\.(?P<kind>csv|xlsx)$",
        log.mailing_log_file,
        name="organize-mailing-log-file",
    ),
    path(
        f"{MAILING_PATH}/log/<int:recipient>/came-back/",
        log.recipient_bounce,
        name="organize-mailing-came-back",
    ),
    path("news/stop/<str:token>/", unsubscribe.unsubscribe_page, name="unsubscribe"),
]
organizer_pages = [
    OrganizerPage("organize-mail", _("E-mails"), 45, PageGroup.COMMUNICATION, can_open=can_send_mailings)
]
