"""Settings, all from the environment; docs/operators.md has the table.

`MODE` is `development` (the default: works from a fresh clone), `test` or `production` (does not start
without a secret key and a host name).
"""

import secrets
from collections.abc import Callable
from pathlib import Path

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

from convention import logs
from convention.api import settings as api
from convention.tasks.queue_names import QUEUES

from .accounts.allauth_settings import *  # noqa: F403 (settings of allauth, the same in every mode)
from .codes.encryption import make_fernets
from .installed_apps import APPS_WITH_PAGES as APPS_WITH_PAGES
from .installed_apps import INSTALLED_APPS as INSTALLED_APPS
from .installed_apps import MIDDLEWARE as MIDDLEWARE
from .ops.local_data import prepare_local_data, read_or_create_secret
from .ops.storage_ceilings import read_ceilings

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env("VAR_DIR", default=str(BASE_DIR / "var")))
try:
    prepare_local_data(VAR_DIR)
except OSError as error:
    raise ImproperlyConfigured(
        f"VAR_DIR is {str(VAR_DIR)!r}, which cannot be used as a folder: {error.strerror}."
    ) from error
NODE_MODULES = Path(env("NODE_MODULES", default=str(BASE_DIR / "node_modules")))

MODE = env("MODE", default="development")
if MODE not in {"development", "test", "production"}:
    raise ImproperlyConfigured(f"MODE is {MODE!r}; it must be development, test or production.")
PRODUCTION = MODE == "production"
DEBUG = MODE == "development" and env.bool("DEBUG", default=False)
TESTING = MODE == "test"


def read_url_setting[T](variable: str, read: Callable[..., T], example: str, **default: str) -> T:
    """Return a URL setting. Raise ImproperlyConfigured with its name, never with its value."""
    try:
        return read(variable, **default)
    except (ImproperlyConfigured, ValueError) as error:
        raise ImproperlyConfigured(f"{variable} cannot be read; it looks like {example}.") from error


def get_local_secret(name: str, make: Callable[[], str]) -> str:
    """Return a key for development, created once and stored beside the local database."""
    try:
        return read_or_create_secret(VAR_DIR / name, make)
    except OSError as error:
        raise ImproperlyConfigured(
            f"The file {name} cannot be made in {str(VAR_DIR)!r}: {error.strerror}."
        ) from error


SECRET_KEY = env("SECRET_KEY", default="")
if not SECRET_KEY:
    if PRODUCTION:
        raise ImproperlyConfigured("Set SECRET_KEY: production does not start without it.")
    SECRET_KEY = get_local_secret("secret_key", lambda: secrets.token_urlsafe(50))
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# Identities of visitors are encrypted with the first of these keys; each of them decrypts.
IDENTITY_KEYS = env.list("IDENTITY_KEYS", default=[])
if not IDENTITY_KEYS and not PRODUCTION:
    IDENTITY_KEYS = [get_local_secret("identity_key", lambda: Fernet.generate_key().decode())]
try:
    make_fernets(IDENTITY_KEYS)
except ValueError as error:
    raise ImproperlyConfigured(
        "IDENTITY_KEYS holds something that is no key; docs/operators.md says how one is made."
    ) from error


def read_last_site_url() -> str:
    """Return the address of the last `make run` in this folder, for links that commands write."""
    file = VAR_DIR / "site_url"
    site_url = file.read_text() if MODE == "development" and file.exists() else ""
    return site_url or "http://localhost:8000"


SITE_NAME = env("SITE_NAME", default="Convention")
SITE_URL = env("SITE_URL", default=read_last_site_url()).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["*"])
if PRODUCTION and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the names this site answers to.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[SITE_URL])
SECURE = SITE_URL.startswith("https://")
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)

ROOT_URLCONF = "convention.urls"
WSGI_APPLICATION = "convention.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "convention.views.site_pages.site_context",
            ],
            "builtins": ["convention.templatetags.convention"],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS += ["django.forms"]

# Database: SQLite in VAR_DIR by default; synchronous=FULL, so that acknowledged scans survive a power cut.
example = "postgres://user:password@host:5432/name or sqlite:////path/file.sqlite3"
local = f"sqlite:///{VAR_DIR / 'convention.sqlite3'}"
DATABASE = read_url_setting("DATABASE_URL", env.db, example, default=local)
DATABASES = {"default": DATABASE}
if DATABASE["ENGINE"].rpartition(".")[2] not in {"postgresql", "sqlite3"}:
    raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
