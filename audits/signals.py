"""What this app tells the apps above it, inside the same transaction.

All carry ``by`` (User) and ``now`` (datetime).
"""

from django.dispatch import Signal

# audit: Audit, grading: Grading (the auditor's). Moderation and escalation follow from it.
audit_submitted = Signal()
# audit: Audit, grading: Grading of another kind (moderator, external, …). Receivers raise Refused
# where its grader must not submit it: then nothing is.
second_grading_submitted = Signal()
# audit: Audit, grading: Grading, text: str, told: str. Before submission or after; escalates at
# once. Sent again when the grader adds to what they reported.
immediate_concern_raised = Signal()
# audit: Audit. Its grading of record has been set or changed.
grade_of_record_set = Signal()
# audit: Audit, feedback: Feedback.
feedback_released = Signal()
# audit: Audit, reason: str.
audit_withdrawn = Signal()
# audit: Audit, reason: str. A submitted audit goes back to its auditor.
audit_reopened = Signal()
