"""Production. Refuses to start with debug on, a weak or shared secret, or a demo sign-in."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from config import env
from config.settings.base import *
from config.settings.base import ALLOWED_HOSTS, CFA_DRAW_SECRET, SECRET_KEY

if env.flag("DEBUG"):
    raise ImproperlyConfigured("DEBUG must be off in production: error pages would show records.")
if not ALLOWED_HOSTS or "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set ALLOWED_HOSTS to the addresses that this site answers to.")
for _name, _secret in (("SECRET_KEY", SECRET_KEY), ("CFA_DRAW_SECRET", CFA_DRAW_SECRET)):
    _weak = len(_secret) < 50 or len(set(_secret)) < 10
    if _weak or any(word in _secret.lower() for word in ("change", "secret", "insecure", "demo")):
        raise ImproperlyConfigured(
            f"{_name} must be a random text of 50 characters or more; .env.example says how."
        )
if SECRET_KEY == CFA_DRAW_SECRET:
    raise ImproperlyConfigured("SECRET_KEY and CFA_DRAW_SECRET must differ.")

SITE_URL = env.required("SITE_URL")
COUNCIL_NAME = env.required("COUNCIL_NAME")
DUTY_PHONE = env.required("DUTY_PHONE")
OUT_OF_HOURS_PHONE = env.required("OUT_OF_HOURS_PHONE")
MEDIA_ROOT = env.optional("MEDIA_ROOT", "/srv/media")

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# Sign-in is throttled by the browser's address, which the proxies in front pass on.
ALLAUTH_TRUSTED_PROXY_COUNT = int(env.optional("TRUSTED_PROXY_COUNT", "1"))
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-cfa_session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-cfa_csrf"
CSRF_TRUSTED_ORIGINS = [SITE_URL]

EMAIL_HOST = env.optional("EMAIL_HOST", "localhost")
EMAIL_PORT = int(env.optional("EMAIL_PORT", "587"))
EMAIL_HOST_USER = env.optional("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.optional("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", default=True)
EMAIL_TIMEOUT = 20
