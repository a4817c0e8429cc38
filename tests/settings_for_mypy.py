"""The test settings for mypy's Django plugin, which reads them without any server running."""

import os

os.environ.setdefault("DATABASE_URL", "postgres://cfa@localhost/cfa")
os.environ.setdefault("REDIS_URL", "redis://localhost")
os.environ.setdefault("SECRET_KEY", "only-for-type-checking")
os.environ.setdefault("CFA_DRAW_SECRET", "only-for-type-checking-draws")

from config.settings.test import *

# Of the demo only: its page of kept mail.
EMAIL_FILE_PATH = ""
