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
