"""Imported codes in words."""

from __future__ import annotations

from cases.importers.codes import gender_code
from cases.importers.ethnicities import ethnicity_code
from cases.rules.cohort import Cohort
from cases.rules.labels import ETHNICITIES, GENDERS, label_of, stratum_label


def test_every_ethnic_group_and_gender_that_an_import_knows_has_words() -> None:
    for code, words in ETHNICITIES.items():
        assert ethnicity_code(code) == code
        assert label_of("ethnicity", code) == words
    assert len(ETHNICITIES) == 20
    assert {gender_code(word) for word in ("M", "F", "unknown", "non-binary")} == set(GENDERS)


def test_words_that_are_no_code_stay() -> None:
    assert label_of("ethnicity", "Roma (Slovakia)") == "Roma (Slovakia)"
    assert label_of("plan", "WBRI") == "WBRI"


def test_a_stratum_keeps_the_code_of_an_ethnic_group_beside_its_words() -> None:
    assert stratum_label("Assessment: WBRI", "ethnicity") == "Assessment: White British (WBRI)"
    assert stratum_label("Assessment: not known", "ethnicity") == "Assessment: not known"
    assert stratum_label("Assessment: not_stated", "gender") == "Assessment: Not stated"
    assert stratum_label("Assessment: BOTH", "team") == "Assessment: BOTH"
    assert stratum_label("Assessment", "service") == "Assessment"


def test_a_cohort_is_said_in_words() -> None:
    said = Cohort(ethnicity=("BCRB", "BAFR"), gender=("not_stated",)).words()
    assert said == ["Gender: Not stated", "Ethnicity: Black Caribbean or Black African"]