if DATABASE["ENGINE"] == "django.db.backends.sqlite3":
    if DATABASE["NAME"] != ":memory:":
        Path(DATABASE["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    DATABASE["OPTIONS"] = {
        "timeout": 20,
        # Otherwise a transaction that reads first could fail at its first write without waiting.
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536",
    }
    DATABASE["ENGINE"] = "convention.db.sqlite"
else:
    DATABASE["CONN_HEALTH_CHECKS"] = True
    # Notice a dead database server within seconds, so that no request hangs on it.
    DATABASE.setdefault("OPTIONS", {})
    for name, value in {"connect_timeout": 5, "keepalives_idle": 10, "tcp_user_timeout": 20_000}.items():
        DATABASE["OPTIONS"].setdefault(name, value)
    if DATABASE["ENGINE"] == "django.db.backends.postgresql":
        DATABASE["ENGINE"] = "convention.db.postgresql"
        # Prepare a statement at its third use on a connection: planning is half of the server's work.
        DATABASE["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 3} | DATABASE["OPTIONS"]
# Ten minutes: opening a connection costs more than most queries. Tests drop their databases at the end.
DATABASE["CONN_MAX_AGE"] = 0 if TESTING else 600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

example = "rediscache://host:6379/1"
CACHES = {"default": read_url_setting("CACHE_URL", env.cache, example, default="locmemcache://")}
CACHES["default"].setdefault("OPTIONS", {})
if CACHES["default"]["BACKEND"].endswith("LocMemCache"):
    CACHES["default"]["OPTIONS"] = {"MAX_ENTRIES": 5000}
    # Rate limits need a store of their own: page entries must not evict them, and all processes share it.
    CACHES["limits"] = {
        "BACKEND": "convention.web.rate_limit_cache.LimitsFileCache",
        "LOCATION": str(VAR_DIR / "limits.sqlite3"),
    }
else:
    if CACHES["default"]["BACKEND"].endswith(".RedisCache"):
        CACHES["default"]["BACKEND"] = "convention.web.shared_cache.SharedCache"
    CACHES["limits"] = {**CACHES["default"], "KEY_PREFIX": "limits"}

# Tasks: queued in the database for `manage.py worker`; `immediate` runs them in the request.
TASKS_URL = env("TASKS_URL", default="database")
TASK_BACKENDS = {
    "database": "django_tasks_db.DatabaseBackend",
    "immediate": "django.tasks.backends.immediate.ImmediateBackend",
}
if TASKS_URL not in TASK_BACKENDS:
    raise ImproperlyConfigured(f"TASKS_URL is {TASKS_URL!r}; it must be database or immediate.")
TASKS = {"default": {"BACKEND": TASK_BACKENDS[TASKS_URL], "QUEUES": list(QUEUES)}}

# A lease expires after this many seconds unless its process renews it.
LEASE_SECONDS = env.int("LEASE_SECONDS", default=60)

# Mail: stored as files and shown at /dev/mail/ in development; sent if EMAIL_URL is set.
MAIL_DIR = VAR_DIR / "mail"
EMAIL_URL = env("EMAIL_URL", default="")
if EMAIL_URL:
    mail = read_url_setting("EMAIL_URL", env.email_url, "smtp+tls://user:password@host:587")
    MAILERS = {
        "default": {
            "BACKEND": mail["EMAIL_BACKEND"].replace(
                "django.core.mail.backends.smtp", "convention.mail.smtp_backend"
            ),
            "OPTIONS": {
                "host": mail["EMAIL_HOST"],
                "port": mail["EMAIL_PORT"],
                "username": mail["EMAIL_HOST_USER"] or "",
                "password": mail["EMAIL_HOST_PASSWORD"] or "",
                "use_tls": mail.get("EMAIL_USE_TLS", False),
                "use_ssl": mail.get("EMAIL_USE_SSL", False),
                "timeout": 20,
            },
        }
    }
elif PRODUCTION:
    raise ImproperlyConfigured("Set EMAIL_URL, such as smtp+tls://user:password@host:587.")
else:
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(MAIL_DIR)},
        }
    }
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="Convention <convention@example.org>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# Card payment. Without a key it is simulated and labelled as such; production does not offer that.
STRIPE_SECRET_KEY = env("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_API_BASE = env("STRIPE_API_BASE", default="").rstrip("/")
# `serve` turns simulated payments off if other machines could confirm real orders with them.
PLAYED_PAYMENTS = not PRODUCTION and env.bool("PLAYED_PAYMENTS", default=True)
CARD_PAYMENT = bool(STRIPE_SECRET_KEY) or PLAYED_PAYMENTS

# Passes for phones: offered if their certificates and keys (paths of files) are set.
APPLE_PASS_CERTIFICATE = env("APPLE_PASS_CERTIFICATE", default="")
APPLE_PASS_KEY = env("APPLE_PASS_KEY", default="")
APPLE_PASS_INTERMEDIATE = env("APPLE_PASS_INTERMEDIATE", default="")
APPLE_PASS_TYPE = env("APPLE_PASS_TYPE", default="")
APPLE_PASS_TEAM = env("APPLE_PASS_TEAM", default="")
GOOGLE_WALLET_KEY = env("GOOGLE_WALLET_KEY", default="")
GOOGLE_WALLET_ISSUER = env("GOOGLE_WALLET_ISSUER", default="")

# Orders on invoice by unverified buyers: how long their places are held until the mailed link is opened; how
# many places an hour are held at an event, and may be ordered from a network (by card too); how many orders
# from an address.
UNVERIFIED_HOLD_HOURS = env.int("UNVERIFIED_HOLD_HOURS", default=24)
UNVERIFIED_PLACES_PER_HOUR = env.int("UNVERIFIED_PLACES_PER_HOUR", default=100)
UNVERIFIED_PLACES_PER_NETWORK = env.int("UNVERIFIED_PLACES_PER_NETWORK", default=200)
UNVERIFIED_ORDERS_PER_ADDRESS = env.int("UNVERIFIED_ORDERS_PER_ADDRESS", default=20)
if UNVERIFIED_HOLD_HOURS < 24:
    raise ImproperlyConfigured("UNVERIFIED_HOLD_HOURS is the time to open a mailed link: at least 24.")

# Language: French without prefix, English under /en/; the address decides.
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "convention" / "locale"]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "Europe/Paris"
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

