"""What auditors, managers and practitioners of the demo write. Nobody real is meant."""

from __future__ import annotations

from random import Random

from audits.rules.grades import GOOD, INADEQUATE, OUTSTANDING, REQUIRES_IMPROVEMENT

# For each practice standard: what the file shows where the work is sound, and where it is not.
FINDINGS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "lived_experience": (
        (
            "the child's words are on the file from four separate visits and the plan answers them",
            "a drawing the child made of home and school is explained in the worker's notes",
            "the worker describes an ordinary day for this child, before and after school",
        ),
        (
            "the child was seen, but what they said is written once and in adults' words",
            "it is hard to tell from the record what a day is like for this child",
            "the youngest child's view is missing although an older sibling's is there",
        ),
    ),
    "identity": (
        (
            "faith, language and the wider family are described and shape the plan",
            "the assessment says what the child's diagnosis means in daily life",
            "contact with relatives abroad is supported because the child asked for it",
        ),
        (
            "ethnicity is recorded as a code and goes no further",
            "the disability is named, but not what it changes for the child",
            "an interpreter was not used although the first language at home is not English",
        ),
    ),
    "risk": (
        (
            "the chronology is used to weigh risk, and the analysis says what would change it",
            "strengths and dangers are set beside each other and lead to a clear judgement",
            "risk was looked at again after the incident in the spring, within two days",
        ),
        (
            "the analysis repeats the referral and does not say how likely harm is",
            "three police notifications were read singly and not as a pattern",
            "the assessment was finished after 62 working days without a reason",
        ),
    ),
    "plan_review": (
        (
            "the plan has five outcomes, each with an owner and a date, and reviews tick them off",
            "the core group meets every month and the plan changed twice as a result",
            "the contingency plan is written in words the parents use themselves",
        ),
        (
            "actions are on-going without a date, so drift cannot be seen",
            "the last review was held nine weeks late",
            "the plan lists services to attend, not what should be different for the child",
        ),
    ),
    "visits": (
        (
            "visits are more frequent than the minimum and have a purpose that is written down",
            "direct work used cards and play, and its results are in the plan",
            "the child was seen alone at each visit, in two different places",
        ),
        (
            "two statutory visits were missed in a row and no reason is given",
            "the child was seen only together with the parent",
            "visit notes tell what the adults did during the visit",
        ),
    ),
    "multi_agency": (
        (
            "school, health visitor and police share what they know, and it is drawn together",
            "a disagreement with the hospital was raised the same day and settled",
            "the strategy discussion had all the right people and clear decisions",
        ),
        (
            "health was not at two of three meetings and nobody followed it up",
            "the school's concerns of the autumn were not answered",
            "information from the adult mental health team is missing",
        ),
    ),
    "permanence": (
        (
            "permanence was decided by the second review, with a parallel plan",
            "the placement matches the child's needs and the carers' view is on the file",
            "family time is reviewed by what it does for the child",
        ),
        (
            "there is no permanence plan after seven months in care",
            "the child moved twice at short notice and no disruption meeting was held",
            "life story work has been agreed and has not begun",
        ),
    ),
    "transition": (
        (
            "the handover to the next team was made together with the young person",
            "the pathway plan was started early and is in the young person's own words",
            "the change of worker was prepared over three visits",
        ),
        (
            "the case changed teams without a summary",
            "adult services were told only three months before the birthday",
            "there were three workers in the year and no record of a goodbye",
        ),
    ),
    "recording": (
        (
            "notes are up to date, short, and say why decisions were made",
            "the chronology is current and could be read by the child one day",
            "every note separates what was seen from what was thought",
        ),
        (
            "six weeks of visits were entered on one day",
            "the chronology ends fourteen months ago",
            "entries are copied from one sibling's file to the other",
        ),
    ),
    "supervision": (
        (
            "supervision is monthly, reflective, and its decisions are carried out",
            "the manager's challenge in March changed the direction of the plan",
            "the reasons for stepping down are recorded by the manager",
        ),
        (
            "supervision lists tasks and does not ask what has changed",
            "there was no supervision between April and July",
            "management oversight is a sentence that is the same each month",
        ),
    ),
    "family_feedback": (
        (
            "parents were asked twice what helps, and their answer is in the review",
            "the young person rated the support and the worker acted on it",
            "the father, who lives elsewhere, was asked too",
        ),
        (
            "there is no sign that the family was asked for their view",
            "the mother's complaint was noted and not answered",
            "feedback was asked for once, at the close of the assessment",
        ),
    ),
    "impact": (
        (
            "attendance rose from 71% to 94% and the child says home is calmer",
            "the child has not been missing since the plan began",
            "neglect of health appointments has stopped, and the child is a healthy weight",
        ),
        (
            "after ten months of work little is different for the child",
            "there was activity in every week, and no sign of what it achieved",
            "the improvement of the summer was lost when support ended",
        ),
    ),
    "consent": (
        (
            "consent is signed, dated and was talked through with both parents",
            "the young person's own consent was sought and recorded",
            "consent was renewed when the school nurse joined",
        ),
        (
            "consent is referred to and is not on the file",
            "consent covers sharing with school only, yet health was contacted",
            "the second parent was not asked",
        ),
    ),
    "whole_family_plan": (
        (
            "the plan covers every child in the home and the parents' own needs",
            "the family chose the order of the steps, and they are small enough to reach",
            "reviews at six weeks have kept the plan moving",
        ),
        (
            "the plan is about one child although there are four in the home",
            "steps are for the parents alone and no service has one",
            "the plan has not been reviewed since it was written",
        ),
    ),
    "lead_practitioner": (
        (
            "everybody knows who leads, and the family can reach them",
            "the lead practitioner brought four services to one table",
            "the family support worker's visits are regular and have an aim",
        ),
        (
            "the lead changed twice and the family was not told",
            "the lead practitioner is named and has not met the family since May",
            "services work beside each other without a lead",
        ),
    ),
    "step_up_down": (
        (
            "the step up was timely and its reasons are plain",
            "the step down was agreed with the family and followed up after a month",
            "thresholds were talked over with the front door and recorded",
        ),
        (
            "worries grew over the spring and a step up was not considered",
            "the case was closed after two missed visits without talking to the school",
            "the step down has no plan behind it",
        ),
    ),
    "oversight": (
        (
            "the supervisor looks at the file every month and asks what has changed",
            "a case discussion in February unlocked a stuck plan",
            "decisions are signed by the manager with their reasons",
        ),
        (
            "the manager's notes are missing for five months",
            "oversight is a tick without a thought",
            "the same action is carried forward in four supervisions",
        ),
    ),
}  # fmt: skip
_OPENINGS = {
    OUTSTANDING: (
        "This is work others could learn from: {}.",
        "Consistently strong over the whole six months: {}.",
        "Thoughtful and persistent: {}.",
    ),
    GOOD: (
        "Read over six months: {}.",
        "The file shows that {}.",
        "Good practice here, as {}.",
        "In the last two reviews and the notes between them {}.",
    ),
    REQUIRES_IMPROVEMENT: (
        "Not yet good, because {}.",
        "There is effort, but {}.",
        "The standard is met in part: {}.",
        "In several places {}.",
    ),
    INADEQUATE: (
        "The standard is not met: {}.",
        "This leaves the child at risk of harm that is not understood: {}.",
        "Serious weakness over the whole period: {}.",
    ),
}
_BUT = (
    " Also, {}.",
    " Beside that, {}.",
    " On the other hand, {}.",
)
_SUMMARY = {
    OUTSTANDING: "Work of rare quality that has changed this child's life for the better.",
    GOOD: "Sound work with a clear line from what the child says to what is done.",
    REQUIRES_IMPROVEMENT: "Committed work in places, which is not yet consistent enough to make a "
    "lasting difference.",
    INADEQUATE: "Basic practice is missing and the child's situation is not well understood.",
}
ACTIONS = {
    "manager": (
        "Hold reflective supervision on this file and record what will be done differently.",
        "Review the plan with the practitioner and set a date and an owner for every step.",
        "Read the chronology together with the practitioner and update the analysis of risk.",
        "Chair a meeting of all agencies and agree who does what by when.",
        "Check the next three visits' records within two days of each visit.",
    ),
    "practitioner": (
        "See the child alone, find out what a day is like, and write it in their own words.",
        "Bring the chronology up to date and use it in the assessment.",
        "Rewrite the plan with the family so that each step says what will be different.",
        "Ask the father and the school for their view and record it.",
        "Do the agreed direct work in four sessions and put its results into the plan.",
    ),
}
DONE = (
    "Done and on the file: see the entries of the last three weeks.",
    "The meeting was held, minutes are uploaded and the plan is changed.",
    "Completed with the family; the new version was shared with them.",
    "Four sessions took place and are written up.",
)
CHANGED = (
    "The child says they feel listened to, and school sees them more settled.",
    "Visits now happen with an aim, and the child knows what the plan is for.",
    "The parents keep to the routine agreed, and bedtime is calmer.",
    "The child has a safe adult to go to and used that twice.",
    "Health appointments are kept and the child is in pain no longer.",
    "Little so far: the plan is better, and we look again in a month.",
)
RETURNED = "The record shows a meeting, not what came of it. Add what changed and offer it again."
CANCELLED = "The same is part of another action of this plan."
NO_ACTION = (
    "It has been put right since: the record is complete now, I have read it.",
    "One visit was late in six months, with a reason on the file.",
    "The whole team is working on this; an action on this file adds nothing.",
)
RESPONSES = (
    "I have read the audit and spoken with the worker. I accept it; the plan follows.",
    "Seen today. The child has been visited, and I am satisfied that they are safe for now.",
    "Acknowledged. I will chair the planning meeting myself.",
    "Thank you. We knew of the drift here; supervision has been moved to weekly.",
)
RATIONALES = {
    "same": (
        "We came to the same grade, from the same evidence.",
        "Both gradings rest on the file as it is; small differences do not change the whole.",
    ),
    "first": (
        "The first grading gives more weight to direct work, and the file bears it out.",
        "After talking it over the auditor's evidence on impact is stronger than I had read it.",
    ),
    "second": (
        "The analysis of risk does not support the first grade; activity was taken for impact.",
        "The first grading relied on what is planned rather than on what was done.",
    ),
}
REPLIES = {
    "agree": ("", "Thank you, this is fair.", "I agree and have started on the chronology."),
    "partly": (
        "The visits took place; the notes were late because of the change of system.",
        "I agree about the plan. The direct work is in the paper folder and was not seen.",
    ),
    "disagree": (
        "I took over this case five weeks before the audit; most of this was before my time.",
        "The assessment was extended for a reason that my manager agreed and recorded.",
    ),
}
CONCERN = "A recent entry tells of an adult who may not have contact, seen at the home."
CONCERN_TOLD = "Telephoned the duty manager at once; the team manager was told within the hour."
OVERRIDE = "The weaknesses are early in the period and were put right before the audit."
NOT_APPLICABLE = "Nothing of this kind arose in the period that was read."
FACT_NOT_APPLICABLE = (
    "This did not arise in the period that was read.",
    "Not asked of this family at this stage of the work.",
)
FACT_MISSING = (
    "Not on the file for the period judged.",
    "Done once, in the first month, and not again.",
    "Done late: the record says why, but nobody agreed a new date.",
    "Mentioned in a case note, without a record of its own.",
)
DECLARED_AHEAD = (
    "Our children are in the same class, and I know the mother well.",
    "Told us on the telephone: a relation of the grandparents.",
    "I was the school’s safeguarding lead for this child.",
    "I was the school’s safeguarding lead for this child.",
)
CONFLICT_ENDED = "The auditor gave the id of another child; declared again with the right one."
CONFLICT = "I chaired a meeting about this family in the spring."
NOT_MET = "The practitioner was on leave in the weeks of the audit."
FAMILY = {
    "obtained": "The parent said the worker is honest with them and turns up when she says so.",
    "not_obtained": "Two calls and a letter were not answered.",
    "not_sought": "The family is in the middle of proceedings, so it was agreed not to call.",
}
REPLACEMENT_NOTES = {
    "file_unavailable": "Part of the file is on paper in another office and cannot be had in time.",
    "restricted_since": "The record was restricted the week after the freeze.",
    "in_court": "The final hearing falls into the audit weeks.",
    "child_in_crisis": "The young person is in hospital; the team asks for time.",
    "other": "The only worker who knows the file is on long leave, and nobody else has it.",
}
STRENGTHS = "What works well: {}."
IMPROVEMENTS = "To work on next: {}."


