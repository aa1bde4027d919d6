"""Addresses of the API description and of a person's tokens."""

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from . import views

PUBLIC_VIEW_OPTIONS = {"authentication_classes": [], "permission_classes": [AllowAny]}

endpoints = [
    path("schema/", SpectacularAPIView.as_view(**PUBLIC_VIEW_OPTIONS), name="api-schema"),
    path(
        "docs/",
        SpectacularSwaggerSplitView.as_view(
            url_name="api-schema", title=_("API documentation"), **PUBLIC_VIEW_OPTIONS
        ),
        name="api-docs",
    ),
    path("problems/<slug:kind>", views.problem_page, name="api-problem"),
]

pages = [
    path("me/tokens/", views.token_list, name="api-tokens"),
    path("me/tokens/<int:token_id>/revoke/", views.token_revoke, name="api-token-revoke"),
]
