"""Tests: real PostgreSQL and Redis (tests/servers.py starts them), fast passwords, kept mail."""

from __future__ import annotations

from pathlib import Path

from config import env
from config.settings.base import *
from config.settings.base import STORAGES_LOCAL

ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
MEDIA_ROOT = Path(env.optional("CFA_HOME", "/nonexistent")) / "media"
STORAGES = STORAGES_LOCAL
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
DUTY_PHONE = "01632 960001"
OUT_OF_HOURS_PHONE = "01632 960002"
