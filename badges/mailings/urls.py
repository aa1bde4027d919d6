"""Addresses."""

from typing import Any

from django.urls import path, re_path
from django.utils.translation import gettext_lazy as _

from convention.routes import OrganizerPage

from .views import log, mailings, reminders, samples, unsubscribe

MAIL = "organize/<slug:event>/mail"
ONE = f"{MAIL}/<int:pk>"

pages: list[Any] = [
    path(f"{MAIL}/", mailings.mailings, name="organize-mail"),
    path(f"{MAIL}/new/", mailings.new_mailing, name="organize-mailing-new"),
    path(f"{MAIL}/reminders/", reminders.reminders, name="organize-mail-reminders"),
    path(f"{MAIL}/bounces/", log.bounces, name="organize-mail-bounces"),
    path(f"{MAIL}/bounces/<slug:reference>/right/", log.right_address, name="organize-mail-bounce-right"),
    path(f"{ONE}/", mailings.mailing, name="organize-mailing"),
    path(f"{ONE}/edit/", mailings.edit_mailing, name="organize-mailing-edit"),
    path(f"{ONE}/preview/", samples.sample, name="organize-mailing-preview"),
    path(f"{ONE}/preview.html", samples.sample_html, name="organize-mailing-preview-html"),
    path(f"{ONE}/test/", samples.test, name="organize-mailing-test"),
    path(f"{ONE}/send/", mailings.send_now, name="organize-mailing-send"),
    path(f"{ONE}/schedule/", mailings.send_later, name="organize-mailing-schedule"),
    path(f"{ONE}/cancel/", mailings.cancel_mailing, name="organize-mailing-cancel"),
    path(f"{ONE}/resume/", mailings.resume_mailing, name="organize-mailing-resume"),
    path(f"{ONE}/copy/", mailings.copy_mailing, name="organize-mailing-copy"),
    path(f"{ONE}/remove/", mailings.remove_mailing, name="organize-mailing-remove"),
    path(f"{ONE}/log/", log.log, name="organize-mailing-log"),
    re_path(
        r"^organize/(?P<event>[-\w]+)/mail/(?P<pk>[0-9]{1,18})/log\.(?P<kind>csv|xlsx)$",
        log.log_file,
        name="organize-mailing-log-file",
    ),
    path(f"{ONE}/log/<int:recipient>/came-back/", log.came_back, name="organize-mailing-came-back"),
    path("news/stop/<str:token>/", unsubscribe.unsubscribe, name="unsubscribe"),
]
organizer_pages = [OrganizerPage("organize-mail", _("Mail"), 45)]
