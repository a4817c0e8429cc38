"""Practice standards and audit tools, audits and their gradings, feedback."""

from audits.models.audit import Audit
from audits.models.feedback import Feedback, FeedbackRecipient, FeedbackReply
from audits.models.grading import Grade, Grading, LaterConcern, StandardGrade
from audits.models.standards import AuditTool, PracticeStandard, Section, ToolVersion

__all__ = [
    "Audit",
    "AuditTool",
    "Feedback",
    "FeedbackRecipient",
    "FeedbackReply",
    "Grade",
    "Grading",
    "LaterConcern",
    "PracticeStandard",
    "Section",
    "StandardGrade",
    "ToolVersion",
]
