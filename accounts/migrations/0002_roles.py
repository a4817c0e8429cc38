"""The roles as groups."""

from django.db import migrations

ROLES = (
    "performance_analyst",
    "auditor",
    "moderator",
    "team_manager",
    "practitioner",
    "head_of_service",
    "director",
    "external_validator",
    "committee_member",
    "information_governance",
    "quality_assurance_lead",
    "administrator",
)


def make(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for role in ROLES:
        Group.objects.get_or_create(name=role)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
