"""The web server's entry point. It refuses to start where an address has no access rule."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from config.access import refuse_unguarded

refuse_unguarded()
