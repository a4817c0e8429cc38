"""Who gets what answer at every address of the site: one table, written by hand.

A new address fails ``test_every_address_has_its_row`` until it has a row here. A row names the
people of tests/cast.py who get in, and those whose role opens the page but who may not see this
thing (404). Everybody else is answered 403, and somebody not signed in is sent to sign in. That
holds for GET and for POST, whatever is posted.

What an address is about (an audit, a report) comes from tests/architecture/samples.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from accounts.notices import password_link
from accounts.roles import Role
from audits.models import PracticeStandard
from tests.architecture.samples import Samples
from tests.cast import Cast

pytestmark = pytest.mark.django_db

ROLES = (
    "analyst auditor moderator manager practitioner_user head director validator member "
    "governance lead administrator"
).split()
OUTSIDERS = (
    "other_auditor other_moderator other_manager other_practitioner_user other_head nobody"
).split()
EVERYBODY = frozenset([*ROLES, *OUTSIDERS])

# Who has which permission (accounts.policy), in people.
AUDITORS = "auditor other_auditor"
MODERATORS = "moderator other_moderator"
MANAGERS = "manager other_manager"
PRACTITIONERS = "practitioner_user other_practitioner_user"
HEADS = "head other_head"
GRADE = f"{AUDITORS} {MODERATORS} validator"
SEE_AUDITS = f"analyst {GRADE} {MANAGERS} {HEADS} director lead"
SEE_QUARTER = f"analyst {HEADS} director lead"
SEE_TOOLS = f"{AUDITORS} {MODERATORS} lead"
READ_REPORTS = " ".join(EVERYBODY - {"nobody"})

Kwargs = Callable[[Samples], dict[str, Any]]


def nothing(samples: Samples) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """Who gets in, who is told that there is no such thing; the rest is refused."""

    opens: frozenset[str]
    hides: frozenset[str] = frozenset()
    kwargs: Kwargs = nothing
    post_only: bool = False
    public: bool = False
    get_only: bool = False
    leads: str = ""  # to which page a post-only address leads that is opened; "" for 405


def row(
    opens: str, *, hides: str = "", kwargs: Kwargs = nothing, post: bool = False, get: bool = False,
    leads: str = "",
) -> Row:  # fmt: skip
    """``hides`` may name people of ``opens`` too: the latter wins."""
    inside = frozenset(opens.split())
    return Row(
        inside,
        frozenset(hides.split()) - inside,
        kwargs,
        post_only=post or bool(leads),
        get_only=get,
        leads=leads,
    )


def public(kwargs: Kwargs = nothing) -> Row:
    """For everybody, signed in or not."""
    return Row(EVERYBODY, kwargs=kwargs, public=True)


def everybody(kwargs: Kwargs = nothing) -> Row:
    """For all who have signed in, whatever their role."""
    return Row(EVERYBODY, kwargs=kwargs)


def of_team(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.cast.riverside.pk}


def of_baseline(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.baseline.pk}


def of_audit(samples: Samples) -> dict[str, Any]:
    """An audit allocated to Audrey Tor."""
    return {"reference": samples.audit.reference}


def of_meaning(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.import_meaning.pk}


def of_other_id(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.other_id.pk}


def of_conflict(samples: Samples) -> dict[str, Any]:
    """Otto Tor's, in force."""
    return {"pk": samples.conflict.pk}


def of_grading(samples: Samples) -> dict[str, Any]:
    """Her draft."""
    return {"reference": samples.audit.reference, "pk": samples.grading.pk}


def of_submitted(samples: Samples) -> dict[str, Any]:
    """Her grading, submitted and not decided."""
    return {"reference": samples.audit.reference, "pk": samples.submitted.pk}


def of_submitted_audit(samples: Samples) -> dict[str, Any]:
    return {"reference": samples.submitted.audit.reference}


def of_decided(samples: Samples) -> dict[str, Any]:
    return {"reference": samples.decided.reference}


def of_feedback(samples: Samples) -> dict[str, Any]:
    """Feedback on it for Pat Titioner."""
    return {"reference": samples.feedback.audit.reference}


