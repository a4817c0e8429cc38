"""What imported codes are called: on screen and in print. Files and hashes keep the codes.

Ethnic groups are the twenty of Annex A and of the Department for Education's children in need
census, in their words.
"""

from __future__ import annotations

from collections.abc import Mapping

ETHNICITIES: Mapping[str, str] = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Traveller of Irish heritage",
    "WOTH": "Any other White background",
    "WROM": "Gypsy or Roma",
    "MWBC": "White and Black Caribbean",
    "MWBA": "White and Black African",
    "MWAS": "White and Asian",
    "MOTH": "Any other Mixed background",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "AOTH": "Any other Asian background",
    "BCRB": "Black Caribbean",
    "BAFR": "Black African",
    "BOTH": "Any other Black background",
    "CHNE": "Chinese",
    "OOTH": "Any other ethnic group",
    "REFU": "Refused",
    "NOBT": "Not yet obtained",
}
GENDERS: Mapping[str, str] = {
    "male": "Male",
    "female": "Female",
    "neither": "Neither",
    "not_stated": "Not stated",
}
_YES_OR_NO: Mapping[str, str] = {"yes": "Yes", "no": "No"}
_LABELS: Mapping[str, Mapping[str, str]] = {
    "ethnicity": ETHNICITIES,
    "gender": GENDERS,
    "disability": _YES_OR_NO,
    "agency": _YES_OR_NO,
}


def label_of(name: str, value: str) -> str:
    """An attribute's value in words; a value that has no other words as it is."""
    return _LABELS.get(name, {}).get(value, value)


def stratum_label(stratum: str, strata_by: str) -> str:
    """A stratum in words: "Assessment: White British (WBRI)" for "Assessment: WBRI".

    The code stays beside the words of an ethnic group, because files and certificates have it.
    ``strata_by`` is what the frame is divided by, a key of `policy.STRATA_BY`.
    """
    service, colon, value = stratum.partition(": ")
    words = label_of(strata_by, value)
    code = f" ({value})" if strata_by == "ethnicity" and words != value else ""
    return f"{service}{colon}{words}{code}" if colon else stratum