def evidence(rng: Random, standard: str, grade: str) -> str:
    """Two sentences or so that bear out a grade on a standard."""
    sound, weak = FINDINGS[standard]
    below = grade in (REQUIRES_IMPROVEMENT, INADEQUATE)
    first = rng.choice(_OPENINGS[grade]).format(rng.choice(weak if below else sound))
    if grade == OUTSTANDING or rng.random() < 0.35:
        others = weak if grade == INADEQUATE else sound
        extra = rng.choice(others)
        return first if extra in first else first + _BUT[grade != OUTSTANDING].format(extra)
    if grade == GOOD and rng.random() < 0.4:
        return first + _BUT[2].format(rng.choice(weak))
    return first


def strengths(rng: Random, standards: list[str]) -> str:
    """What was good, from one or two standards."""
    found = [
        rng.choice(FINDINGS[code][0]) for code in rng.sample(standards, min(2, len(standards)))
    ]
    return STRENGTHS.format("; ".join(found))


def improvements(rng: Random, standards: list[str]) -> str:
    """What to improve, from one or two standards."""
    found = [
        rng.choice(FINDINGS[code][1]) for code in rng.sample(standards, min(2, len(standards)))
    ]
    return IMPROVEMENTS.format("; ".join(found))


def summary(grade: str) -> str:
    """Why this overall grade."""
    return _SUMMARY[grade]
