"""Stars, flags and colours: how XMP, EXIF, digiKam, Lightroom and darktable say them.

A flag (accepted, rejected) is digiKam's PickLabel and Adobe's Pick; an accepted photo is a
favourite, and a rejected one has the rating -1. Where a photo is both, the flag says favourite
and `xmp:Rating` rejected.
"""

from __future__ import annotations

from contextlib import suppress

from .held import Held

__all__ = [
    "colour_word",
    "is_favorite",
    "read_label",
    "read_rating",
    "write_favorite",
    "write_label",
    "write_rating",
]

_RATING = "Xmp.xmp.Rating"
_ACDSEE_RATING = "Xmp.acdsee.rating"
_EXIF_RATING = "Exif.Image.Rating"
_EXIF_PERCENT = "Exif.Image.RatingPercent"
_MICROSOFT_PERCENT = "Xmp.MicrosoftPhoto.Rating"
_PERCENT = {1: 1, 2: 25, 3: 50, 4: 75, 5: 99}

_PICK_LABEL = "Xmp.digiKam.PickLabel"
_PICK = "Xmp.xmpDM.pick"
_GOOD = "Xmp.xmpDM.good"
_ACCEPTED, _REJECTED = 1, -1
_PICK_LABELS = {3: _ACCEPTED, 1: _REJECTED}

_LABEL = "Xmp.xmp.Label"
_COLOR_LABEL = "Xmp.digiKam.ColorLabel"
_URGENCY = "Xmp.photoshop.Urgency"
_DARKTABLE = "Xmp.darktable.colorlabels"
# digiKam's numbers; its magenta is everybody else's purple.
_COLOURS = {
    "Red": 1,
    "Orange": 2,
    "Yellow": 3,
    "Green": 4,
    "Blue": 5,
    "Purple": 6,
    "Gray": 7,
    "Black": 8,
    "White": 9,
}
_WORDS = {number: word for word, number in _COLOURS.items()}
_DARKTABLE_COLOURS = ("Red", "Yellow", "Green", "Blue", "Purple")
# What Lightroom writes in other languages, and Bridge as its defaults.
_SYNONYMS = {
    "Red": "rot, rouge, rojo, rosso, vermelho, rood, röd, rød, punainen, czerwony, красный, 红色,"
    " レッド, select",
    "Orange": "oranje, laranja, naranja, arancione",
    "Yellow": "gelb, jaune, amarillo, giallo, amarelo, geel, gul, keltainen, żółty, жёлтый, желтый,"
    " 黄色, イエロー, second",
    "Green": "grün, vert, verde, groen, grön, grønn, grøn, vihreä, zielony, зелёный, зеленый,"
    " 绿色, グリーン, approved",
    "Blue": "blau, bleu, azul, blu, blauw, blå, sininen, niebieski, синий, 蓝色, ブルー, review",
    "Purple": "magenta, lila, violett, violet, púrpura, viola, roxo, paars, fioletowy, фиолетовый,"
    " 紫色, パープル, to do",
    "Gray": "grey, grau, gris, grigio, cinza, grijs",
    "Black": "schwarz, noir, negro, nero, preto, zwart",
    "White": "weiß, blanc, blanco, bianco, branco, wit",
}
_CANONICAL = {word.lower(): word for word in _COLOURS} | {
    synonym: word for word, synonyms in _SYNONYMS.items() for synonym in synonyms.split(", ")
}


def read_rating(held: Held) -> int | None:
    """1 to 5, -1 for rejected, None for unrated."""
    stars = _stars(held)
    return -1 if _flag(held) == _REJECTED else stars


def is_favorite(held: Held) -> bool:
    """Whether the photo was picked."""
    return _flag(held) == _ACCEPTED


def write_rating(held: Held, rating: int | None, *, favorite: bool) -> None:
    """Makes `rating` the rating of a photo that is a favourite or not."""
    rejected_before = _number(held.xmp_text(_RATING)) == -1
    _write_flag(held, rating, favorite=favorite)
    # Where the flag says it, stars would say something else to those who know no flags.
    by_flag = rating == -1 and not favorite and not rejected_before
    _write_stars(held, None if by_flag else rating)


