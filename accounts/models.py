"""Who signs in, and the log of what they read."""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

import pghistory
import pgtrigger
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, Group, PermissionsMixin
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from accounts.history import tracked
from accounts.roles import Role

SYSTEM_EMAIL = "system@case-file-audit.invalid"


class UserManager(BaseUserManager["User"]):
    """Makes people; e-mail addresses are compared without regard to case."""

    def create_user(self, email: str, name: str, password: str | None = None) -> User:
        """A new person who can sign in (without ``password``: after resetting it)."""
        user = self.model(email=self.normalize_email(email).lower(), name=name)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")

    def system(self) -> User:
        """The user under whose name schedules and the command line act. Nobody signs in as it."""
        user, made = self.get_or_create(
            email=SYSTEM_EMAIL, defaults={"name": "Case File Audit", "is_system": True}
        )
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user


@tracked(exclude=["password", "last_login"])
class User(AbstractBaseUser, PermissionsMixin):
    """A person with an e-mail address and one or more roles (Django groups)."""

    email = models.EmailField("e-mail address", unique=True)
    name = models.CharField("full name", max_length=150)
    is_active = models.BooleanField("can sign in", default=True)
    is_system = models.BooleanField(default=False, editable=False)
    is_demo = models.BooleanField(default=False, editable=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name", "pk")
        constraints = (
            models.UniqueConstraint(Lower("email"), name="one_user_per_email"),
            # Superusers would go round the policy module.
            models.CheckConstraint(condition=models.Q(is_superuser=False), name="no_superusers"),
        )

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @cached_property
    def roles(self) -> frozenset[str]:
        """The person's role codes: one query, once for each request."""
        return frozenset(group.name for group in self.groups.all() if group.name in Role.values)

    @property
    def role_labels(self) -> list[str]:
        """The person's roles in words, in the order of the role list."""
        return [role.label for role in Role if role.value in self.roles]


@pghistory.track(pghistory.InsertEvent(), pghistory.DeleteEvent(), obj_field=None)
class UserRole(User.groups.through):  # type: ignore[name-defined]
    """Who holds which role: a proxy of the many-to-many table, so that changes are recorded."""

    class Meta:
        proxy = True


class AccessRecord(models.Model):
    """One reading of a child's audit, or one download. Append-only."""

    class Kind(models.TextChoices):
        READ = "read", "Read"
        DOWNLOADED = "downloaded", "Downloaded"
        SEARCHED = "searched", "Searched"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    what = models.CharField(max_length=40)  # "audit", "report", "draw", "import problems"
    reference = models.CharField(max_length=60, blank=True)  # of the thing; never a child's id

    class Meta:
        ordering = ("-at", "-pk")
        triggers = (
            pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        )

    def __str__(self) -> str:
        return f"{self.user} {self.get_kind_display().lower()} {self.what} {self.reference}"


__all__ = ["SYSTEM_EMAIL", "AccessRecord", "Group", "User", "UserManager", "UserRole"]
