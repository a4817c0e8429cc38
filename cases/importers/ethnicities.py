"""What councils write for an ethnicity, and the four-letter code of Annex A that each means.

The published codes are twenty. Councils also send the extended codes of the school census, older
codes ("A1", "B.B2"), a group and a detail in every order of marks ("Asian/Asian British - Indian"),
and their own code before or behind the words. A name of a group alone ("Black or Black British")
says no code and is left as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

CODES: Final = (
    "WBRI", "WIRI", "WIRT", "WOTH", "WROM", "MWBC", "MWBA", "MWAS", "MOTH", "AIND", "APKN", "ABAN",
    "AOTH", "BCRB", "BAFR", "BOTH", "CHNE", "OOTH", "REFU", "NOBT",
)  # fmt: skip

# Extended codes of the school census, by the code each belongs to.
_EXTENDED = {
    "WBRI": "WCOR WENG WNIR WSCO WWEL WOWB",
    "WOTH": "WALB WBOS WCRO WEEU WEUR WGRE WGRK WGRC WITA WKOS WOTW WPOR WSER WTUC WTUK WTUR WWEU",
    "WROM": "WROR WROG",
    "MWAS": "MWAI MWAO MWAP",
    "MOTH": "MABL MACH MAOE MBCH MBOE MCOE MOTM MWCH MWOE",
    "APKN": "AKPA AMPK AOPK",
    "AOTH": "AAFR AKAO ANEP AOTA ASLT ASNL ASRO",
    "BAFR": "BANN BAOF BCON BGHA BNGN BSLN BSOM BSUD",
    "BOTH": "BEUR BNAM BOTB",
    "CHNE": "CHKC CMAL COCH CSNG CTWN",
    "OOTH": "OAFG OARA OEGY OFIL OIRN OIRQ OJPN OKOR OLAM OLEB OLIB OMAL OMRC OOEG OPOL OTHA OVIE"
    " OYEM",
    "NOBT": "UNK",
}
_OLDER = {
    "A1": "WBRI", "A2": "WIRI", "A3": "WOTH", "A4": "WIRT", "A5": "WROM", "B1": "MWBC",
    "B2": "MWBA", "B3": "MWAS", "B4": "MOTH", "C1": "AIND", "C2": "APKN", "C3": "ABAN",
    "C4": "AOTH", "D1": "BCRB", "D2": "BAFR", "D3": "BOTH", "E1": "CHNE", "E2": "OOTH",
    "E3": "REFU", "E4": "NOBT",
}  # fmt: skip

# How a group is written before a detail; spelt as `_words` makes it. "" stands for none.
_GROUPS = {
    "white": "|white|w|wht|white white",
    "mixed": "mixed|m|dual|dual and|dual heritage|mixed mixed|mixed multiple"
    "|mixed multiple ethnic groups|mixed multiple ethnic group|mixed dual heritage"
    "|mixed dual background|mixed race|mixed white",
    "asian": "asian|a|asian british|asian or asian british|asian asian british|asian brit"
    "|asian asian brit|asian asian bri|asian asian bristish|asian a brit",
    "black": "black|black british|black or black british|black black british|black brit"
    "|black black brit|black african caribbean black british|black african caribbean or black"
    " british|black or black british black",
    "other": "other|other ethnic group|other ethnic groups|any other ethnic group|chinese or other"
    "|chinese or other ethnic group|other ethnic",
}
# Group → code → details. Those after "+" are also understood without their group.
_DETAILS = {
    "white": {
        "WBRI": "british|english|scottish|welsh|cornish|northern irish|other british"
        "|english welsh scottish northern irish british"
        "|english scottish welsh northern irish british"
        "|english welsh scottish northern irish or british"
        "|english scottish welsh or northern irish|british english",
        "WIRI": "irish",
        "WIRT": "irish traveller|traveller irish heritage|traveller of irish heritage"
        "+traveller of irish heritage|irish traveller|white irish traveller|traveller irish"
        " heritage",
        "WROM": "gypsy roma|gypsy romany|gypsy or roma|roma|gypsy|gypsy or irish traveller roma"
        "+gypsy roma|gypsy or roma|gypsy romany|gypsy|roma|romany",
        "WOTH": "other|any other|any other background|any other white|any other white background"
        "|any other ethnic group|other white background|other background|other white|european"
        "|other european|eastern european|western european|polish|albanian|italian|greek"
        "|greek cypriot|greek g cypriot|turkish|turkish cypriot|cypriot|cypriot part not stated"
        "|portuguese|spanish|serbian|kosovan|estonian|bulgarian|romanian|lithuanian|latvian"
        "|croatian|bosnian herzegovinian|bosnian herzegovinia|kurdish|former yugoslav republics"
        "|other republics which made up the former yugoslavia|jersey|mixed white"
        "|other white white unspecified|european european unspecified european mxd"
        "|other white european european unspecified european mixed"
        "+any other white background|any other white|other white|other white background"
        "|polish or other eastern european|polish|albanian|bulgarian|croatian|greek|italian"
        "|portuguese|turkish",
    },
    "mixed": {
        "MWBC": "black caribbean|white and black caribbean|white black caribbean|white black carib"
        "|white and black carib|black and black caribbean+white and black caribbean"
        "|white and black caribbean mixed race|white black caribbean",
        "MWBA": "black african|white and black african|white black african"
        "+white and black african|white and black african mixed race|white black african",
        "MWAS": "white and asian|white asian|and asian|white and indian|white and pakistani"
        "|white and any other asian background+white and asian|white and asian mixed race"
        "|white and pakistani|white and indian|white and any other asian background",
        "MOTH": "other|any other|any other background|other mixed|other background"
        "|any other mixed background|other mixed background|any other mixed"
        "|any other mixed multiple ethnic background|other mixed mixed unspecified|race other"
        "|any other black background|multiple ethnic background|chinese and white"
        "|white and chinese|asian and black|asian and other ethnicity|chinese and other ethnicity"
        "|white and any other ethnic group|black and any other ethnic group"
        "+any other mixed background|other mixed background|other mixed|any other mixed heritage"
        "|any other dual heritage background|mixed race other|any other mixed"
        "|black and any other ethnic group|white and chinese|white and any other ethnic group",
    },
    "asian": {
        "AIND": "indian|british indian+indian|indian or british indian|african indian",
        "APKN": "pakistani|kashmiri pakistani|kashmiri pakistan|british pakistani"
        "+pakistani|kashmiri pakistani|pakistani or british pakistani",
        "ABAN": "bangladeshi|british bangladeshi+bangladeshi|bangladeshi or british bangladeshi",
        "AOTH": "other|any other|any other background|any other asian|any other asian background"
        "|other asian|other asian background|any other asian bg|other asian asian unspecified"
        "|punjabi|kashmiri|east african asian|african asian|caribbean asian|mixed asian"
        "|british asian|tamil|sri lankan tamil|nepali|nepalese|and any other ethnic group"
        "+any other asian background|other asian|other asian background|any other asian"
        "|other asian asian unspecified",
        "CHNE": "chinese",
        "OOTH": "afghan|afghani|filipino|vietnamese",
    },
    "black": {
        "BCRB": "caribbean|black caribbean+caribbean|black caribbean",
        "BAFR": "african|black african|black somali|black ghanaian|somali|somalian|nigerian"
        "|ghanaian|ghanian|congolese|eritrean|ethiopian|kenyan|zairean|angolan|cameroon|liberian"
        "|tanzanian|swazi|sudanese|ugandan|gambian|zimbabwean|burkina fasian"
        "|any other black african background+african|black african|nigerian|somali",
        "BOTH": "other|any other|any other background|any other black|any other black background"
        "|other black|other black background|oth black|any other bl b grn"
        "|other black black unspecified|any other black african caribbean background"
        "|mixed black|european|north american|african and caribbean"
        "+any other black background|other black|other black background|any other black",
    },
    "other": {
        "CHNE": "chinese+chinese|chinese chinese|hong kong chinese|chinese hong kong chinese"
        "|malaysian chinese|singaporean chinese|chinese malasian chinese",
        "OOTH": "any other ethnic group|any other group|any other|other|other group|arab"
        "|arab other|other arab|other ethnic group|vietnamese|filipino|iranian|iraqi|iraq"
        "|moroccan|egyptian|libyan|lebanese|yemeni|syrian|kurdish|korean|cambodian|thai|malay"
        "|latin south central american|south american|latin american"
        "+any other ethnic group|any other ethnicity|other ethnic group|other ethnic groups|arab"
        "|other group|filipino|iranian|iraqi|iraq|egyptian|vietnamese|thai|malay"
        "|polynesian|moroccan",
    },
}  # fmt: skip
_NOT_STATED = {
    "REFU": "refused|refused information|refused to provide|not stated refused|declined"
    "|declined to give|prefer not to say|parent pupil preferred not to say|did not wish to reply"
    "|not stated did not wish to reply|no data did not wish to reply",
    "NOBT": "information not yet obtained|information not obtained|information not yet available"
    "|not yet obtained|not obtained|not stated|not known|not yet known|unknown|not recorded"
    "|z not recorded z|no information|unborn|unborn not recorded|not asked|not populated|no data"
    "|no data awaiting client contact|not stated form not completed|not stated not yet obtained"
    "|not stated not obtained|not stated information not yet obtained not refused"
    "|not stated information not yet obtained|requested and unable to provide"
    "|asian asian british not yet obtained|case closed before ethnicity obtained",
}

_MARKS = re.compile(r"[\W_]+")
# "A.A1", "B3", "(D.D13)", "C1: C1", "A4.15", "N.N4": no word has a digit in it.
_OWN_CODE = re.compile(r"^(?:(?:[a-z]{0,2}\d{1,3}|[a-z](?= [a-z]{0,2}\d))\s+)+")
_CODE_BEHIND = re.compile(r"\s[a-f]\d$")
# "TRAVIR - Traveller of Irish Heritage": a code in capitals before words of any kind.
_FOUR_CAPITALS = re.compile(r"\b[A-Z]{4}\b")
_CODE_BEFORE = re.compile(r"^\W*[A-Z]{1,9}\s*[-:]\s*(?=\w)")


def _spellings() -> Iterator[tuple[str, str]]:
    for group, codes in _DETAILS.items():
        for code, both in codes.items():
            within, _, alone = both.partition("+")
            for before in _GROUPS[group].split("|"):
                for detail in within.split("|"):
                    if before:
                        yield f"{before} {detail}", code
            for detail in alone.split("|"):
                if detail:
                    yield detail, code
    for code, all_words in _NOT_STATED.items():
        for words in all_words.split("|"):
            yield words, code


_BY_WORDS: Final = dict(_spellings()) | {"english": "WBRI", "irish": "WIRI", "other": "OOTH"}
_BY_CODE: Final = (
    {code: code for code in CODES}
    | {extended: code for code, several in _EXTENDED.items() for extended in several.split()}
    | _OLDER
)


def _words(text: str) -> str:
    """Lower case, "and" for its signs, and a space for every other mark."""
    return _MARKS.sub(" ", text.casefold().replace("&", " and ").replace("+", " and ")).strip()


def ethnicity_code(text: str) -> str:
    """The four-letter code that a cleaned value means, or "" where it is not known."""
    tokens = _MARKS.split(text.strip("()[]{}~ ").upper())
    # "a) WBRI", "WBRI - White British", "WBRI".
    for token in tokens[:2] if len(tokens[0]) == 1 else tokens[:1]:
        if token in _BY_CODE and (len(token) > 2 or len(tokens) == 1):
            return _BY_CODE[token]
    return (
        _of_words(_words(text))
        or _of_words(_words(_CODE_BEFORE.sub("", text)))
        or _published_in(text)
    )


def _of_words(words: str) -> str:
    if found := _BY_WORDS.get(words):
        return found
    bare = _CODE_BEHIND.sub("", _OWN_CODE.sub("", words))
    return _BY_WORDS.get(bare, "")


def _published_in(text: str) -> str:
    """ "WHB - WBRI - British", "Any Other Black Background [BOTH]": a code in capitals, where BOTH,
    a word as well, counts only at the end."""
    for found in _FOUR_CAPITALS.finditer(text):
        code = found[0]
        if code in CODES and (code != "BOTH" or not text[found.end() :].strip("])} ")):
            return code
    return ""
