"""Addresses."""

from typing import Any

from django.urls import path

from .views import host, identity, link, lists, words

RUN = "organize/<slug:event>/visit"
LISTS = f"{RUN}/lists"
HOST = "host/visits/<slug:event>"

pages: list[Any] = [
    # one's own identity
    path("visits/<slug:event>/identity/", identity.identity, name="visit-identity"),
    # the secretary's lists
    path(f"{LISTS}/", lists.lists, name="organize-visit-lists"),
    path(f"{LISTS}/make/", lists.make, name="organize-visit-list-make"),
    path(f"{LISTS}/<int:number>/", lists.version, name="organize-visit-list"),
    path(f"{LISTS}/<int:number>/send/", lists.send, name="organize-visit-list-send"),
    path(f"{LISTS}/<int:number>/revoke/", lists.revoke, name="organize-visit-list-revoke"),
    path(f"{RUN}/host/", lists.contacts, name="organize-visit-host"),
    path(f"{RUN}/host/<int:contact>/end/", lists.end_contact, name="organize-visit-host-end"),
    path(f"{RUN}/replace/<int:pk>/", words.replace, name="organize-visit-replace"),
    path(f"{RUN}/refuse/<int:pk>/", words.refuse, name="organize-visit-refuse"),
    path(f"{RUN}/approve/<int:pk>/", words.approve, name="organize-visit-approve"),
    # the host's own pages
    path("host/", host.home, name="host"),
    path("host/enter/<str:token>/", host.enter, name="host-enter"),
    path("host/sign-out/", host.leave, name="host-sign-out"),
    path("host/lists/<str:token>/", link.host_list, name="host-list"),
    path(f"{HOST}/", host.visit, name="host-visit"),
    path(f"{HOST}/list/", host.host_list, name="host-visit-list"),
    path(f"{HOST}/people/<int:pk>/", host.person, name="host-person"),
    path(f"{HOST}/briefing/", host.briefing, name="host-briefing"),
]