def of_standard(samples: Samples) -> dict[str, Any]:
    answer = samples.grading.standard_grades.select_related("standard").first()
    assert answer
    return {**of_grading(samples), "code": answer.standard.code}


def of_tool(samples: Samples) -> dict[str, Any]:
    """The published version that ships with the product."""
    return {"code": "statutory", "number": samples.tool_draft.number - 1}


def of_tool_draft(samples: Samples) -> dict[str, Any]:
    """A draft: its owner's alone."""
    return {"code": "statutory", "number": samples.tool_draft.number}


def of_tool_section(samples: Samples) -> dict[str, Any]:
    section = samples.tool_draft.sections.first()
    assert section
    return {**of_tool_draft(samples), "part": section.code}


def of_tool_standard(samples: Samples) -> dict[str, Any]:
    standard = PracticeStandard.objects.filter(section__version=samples.tool_draft).first()
    assert standard
    return {**of_tool_draft(samples), "part": standard.code}


def of_import(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.case_import.pk}


def of_quarter(samples: Samples) -> dict[str, Any]:
    """A quarter with a draw of Riverside's cases."""
    return {"label": samples.draw.quarter.label}


def of_theme(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.theme.pk}


def of_draw(samples: Samples) -> dict[str, Any]:
    return {**of_quarter(samples), "number": samples.draw.number}


def of_frame(samples: Samples) -> dict[str, Any]:
    return {**of_quarter(samples), "number": samples.draw.frame.number}


def of_sampled_case(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.sampled_case.pk}


def of_replacement(samples: Samples) -> dict[str, Any]:
    """Asked for by the performance analyst, not decided."""
    return {"pk": samples.replacement.pk}


def of_job(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.import_job.pk}


def of_reset(samples: Samples) -> dict[str, Any]:
    *_, last = password_link(samples.cast.auditor).rstrip("/").split("/")
    uid, _, key = last.partition("-")
    return {"uidb36": uid, "key": key}


def of_person(samples: Samples) -> dict[str, Any]:
    return {"pk": samples.cast.auditor.pk}


def of_moderation(samples: Samples) -> dict[str, Any]:
    """Of an inadequate audit: free to take."""
    return {"reference": samples.moderation.audit.reference}


def of_assigned(samples: Samples) -> dict[str, Any]:
    """The same with Mo Derator."""
    return {"reference": samples.assigned.audit.reference}


def of_escalation(samples: Samples) -> dict[str, Any]:
    """On its provisional grade, with Hedda Service."""
    return {"pk": samples.escalation.pk}


def of_action(samples: Samples) -> dict[str, Any]:
    """Pat Titioner's."""
    return {"pk": samples.action.pk}


def of_decided_standard(samples: Samples) -> dict[str, Any]:
    answer = samples.decided.gradings.get(kind="auditor").standard_grades.first()
    assert answer
    return {**of_decided(samples), "code": answer.standard.code}


def of_report(samples: Samples) -> dict[str, Any]:
    """A report that waits for approval."""
    return {"pk": samples.report.pk}


def of_edition(samples: Samples) -> dict[str, Any]:
    """Its public edition: not published yet."""
    return {"pk": samples.report.pk, "edition": "public"}


PREPARING = "analyst director governance lead"

# The manager and the head of the case, the analyst, and those who see all audits.
CONCERNED = "analyst auditor manager head director lead"

