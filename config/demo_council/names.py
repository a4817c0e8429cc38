"""Names of people who do not exist: our own list, put together at random."""

from __future__ import annotations

from random import Random

FORENAMES = """
Adaeze Agnes Aled Alina Amara Anwen Arjun Asha Beatrix Benedict Bilal Briony Callum Carys Celeste
Chidi Clementine Colette Cormac Dagny Darius Delphine Dilys Dominic Edith Elowen Emeka Esme Ewan
Farah Fergus Fiona Gareth Geneva Greta Gulnaz Hamish Harriet Hester Idris Imogen Ines Iona Isaac
Jago Jamila Jocelyn Joss Kamala Kerensa Kieran Kofi Lachlan Leila Linnea Lowri Magnus Malik Marisol
Maud Meera Morag Nadia Nerys Niamh Obinna Odette Olwen Orson Padraig Petra Priya Quinn Rafael Rhona
Rosalind Ruari Sabine Saoirse Seren Shanice Sorcha Tamsin Tariq Thaddeus Ursula Verity Wanda
Winifred Xanthe Yasmin Yusuf Zelda Zora
""".split()

SURNAMES = """
Abernethy Adeyemi Aldous Appleyard Arkwright Ashdown Baines Banerjee Barraclough Beckwith Birtwell
Blenkinsop Bramhall Brightwater Calloway Chaudhry Clegg Coverdale Cragg Dalgleish Dearden Delacroix
Drinkwater Eastwood Eccles Ekwueme Fairburn Farrow Fothergill Garside Gilchrist Goldthorpe
Greenhalgh Hainsworth Haldane Hargreave Haworth Heslop Holroyd Ibekwe Illingworth Ingleby Jagger
Jamieson Kalra Kerslake Kirkbride Lamplough Langstaff Leadbetter Lockwood Lumley Mallinson Marwood
Mehta Micklethwaite Midgley Mistry Nettleton Nkemelu Norcliffe Oakeshott Ogden Okonjo Oldroyd Otieno
Pemberton Pickersgill Postlethwaite Prendergast Quarmby Rahimi Ramsbottom Rawnsley Ridsdale
Rowbotham Salvage Scargill Shackleton Sidebottom Skelton Sowerby Stansfield Sutcliffe Tattersall
Thackray Thistlewood Threlfall Townend Ugwu Umunna Varley Wadsworth Wetherby Whittaker Wolstenholme
Wrigley Yardley Zaman
""".split()


class Names:
    """Hands out full names, none twice."""

    def __init__(self, rng: Random) -> None:
        pairs = [f"{first} {last}" for first in FORENAMES for last in SURNAMES]
        rng.shuffle(pairs)
        self._left = iter(pairs)

    def next(self) -> str:
        """A name nobody here has yet."""
        return next(self._left)