# Static files: ours and those of npm packages; hashed and compressed outside development.
STATIC_URL = "/static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(BASE_DIR / "static-root")))
STATICFILES_DIRS = [
    ("vendor/idb", NODE_MODULES / "idb" / "build"),
    ("vendor/barcode-detector", NODE_MODULES / "barcode-detector" / "dist" / "es"),
    ("vendor/zxing-wasm/reader", NODE_MODULES / "zxing-wasm" / "dist" / "reader"),
    ("vendor/source-sans-3", NODE_MODULES / "@fontsource-variable" / "source-sans-3" / "files"),
]
STATICFILES_DIRS = [(prefix, path) for prefix, path in STATICFILES_DIRS if path.exists()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # In the database: the worker that made a file may run on another machine than the server.
    "jobs": {"BACKEND": "convention.jobs.storage.DatabaseStorage"},
    "staticfiles": {
        "BACKEND": "convention.web.static_storage.HashedModuleStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_MIMETYPES = {".webmanifest": "application/manifest+json", ".wasm": "application/wasm"}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = MODE == "development"
MEDIA_ROOT = VAR_DIR / "media"
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_MAX_SIZE = 64 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
# Limits of the child process that parses an uploaded file: CPU seconds and memory.
PARSER_SECONDS = env.int("PARSER_SECONDS", default=20)
PARSER_MEMORY_MB = env.int("PARSER_MEMORY_MB", default=1024)
# Limits on what anonymous visitors may store.
STORAGE_CEILINGS = read_ceilings(env.int)

# Accounts and sign-in.
RATE_LIMITS = env("RATE_LIMITS", default="on")
LINKS_LAST_DAYS = env.int("LINKS_LAST_DAYS", default=90)
AUTH_USER_MODEL = "club.Person"
AUTHENTICATION_BACKENDS = ["convention.accounts.adapters.PasswordBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "convention.accounts.password_validators.KnownPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "landing"
SIGN_IN_LIMITS = {
    # A whole venue signs in from one IP address, so attempts count by e-mail, and by IP address only
    # if there are very many. A key is an account in one browser; `_of_account` counts all unknown browsers
    # together.
    "login": "600/m/ip",
    "login_failed": "300/m/ip,5/300s/key",
    "login_failed_of_account": "100/h/key",
    "request_login_code": "300/m/ip",
    "login_code_of_browser": "3/m/key,10/h/key",
    "login_code_of_account": "30/h/key",
    "reset_password": "300/m/ip,5/m/key",
    "reset_password_from_key": "300/m/ip",
}
ACCOUNT_RATE_LIMITS = SIGN_IN_LIMITS if RATE_LIMITS != "off" else False
# The last address in X-Forwarded-For is the one that our own proxy appended.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
SESSION_COOKIE_AGE = env.int("SESSION_DAYS", default=14) * 24 * 3600
STAFF_SESSION_HOURS = env.int("STAFF_SESSION_HOURS", default=12)
# Second factor for people with a role: `required` or `offered`.
SECOND_FACTOR = env("SECOND_FACTOR", default="required" if PRODUCTION else "offered")
if SECOND_FACTOR not in {"required", "offered"}:
    raise ImproperlyConfigured(f"SECOND_FACTOR is {SECOND_FACTOR!r}; it must be required or offered.")
MFA_TOTP_ISSUER = SITE_NAME
MFA_RATE_LIMITS = {"webauthn_login": "600/m/ip"} if RATE_LIMITS != "off" else False

# Security.
SECURE_CSP: dict[str, list[str]] = {
    "default-src": [CSP.NONE],
    # WebAssembly reads QR codes where the browser has no BarcodeDetector.
    "script-src": [CSP.SELF, CSP.WASM_UNSAFE_EVAL],
    "style-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "media-src": [CSP.SELF, "blob:"],
    "worker-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "base-uri": [CSP.NONE],
    "frame-ancestors": [CSP.NONE],
}
SECURE_SSL_REDIRECT = PRODUCTION and env.bool("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_HSTS_SECONDS = 31536000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
# Addresses of mailed links are secrets, which no other site may learn from a Referer header.
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE or SECURE_SSL_REDIRECT
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
PERMISSIONS_POLICY = "camera=(self), geolocation=(), microphone=(), payment=()"
METRICS_TOKEN = env("METRICS_TOKEN", default="")

REST_FRAMEWORK, SPECTACULAR_SETTINGS = api.REST_FRAMEWORK, api.SPECTACULAR_SETTINGS

LOGGING = logs.build_logging_config(mode=MODE, level=env("LOG_LEVEL", default="INFO"))
