"""The demo on one's own machine, and ``./run manage``. Everything listens on loopback only."""

from __future__ import annotations

from pathlib import Path

from config import env
from config.settings.base import *
from config.settings.base import BASE_DIR, STORAGES_LOCAL, TEMPLATES  # noqa: F401

HOME = Path(env.optional("CFA_HOME", str(BASE_DIR / ".instance")))

DEMO = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
MEDIA_ROOT = HOME / "media"
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = str(HOME / "mail")
DUTY_PHONE = "01632 960001"  # a number that Ofcom keeps for drama
OUT_OF_HOURS_PHONE = "01632 960002"
STORAGES = STORAGES_LOCAL
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
