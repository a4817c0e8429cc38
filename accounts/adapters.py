"""How sign-in behaves here: nobody signs up, the system's own user never signs in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.models import User


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are made by an administrator, never by signing up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "You can no longer sign in. Ask your council’s administrator.",
        "email_password_mismatch": "The email address or the password is not right.",
        "too_many_login_attempts": "To protect children’s records, sign-in is stopped after "
        "several wrong passwords. Wait 5 minutes, then try again, or choose a new password.",
        "rate_limited": "This was asked for too often. Wait a few minutes, then try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        user: User | None = super().authenticate(request, **credentials)
        return None if user is None or user.is_system else user
