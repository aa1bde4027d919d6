"""Settings of allauth that are the same for every site; `settings.py` imports all of them."""

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# allauth checks them although nobody can sign up.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
# Strangers and members get the same answer, so that nobody learns who has an account.
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "convention.accounts.adapters.AccountAdapter"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
# Ten minutes; then a sensitive change asks for the password or the second factor again.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "convention.accounts.forms.SignInForm",
    "request_login_code": "convention.accounts.forms.LoginCodeRequestForm",
    "reset_password": "convention.accounts.forms.PasswordResetRequestForm",
    "reset_password_from_key": "convention.accounts.forms.NewPasswordForm",
    "change_password": "convention.accounts.forms.PasswordChangeForm",
    "set_password": "convention.accounts.forms.FirstPasswordForm",
    "add_email": "convention.accounts.forms.NewEmailForm",
    "reauthenticate": "convention.accounts.forms.PasswordReauthenticationForm",
}

MFA_ADAPTER = "convention.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Finger, face or PIN is required: only then does a passkey count as two factors.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # half a minute early or late: phones and servers differ
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody can sign up, so nobody can take another’s address
MFA_FORMS = {
    "authenticate": "convention.accounts.forms.SecondFactorCodeForm",
    "reauthenticate": "convention.accounts.forms.CodeReauthenticationForm",
    "activate_totp": "convention.accounts.forms.AuthenticatorAppForm",
    "login_webauthn": "convention.accounts.forms.PasskeySignInForm",
    "authenticate_webauthn": "convention.accounts.forms.PasskeySecondFactorForm",
    "reauthenticate_webauthn": "convention.accounts.forms.PasskeyReauthenticationForm",
    "add_webauthn": "convention.accounts.forms.PasskeyAddForm",
    "edit_webauthn": "convention.accounts.forms.PasskeyRenameForm",
}
