"""What this app knows of a sampled case: a concern for the child that its audit raised."""

from __future__ import annotations

from django.utils import timezone

from cases.above import add_facts
from cases.models import SampledCase
from quality.models import Escalation
from quality.queries.escalation import OPEN


@add_facts
def facts(case: SampledCase) -> list[tuple[str, str]]:
    """The immediate concern of the case's audit, for who decides on a replacement. One query."""
    concern = Escalation.objects.filter(
        audit__sampled_case=case, track=Escalation.Track.IMMEDIATE_CONCERN
    ).last()
    if concern is None:
        return [("Immediate concern", "None raised")]
    raised = f"Raised on {timezone.localtime(concern.raised_at):%-d %B %Y}"
    state = concern.get_status_display().lower()
    stays = ". It stays open where the case is replaced" if concern.status in OPEN else ""
    return [("Immediate concern", f"{raised}: {state}{stays}")]
