from typing import Any

from django.urls import path

from . import organizer_views, views

OWN_PATH = "orders/<slug:reference>/<slug:secret>/<slug:person>/certificates"
EVENT_PATH = "organize/<slug:event>/attendance/certificates"

pages: list[Any] = [
    path("certificates/", views.certificate_search, name="certificate-search"),
    path("certificates/<slug:code>/", views.certificate_detail, name="certificate"),
    path(f"{OWN_PATH}/", views.own_certificates, name="order-certificates"),
    path(f"{OWN_PATH}/event.pdf", views.own_event_certificate, name="order-certificate"),
    path(f"{OWN_PATH}/<uuid:guid>.pdf", views.own_session_certificate, name="order-session-certificate"),
    path(f"{EVENT_PATH}/", organizer_views.certificate_list, name="organize-certificates"),
    path(f"{EVENT_PATH}/print/", organizer_views.certificates_print, name="organize-certificates-print"),
    path(f"{EVENT_PATH}/<slug:code>/", organizer_views.certificate_scans, name="organize-certificate"),
    path(f"{EVENT_PATH}/<slug:code>.pdf", organizer_views.certificate_pdf, name="organize-certificate-pdf"),
    path(
        f"{EVENT_PATH}/<slug:code>/withdraw/",
        organizer_views.certificate_withdraw,
        name="organize-certificate-withdraw",
    ),
]
