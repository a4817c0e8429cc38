"""The service lines and services that a council starts with; both are data and can be changed."""

from django.db import migrations

LINES = (("early_help", "Early Help", 1), ("statutory", "Statutory", 2))
SERVICES = (
    ("looked_after", "Looked After", "statutory"),
    ("child_protection", "Child Protection", "statutory"),
    ("child_in_need", "Child in Need", "statutory"),
    ("assessment", "Assessment", "statutory"),
    ("care_leaver", "Care Leavers", "statutory"),
    ("early_help", "Early Help", "early_help"),
)


def make(apps, schema_editor):
    ServiceLine = apps.get_model("cases", "ServiceLine")
    Service = apps.get_model("cases", "Service")
    for code, name, order in LINES:
        ServiceLine.objects.get_or_create(code=code, defaults={"name": name, "order": order})
    for precedence, (code, name, line) in enumerate(SERVICES, start=1):
        Service.objects.get_or_create(
            code=code,
            defaults={
                "name": name,
                "precedence": precedence,
                "line": ServiceLine.objects.get(code=line),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
