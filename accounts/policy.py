"""Who may do what: the one access policy.

Deny is the default: a role has a permission only where the table below says so, and an address
without a rule stops the application from starting (config.access). A permission opens a page or an
operation; *which* cases, audits and reports are behind it is decided by the ``visible_to``
querysets of each app, which ask this module too. Independence and blindness come on top: they take
away, whatever the sum of somebody's roles.

Source: domain.md section 3.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied

from accounts.roles import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class Permission(StrEnum):
    """One thing that somebody may do or see."""

    # cases
    SEE_QUARTER = "see_quarter"  # where the quarter stands: counts and references
    IMPORT_CASES = "import_cases"
    FREEZE_FRAME = "freeze_frame"
    DRAW_SAMPLE = "draw_sample"
    CHANGE_POLICY = "change_policy"  # the numbers that a quarter goes by
    MANAGE_THEMES = "manage_themes"  # plan a theme, and write what it found
    REQUEST_REPLACEMENT = "request_replacement"
    APPROVE_REPLACEMENT = "approve_replacement"
    ALLOCATE_AUDITS = "allocate_audits"
    MANAGE_CONFLICTS = "manage_conflicts"  # see, register and end what graders declared
    EXPORT_DRAW = "export_draw"
    SEARCH_CASES = "search_cases"  # by child id or audit reference
    # audits
    SEE_AUDITS = "see_audits"  # the list of those visible to the person
    SEE_ALL_AUDITS = "see_all_audits"  # narrative included
    SEE_AUDIT_PROGRESS = "see_audit_progress"  # status of every audit, no narrative
    GRADE = "grade"
    REASSIGN_AUDIT = "reassign_audit"
    REOPEN_AUDIT = "reopen_audit"
    RELEASE_FEEDBACK = "release_feedback"
    READ_FEEDBACK = "read_feedback"  # as the practitioner
    SEE_FEEDBACK_RATES = "see_feedback_rates"  # a Head of Service: of their own services
    SEE_HISTORY = "see_history"  # of audits visible to the person
    SEE_TOOLS = "see_tools"  # what is asked, and what each grade looks like
    MANAGE_TOOLS = "manage_tools"  # change and publish audit tools
    # quality
    MODERATE = "moderate"
    ASSIGN_MODERATOR = "assign_moderator"
    SEE_ESCALATIONS = "see_escalations"
    ANSWER_ESCALATION = "answer_escalation"
    PLAN_ACTIONS = "plan_actions"
    OWN_ACTIONS = "own_actions"
    VERIFY_ACTIONS = "verify_actions"
    # reports
    PREPARE_REPORT = "prepare_report"
    SEE_REPORTS_IN_PREPARATION = "see_reports_in_preparation"
    APPROVE_REPORT = "approve_report"
    PUBLISH_REPORT = "publish_report"
    READ_PUBLISHED_REPORTS = "read_published_reports"
    # accounts
    MANAGE_PEOPLE = "manage_people"  # users, roles
    MANAGE_TEAMS = "manage_teams"  # services, teams, Heads of Service and deputies
    SEE_ACCESS_LOG = "see_access_log"


P = Permission

_EVERY_STAFF_ROLE = frozenset({P.READ_PUBLISHED_REPORTS})

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    Role.PERFORMANCE_ANALYST: _EVERY_STAFF_ROLE
    | {
        P.SEE_QUARTER,
        P.IMPORT_CASES,
        P.FREEZE_FRAME,
        P.DRAW_SAMPLE,
        P.MANAGE_THEMES,
        P.REQUEST_REPLACEMENT,
        P.ALLOCATE_AUDITS,
        P.MANAGE_CONFLICTS,
        P.EXPORT_DRAW,
        P.SEARCH_CASES,
        P.SEE_AUDITS,
        P.SEE_AUDIT_PROGRESS,
        P.SEE_FEEDBACK_RATES,
        P.REASSIGN_AUDIT,
        P.PREPARE_REPORT,
        P.SEE_REPORTS_IN_PREPARATION,
    },
    Role.AUDITOR: _EVERY_STAFF_ROLE | {P.SEE_AUDITS, P.GRADE, P.SEE_TOOLS},
    Role.MODERATOR: _EVERY_STAFF_ROLE
    | {P.SEE_AUDITS, P.GRADE, P.MODERATE, P.SEE_HISTORY, P.SEE_TOOLS},
    Role.TEAM_MANAGER: _EVERY_STAFF_ROLE
    | {
        P.SEE_AUDITS,
        P.SEE_ESCALATIONS,
        P.ANSWER_ESCALATION,
        P.PLAN_ACTIONS,
        P.OWN_ACTIONS,
        P.VERIFY_ACTIONS,
    },
    Role.PRACTITIONER: _EVERY_STAFF_ROLE | {P.READ_FEEDBACK, P.OWN_ACTIONS},
    Role.HEAD_OF_SERVICE: _EVERY_STAFF_ROLE
    | {
        P.SEE_QUARTER,
        P.SEE_AUDITS,
        P.SEE_FEEDBACK_RATES,
        P.SEE_HISTORY,
        P.SEE_ESCALATIONS,
        P.ANSWER_ESCALATION,
        P.PLAN_ACTIONS,
        P.OWN_ACTIONS,
        P.VERIFY_ACTIONS,
        P.SEARCH_CASES,
    },
    Role.DIRECTOR: _EVERY_STAFF_ROLE
    | {
        P.SEE_QUARTER,
        P.SEE_AUDITS,
        P.SEE_ALL_AUDITS,
        P.SEE_AUDIT_PROGRESS,
        P.SEE_FEEDBACK_RATES,
        P.SEE_HISTORY,
        P.SEE_ESCALATIONS,
        P.ANSWER_ESCALATION,
        P.PLAN_ACTIONS,
        P.VERIFY_ACTIONS,
        P.APPROVE_REPLACEMENT,
        P.SEARCH_CASES,
        P.SEE_REPORTS_IN_PREPARATION,
        P.APPROVE_REPORT,
    },
    Role.EXTERNAL_VALIDATOR: frozenset({P.SEE_AUDITS, P.GRADE, P.READ_PUBLISHED_REPORTS}),
    Role.COMMITTEE_MEMBER: frozenset({P.READ_PUBLISHED_REPORTS}),
    Role.INFORMATION_GOVERNANCE: _EVERY_STAFF_ROLE
    | {P.SEE_ACCESS_LOG, P.SEE_REPORTS_IN_PREPARATION, P.PUBLISH_REPORT},
    Role.QUALITY_ASSURANCE_LEAD: _EVERY_STAFF_ROLE
    | {
        P.SEE_QUARTER,
        P.CHANGE_POLICY,
        P.MANAGE_THEMES,
        P.APPROVE_REPLACEMENT,
        P.MANAGE_CONFLICTS,
        P.SEARCH_CASES,
        P.EXPORT_DRAW,
        P.SEE_AUDITS,
        P.SEE_ALL_AUDITS,
        P.SEE_AUDIT_PROGRESS,
        P.SEE_FEEDBACK_RATES,
        P.SEE_HISTORY,
        P.REASSIGN_AUDIT,
        P.REOPEN_AUDIT,
        P.RELEASE_FEEDBACK,
        P.SEE_TOOLS,
        P.MANAGE_TOOLS,
        P.ASSIGN_MODERATOR,
        P.SEE_ESCALATIONS,
        P.SEE_REPORTS_IN_PREPARATION,
        P.PREPARE_REPORT,
        P.APPROVE_REPORT,
        P.PUBLISH_REPORT,
    },
    Role.ADMINISTRATOR: frozenset(
        {P.MANAGE_PEOPLE, P.MANAGE_TEAMS, P.SEE_ACCESS_LOG, P.READ_PUBLISHED_REPORTS}
    ),
}


def permissions_of(user: User | AnonymousUser) -> frozenset[Permission]:
    """Everything that ``user`` may do by role; empty for somebody not signed in or not active.

    The system's own user (schedules and the command line) may do everything: nobody can sign in
    as it, and what it does is recorded under its name.
    """
    if not user.is_authenticated or not user.is_active:
        return frozenset()
    if user.is_system:
        return frozenset(Permission)
    granted: frozenset[Permission] = frozenset()
    for role in user.roles:
        granted |= ROLE_PERMISSIONS.get(role, frozenset())
    return granted


def may(user: User | AnonymousUser, *permissions: Permission) -> bool:
    """True where ``user`` has at least one of ``permissions``."""
    return not permissions_of(user).isdisjoint(permissions)


def require(user: User | AnonymousUser, *permissions: Permission) -> None:
    """Raise PermissionDenied unless ``user`` has at least one of ``permissions``."""
    if not may(user, *permissions):
        raise PermissionDenied("Your role does not allow this.")