def write_favorite(held: Held, rating: int | None, *, favorite: bool) -> None:
    """Makes a photo with this rating a favourite, or none."""
    _write_flag(held, rating, favorite=favorite)
    if rating == -1 and favorite:
        _write_stars(held, rating)


def colour_word(label: str) -> str:
    """The English word for a colour named in any known language; another text as it is."""
    return _CANONICAL.get(label.lower(), label)


def read_label(held: Held) -> str:
    """The English word of the colour, or the text of the label."""
    word = _WORDS.get(_number(held.xmp_text(_COLOR_LABEL)) or 0)
    if word:
        return word
    if text := held.xmp_text(_LABEL).strip():
        return colour_word(text)
    for text in held.xmp_list(_DARKTABLE):
        number = _number(text)
        if number is not None and 0 <= number < len(_DARKTABLE_COLOURS):
            return _DARKTABLE_COLOURS[number]
    return _WORDS.get(_number(held.xmp_text(_URGENCY)) or 0, "")


def write_label(held: Held, label: str) -> None:
    """Makes `label` the label; "" removes it."""
    held.set_xmp(_LABEL, label)
    number = _COLOURS.get(label)
    held.set_xmp(_COLOR_LABEL, str(number) if number else "")
    if held.has_xmp(_URGENCY):
        held.set_xmp(_URGENCY, str(number) if number else "")
    if held.has_xmp(_DARKTABLE):
        known = label in _DARKTABLE_COLOURS
        values = [str(_DARKTABLE_COLOURS.index(label))] if known else []
        held.set_xmp_list(_DARKTABLE, values, ordered=True)


def _stars(held: Held) -> int | None:
    for text in (
        held.xmp_text(_RATING),
        held.xmp_text(_ACDSEE_RATING),
        held.exif_text(_EXIF_RATING),
    ):
        number = _number(text)
        if number is not None and -1 <= number <= 5:
            return number or None
    for text in (held.exif_text(_EXIF_PERCENT), held.xmp_text(_MICROSOFT_PERCENT)):
        number = _number(text)
        if number is not None and 0 <= number <= 100:
            return _nearest(number) if number else None
    return None


def _nearest(percent: int) -> int:
    return min(_PERCENT, key=lambda stars: abs(_PERCENT[stars] - percent))


def _write_stars(held: Held, rating: int | None) -> None:
    stars = str(rating or "")
    percent = str(_PERCENT.get(rating or 0, ""))
    held.set_xmp(_RATING, stars)
    if held.has_xmp(_ACDSEE_RATING):
        held.set_xmp(_ACDSEE_RATING, stars)
    if held.has_xmp(_MICROSOFT_PERCENT):
        held.set_xmp(_MICROSOFT_PERCENT, percent)
    if held.has_exif():
        held.set_exif(_EXIF_RATING, stars if percent else "")
        held.set_exif(_EXIF_PERCENT, percent)


def _flag(held: Held) -> int:
    """Accepted, rejected, or 0. digiKam's 0 counts: it does not know what Adobe says beside it."""
    label = _number(held.xmp_text(_PICK_LABEL))
    if label is not None:
        return _PICK_LABELS.get(label, 0)
    pick = _number(held.xmp_text(_PICK))
    if pick is not None:
        return pick if pick in (_ACCEPTED, _REJECTED) else 0
    return _ACCEPTED if held.xmp_text(_GOOD).strip().lower() == "true" else 0


def _write_flag(held: Held, rating: int | None, *, favorite: bool) -> None:
    """A flag that neither needs and that says neither ("pending") stays."""
    if favorite or rating == -1:
        held.set_xmp(_PICK_LABEL, "3" if favorite else "1")
        held.set_xmp(_PICK, "1" if favorite else "-1")
        if held.has_xmp(_GOOD):
            held.set_xmp(_GOOD, "True" if favorite else "False")
    elif _flag(held):
        for key in (_PICK_LABEL, _PICK, _GOOD):
            held.remove_xmp(key)


def _number(text: str) -> int | None:
    """The number in a text like "3" or "3.0", or None."""
    if not text:
        return None
    with suppress(ValueError, OverflowError):
        return int(float(text))
    return None
