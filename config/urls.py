"""Every address of the site. Each view carries its access rule; see config.access."""

from __future__ import annotations

from allauth.account import views as account_views
from django.urls import include, path, re_path

from accounts.expired_forms import kept_form
from config import health, views

urlpatterns = [
    path("", views.home, name="home"),
    path("help/", views.help_page, name="help"),
    path("accessibility/", views.accessibility, name="accessibility"),
    path("health/alive/", health.alive, name="health_alive"),
    path("health/ready/", health.ready, name="health_ready"),
    path("demo-mail/", views.demo_mail, name="demo_mail"),
    path("sign-in/", account_views.login, name="account_login"),
    path("sign-out/", account_views.logout, name="account_logout"),
    path("sign-in/again/", account_views.reauthenticate, name="account_reauthenticate"),
    path("sign-in/kept/<str:key>/", kept_form, name="kept_form"),
    path("sign-up/", account_views.signup, name="account_signup"),  # says that it is closed
    path("sign-in/closed/", account_views.account_inactive, name="account_inactive"),
    path("password/", account_views.password_change, name="account_change_password"),
    path("password/forgotten/", account_views.password_reset, name="account_reset_password"),
    path(
        "password/forgotten/sent/",
        account_views.password_reset_done,
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/forgotten/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/forgotten/changed/",
        account_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("people/", include("accounts.urls")),
    path("", include("cases.urls")),
    path("", include("audits.urls")),
    path("", include("quality.urls")),
    path("reports/", include("reports.urls")),
]
