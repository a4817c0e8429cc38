"""What stood in a cell, and what was done, apart from what is wrong with it."""

from __future__ import annotations

from django.db import migrations, models

_APART = """
UPDATE cases_importproblem SET
  value = left(substr(message, position(' It says: ' in message) + 10), 60),
  message = left(message, position(' It says: ' in message) - 1)
WHERE position(' It says: ' in message) > 0
"""
_TOGETHER = """
UPDATE cases_importproblem SET message = left(message || ' It says: ' || value, 500)
WHERE value <> ''
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0017_open_in_two_services")]

    operations = [
        migrations.AddField(
            "importproblem",
            "value",
            models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            "importproblem",
            "done",
            models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.RunSQL(_APART, _TOGETHER),
    ]
