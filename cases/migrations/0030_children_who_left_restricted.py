"""Children whose last case ended restricted, and who have none open, keep that now themselves."""

from django.db import migrations

LEFT_RESTRICTED = """
UPDATE cases_child child SET restricted = true
FROM (
  SELECT DISTINCT ON (child_id) child_id, restricted FROM cases_case
  WHERE closed_on IS NOT NULL ORDER BY child_id, closed_on DESC, id DESC
) AS before
WHERE before.child_id = child.id AND before.restricted AND NOT EXISTS (
  SELECT FROM cases_case present WHERE present.child_id = child.id AND present.closed_on IS NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0029_restricted_children_and_no_words_in_history")]

    operations = [migrations.RunSQL(LEFT_RESTRICTED, migrations.RunSQL.noop)]
