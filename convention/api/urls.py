"""Addresses of the API's own description, and of a person's tokens."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import AllowAny

from . import views

OPEN = {"authentication_classes": [], "permission_classes": [AllowAny]}

endpoints = [
    path("schema/", SpectacularAPIView.as_view(**OPEN), name="api-schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api-schema", **OPEN), name="api-docs"),
    path("problems/<slug:kind>", views.problem_page, name="api-problem"),
]

pages = [
    path("me/tokens/", views.tokens, name="api-tokens"),
    path("me/tokens/<int:token_id>/revoke/", views.revoke, name="api-token-revoke"),
]
