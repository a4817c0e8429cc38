"""What a page gives its script to keep unsaved text with: docs/decisions/0007."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from django.utils.crypto import salted_hmac

from accounts.models import User

_SALT = "audits.views.keeping"


@dataclass(frozen=True)
class KeptPage:
    """One person's page: the name of its entries in a browser, and the key they are sealed with.

    The name gives nothing away but the number of the person, whose entries are removed together.
    The key (32 bytes, base64) comes with the page and is nowhere in the browser's storage: who
    cannot sign in as that person and open that page cannot read what is kept.
    """

    name: str
    key: str


def kept_page(user: User, path: str) -> KeptPage:
    """The same for one person and one address every time, until SECRET_KEY is changed."""
    what = f"{user.pk} {path}"
    name = salted_hmac(f"{_SALT}.name", what, algorithm="sha256").hexdigest()[:32]
    key = salted_hmac(f"{_SALT}.key", what, algorithm="sha256").digest()
    return KeptPage(name=f"{user.pk}-{name}", key=b64encode(key).decode())
