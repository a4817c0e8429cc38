"""One audit from its allocation as far as it has come by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from random import Random

from accounts.models import User
from audits.models import Audit, Grading, ToolVersion
from audits.queries.tools import published_version
from audits.rules.grades import INADEQUATE, REQUIRES_IMPROVEMENT
from cases.models import Allocation, AuditQuarter, Practitioner, SampledCase, ServiceLine
from cases.operations.frame_rows import opaque
from cases.queries.calendar import bank_holidays
from config.demo_council import words
from config.demo_council.answering import release_feedback
from config.demo_council.draws import LONDON, Turns, given, later
from config.demo_council.following import POLICY, Followed, Following
from config.demo_council.judging import (
    Judged,
    Tool,
    aimed_grade,
    complete,
    draft,
    fill,
    moderated_grade,
)
from config.demo_council.people import People
from quality.models import Moderation
from quality.rules.escalation import IMMEDIATE_CONCERN, required_for, settle
from quality.rules.moderation import ModerationChoice, choose

BELOW_GOOD = (REQUIRES_IMPROVEMENT, INADEQUATE)
CONCERN = 8  # one in so many inadequate files
HELD_BY_ANOTHER = 0.12


@dataclass
class Story:
    """An audit with all that belongs to it; nothing of it stored yet."""

    audit: Audit
    gradings: list[Judged]
    moderation: Moderation | None = None
    followed: Followed | None = None
    of_record: Grading | None = None


class Teller:
    """Tells the audits of one quarter. ``place`` counts the demo's quarters from the oldest."""

    def __init__(
        self, seed: str, quarter: AuditQuarter, place: int, people: People, now: datetime
    ) -> None:
        self.seed, self.quarter, self.place = seed, quarter, place
        self.people, self.now = people, now
        self.versions: dict[int, ToolVersion] = {}
        self.tools: dict[int, Tool] = {}
        self.number = 0
        self.turns = Turns()
        self.system = User.objects.system()
        self.rng = Random()

    def tell(self, allocation: Allocation) -> Story:
        """The audit of one allocated case."""
        self.number += 1
        case = allocation.sampled_case
        # Its own dice: one audit more or less changes nothing in the others.
        self.rng = Random(f"{self.seed} {self.quarter.label} {case.entry.child.local_id}")
        audit = self._audit(allocation, case)
        started_at = later(self.rng, allocation.allocated_at, 1, 11)
        if started_at > self.now:
            return Story(audit, [])
        return self._begun(audit, started_at)

    def _audit(self, allocation: Allocation, case: SampledCase) -> Audit:
        entry = case.entry
        version = self._version(entry.service.line)
        audit = Audit(
            reference=f"{self.quarter.label}-{self.number:04}",
            child=entry.child,
            quarter=self.quarter,
            sampled_case=case,
            tool_version=version,
            service=entry.service,
            team=entry.team,
            practitioner=entry.practitioner,
            facts=entry.facts,
            auditor=allocation.auditor,
            allocated_at=allocation.allocated_at,
            due_on=allocation.due_on,
        )
        if version.pk not in self.tools:
            self.tools[version.pk] = Tool.of(audit)
        return audit

    def _version(self, line: ServiceLine) -> ToolVersion:
        if line.pk not in self.versions:
            self.versions[line.pk] = published_version(line)
        return self.versions[line.pk]

    def _begun(self, audit: Audit, started_at: datetime) -> Story:
        rng, tool = self.rng, self.tools[audit.tool_version_id]
        audit.status, audit.started_at = Audit.Status.IN_PROGRESS, started_at
        audit.practitioner_judged = self._judged(audit)
        audit.child.audit_reference = audit.reference
        first = draft(rng, audit, tool, kind="auditor", grader=audit.auditor, begun=started_at)
        story = Story(audit, [first])
        aim = aimed_grade(rng, audit, self.place, self.turns.spread(audit.service.line.code))
        late = rng.random() < 0.14
        submitted_at = later(rng, started_at, 6 if late else 1, 16 if late else 4)
        if submitted_at > self.now:
            fill(rng, first, aim, min(later(rng, started_at, 0, 0), self.now), rng.random())
            return story
        if aim == INADEQUATE and self.turns.one_in(CONCERN, "concern"):
            first.grading.immediate_concern = True
            first.grading.immediate_concern_text = words.CONCERN
            first.grading.immediate_concern_told = words.CONCERN_TOLD
            first.grading.immediate_concern_at = later(rng, started_at, 0, 0)
        complete(rng, first, tool, aim, submitted_at)
        audit.status = Audit.Status.SUBMITTED
        audit.submitted_at, audit.submitted_by = submitted_at, audit.auditor
        given(audit.sampled_case).status = SampledCase.Status.AUDITED
        self._submitted(story, first, submitted_at)
        return story

    def _judged(self, audit: Audit) -> Practitioner | None:
        """Who held the case most: mostly who holds it now, sometimes somebody since gone."""
        if audit.team_id is None or self.rng.random() > HELD_BY_ANOTHER:
            return audit.practitioner
        others = [
            *self.people.gone.get(audit.team_id, []),
            *self.people.practitioners[audit.team_id],
        ]
        return self.rng.choice(others)

    def _submitted(self, story: Story, first: Judged, at: datetime) -> None:
        audit, grading = story.audit, first.grading
        choice = choose(
            seed=opaque("moderation", self.quarter.label),
            reference=audit.reference,
            grade=grading.overall_grade,
            cap_overridden=grading.above_cap,
            immediate_concern=grading.immediate_concern,
            submitted_on=at.astimezone(LONDON).date(),
            holidays=bank_holidays(),
            policy=POLICY,
        )
        if choice.required:
            self._moderate(story, first, choice, at)
        else:
            self._finalise(story, grading, audit.auditor, at)
        self._follow(story, first)

    def _moderate(
        self, story: Story, first: Judged, choice: ModerationChoice, at: datetime
    ) -> None:
        rng, audit = self.rng, story.audit
        moderation = Moderation(
            audit=audit,
            reasons=list(choice.reasons),
            blind=choice.blind,
            due_on=given(choice.due_on),
            grade_by=choice.grade_by,
            required_at=at,
        )
        story.moderation = moderation
        moderator, assigned_at = rng.choice(self.people.moderators), later(rng, at, 0, 3)
        if assigned_at > self.now:
            return
        moderation.status = Moderation.Status.ASSIGNED
        moderation.moderator, moderation.assigned_at = moderator, assigned_at
        moderation.assigned_by = self.people.lead
        tool = self.tools[audit.tool_version_id]
        second = draft(rng, audit, tool, kind="moderator", grader=moderator, begun=assigned_at)
        second.grading.blind = choice.blind
        second.grading.child_id_confirmed = True
        moderation.grading = second.grading
        story.gradings.append(second)
        aim = moderated_grade(rng, first.grading.overall_grade)
        graded_at = later(rng, assigned_at, 1, 5)
        if graded_at > self.now:
            fill(rng, second, aim, min(later(rng, assigned_at, 0, 0), self.now), 0.5)
            return
        complete(rng, second, tool, aim, graded_at)
        decided_at = later(rng, graded_at, 0, 2)
        if decided_at <= self.now:
            self._decide(story, first.grading, second.grading, decided_at)

    def _decide(self, story: Story, first: Grading, second: Grading, at: datetime) -> None:
        moderation = given(story.moderation)
        stands, why = first, "same"
        if first.overall_grade != second.overall_grade:
            stands, why = (second, "second") if self.rng.random() < 0.7 else (first, "first")
        moderation.status = Moderation.Status.DECIDED
        moderation.first_grade, moderation.second_grade = first.overall_grade, second.overall_grade
        moderation.rationale = self.rng.choice(words.RATIONALES[why])
        moderation.decided_at, moderation.decided_by = at, moderation.moderator
        self._finalise(story, stands, given(moderation.moderator), at)

    def _finalise(self, story: Story, grading: Grading, by: User, at: datetime) -> None:
        story.of_record = grading
        story.audit.status = Audit.Status.FINALISED
        story.audit.finalised_at, story.audit.finalised_by = at, by

    def _follow(self, story: Story, first: Judged) -> None:
        audit, grading = story.audit, first.grading
        director = self.people.single["director"]
        following = Following(self.rng, self.turns, audit, director, self.now)
        story.followed = following.made
        tracks = required_for(grading.overall_grade, grading.immediate_concern)
        record = story.of_record
        stood_down: tuple[str, ...] = ()
        if record is not None and record is not grading:
            settled = settle(
                grade=record.overall_grade,
                immediate_concern=grading.immediate_concern,
                open_tracks=tracks,
                raised=tracks,
            )
            stood_down = settled.to_stand_down
            for track in settled.to_raise:
                raised = following.escalate(track, given(audit.finalised_at))
                raised.raised_by = given(audit.finalised_by)
        for track in tracks:
            down = audit.finalised_at if track in stood_down else None
            if track == IMMEDIATE_CONCERN:
                raised = following.escalate(track, given(grading.immediate_concern_at))
                raised.concern = grading.immediate_concern_text
                raised.told = grading.immediate_concern_told
            else:
                following.escalate(track, given(audit.submitted_at), down)
        if record is not None:
            self._after(story, following, record)

    def _after(self, story: Story, following: Following, record: Grading) -> None:
        """Feedback, single standards below good, and closing when nothing is missing."""
        audit, first = story.audit, story.gradings[0].grading
        decided_at = given(audit.finalised_at)
        release_feedback(following, decided_at, first.strengths, first.improvements)
        if record.overall_grade not in BELOW_GOOD:
            self._standards(story, following, record, decided_at)
        last = following.made.last_event(self.system)
        if last is not None:
            audit.status = Audit.Status.CLOSED
            audit.closed_at, audit.closed_by = last

    def _standards(self, story: Story, following: Following, record: Grading, at: datetime) -> None:
        rows = next(each.standards for each in story.gradings if each.grading is record)
        below = [row.standard for row in rows if row.grade in BELOW_GOOD]
        planned_at = later(self.rng, at, 2, 6)
        if planned_at > self.now:
            following.made.standards_waiting = bool(below)
            return
        for standard in below:
            following.answer_standard(standard, planned_at)
