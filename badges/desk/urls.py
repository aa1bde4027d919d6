from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _

from convention.web.routing import OrganizerPage, PageGroup

from .views import badge_prints, guests, mistakes, offline, payments, search, walk_in

GUEST = "desk/<slug:event>/guests/<slug:reference>"

pages: list[Any] = [
    path("desk/", search.desk_list, name="desks"),
    path("desk/<slug:event>/", search.desk_search, name="desk"),
    path("desk/<slug:event>/numbers/", search.desk_numbers, name="desk-numbers"),
    path("desk/<slug:event>/walk-in/", walk_in.walk_in_create, name="desk-walk-in"),
    path("desk/<slug:event>/devices/", offline.desk_device_list, name="desk-devices"),
    path("desk/<slug:event>/devices/<int:pk>/revoke/", offline.offline_revoke, name="desk-device-revoke"),
    path("desk/<slug:event>/offline/session/", offline.offline_session, name="desk-session"),
    path("desk/<slug:event>/offline/enable/", offline.offline_enable, name="desk-enable"),
    path("desk/<slug:event>/offline/contact/", offline.offline_contact, name="desk-contact"),
    path("desk/<slug:event>/offline/sync/", offline.offline_sync, name="desk-sync"),
    path("desk-app/", offline.offline_page, name="desk-offline"),
    path("desk-app/manifest.webmanifest", offline.offline_manifest, name="desk-manifest"),
    path(f"{GUEST}/", guests.guest_detail, name="desk-guest"),
    path(f"{GUEST}/check-in/", guests.guest_check_in, name="desk-check-in"),
    path(f"{GUEST}/undo/", guests.guest_undo, name="desk-undo"),
    path(f"{GUEST}/note/", guests.guest_note, name="desk-note"),
    path(f"{GUEST}/correct/", guests.guest_correct, name="desk-correct"),
    path(f"{GUEST}/language/", guests.guest_language, name="desk-language"),
    path(f"{GUEST}/substitute/", guests.guest_substitute, name="desk-substitute"),
    path(f"{GUEST}/confirm/", guests.order_vouch, name="desk-confirm"),
    path(f"{GUEST}/cancel/", mistakes.walk_in_cancel, name="desk-cancel"),
    path(f"{GUEST}/answers/", walk_in.walk_in_answers, name="desk-answers"),
    path(f"{GUEST}/badge/", badge_prints.guest_badge, name="desk-badge"),
    path(f"{GUEST}/payment/", payments.guest_payment, name="desk-payment"),
    path(f"{GUEST}/invoice/", payments.guest_invoice, name="desk-invoice"),
    path(f"{GUEST}/payments/<int:pk>/undo/", mistakes.payment_undo, name="desk-payment-undo"),
    path(f"{GUEST}/receipts/<int:pk>.pdf", payments.payment_receipt, name="desk-receipt"),
]
endpoints: list[Any] = []
unlocalized_pages: list[Any] = [path("desk-app/sw.js", offline.offline_worker, name="desk-worker")]
organizer_pages = [OrganizerPage("desk", _("Desk"), 55, PageGroup.ON_SITE, is_for_desk=True)]
