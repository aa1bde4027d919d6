from typing import Any

from django.urls import path

from . import organizer_views, views

OWN = "orders/<slug:reference>/<slug:secret>/<slug:person>/certificates"
ORGANIZED = "organize/<slug:event>/attendance/certificates"

pages: list[Any] = [
    path("certificates/", views.certificate_search, name="certificate-search"),
    path("certificates/<slug:code>/", views.certificate_detail, name="certificate"),
    path(f"{OWN}/", views.own_certificates, name="order-certificates"),
    path(f"{OWN}/event.pdf", views.own_event_certificate, name="order-certificate"),
    path(f"{OWN}/<uuid:guid>.pdf", views.own_session_certificate, name="order-session-certificate"),
    path(f"{ORGANIZED}/", organizer_views.certificate_list, name="organize-certificates"),
    path(f"{ORGANIZED}/print/", organizer_views.certificates_print, name="organize-certificates-print"),
    path(f"{ORGANIZED}/<slug:code>/", organizer_views.certificate_scans, name="organize-certificate"),
    path(f"{ORGANIZED}/<slug:code>.pdf", organizer_views.certificate_pdf, name="organize-certificate-pdf"),
    path(
        f"{ORGANIZED}/<slug:code>/withdraw/",
        organizer_views.certificate_withdraw,
        name="organize-certificate-withdraw",
    ),
]
