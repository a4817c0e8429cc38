"""What follows a submitted audit: escalations with their clocks, actions, feedback and replies.

Everything has its moments first; what lies after ``now`` has not happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from accounts.models import User
from audits.models import Audit, Feedback, FeedbackRecipient, FeedbackReply, PracticeStandard
from audits.operations.feedback import recipients_of
from cases.queries.calendar import bank_holidays
from config.demo_council import words
from config.demo_council.draws import LONDON, later, weighted, working_days_on
from quality.models import Action, Escalation, EscalationStep
from quality.rules.escalation import IMMEDIATE_CONCERN, LEVELS, acknowledge_by, deadlines
from quality.rules.policy import QualityPolicy

POLICY = QualityPolicy()
ON_TIME = 0.84
STANCES = (("agree", 0.7), ("partly", 0.2), ("disagree", 0.1))


@dataclass
class Followed:
    """Rows not stored yet, and whether all of it is done."""

    escalations: list[Escalation] = field(default_factory=list)
    steps: list[tuple[EscalationStep, User]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    feedback: Feedback | None = None
    recipients: list[FeedbackRecipient] = field(default_factory=list)
    replies: list[FeedbackReply] = field(default_factory=list)


@dataclass
class Following:
    """One audit being followed up to ``now``."""

    rng: Random
    audit: Audit
    director: User
    now: datetime
    made: Followed = field(default_factory=Followed)

    def person(self, level: str) -> User:
        """Who answers for the case at that level."""
        head = self.audit.service.head or self.director
        if level == Escalation.Level.DIRECTOR:
            return self.director
        if level == Escalation.Level.HEAD_OF_SERVICE:
            return head
        manager = self.audit.team.manager if self.audit.team else None
        return manager or head

    def escalate(
        self, track: str, raised_at: datetime, stood_down_at: datetime | None = None
    ) -> None:
        """Raise one track, and follow it."""
        dates = deadlines(track, raised_at, holidays=bank_holidays(), policy=POLICY)
        raised = Escalation(
            audit=self.audit,
            track=track,
            level=dates.level,
            raised_at=raised_at,
            raised_by=self.audit.auditor,
            acknowledge_by=dates.acknowledge_by,
            plan_by=dates.plan_by,
        )
        if track == IMMEDIATE_CONCERN:
            raised.concern, raised.told = words.CONCERN, words.CONCERN_TOLD
        self.made.escalations.append(raised)
        self._step(raised, raised_at)
        answered_at = self._answered_at(raised)
        if stood_down_at is not None and stood_down_at <= self.now:
            self._stand_down(raised, stood_down_at)
        elif answered_at <= self.now:
            self._acknowledge(raised, answered_at)

    def _step(self, escalation: Escalation, sent_at: datetime) -> None:
        step = EscalationStep(
            escalation=escalation,
            level=escalation.level,
            sent_at=sent_at,
            acknowledge_by=escalation.acknowledge_by,
        )
        self.made.steps.append((step, self.person(escalation.level)))

    def _answered_at(self, escalation: Escalation) -> datetime:
        """When it is acknowledged; on the way it moves up a level where that is late."""
        raised_at, rng = escalation.raised_at, self.rng
        if rng.random() < ON_TIME:
            days = {"immediate_concern": 0, "inadequate": 1, "requires_improvement": 4}
            at = later(rng, raised_at, 0, days[escalation.track])
            if at <= escalation.acknowledge_by:
                return at
            return escalation.acknowledge_by - timedelta(minutes=rng.randint(5, 40))
        late = later(rng, escalation.acknowledge_by, 1, 2)
        moved_up = escalation.acknowledge_by + timedelta(minutes=10)
        if moved_up <= self.now:
            escalation.level = LEVELS[escalation.track][1]
            escalation.acknowledge_by = acknowledge_by(
                escalation.track, moved_up, holidays=bank_holidays(), policy=POLICY
            )
            self._step(escalation, moved_up)
        return late

    def _stand_down(self, escalation: Escalation, at: datetime) -> None:
        escalation.status = Escalation.Status.STOOD_DOWN
        escalation.closed_at, escalation.closed_by = at, self.audit.auditor
        escalation.stood_down_reason = "The grade of record after moderation needs none."

    def _acknowledge(self, escalation: Escalation, at: datetime) -> None:
        by = self.person(escalation.level)
        escalation.status = Escalation.Status.ACKNOWLEDGED
        escalation.acknowledged_at, escalation.acknowledged_by = at, by
        escalation.response = self.rng.choice(words.RESPONSES)
        agreed = later(self.rng, at, 1, 5 if escalation.track != "requires_improvement" else 9)
        if agreed > self.now:
            return
        escalation.status = Escalation.Status.PLAN_AGREED
        escalation.plan_agreed_at, escalation.plan_agreed_by = agreed, by
        sides = ["manager", "practitioner"]
        if self.rng.random() < 0.4:
            sides.append(self.rng.choice(sides))
        actions = [self.act(side, agreed, by, escalation) for side in sides]
        if all(a.status in ("verified", "cancelled") for a in actions):
            escalation.status = Escalation.Status.CLOSED
            last = max(a.verified_at for a in actions if a.verified_at)
            escalation.closed_at, escalation.closed_by = last, self.person("head_of_service")
        elif all(a.status != "open" for a in actions):
            escalation.status = Escalation.Status.AWAITING_VERIFICATION

    def act(
        self,
        side: str,
        at: datetime,
        by: User,
        escalation: Escalation | None = None,
        standard: PracticeStandard | None = None,
    ) -> Action:
        """Plan one action and follow it."""
        rng, manager = self.rng, self.person("team_manager")
        action = Action(
            audit=self.audit,
            escalation=escalation,
            standard=standard,
            side=side,
            description=rng.choice(words.ACTIONS[side]),
            due_on=working_days_on(at.astimezone(LONDON).date(), rng.randint(12, 35)),
            created_at=at,
            created_by=by,
        )
        practitioner = self.audit.practitioner
        offered_by = manager
        if side == "manager":
            action.owner = manager
        elif practitioner is None or practitioner.left_on:
            action.owner = manager
            action.stand_in_reason = "left" if practitioner else "none_allocated"
        else:
            action.practitioner = practitioner
            offered_by = practitioner.user or manager
        self.made.actions.append(action)
        self._carry_out(action, offered_by)
        return action

    def _carry_out(self, action: Action, offered_by: User) -> None:
        rng = self.rng
        # Most are done about when they are due, some months later.
        days = rng.randint(3, 30) if rng.random() < 0.9 else rng.randint(60, 150)
        offered_at = later(rng, action.created_at, days, days)
        if offered_at > self.now:
            return
        if rng.random() < 0.07:
            action.returned_reason = words.RETURNED
            offered_at = later(rng, offered_at, 4, 10)
            if offered_at > self.now:
                return
        action.status = Action.Status.EVIDENCE_OFFERED
        action.evidence = rng.choice(words.DONE)
        action.offered_at, action.offered_by = offered_at, offered_by
        verified_at = later(rng, offered_at, 2, 12)
        if verified_at > self.now:
            return
        manager = self.person("team_manager")
        own = action.side == "manager" or manager in (action.owner, offered_by)
        action.status = Action.Status.VERIFIED
        action.verified_at = verified_at
        action.verified_by = self.person("head_of_service") if own else manager
        action.change_for_child = rng.choice(words.CHANGED)

    def release_feedback(self, at: datetime, strengths: str, improvements: str) -> None:
        """Give feedback to both practitioners, who read it and mostly reply."""
        released = later(self.rng, at, 1, 4)
        if released > self.now:
            return
        reply_by = working_days_on(released.astimezone(LONDON).date(), 10)
        feedback = Feedback(
            audit=self.audit,
            strengths=strengths,
            improvements=improvements,
            released_at=released,
            released_by=self.audit.auditor,
            reply_by=reply_by,
        )
        self.made.feedback = feedback
        for practitioner in recipients_of(self.audit):
            recipient = FeedbackRecipient(feedback=feedback, practitioner=practitioner)
            self.made.recipients.append(recipient)
            if practitioner.user and not practitioner.left_on and self.rng.random() < 0.88:
                self._read(recipient, practitioner.user)

    def _read(self, recipient: FeedbackRecipient, user: User) -> None:
        feedback = recipient.feedback
        read_at = later(self.rng, feedback.released_at, 0, 7)
        if read_at > self.now:
            return
        recipient.read_at = read_at
        replied_at = later(self.rng, read_at, 0, 6)
        if self.rng.random() > 0.72 or replied_at > self.now:
            return
        stance = weighted(self.rng, STANCES)
        self.made.replies.append(
            FeedbackReply(
                feedback=feedback,
                practitioner=recipient.practitioner,
                stance=stance,
                text=self.rng.choice(words.REPLIES[stance]),
                replied_at=replied_at,
                replied_by=user,
                late=replied_at.astimezone(LONDON).date() > feedback.reply_by,
            )
        )
