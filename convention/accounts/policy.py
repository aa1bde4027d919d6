"""What allauth is told, the same on every site: settings.py takes all of it."""

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_ADAPTER = "convention.accounts.adapters.NoSignup"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_FORMS = {
    "login": "convention.accounts.forms.SignIn",
    "request_login_code": "convention.accounts.forms.AskForCode",
    "reset_password": "convention.accounts.forms.AskForLink",
    "reset_password_from_key": "convention.accounts.forms.NewPassword",
    "change_password": "convention.accounts.forms.ChangePassword",
    "set_password": "convention.accounts.forms.FirstPassword",
    "add_email": "convention.accounts.forms.NewAddress",
    "reauthenticate": "convention.accounts.forms.ShowPassword",
}

MFA_ADAPTER = "convention.accounts.adapters.SecondFactors"
MFA_SUPPORTED_TYPES = ["webauthn", "totp", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1  # half a minute early or late: phones and servers differ
MFA_ALLOW_UNVERIFIED_EMAIL = True  # nobody signs up by themselves, so no address is another’s
MFA_FORMS = {
    "authenticate": "convention.accounts.forms.ShowCode",
    "reauthenticate": "convention.accounts.forms.ShowCodeAgain",
    "activate_totp": "convention.accounts.forms.AddApp",
    "login_webauthn": "convention.accounts.forms.PasskeySignIn",
    "authenticate_webauthn": "convention.accounts.forms.ShowPasskey",
    "reauthenticate_webauthn": "convention.accounts.forms.ShowPasskeyAgain",
    "add_webauthn": "convention.accounts.forms.AddPasskey",
    "edit_webauthn": "convention.accounts.forms.RenamePasskey",
}
