"""The names and keys under which a browser keeps unsaved text."""

from __future__ import annotations

import base64

from django.test import Client

from audits.models import Audit
from audits.views.keeping import kept_page
from tests.cast import Cast
from tests.integration.audits.auditing import begin


def test_each_person_and_page_has_a_name_and_a_key_of_its_own(cast: Cast) -> None:
    pages = [
        kept_page(user, path)
        for user in (cast.auditor, cast.moderator)
        for path in ("/audits/1/", "/audits/2/")
    ]
    assert len({page.name for page in pages}) == 4
    assert len({page.key for page in pages}) == 4
    assert pages[0] == kept_page(cast.auditor, "/audits/1/")
    for page in pages:
        key = base64.b64decode(page.key)
        assert len(key) == 32
        assert page.name.split("-")[1] not in key.hex()


def test_the_name_says_nothing_of_the_child_or_the_audit(cast: Cast, audit: Audit) -> None:
    grading = begin(audit)
    client = Client()
    client.force_login(cast.auditor)
    path = f"/audits/{audit.reference}/gradings/{grading.pk}/details/"
    kept = kept_page(cast.auditor, path)
    answer = client.get(path)
    assert f'data-keep="{kept.name}" data-keep-key="{kept.key}"' in answer.content.decode()
    assert audit.reference not in kept.name
    assert audit.child.local_id not in kept.name
    assert answer.headers["Cache-Control"] == "no-store"  # the key does not lie in a cache
