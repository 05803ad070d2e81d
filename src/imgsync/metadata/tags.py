"""Tags: how digiKam, Lightroom, Windows, ACDSee, IPTC and plain keyword lists say them.

Inside img-sync a tag is a path with `/` between its levels. Programs that part levels with `|`
may have a `/` inside a level: it is `|` here, and `/` again when it is written there.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterable, Iterator

from .held import Held, cut

__all__ = ["read", "write"]

_TAGS_LIST = "Xmp.digiKam.TagsList"
_LIGHTROOM = "Xmp.lr.hierarchicalSubject"
_MICROSOFT = "Xmp.MicrosoftPhoto.LastKeywordXMP"
_MICROSOFT_IPTC = "Xmp.MicrosoftPhoto.LastKeywordIPTC"
_MEDIAPRO = "Xmp.mediapro.CatalogSets"
_ACDSEE = "Xmp.acdsee.categories"
_MWG = "Xmp.mwg-kw.Keywords"
_MWG_TOP = _MWG + "/mwg-kw:Hierarchy"
_SUBJECT = "Xmp.dc.subject"
_IPTC = "Iptc.Application2.Keywords"
_XP = "Exif.Image.XPKeywords"

_IPTC_BYTES = 64
_DEEPEST = 32  # levels; more is made to keep us busy
_SWAP = str.maketrans("/|", "|/")


def read(held: Held) -> frozenset[str]:
    """Every tag, as a path; a keyword that is a level of a path is not told twice."""
    paths = set(_paths(held.xmp_list(_TAGS_LIST)))
    paths.update(_paths(text.translate(_SWAP) for text in held.xmp_list(_LIGHTROOM)))
    paths.update(_paths(_mwg(held)))
    if not paths:
        paths.update(_paths(held.xmp_list(_MICROSOFT)))
        paths.update(_paths(text.translate(_SWAP) for text in held.xmp_list(_MEDIAPRO)))
        paths.update(_paths(_acdsee(held.xmp_text(_ACDSEE))))
    known = {level for path in paths for level in path.split("/")} | paths
    words = [_word(text) for text in (*held.xmp_list(_SUBJECT), *_xp(held))]
    told = known.union(words)
    words += [_word(text) for text in held.iptc_list(_IPTC) if not _is_cut(text, told)]
    new = (word for word in words if word not in known and word.translate(_SWAP) not in known)
    return frozenset(paths.union(_paths(new)))


def write(held: Held, tags: Collection[str]) -> None:
    """Makes `tags` the tags: in Lightroom's and the plain list, and wherever there were some.

    Sidecars always get digiKam's list, which Immich reads first. The plain lists name the last
    level of each tag.
    """
    paths = sorted(tags)
    piped = [path.translate(_SWAP) for path in paths]
    words = list(dict.fromkeys(path.rpartition("/")[2] for path in paths))
    held.set_xmp_list(_SUBJECT, words)
    held.set_xmp_list(_LIGHTROOM, piped)
    if held.sidecar or held.has_xmp(_TAGS_LIST):
        held.set_xmp_list(_TAGS_LIST, paths, ordered=True)
    for key in (_MICROSOFT, _MICROSOFT_IPTC):
        if held.has_xmp(key):
            held.set_xmp_list(key, paths)
    if held.has_xmp(_MEDIAPRO):
        held.set_xmp_list(_MEDIAPRO, piped)
    if held.has_xmp(_ACDSEE):
        held.set_xmp(_ACDSEE, _to_acdsee(paths))
    # Nothing but tags is in it, and few programs know it.
    held.remove_xmp(_MWG)
    if held.iptc_list(_IPTC) or (held.has_iptc() and words):
        held.set_iptc_list(_IPTC, list(dict.fromkeys(cut(word, _IPTC_BYTES) for word in words)))
    if held.exif_bytes(_XP):
        text = ";".join(word for word in words if ";" not in word)
        held.set_exif_bytes(_XP, (text + "\0").encode("utf-16-le") if text else b"")


def _word(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _paths(texts: Iterable[str]) -> Iterator[str]:
    """The texts with clean levels, without those that say nothing."""
    for text in texts:
        path = "/".join(filter(None, map(_word, text.split("/"))))
        if path:
            yield path


def _is_cut(text: str, known: set[str]) -> bool:
    """Whether an IPTC keyword is a known one that did not fit."""
    # The last character may have up to four bytes.
    full = len(text.encode()) > _IPTC_BYTES - 4
    return full and any(word.startswith(_word(text)) for word in known)


def _xp(held: Held) -> list[str]:
    return held.exif_bytes(_XP).decode("utf-16-le", "replace").rstrip("\0").split(";")


def _mwg(held: Held, at: str = _MWG_TOP, above: str = "", depth: int = 0) -> Iterator[str]:
    """The applied keywords of a tree of MWG keywords; where none says applied, the leaves."""
    number = 1
    while held.has_xmp(node := f"{at}[{number}]") and depth < _DEEPEST:
        name = held.xmp_text(node + "/mwg-kw:Keyword").replace("/", "|")
        path = f"{above}/{name}"
        below = list(_mwg(held, node + "/mwg-kw:Children", path, depth + 1))
        applied = held.xmp_text(node + "/mwg-kw:Applied").lower()
        yield from below
        if applied == "true" or (not below and applied != "false"):
            yield path
        number += 1


def _acdsee(text: str) -> list[str]:
    """The assigned categories of ACDSee's XML, which stands in XMP as text."""
    # A document type is where an XML bomb would be.
    if not text or "<!" in text:
        return []
    try:
        top = ET.fromstring(text)
    except ET.ParseError:
        return []
    found: list[str] = []
    nodes = [(child, "", 1) for child in top]
    while nodes:
        node, above, depth = nodes.pop()
        path = f"{above}/{(node.text or '').strip().replace('/', '|')}"
        if node.get("Assigned") == "1":
            found.append(path)
        if depth < _DEEPEST:
            nodes += [(child, path, depth + 1) for child in node]
    return found


def _to_acdsee(paths: list[str]) -> str:
    if not paths:
        return ""
    top = ET.Element("Categories")
    nodes = {"": top}
    for path in paths:
        at = ""
        for level in path.split("/"):
            below = f"{at}/{level}"
            if below not in nodes:
                nodes[below] = ET.SubElement(nodes[at], "Category", Assigned="0")
                nodes[below].text = level.replace("|", "/")
            at = below
        nodes[at].set("Assigned", "1")
    return ET.tostring(top, encoding="unicode")
