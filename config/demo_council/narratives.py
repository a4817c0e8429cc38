"""What the analyst of the demo writes into each earlier quarter's report, oldest quarter first.

In words without numbers: the figures stand beside them in the report.
"""

from __future__ import annotations

NARRATIVES = (
    (
        "This is the first quarter of the new audit programme: files are drawn at random, graded "
        "against the published practice standards, and a share of them is graded a second time "
        "by somebody independent.\n\n"
        "The picture is sobering. In the statutory services most files are below good. Auditors "
        "find plans that list what services will do and not what should be different for the "
        "child, and supervision that is recorded but does not question. Early Help does better, "
        "above all in direct work with families."
    ),
    (
        "The second quarter shows what the first did. A change of a few points between two "
        "samples of this size is no evidence of anything, and none is claimed here.\n\n"
        "Moderators lowered more grades than they raised, mostly where a file was graded on what "
        "was recorded and less on what it meant for the child. Auditors and moderators have "
        "since met to compare files."
    ),
    (
        "For the first time there are signs of improvement in the statutory services, in visits "
        "and direct work first. Recording lags behind: chronologies are begun and not kept up.\n\n"
        "Actions from the first two quarters have been followed through. Managers say in most "
        "cases what changed for the child; where they could not, the action went back to its "
        "owner."
    ),
    (
        "The direction of the last three quarters continues in both lines. Work with other "
        "agencies is the strongest standard in Early Help; in the statutory services it is the "
        "child's own voice.\n\n"
        "Files held by agency workers are not clearly better or worse than others, and the "
        "sample is too small to say more. Some escalations were taken up late, and went up a "
        "level."
    ),
    (
        "Practice has improved in both service lines over the year, more steadily in Early Help "
        "than in the statutory services. With samples of this size a change of a few points from "
        "one quarter to the next is no evidence of anything; the direction over the year is.\n\n"
        "Auditors find most often that plans do not say what should be different for the child, "
        "and that direct work takes place but its results do not reach the plan."
    ),
)
NEXT_STEPS = (
    "Workshops on plans with outcomes run in every locality in the coming quarter. Heads of "
    "Service follow up the actions that are overdue in their quality clinics."
)
