"""What follows a submitted audit: escalations with their clocks, actions, and their verification.

Everything has its moments first; what lies after ``now`` has not happened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from accounts.models import User
from audits.models import Audit, Feedback, FeedbackRecipient, FeedbackReply, PracticeStandard
from cases.queries.calendar import bank_holidays
from config.demo_council import words
from config.demo_council.draws import LONDON, Turns, given, later, working_days_on
from quality.models import Action, Escalation, EscalationStep, NoActionReason
from quality.rules.escalation import IMMEDIATE_CONCERN, LEVELS, acknowledge_by, deadlines
from quality.rules.policy import QualityPolicy

POLICY = QualityPolicy()
ON_TIME = 0.84
# One in so many. An escalation that nobody takes up for weeks goes up as far as its track does.
SILENT = {"inadequate": 12, "requires_improvement": 30}
PLANNED_LATE, RETURNED, CANCELLED, NO_ACTION = 8, 14, 12, 3


@dataclass
class Followed:
    """Rows not stored yet, and when what was last."""

    escalations: list[Escalation] = field(default_factory=list)
    steps: list[tuple[EscalationStep, User]] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    no_action: list[NoActionReason] = field(default_factory=list)
    feedback: Feedback | None = None
    recipients: list[FeedbackRecipient] = field(default_factory=list)
    replies: list[FeedbackReply] = field(default_factory=list)
    standards_waiting: bool = False  # for an action, or a reason for none

    def last_event(self, system: User) -> tuple[datetime, User] | None:
        """When the last thing was done and by whom; None while something is not done.

        An audit is closed in that moment; by the system where it was the release of feedback.
        """
        live = any(e.status not in ("closed", "stood_down") for e in self.escalations)
        undone = any(a.status not in ("verified", "cancelled") for a in self.actions)
        if self.feedback is None or live or undone or self.standards_waiting:
            return None
        events = [(self.feedback.released_at, system)]
        events += [(reason.given_at, reason.given_by) for reason in self.no_action]
        events += [ended(action) for action in self.actions]
        return max(events, key=lambda event: event[0])


def ended(action: Action) -> tuple[datetime, User]:
    """When an action that is verified or cancelled ended, and by whom."""
    if action.status == Action.Status.CANCELLED:
        return given(action.cancelled_at), given(action.cancelled_by)
    return given(action.verified_at), given(action.verified_by)


@dataclass
class Following:
    """One audit being followed up to ``now``."""

    rng: Random
    turns: Turns
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
    ) -> Escalation:
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
        self.made.escalations.append(raised)
        self._step(raised, raised_at)
        if stood_down_at is not None and stood_down_at <= self.now:
            self._stand_down(raised, stood_down_at)
            return raised
        answered_at = self._answered_at(raised)
        if answered_at <= self.now:
            self._acknowledge(raised, answered_at)
        return raised

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
        deadline, track, rng = escalation.acknowledge_by, escalation.track, self.rng
        silent = track in SILENT and self.turns.one_in(SILENT[track], f"silent {track}")
        if not silent and rng.random() < ON_TIME:
            days = {"immediate_concern": 0, "inadequate": 1, "requires_improvement": 4}
            at = later(rng, escalation.raised_at, 0, days[track])
            return at if at <= deadline else deadline - timedelta(minutes=rng.randint(5, 40))
        moved_up = deadline + timedelta(seconds=1)
        if moved_up <= self.now:
            escalation.level = LEVELS[track][1]
            escalation.acknowledge_by = acknowledge_by(
                track, moved_up, holidays=bank_holidays(), policy=POLICY
            )
            self._step(escalation, moved_up)
        if silent:
            return later(rng, deadline, 30, 40)
        return later(rng, moved_up, *((0, 0) if track == IMMEDIATE_CONCERN else (1, 2)))

    def _stand_down(self, escalation: Escalation, at: datetime) -> None:
        escalation.status = Escalation.Status.STOOD_DOWN
        escalation.closed_at, escalation.closed_by = at, self.audit.finalised_by
        escalation.stood_down_reason = "The grade of record needs none."

    def _acknowledge(self, escalation: Escalation, at: datetime) -> None:
        by = self.person(escalation.level)
        escalation.status = Escalation.Status.ACKNOWLEDGED
        escalation.acknowledged_at, escalation.acknowledged_by = at, by
        escalation.response = self.rng.choice(words.RESPONSES)
        days = (1, 9) if escalation.track == "requires_improvement" else (1, 4)
        if self.turns.one_in(PLANNED_LATE, "plan"):
            days = (11, 16)
        agreed = later(self.rng, at, *days)
        if agreed <= self.now:
            self._plan(escalation, agreed, by)

    def _plan(self, escalation: Escalation, agreed: datetime, by: User) -> None:
        escalation.status = Escalation.Status.PLAN_AGREED
        escalation.plan_agreed_at, escalation.plan_agreed_by = agreed, by
        concern = escalation.track == IMMEDIATE_CONCERN
        sides = ["manager"] if concern else ["manager", "practitioner"]
        if self.rng.random() < 0.3:
            sides.append(self.rng.choice(sides))
        actions = [self.act(side, agreed, by, escalation) for side in sides]
        if self.turns.one_in(CANCELLED, "cancelled"):
            self._cancelled(escalation, agreed, by)
        states = {action.status for action in actions}
        if Action.Status.OPEN in states:
            return
        if states != {Action.Status.VERIFIED}:
            escalation.status = Escalation.Status.AWAITING_VERIFICATION
            return
        escalation.status = Escalation.Status.CLOSED
        mine = [action for action in self.made.actions if action.escalation is escalation]
        escalation.closed_at, escalation.closed_by = max(map(ended, mine), key=lambda end: end[0])

    def _cancelled(self, escalation: Escalation, at: datetime, by: User) -> None:
        """One action more than the plan needs, taken out of it a few days later."""
        cancelled_at = later(self.rng, at, 2, 6)
        if cancelled_at > self.now:
            return
        self.made.actions.append(
            Action(
                audit=self.audit,
                escalation=escalation,
                side=Action.Side.MANAGER,
                owner=self.person("team_manager"),
                description=words.ACTIONS["manager"][0],
                due_on=working_days_on(at.astimezone(LONDON).date(), 20),
                created_at=at,
                created_by=by,
                status=Action.Status.CANCELLED,
                cancelled_at=cancelled_at,
                cancelled_by=by,
                cancel_reason=words.CANCELLED,
            )
        )

    def answer_standard(self, standard: PracticeStandard, at: datetime) -> None:
        """An action on one standard below good, or the manager's reason for none."""
        manager = self.person("team_manager")
        if self.turns.one_in(NO_ACTION, "no action"):
            self.made.no_action.append(
                NoActionReason(
                    audit=self.audit,
                    standard=standard,
                    reason=self.rng.choice(words.NO_ACTION),
                    given_at=at,
                    given_by=manager,
                )
            )
            return
        side = self.rng.choice(("manager", "practitioner"))
        self.act(side, at, manager, standard=standard)

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
        if self.turns.one_in(RETURNED, "returned"):
            returned_at = later(rng, offered_at, 2, 6)
            if returned_at <= self.now:
                self._offer(action, offered_at, offered_by)
                action.status, action.returned_reason = Action.Status.OPEN, words.RETURNED
                offered_at = later(rng, returned_at, 4, 10)
        if offered_at > self.now:
            return
        self._offer(action, offered_at, offered_by)
        verified_at = later(rng, offered_at, 2, 12)
        if verified_at > self.now:
            return
        manager = self.person("team_manager")
        own = action.side == "manager" or manager in (action.owner, offered_by)
        action.status, action.returned_reason = Action.Status.VERIFIED, ""
        action.verified_at = verified_at
        action.verified_by = self.person("head_of_service") if own else manager
        action.change_for_child = rng.choice(words.CHANGED)

    def _offer(self, action: Action, at: datetime, by: User) -> None:
        action.status, action.evidence = Action.Status.EVIDENCE_OFFERED, self.rng.choice(words.DONE)
        action.offered_at, action.offered_by = at, by
