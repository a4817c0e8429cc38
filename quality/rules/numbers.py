"""The numbers of moderation, escalation and actions in words."""

from __future__ import annotations

from cases.rules.numbers import Group, Section, share, whole, yes_or_no
from quality.rules.policy import QualityPolicy

SECTION = Section(
    "quality",
    QualityPolicy,
    (
        Group(
            "Moderation",
            (
                share(
                    "moderation_random_share",
                    "Share moderated at random",
                    "Of the audits that need not be moderated anyway.",
                ),
                yes_or_no(
                    "compulsory_moderation_blind",
                    "The moderator of a compulsory moderation does not see the first grading",
                    "In a moderation drawn at random they never do.",
                ),
                whole("moderation_working_days", "Working days for a moderation"),
                whole(
                    "moderation_inadequate_working_days",
                    "Working days for one of an inadequate audit or an immediate concern",
                ),
            ),
        ),
        Group(
            "Immediate safeguarding concern",
            (
                whole("concern_notify_working_days", "Told within working days (0: the same day)"),
                whole("concern_acknowledge_hours", "Hours to acknowledge it, day and night"),
                whole("concern_plan_working_days", "Working days for the action plan"),
            ),
        ),
        Group(
            "Inadequate",
            (
                whole("inadequate_notify_working_days", "Told within working days"),
                whole("inadequate_acknowledge_working_days", "Working days to acknowledge it"),
                whole("inadequate_plan_working_days", "Working days for the action plan"),
                whole("follow_up_months", "Months until the follow-up review"),
            ),
        ),
        Group(
            "Requires improvement",
            (
                whole("requires_improvement_notify_working_days", "Told within working days"),
                whole(
                    "requires_improvement_acknowledge_working_days",
                    "Working days to acknowledge it",
                ),
                whole("requires_improvement_plan_working_days", "Working days for the action plan"),
            ),
        ),
        Group(
            "Reminders",
            (whole("due_soon_days", "Days before a deadline from which it is “due soon”"),),
        ),
    ),
    place=2,
)
