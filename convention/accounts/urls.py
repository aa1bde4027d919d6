"""URLs of the account page, and of allauth's pages of the second factor."""

from typing import Any

from allauth.mfa.base import views as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions.models import UserSession
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from . import views

# Not in the back office, which must not show secrets and sessions: a command resets a lost factor.
admin.site.unregister([Authenticator, UserSession])

# allauth's own overview pages: everything is on one page of ours.
security_redirect = RedirectView.as_view(pattern_name="security")

second_factor_urls = [
    path("", security_redirect, name="mfa_index"),
    path("authenticate/", mfa.authenticate, name="mfa_authenticate"),
    path("reauthenticate/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("app/add/", app.activate_totp, name="mfa_activate_totp"),
    path("app/remove/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("codes/renew/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("passkeys/", security_redirect, name="mfa_list_webauthn"),
    path("passkeys/login/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("passkeys/add/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("passkeys/show/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("passkeys/<int:pk>/name/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("passkeys/<int:pk>/remove/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
]

pages: list[Any] = [
    path("me/security/", views.security_page, name="security"),
    path("me/security/sessions/end/", views.other_sessions_end, name="security-sessions-end"),
    path("me/security/sessions/<int:session_id>/end/", views.session_end, name="security-session-end"),
    path("accounts/2fa/", include(second_factor_urls)),
]
