"""Told audits, stored in bulk: in an order and with statuses that the database lets pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

from audits.models import (
    Audit,
    Feedback,
    FeedbackRecipient,
    FeedbackReply,
    Grading,
    StandardGrade,
)
from cases.models import Child, SampledCase
from config.demo_council.following import Followed
from config.demo_council.story import Story
from quality.models import Action, Escalation, EscalationStep, Moderation, NoActionReason

AT_ONCE = 1000


@contextmanager
def keys_checked_at_once() -> Iterator[None]:
    """Foreign keys are checked as rows come, not at the commit.

    A hundred thousand checks that wait slow down every trigger until then.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def store(stories: Sequence[Story]) -> None:
    """Store everything of these audits."""
    _store_audits(stories)
    _store_gradings(stories)
    _set_of_record(stories)
    Moderation.objects.bulk_create(story.moderation for story in stories if story.moderation)
    _store_followed([story.followed for story in stories if story.followed])
    begun = [story.audit for story in stories if story.audit.started_at]
    Child.objects.bulk_update(
        [audit.child for audit in begun], ["audit_reference"], batch_size=AT_ONCE
    )
    SampledCase.objects.bulk_update(
        [audit.sampled_case for audit in begun if audit.sampled_case], ["status"],
        batch_size=AT_ONCE,
    )  # fmt: skip


def _store_audits(stories: Sequence[Story]) -> None:
    """As submitted where they are further: the grade of record is stored after its audit."""
    decided = (Audit.Status.FINALISED, Audit.Status.CLOSED)
    reached = {story.audit.reference: story.audit.status for story in stories}
    for story in stories:
        if story.audit.status in decided:
            story.audit.status = Audit.Status.SUBMITTED
    Audit.objects.bulk_create((story.audit for story in stories), batch_size=AT_ONCE)
    for story in stories:
        story.audit.status = reached[story.audit.reference]


def _store_gradings(stories: Sequence[Story]) -> None:
    """As drafts first: the standards of a submitted grading can no longer be written."""
    judged = [each for story in stories for each in story.gradings]
    Grading.objects.bulk_create((each.grading for each in judged), batch_size=AT_ONCE)
    StandardGrade.objects.bulk_create(
        (row for each in judged for row in each.standards), batch_size=AT_ONCE
    )
    submitted = [each.grading for each in judged if each.submitted]
    Grading.objects.filter(pk__in=[grading.pk for grading in submitted]).update(
        status=Grading.Status.SUBMITTED
    )
    for grading in submitted:
        grading.status = Grading.Status.SUBMITTED


def _set_of_record(stories: Sequence[Story]) -> None:
    decided = [story for story in stories if story.of_record is not None]
    for story in decided:
        story.audit.grading_of_record = story.of_record
    Audit.objects.bulk_update(
        [story.audit for story in decided], ["status", "grading_of_record"], batch_size=AT_ONCE
    )


def _store_followed(followed: Sequence[Followed]) -> None:
    Escalation.objects.bulk_create(each for made in followed for each in made.escalations)
    steps = [step for made in followed for step in made.steps]
    EscalationStep.objects.bulk_create(step for step, _ in steps)
    sent = EscalationStep.sent_to.through
    sent.objects.bulk_create(
        sent(escalationstep_id=step.pk, user_id=user.pk) for step, user in steps
    )
    Action.objects.bulk_create(each for made in followed for each in made.actions)
    NoActionReason.objects.bulk_create(each for made in followed for each in made.no_action)
    Feedback.objects.bulk_create(made.feedback for made in followed if made.feedback)
    FeedbackRecipient.objects.bulk_create(each for made in followed for each in made.recipients)
    FeedbackReply.objects.bulk_create(each for made in followed for each in made.replies)
