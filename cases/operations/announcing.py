"""A frame's hash, mailed before the seed exists: who holds it can prove that the list was fixed."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from accounts.models import User
from accounts.notices import send_notice
from accounts.operations import MovedOn, Refused, operation
from accounts.policy import Permission, require
from accounts.queries import people_with_role
from accounts.roles import Role
from cases.models import HashMail, SamplingFrame
from cases.operations.frame import lock_quarter, refuse_while_drawing
from cases.queries.certificate import rate_words, settings_in_words
from cases.rules.policy import CasePolicy

# Who may hold the hash: those whom the draw is to convince.
HASH_ROLES = (
    Role.HEAD_OF_SERVICE,
    Role.DIRECTOR,
    Role.EXTERNAL_VALIDATOR,
    Role.COMMITTEE_MEMBER,
    Role.INFORMATION_GOVERNANCE,
    Role.QUALITY_ASSURANCE_LEAD,
)


@operation
def mail_hash(
    *, frame: SamplingFrame, roles: Collection[str], page: str, by: User, now: datetime
) -> HashMail:
    """Mail the frame's SHA-256, its settings and a link to all with ``roles``, and record it.

    ``page`` is the address of the page that shows the hash to a room.

    Raises MovedOn where the frame was frozen again or drawn from: then it proves nothing any more.
    Raises Refused where nobody holds the roles.
    """
    require(by, Permission.FREEZE_FRAME)
    lock_quarter(frame.quarter.quarter)
    frame = SamplingFrame.objects.select_related("quarter", "theme").get(pk=frame.pk)
    if frame.status != SamplingFrame.Status.FROZEN:
        raise MovedOn(f"{frame} has been frozen again since. Mail the hash of the new one.")
    if frame.draws.exists():
        raise MovedOn(
            f"The seed of {frame.theme or frame.quarter} is known already, so its hash proves "
            "nothing."
        )
    refuse_while_drawing(frame)
    chosen = [role for role in HASH_ROLES if role in roles]
    people = list(people_with_role(*chosen)) if chosen else []
    if not people:
        raise Refused("Nobody who can sign in holds these roles. Choose others.")
    send_notice(
        to=people,
        # A theme is named on its page only: what it asks is not for the mail.
        subject=f"Sampling frame of {'a theme of ' if frame.theme else ''}{frame.quarter}: "
        f"SHA-256 {frame.sha256}",
        path=page,
        more=_fixed(frame),
    )
    return HashMail.objects.create(
        frame=frame,
        roles=[str(role.value) for role in chosen],
        people=len(people),
        sent_at=now,
        sent_by=by,
    )


def _fixed(frame: SamplingFrame) -> str:
    """What is fixed with the frame beside its cases: whoever has it sees a lowered rate."""
    policy = CasePolicy.from_dict(frame.policy)
    settings = [f"{name}: {value}" for name, value in settings_in_words(policy)]
    return "\n".join([f"Fixed with it. {rate_words(frame)}", *settings])
