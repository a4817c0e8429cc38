"""Make the first administrator, or another where nobody can sign in any more."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.utils import timezone

from accounts.models import User
from accounts.notices import password_link
from accounts.operations import Refused, add_person, change_person
from accounts.roles import Role


class Command(BaseCommand):
    """Prints a link to set a password; no password is ever given, shown or stored here."""

    help = (
        "Give EMAIL the administrator's role, making the account where there is none, and print a "
        "link with which that person sets a password. The link works once. Exit code 0, or 1 where "
        "the address is not one or the account cannot be an administrator's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", metavar="EMAIL", help="the address to sign in with")
        parser.add_argument("name", metavar="NAME", help="the person's full name, in quotes")

    def handle(self, *args: Any, **options: Any) -> None:
        email, name = options["email"].strip().lower(), " ".join(options["name"].split())
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email} is not an email address.") from error
        if not name:
            raise CommandError("Give the person's name.")
        try:
            user = self._administrator(email, name)
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal
        days = settings.PASSWORD_RESET_TIMEOUT // (24 * 3600)
        self.stdout.write(f"{user.name} <{user.email}> is an administrator.")
        self.stdout.write(f"To set a password, open this link (once, within {days} days):")
        self.stdout.write(password_link(user))

    def _administrator(self, email: str, name: str) -> User:
        system, now = User.objects.system(), timezone.now()
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            roles = {Role.ADMINISTRATOR}
            return add_person(
                email=email, name=name, roles=roles, password=None, invite=False, by=system, now=now
            )
        if user.is_system:
            raise Refused("That is the address of the system's own account.")
        roles_then = user.roles | {Role.ADMINISTRATOR}
        return change_person(
            user=user, name=name, email=email, roles=roles_then, active=True, by=system, now=now
        )
