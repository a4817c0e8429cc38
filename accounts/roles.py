"""The roles of domain.md section 3. Each is a Django group of the same name."""

from __future__ import annotations

from django.db import models


class Role(models.TextChoices):
    """What a person does here. A person may hold several."""

    PERFORMANCE_ANALYST = "performance_analyst", "Performance analyst"
    AUDITOR = "auditor", "Auditor"
    MODERATOR = "moderator", "Moderator"
    TEAM_MANAGER = "team_manager", "Team manager"
    PRACTITIONER = "practitioner", "Practitioner"
    HEAD_OF_SERVICE = "head_of_service", "Head of Service"
    DIRECTOR = "director", "Director"
    EXTERNAL_VALIDATOR = "external_validator", "External validator"
    COMMITTEE_MEMBER = "committee_member", "Committee member"
    INFORMATION_GOVERNANCE = "information_governance", "Information governance"
    QUALITY_ASSURANCE_LEAD = "quality_assurance_lead", "Quality assurance lead"
    ADMINISTRATOR = "administrator", "Administrator"


# One line for the person who gives out roles. Source: domain.md section 3, in our words.
EXPLANATIONS: dict[str, str] = {
    Role.PERFORMANCE_ANALYST: "Imports open cases, draws the sample, allocates audits, prepares "
    "reports. Sees how every audit stands, not what is written in it.",
    Role.AUDITOR: "Grades the files allocated to them and releases feedback. Sees own audits.",
    Role.MODERATOR: "Grades a file a second time and settles the grade of record. Sees the "
    "audits allocated to them for moderation.",
    Role.TEAM_MANAGER: "Answers escalations, owns actions and verifies those of practitioners. "
    "Sees the audits of their own team.",
    Role.PRACTITIONER: "Reads feedback, replies and owns actions. Sees audits of their own cases "
    "once feedback is released.",
    Role.HEAD_OF_SERVICE: "Answers escalations and verifies managers’ actions. Sees the audits of "
    "their own services.",
    Role.DIRECTOR: "Receives what was not answered in time, approves replacements and reports. "
    "Sees all audits.",
    Role.EXTERNAL_VALIDATOR: "Grades the cases of their own round until it ends. Sees no others.",
    Role.COMMITTEE_MEMBER: "Reads and downloads published reports. Sees nothing about a child.",
    Role.INFORMATION_GOVERNANCE: "Publishes reports and reads the access log.",
    Role.QUALITY_ASSURANCE_LEAD: "Assigns moderators, approves replacements, reallocates audits "
    "and approves reports. Sees all audits.",
    Role.ADMINISTRATOR: "Looks after people, roles, teams and services, and reads the access log. "
    "Sees no case.",
}