TABLE: dict[str, Row] = {
    # every page around the work
    "home": everybody(),
    "help": public(),
    "accessibility": public(),
    "health_alive": public(),
    "health_ready": public(),
    "demo_mail": Row(frozenset(), EVERYBODY),  # only the demo has such a page
    "kept_form": Row(
        frozenset(), EVERYBODY, lambda samples: {"key": samples.kept_form_key}
    ),  # there is none of theirs
    # signing in; the library's pages send those who have signed in elsewhere
    "account_login": public(),
    "account_signup": public(),
    "account_logout": public(),
    "account_inactive": public(),
    "account_reset_password": public(),
    "account_reset_password_done": public(),
    "account_reset_password_from_key": public(of_reset),
    "account_reset_password_from_key_done": public(),
    "account_change_password": everybody(),
    "account_reauthenticate": everybody(),
    # people
    "accounts:person_list": row("administrator", get=True),
    "accounts:person_download": row("administrator", get=True),
    "accounts:person_add": row("administrator"),
    "accounts:person_change": row("administrator", kwargs=of_person),
    "accounts:person_invite": row("administrator", kwargs=of_person, post=True),
    "accounts:person_upload": row("administrator"),
    "accounts:person_upload_confirm": row("administrator", post=True),
    "accounts:person_template": row("administrator", get=True),
    "accounts:access_log": row("administrator governance", get=True),
    "accounts:access_log_download": row("administrator governance", get=True),
    # services, teams, practitioners, graders
    "cases:team_list": row("administrator", get=True),
    "cases:team_add": row("administrator"),
    "cases:team_change": row("administrator", kwargs=of_team),
    "cases:team_download": row("administrator", get=True),
    "cases:team_upload": row("administrator"),
    "cases:team_upload_confirm": row("administrator", post=True),
    "cases:team_template": row("administrator", get=True),
    "cases:service_list": row("administrator", get=True),
    "cases:service_move": row(
        "administrator", kwargs=lambda samples: {"code": "early_help"}, post=True
    ),
    "cases:service_change": row("administrator", kwargs=lambda samples: {"code": "early_help"}),
    "cases:service_download": row("administrator", get=True),
    "cases:service_upload": row("administrator"),
    "cases:service_upload_confirm": row("administrator", post=True),
    "cases:service_template": row("administrator", get=True),
    "cases:practitioner_list": row("administrator", get=True),
    "cases:practitioner_add": row("administrator"),
    "cases:practitioner_change": row(
        "administrator", kwargs=lambda samples: {"pk": samples.cast.practitioner.pk}
    ),
    "cases:practitioner_download": row("administrator", get=True),
    "cases:staff_list": row("analyst administrator", get=True),
    "cases:staff_upload": row("analyst administrator"),
    "cases:staff_upload_confirm": row("analyst administrator", post=True),
    "cases:staff_template": row("analyst administrator", get=True),
    "cases:staff_unmatched_download": row("analyst administrator", get=True),
    "cases:grader_list": row("administrator", get=True),
    "cases:grader_add": row("administrator"),
    "cases:grader_change": row(
        "administrator",
        kwargs=lambda samples: {"pk": samples.cast.auditor.grader.pk},
    ),
    "cases:grader_download": row("administrator", get=True),
    # declared conflicts
    "cases:own_conflicts": row(GRADE, get=True),
    "cases:conflict_declare": row(GRADE),
    "cases:conflict_list": row("analyst lead", get=True),
    "cases:conflict_download": row("analyst lead", get=True),
    "cases:conflict_register": row("analyst lead"),
    "cases:conflict_end": row("analyst lead", kwargs=of_conflict),
    # imports and jobs
    "cases:import_list": row("analyst", get=True),
    "cases:import_upload": row("analyst"),
    "cases:import_template_help": row("analyst", get=True),
    "cases:import_template": row("analyst", get=True),
    "cases:audited_upload": row("analyst"),
    "cases:audited_upload_confirm": row("analyst", post=True),
    "cases:audited_template": row("analyst", get=True),
    "cases:import_covers": row("analyst", kwargs=of_import, post=True),
    "cases:other_id_list": row("analyst", get=True),
    "cases:other_ids_upload": row("analyst"),
    "cases:other_ids_upload_confirm": row("analyst", post=True),
    "cases:other_ids_template": row("analyst", get=True),
    "cases:other_id_remove": row("analyst", kwargs=of_other_id, post=True),
    "cases:import_columns": row("analyst", kwargs=of_import),
    "cases:import_services": row("analyst", kwargs=of_import, post=True),
    "cases:meaning_list": row("analyst", get=True),
    "cases:meaning_forget": row("analyst", kwargs=of_meaning, post=True),
    "cases:gaps_upload": row("analyst"),
    "cases:return_check": row("analyst"),
    "cases:gaps_upload_confirm": row("analyst", post=True),
    "cases:gaps_template": row("analyst", get=True),
    "cases:gaps_download": row("analyst", get=True),
    "cases:import_detail": row("analyst", kwargs=of_import, get=True),
    "cases:import_confirm": row("analyst", kwargs=of_import, post=True),
    "cases:import_check_again": row("analyst", kwargs=of_import, post=True),
    "cases:import_discard": row("analyst", kwargs=of_import, post=True),
    "cases:import_new_names": row("analyst", kwargs=of_import, get=True),
    "cases:import_problems": row("analyst", kwargs=of_import, get=True),
    "cases:job_detail": row("analyst", hides=" ".join(EVERYBODY), kwargs=of_job, get=True),
    "cases:job_progress": row("analyst", hides=" ".join(EVERYBODY), kwargs=of_job, get=True),
    "cases:job_try_again": row("analyst", hides=" ".join(EVERYBODY), kwargs=of_job, post=True),
    # quarters
    "cases:quarter_list": row(SEE_QUARTER, get=True),
    "cases:quarter_download": row(SEE_QUARTER, get=True),
    "cases:quarter_detail": row(SEE_QUARTER, kwargs=of_quarter, get=True),
    "cases:quarter_numbers": row(SEE_QUARTER, kwargs=of_quarter, get=True),
    "cases:quarter_numbers_change": row("lead", kwargs=of_quarter),
    "cases:quarter_plan": row(SEE_QUARTER, kwargs=of_quarter, get=True),
    "cases:quarter_frame": row(SEE_QUARTER, kwargs=of_quarter, get=True),
    "cases:quarter_freeze": row("analyst", kwargs=of_quarter, post=True),
    "cases:quarter_screen": row(READ_REPORTS, kwargs=of_quarter, get=True),
    "cases:quarter_mail_hash": row("analyst", kwargs=of_quarter, post=True),
    "cases:quarter_draw": row("analyst", kwargs=of_quarter),
    "cases:quarter_allocation": row("analyst", kwargs=of_quarter, get=True),
    "cases:quarter_allocate": row("analyst", kwargs=of_quarter, post=True),
    "cases:draw_detail": row(SEE_QUARTER, kwargs=of_draw, get=True),
    "cases:draw_cases": row("analyst lead", kwargs=of_draw, get=True),
    "cases:waiting_download": row("analyst", kwargs=of_draw, get=True),
    "cases:frame_cases": row(SEE_QUARTER, kwargs=of_frame, get=True),
    "cases:frame_cases_download": row("analyst lead", kwargs=of_frame, get=True),
    "cases:passed_over_download": row("analyst lead", kwargs=of_draw, get=True),
    "cases:draw_certificate": row("analyst lead", kwargs=of_draw, get=True),
    "cases:draw_certificate_pdf": row("analyst lead", kwargs=of_draw, get=True),
    "cases:draw_chances": row("analyst", kwargs=of_draw, post=True),
    "cases:sampled_case": row(
        "analyst head director lead", hides=SEE_QUARTER, kwargs=of_sampled_case, get=True
    ),
    "cases:reallocate": row("analyst lead", kwargs=of_sampled_case),
    "cases:replacement_request": row("analyst", kwargs=of_sampled_case),
    "cases:replacement_list": row("analyst director lead", get=True),
    "cases:replacement_download": row("analyst director lead", get=True),
    "cases:replacement_detail": row("analyst director lead", kwargs=of_replacement, get=True),
    "cases:replacement_decide": row("director lead", kwargs=of_replacement, post=True),
    # themes
    "audits:theme_list": row(SEE_QUARTER, get=True),
    "audits:theme_download": row(SEE_QUARTER, get=True),
    "audits:theme_add": row("analyst lead"),
    "audits:theme_detail": row(SEE_QUARTER, kwargs=of_theme, get=True),
    "audits:theme_change": row("analyst lead", kwargs=of_theme),
    "audits:theme_freeze": row("analyst", kwargs=of_theme, post=True),
    "audits:theme_draw": row("analyst", kwargs=of_theme),
    "audits:theme_screen": row(READ_REPORTS, kwargs=of_theme, get=True),
    "audits:theme_mail_hash": row("analyst", kwargs=of_theme, post=True),
    "audits:theme_allocate": row("analyst", kwargs=of_theme, post=True),
    "audits:theme_findings": row("analyst lead", kwargs=of_theme),
    # audit tools
    "audits:tool_list": row(SEE_TOOLS, get=True),
    "audits:tool_import": row("lead"),
    "audits:tool_draft": row(
        "lead", kwargs=lambda samples: {"code": samples.tool_draft.tool.code}, post=True
    ),
    "audits:tool_version": row("lead", hides=SEE_TOOLS, kwargs=of_tool_draft, get=True),
    "audits:tool_changes": row("lead", hides=SEE_TOOLS, kwargs=of_tool_draft, get=True),
    "audits:tool_preview": row(SEE_TOOLS, kwargs=of_tool),
    "audits:tool_export": row(SEE_TOOLS, kwargs=of_tool, get=True),
    "audits:tool_publish": row("lead", kwargs=of_tool_draft),
    "audits:tool_delete": row("lead", kwargs=of_tool_draft),
    "audits:tool_limits": row("lead", kwargs=of_tool_draft),
    "audits:tool_section_add": row("lead", kwargs=of_tool_draft),
    "audits:tool_section": row("lead", kwargs=of_tool_section),
    "audits:tool_standard_add": row("lead", kwargs=of_tool_draft),
    "audits:tool_standard": row("lead", kwargs=of_tool_standard),
    "audits:tool_move": row("lead", kwargs=of_tool_standard, post=True),
    "audits:tool_section_remove": row("lead", kwargs=of_tool_section),
    "audits:tool_standard_remove": row("lead", kwargs=of_tool_standard),
    # audits
    "audits:audit_list": row(SEE_AUDITS, get=True),
    "audits:audit_export": row(SEE_AUDITS, get=True),
    "audits:search": row(f"analyst {HEADS} director lead"),
    "audits:audit": row(CONCERNED, hides=SEE_AUDITS, kwargs=of_audit, get=True),
    "audits:history": row("head director lead", hides=f"{MODERATORS} {HEADS}", kwargs=of_audit),
    "audits:begin": row("auditor", hides=GRADE, kwargs=of_audit),
    "audits:conflict": row("auditor", hides=GRADE, kwargs=of_audit),
    "audits:withdraw": row("lead", kwargs=of_audit),
    "audits:grading": row(
        "auditor", hides=SEE_AUDITS, kwargs=of_grading, get=True
    ),  # a draft is its author's alone
    "audits:grading_standard": row("auditor", hides=GRADE, kwargs=of_standard),
    "audits:grading_details": row("auditor", hides=GRADE, kwargs=of_grading),
    "audits:grading_overall": row("auditor", hides=GRADE, kwargs=of_grading),
    "audits:grading_before": row("auditor", hides=GRADE, kwargs=of_grading),
    "audits:grading_concern": row("auditor", hides=GRADE, kwargs=of_grading),
    "audits:grading_check": row("auditor", hides=GRADE, kwargs=of_grading, get=True),
    "audits:grading_submit": row("auditor", hides=GRADE, kwargs=of_grading, post=True),
    "audits:grading_submitted": row("auditor", hides=GRADE, kwargs=of_submitted, get=True),
    "audits:reopen": row("lead", kwargs=of_submitted_audit),
    "audits:release_feedback": row("auditor moderator lead", hides=GRADE, kwargs=of_decided),
    "audits:feedback_rates": row(SEE_QUARTER, get=True),
    "audits:feedback_list": row(PRACTITIONERS, get=True),
    "audits:feedback": row("practitioner_user", hides=PRACTITIONERS, kwargs=of_feedback, get=True),
    "audits:feedback_read": row(
        "practitioner_user", hides=PRACTITIONERS, kwargs=of_feedback, post=True
    ),
    "audits:feedback_reply": row(
        "practitioner_user", hides=PRACTITIONERS, kwargs=of_feedback, post=True
    ),
    # moderation, escalations, actions
    "quality:moderation_list": row(f"{MODERATORS} lead", get=True),
    "quality:moderation_export": row(f"{MODERATORS} lead", get=True),
    "quality:moderation": row(f"{MODERATORS} lead", kwargs=of_moderation, get=True),
    "quality:moderation_assign": row("lead", kwargs=of_moderation, leads="quality:moderation"),
    "quality:moderation_take": row(MODERATORS, kwargs=of_moderation, leads="quality:moderation"),
    "quality:moderation_give_back": row("moderator", hides=MODERATORS, kwargs=of_assigned),
    "quality:moderation_decide": row(
        "moderator", hides=MODERATORS, kwargs=of_assigned, leads="quality:moderation"
    ),
    "quality:escalation_list": row(f"{MANAGERS} {HEADS} director lead", get=True),
    "quality:escalation_export": row(f"{MANAGERS} {HEADS} director lead", get=True),
    "quality:escalation": row(
        "head director lead", hides=f"{MANAGERS} {HEADS}", kwargs=of_escalation, get=True
    ),  # the grade is provisional: only those it has reached
    "quality:escalation_acknowledge": row(
        "head director",
        hides=f"{MANAGERS} {HEADS}",
        kwargs=of_escalation,
        leads="quality:escalation",
    ),
    "quality:escalation_plan": row(
        "head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_escalation
    ),
    "quality:escalation_agree": row(
        "head director",
        hides=f"{MANAGERS} {HEADS}",
        kwargs=of_escalation,
        leads="quality:escalation",
    ),
    "quality:action_list": row(f"{MANAGERS} {PRACTITIONERS} {HEADS} director lead", get=True),
    "quality:action_export": row(f"{MANAGERS} {PRACTITIONERS} {HEADS} director lead", get=True),
    "quality:action": row(
        "practitioner_user manager head director lead",
        hides=f"{MANAGERS} {PRACTITIONERS} {HEADS}",
        kwargs=of_action,
        get=True,
    ),
    "quality:action_offer": row(
        "practitioner_user",
        hides="other_manager other_practitioner_user other_head",
        kwargs=of_action,
        leads="quality:action",
    ),
    "quality:action_verify": row(
        "manager head director",
        hides=f"{MANAGERS} {HEADS}",
        kwargs=of_action,
        leads="quality:action",
    ),
    "quality:action_return": row(
        "manager head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_action
    ),
    "quality:action_cancel": row(
        "manager head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_action
    ),
    "quality:action_reopen": row(
        "manager head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_action
    ),
    "quality:audit_plan": row(
        "manager head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_decided
    ),
    "quality:no_action": row(
        "manager head director", hides=f"{MANAGERS} {HEADS}", kwargs=of_decided_standard
    ),
    # reports
    "reports:report_list": row(READ_REPORTS, get=True),
    "reports:report_add": row("analyst lead"),
    "reports:baseline_list": row("analyst lead", get=True),
    "reports:baseline_add": row("analyst lead"),
    "reports:baseline_change": row("analyst lead", kwargs=of_baseline),
    "reports:baseline_remove": row("analyst lead", kwargs=of_baseline),
    "reports:baseline_history": row("analyst lead", get=True),
    "reports:baseline_download": row("analyst lead", get=True),
    "reports:baseline_upload": row("analyst lead"),
    "reports:baseline_upload_confirm": row("analyst lead", post=True),
    "reports:baseline_template": row("analyst lead", get=True),
    "reports:report": row(PREPARING, hides=READ_REPORTS, kwargs=of_report, get=True),
    "reports:figures": row(PREPARING, hides=READ_REPORTS, kwargs=of_edition, get=True),
    "reports:download": row(PREPARING, hides=READ_REPORTS, kwargs=of_edition, get=True),
    "reports:words": row("analyst lead", kwargs=of_report, post=True),
    "reports:render": row("analyst lead", kwargs=of_report, post=True),
    "reports:approve": row("director lead", kwargs=of_report, post=True),
    "reports:publish": row("governance lead", kwargs=of_report, post=True),
    "reports:take_back": row("director lead", kwargs=of_report, post=True),
}


