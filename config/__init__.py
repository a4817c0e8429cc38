"""Settings, addresses and start-up: knows every app, and no app imports it.

Empty on purpose: ``config.launch`` runs before anything is installed, with the standard library
only. Django's processes get the Celery application from ``ConfigConfig.ready``.
"""
