"""Children's open cases, imports, frames, draws and allocation."""

from cases.models.allocation import Allocation
from cases.models.child import Case, Child, ChildAlias, DeclaredConflict
from cases.models.draw import (
    ChancesOfDraw,
    Draw,
    InclusionProbability,
    Replacement,
    SampledCase,
    SeedEntered,
)
from cases.models.frame import AuditQuarter, FrameEntries, FrameEntry, HashMail, SamplingFrame
from cases.models.imports import (
    CaseImport,
    ImportMeaning,
    ImportProblem,
    OpenElsewhere,
    StagedCase,
)
from cases.models.jobs import Job
from cases.models.people import Grader, Practitioner, Service, ServiceLine, Team
from cases.models.theme import Theme

__all__ = [
    "Allocation",
    "AuditQuarter",
    "Case",
    "CaseImport",
    "ChancesOfDraw",
    "Child",
    "ChildAlias",
    "DeclaredConflict",
    "Draw",
    "FrameEntries",
    "FrameEntry",
    "Grader",
    "HashMail",
    "ImportMeaning",
    "ImportProblem",
    "InclusionProbability",
    "Job",
    "OpenElsewhere",
    "Practitioner",
    "Replacement",
    "SampledCase",
    "SamplingFrame",
    "SeedEntered",
    "Service",
    "ServiceLine",
    "StagedCase",
    "Team",
    "Theme",
]
