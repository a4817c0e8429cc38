"""What a row of a list says of its team."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0018_values_of_problems")]

    operations = [
        migrations.AddField("stagedcase", "disability_team", models.BooleanField(null=True)),
    ]
