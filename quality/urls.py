"""Addresses of moderation, escalations and actions."""

from __future__ import annotations

from django.urls import path

from quality.views import action, escalation, moderation

app_name = "quality"

urlpatterns = [
    path("moderation/", moderation.moderation_page_list, name="moderation_list"),
    path("moderation/moderations.csv", moderation.moderation_export, name="moderation_export"),
    path("moderation/<audit_reference:reference>/", moderation.moderation_page, name="moderation"),
    path(
        "moderation/<audit_reference:reference>/assign/",
        moderation.assign,
        name="moderation_assign",
    ),
    path("moderation/<audit_reference:reference>/take/", moderation.take, name="moderation_take"),
    path(
        "moderation/<audit_reference:reference>/give-back/",
        moderation.give_back,
        name="moderation_give_back",
    ),
    path(
        "moderation/<audit_reference:reference>/decide/",
        moderation.decide,
        name="moderation_decide",
    ),
    path("escalations/", escalation.escalation_page_list, name="escalation_list"),
    path("escalations/escalations.csv", escalation.escalation_export, name="escalation_export"),
    path("escalations/<int:pk>/", escalation.escalation_page, name="escalation"),
    path(
        "escalations/<int:pk>/acknowledge/",
        escalation.acknowledge_escalation,
        name="escalation_acknowledge",
    ),
    path("escalations/<int:pk>/actions/", escalation.plan_for_escalation, name="escalation_plan"),
    path("escalations/<int:pk>/agree/", escalation.agree, name="escalation_agree"),
    path("actions/", action.action_page_list, name="action_list"),
    path("actions/actions.csv", action.action_export, name="action_export"),
    path("actions/<int:pk>/", action.action_page, name="action"),
    path("actions/<int:pk>/evidence/", action.offer, name="action_offer"),
    path("actions/<int:pk>/verify/", action.verify, name="action_verify"),
    path("actions/<int:pk>/return/", action.give_back, name="action_return"),
    path("actions/<int:pk>/cancel/", action.cancel, name="action_cancel"),
    path("actions/<int:pk>/reopen/", action.reopen, name="action_reopen"),
    path("audits/<audit_reference:reference>/actions/", action.plan_for_audit, name="audit_plan"),
    path(
        "audits/<audit_reference:reference>/actions/<slug:code>/none/",
        action.no_action,
        name="no_action",
    ),
]
