"""Settings that every place shares. Nothing here is a secret, and nothing has an unsafe default."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF

from config import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

DEBUG = False
SECRET_KEY = env.required("SECRET_KEY")
# The key of the HMAC that stands for a child in a published draw. Changing it would cut the link
# between a child and the draws that are already published.
CFA_DRAW_SECRET = env.required("CFA_DRAW_SECRET")
ALLOWED_HOSTS: list[str] = env.words("ALLOWED_HOSTS")

COUNCIL_NAME = env.optional("COUNCIL_NAME", "Northmoor County Council")
# Shown beside an immediate safeguarding concern: the software is not the alarm.
DUTY_PHONE = env.optional("DUTY_PHONE", "")
OUT_OF_HOURS_PHONE = env.optional("OUT_OF_HOURS_PHONE", "")
DEMO = False
SITE_URL = env.optional("SITE_URL", "http://127.0.0.1:8000")

INSTALLED_APPS = [
    "config.apps.ConfigConfig",
    "reports",
    "quality",
    "audits",
    "cases",
    "accounts",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "crispy_forms",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "pghistory",
    "pgtrigger",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.expired_forms.ExpiredFormsMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "config.middleware.NothingToSeeMiddleware",
    "config.middleware.ConflictMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "config.navigation.page_context",
            ],
            "builtins": ["config.templatetags.cfa"],
        },
    }
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ("govuk",)
CRISPY_TEMPLATE_PACK = "govuk"
CRISPY_FAIL_SILENTLY = False

DATABASES = {
    "default": dj_database_url.parse(
        env.required("DATABASE_URL"), conn_max_age=60, conn_health_checks=True
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.required("REDIS_URL")
# Sign-in throttling counts here, so it must be shared by all web processes.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        # django's client reads redis:// and unix:// addresses; Celery wants redis+socket://
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://", 1),
        "KEY_PREFIX": "cfa",
    }
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Europe/London"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600}
# A worker silent for so long has lost its job to another (cases.operations.jobs).
CFA_JOB_LEASE_SECONDS = float(env.optional("CFA_JOB_LEASE_SECONDS", "20"))
CFA_JOB_HEARTBEAT_SECONDS = float(env.optional("CFA_JOB_HEARTBEAT_SECONDS", "1"))
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "take-up-lost-jobs": {
        "task": "cases.tasks.take_up_lost_jobs",
        "schedule": timedelta(seconds=15),
        "options": {"expires": 15},
    },
    "delete-old-uploads": {
        "task": "cases.tasks.delete_old_uploads",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "forget-ended-sessions": {
        "task": "accounts.tasks.forget_ended_sessions",
        "schedule": timedelta(hours=1),
        "options": {"expires": 3600},
    },
    "move-late-escalations-up": {
        "task": "quality.tasks.move_late_escalations_up",
        "schedule": timedelta(minutes=10),
        "options": {"expires": 600},
    },
    "remind-auditors": {
        "task": "audits.tasks.send_reminders",
        "schedule": crontab(hour="7", minute="30", day_of_week="mon-fri"),
        "options": {"expires": 6 * 3600},
    },
    "remind-moderators-and-owners": {
        "task": "quality.tasks.send_reminders",
        "schedule": crontab(hour="7", minute="30", day_of_week="mon-fri"),
        "options": {"expires": 6 * 3600},
    },
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
# The library asks for a password at sign-in only where sign-up would; sign-up itself is closed.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts are made by an administrator
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_PREVENT_ENUMERATION = True

SESSION_COOKIE_NAME = "cfa_session"
SESSION_COOKIE_AGE = 60 * 60 * 8
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "config.errors.form_expired"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "staticfiles"
# Outside production static files are served from where they lie, without a collected manifest.
STORAGES_LOCAL: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A whole quarter's grading of one file is one form post, with long texts in it.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]
CFA_UPLOAD_MAX_BYTES = 200 * 1024 * 1024
# So long after a list was confirmed the values are kept that its list of problems shows.
CFA_IMPORT_VALUES_KEPT_DAYS = int(env.optional("CFA_IMPORT_VALUES_KEPT_DAYS", "90"))

DEFAULT_FROM_EMAIL = env.optional("DEFAULT_FROM_EMAIL", "case-file-audit@localhost")
EMAIL_SUBJECT_PREFIX = "Case File Audit: "
ACCOUNT_EMAIL_SUBJECT_PREFIX = EMAIL_SUBJECT_PREFIX

PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST",)  # GET never writes

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