def named_addresses(
    resolver: URLResolver | None = None, namespace: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    """Every address with its full name ("audits:audit")."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from named_addresses(pattern, inner)
        else:
            yield f"{namespace}{pattern.name}", pattern


def test_every_address_has_its_row() -> None:
    names = [name for name, _ in named_addresses()]
    assert sorted(set(names) - set(TABLE)) == [], "addresses without a row"
    assert sorted(set(TABLE) - set(names)) == [], "rows without an address"
    assert len(names) == len(set(names)), "two addresses of one name"


def test_the_cast_has_every_role(cast: Cast) -> None:
    assert set(cast.by_role()) == set(Role.values)
    assert {getattr(cast, name).pk for name in ROLES} == {p.pk for p in cast.by_role().values()}


@pytest.fixture
def samples(cast: Cast) -> Iterator[Samples]:
    cache.clear()  # counts of throttled pages
    yield Samples(cast)
    cache.clear()


def answer(user: User | None, path: str, method: str) -> Any:
    """What the site says; whatever it changed is undone."""
    client = Client(raise_request_exception=True)
    if user is not None:
        client.force_login(user)
    with transaction.atomic():
        response = client.get(path) if method == "GET" else client.post(path, {})
        transaction.set_rollback(True)
    return response


def outcome(response: Any) -> str:
    """in, refused, missing, sign in, or the number where it is none of them."""
    if response.status_code == 302 and response["Location"].startswith("/sign-in/"):
        return "sign in"
    known = {403: "refused", 404: "missing"}
    if response.status_code in known:
        return known[response.status_code]
    return "in" if response.status_code in (200, 302, 400, 409, 422) else str(response.status_code)


def expected(entry: Row, name: str) -> str:
    if name in entry.opens:
        return "in"
    return "missing" if name in entry.hides else "refused"


@pytest.mark.parametrize("name", sorted(TABLE))
def test_everybody_gets_the_answer_of_the_table(name: str, samples: Samples) -> None:
    entry = TABLE[name]
    path = reverse(name, kwargs=entry.kwargs(samples))
    methods = ["POST"] if entry.post_only else ["GET"]
    got = {
        who: outcome(answer(getattr(samples.cast, who), path, method))
        for who in sorted(EVERYBODY)
        for method in methods
    }
    assert got == {who: expected(entry, who) for who in sorted(EVERYBODY)}
    stranger = outcome(answer(None, path, methods[0]))
    assert (stranger != "sign in") if entry.public else (stranger == "sign in")


def page_of(entry: Row, samples: Samples) -> str:
    """The page to which a post-only address leads."""
    return reverse(entry.leads, kwargs=entry.kwargs(samples))


@pytest.mark.parametrize("name", sorted(TABLE))
def test_nobody_gets_round_it_by_the_other_method(name: str, samples: Samples) -> None:
    """Those who are kept out are kept out of POST as of GET; a post-only address takes no GET
    or leads to its page."""
    entry = TABLE[name]
    path = reverse(name, kwargs=entry.kwargs(samples))
    other = "GET" if entry.post_only else "POST"
    for who in sorted(EVERYBODY - entry.opens):
        got = outcome(answer(getattr(samples.cast, who), path, other))
        assert got in (expected(entry, who), "405"), who
    if entry.post_only or entry.get_only:
        inside = answer(getattr(samples.cast, sorted(entry.opens)[0]), path, other)
        if entry.leads:
            assert (inside.status_code, inside["Location"]) == (302, page_of(entry, samples))
        else:
            assert outcome(inside) == "405"
    if not entry.public:
        assert outcome(answer(None, path, other)) == "sign in"


# What a page may write while it is only looked at: that it was looked at.
LOGS = ("accounts_accessrecord", "django_session")


OPENED = sorted(name for name, entry in TABLE.items() if entry.leads or not entry.post_only)


@pytest.mark.parametrize("name", OPENED)
def test_looking_changes_nothing(name: str, samples: Samples) -> None:
    entry = TABLE[name]
    path = reverse(name, kwargs=entry.kwargs(samples))
    for who in sorted(entry.opens)[:1]:
        client = Client()
        client.force_login(getattr(samples.cast, who))
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        written = [
            query["sql"]
            for query in queries
            if query["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE", "COPY"))
        ]
        assert [sql for sql in written if not any(log in sql for log in LOGS)] == []
