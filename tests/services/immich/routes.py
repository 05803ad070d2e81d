"""The calls that the fake Immich knows, with the oddities of the real one."""

from __future__ import annotations

import json
import re
from typing import Any

from .fake import IMAGES, VIDEOS, Answer, Refusal, Zeros, _Handler, route
from .library import Kept

__all__: list[str] = []

# The server


@route("GET", "/server/version")
def version(h: _Handler) -> Answer:
    major, minor, patch = h.fake.version
    return 200, {"major": major, "minor": minor, "patch": patch}


@route("GET", "/server/media-types")
def media_types(h: _Handler) -> Answer:
    return 200, {"image": IMAGES, "video": VIDEOS, "sidecar": [".xmp"]}


@route("GET", "/users/me", "user.read")
def me(h: _Handler) -> Answer:
    size, used = h.fake.quota or (None, 0)
    return 200, {"id": "me", "quotaSizeInBytes": size, "quotaUsageInBytes": used}


@route("GET", "/jobs", "admin")
def jobs(h: _Handler) -> Answer:
    counts = {"active": 0, "waiting": h.library.jobs.waiting, "delayed": 0, "failed": 0}
    return 200, {name: {"jobCounts": counts} for name in ("sidecar", "metadataExtraction")}


# Uploads


@route("POST", "/assets", "asset.upload")
def upload(h: _Handler) -> Answer:
    probe = h.headers.get("x-immich-checksum")
    twin = h.library.of(probe) if probe else None
    if twin:
        return 200, {"status": "duplicate", "id": twin.id}
    if int(h.headers["content-length"]) > 100_000_000:
        fields, film = h.film()
        kept = h.library.add(
            fields["filename"], b"", fields["fileCreatedAt"], h.library.now(), None
        )
        kept.film = film
        return 201, {"id": kept.id, "status": "created"}
    fields, file, xmp = _form(h)
    twin = h.library.of(Kept("", "", file[1], "", "").checksum)
    if twin:
        return 200, {"status": "duplicate", "id": twin.id}
    name = fields.get("filename") or file[0]
    data = file[1][:-1] if h.fake.damages else file[1]
    times = fields["fileCreatedAt"], fields["fileModifiedAt"]
    kept = h.library.add(name, data, *times, xmp)
    kept.favorite = fields.get("isFavorite") == "true"
    return 201, {"id": kept.id, "status": "created"}


def _form(h: _Handler) -> tuple[dict[str, str], tuple[str, bytes], bytes | None]:
    fields, files = h.form()
    needed = ["fileCreatedAt", "fileModifiedAt"]
    if h.fake.is_3:
        if "deviceAssetId" in fields:
            raise Refusal(400, ["property deviceAssetId should not exist"])
        for name in needed:
            if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields[name]):
                raise Refusal(400, [f"{name}: Invalid input: expected ISO 8601 datetime string"])
    else:
        needed += ["deviceAssetId", "deviceId"]
    missing = [f"{name} should not be empty" for name in needed if not fields.get(name)]
    if missing:
        raise Refusal(400, missing)
    _, xmp = files.get("sidecarData", ("", None))
    return fields, files["assetData"], xmp


@route("POST", "/assets/bulk-upload-check", "asset.upload")
def check(h: _Handler) -> Answer:
    asked = h.json()["assets"]
    if not asked:
        raise Refusal(500, "Failed to check bulk upload")
    results: list[dict[str, Any]] = []
    for each in asked:
        twin = h.library.of(each["checksum"])
        if twin is None:
            results.append({"id": each["id"], "action": "accept"})
        else:
            told = {"id": each["id"], "action": "reject", "reason": "duplicate"}
            results.append({**told, "assetId": twin.id, "isTrashed": twin.trashed})
    return 200, {"results": results}


# Assets


@route("GET", "/assets/ID", "asset.read")
def asset(h: _Handler, id: str) -> Answer:
    return 200, h.fake.shown(h.fake.kept(id), tags=True)


@route("GET", "/assets/ID/original", "asset.download")
def original(h: _Handler, id: str) -> Answer:
    kept = h.fake.kept(id)
    if kept.film:
        return 200, Zeros(kept.film[0])
    data = kept.data
    return 200, data[:-1] + b"\0" if h.fake.damages else data


@route("PUT", "/assets/copy", "asset.copy")
def copy(h: _Handler) -> Answer:
    if h.fake.version < (2, 2):  # the path of an asset's own
        raise Refusal(400, ["id must be a UUID"])
    told = h.json()
    h.fake.copied.append((told["sourceId"], told["targetId"]))
    source, target = h.fake.kept(told["sourceId"]), h.fake.kept(told["targetId"])
    if told["albums"]:
        for shelf in h.library.albums.values():
            if source.id in shelf.assets and target.id not in shelf.assets:
                shelf.assets.append(target.id)
    if told["favorite"]:
        target.favorite = source.favorite
    return 204, None


@route("PUT", "/assets/ID", "asset.update")
def update(h: _Handler, id: str) -> Answer:
    kept, told = h.fake.kept(id), h.json()
    _check_update(h, told)
    h.library.edit(kept, told)
    return 200, h.fake.shown(kept, tags=False)


def _check_update(h: _Handler, told: dict[str, Any]) -> None:
    if ("latitude" in told) != ("longitude" in told):
        raise Refusal(400, ["longitude should not be empty"])
    nullable = {"rating"} if h.fake.is_3 else set()
    for key, value in told.items():
        if value is None and key not in nullable:
            raise Refusal(400, [f"{key} must not be null"])
    rating = told.get("rating")
    if rating is not None and (not -1 <= rating <= 5 or (rating == 0 and h.fake.is_3)):
        raise Refusal(400, ["rating must not be greater than 5"])
    if "\0" in json.dumps(told, ensure_ascii=False):
        raise Refusal(500, "invalid byte sequence")


@route("PUT", "/assets", "asset.update")
def update_many(h: _Handler) -> Answer:
    told = h.json()
    if "rating" in told:
        raise Refusal(500, "Failed to update assets")
    for kept in [h.fake.kept(id) for id in told.pop("ids")]:
        h.library.edit(kept, told)
    return 204, None


@route("DELETE", "/assets", "asset.delete")
def trash(h: _Handler) -> Answer:
    told = h.json()
    for kept in [h.fake.kept(id) for id in told["ids"]]:
        kept.trashed, kept.updated = True, h.library.now()
    assert not told["force"], "nothing is ever deleted for good"
    return 204, None


@route("POST", "/trash/restore/assets", "asset.delete")
def restore(h: _Handler) -> Answer:
    for kept in [h.fake.kept(id) for id in h.json()["ids"]]:
        kept.trashed, kept.updated = False, h.library.now()
    return 200, {"count": 1}


@route("POST", "/search/metadata", "asset.read")
def search(h: _Handler) -> Answer:
    told = h.json()
    size = told.get("size", 250)
    if size > 1000:
        raise Refusal(400, ["size must not be greater than 1000"])
    page = int(told["cursor"]) if "cursor" in told else told.get("page", 1)
    found = [kept for kept in h.library.assets.values() if _fits(h, kept, told)]
    found.sort(key=lambda kept: kept.created, reverse=told.get("order") == "desc")
    exif = told.get("withExif", False)
    if h.fake.pages_lose and exif and len(found) > size and page % 2 == 0:
        # No tie-break: photos of one second stand in another order on each page.
        found.sort(key=lambda kept: (kept.created, kept.id), reverse=True)
    items = found[(page - 1) * size : page * size]
    more = str(page + 1) if page * size < len(found) else None
    shown = {
        "total": len(items),
        "count": len(items),
        "items": [h.fake.shown(kept, tags=False, exif=exif) for kept in items],
        "nextPage": more,
    }
    if h.fake.version >= (3, 2, 0):
        shown |= {"nextPage": None, "nextCursor": more}
    return 200, {"albums": {"items": []}, "assets": shown}


def _fits(h: _Handler, kept: Kept, told: dict[str, Any]) -> bool:
    if kept.trashed or kept.visibility != told.get("visibility", "timeline"):
        return False
    for id in told.get("albumIds", ()):
        if kept.id not in h.fake.shelf(id).assets:
            return False
    if told.get("isNotInAlbum") and h.library.is_in_album(kept):
        return False
    for id in told.get("tagIds", ()):
        value = h.library.tags[id]
        values = [h.library.tags[tag] for tag in kept.tags]
        if not any(v == value or v.startswith(f"{value}/") for v in values):
            return False
    return True


# Tags


@route("GET", "/tags", "tag.read")
def tags(h: _Handler) -> Answer:
    ids = sorted(h.library.tags, key=h.library.tags.__getitem__)
    return 200, [h.fake.tag(id) for id in ids]


@route("PUT", "/tags", "tag.create")
def make_tags(h: _Handler) -> Answer:
    values = h.json()["tags"]
    if "" in values:
        raise Refusal(400, ["each value in tags should not be empty"])
    if any(len(value.encode()) > 2704 for value in values):
        raise Refusal(500, "index row size exceeds btree version 4 maximum 2704")
    return 200, [h.fake.tag(h.library.tag(value)) for value in values]


@route("PUT", "/tags/assets", "tag.asset")
def tag_assets(h: _Handler) -> Answer:
    told, count = h.json(), 0
    for kept in [h.fake.kept(id) for id in told["assetIds"]]:
        new = set(told["tagIds"]) - kept.tags
        kept.tags |= new
        count += len(new)
        h.library.write_sidecar(kept, {})
    return 200, {"count": count}


@route("DELETE", "/tags/ID/assets", "tag.asset")
def untag(h: _Handler, id: str) -> Answer:
    results = []
    for kept in [h.fake.kept(each) for each in h.json()["ids"]]:
        if id in kept.tags:
            kept.tags.discard(id)
            h.library.write_sidecar(kept, {})
            results.append({"id": kept.id, "success": True})
        else:
            results.append({"id": kept.id, "success": False, "error": "not_found"})
    return 200, results


# Albums


@route("GET", "/albums", "album.read")
def albums(h: _Handler) -> Answer:
    of = h.query.get("assetId")
    shelves = [s for s in h.library.albums.values() if of is None or of in s.assets]
    if of is None and (not h.fake.is_3 or h.query.get("isOwned") == "true"):
        shelves = [s for s in shelves if s.owned]
    return 200, [h.fake.album(shelf, assets=False) for shelf in shelves]


@route("POST", "/albums", "album.create")
def make_album(h: _Handler) -> Answer:
    return 201, h.fake.album(h.library.add_album(h.json()["albumName"]), assets=True)


@route("GET", "/albums/ID", "album.read")
def album(h: _Handler, id: str) -> Answer:
    return 200, h.fake.album(h.fake.shelf(id), assets="withoutAssets" not in h.query)


@route("PATCH", "/albums/ID", "album.update")
def rename_album(h: _Handler, id: str) -> Answer:
    h.fake.shelf(id).name = h.json()["albumName"]
    return 200, h.fake.album(h.fake.shelf(id), assets=False)


@route("PUT", "/albums/ID/assets", "albumAsset.create")
def join(h: _Handler, id: str) -> Answer:
    shelf, results = h.fake.shelf(id), []
    if not shelf.owned:
        raise Refusal(400, "Not found or no albumAsset.create access")
    for each in h.json()["ids"]:
        if each not in h.library.assets:
            results.append({"id": each, "success": False, "error": "no_permission"})
        elif each in shelf.assets:
            results.append({"id": each, "success": False, "error": "duplicate"})
        else:
            shelf.assets.append(each)
            results.append({"id": each, "success": True})
    return 200, results


@route("DELETE", "/albums/ID/assets", "albumAsset.delete")
def leave(h: _Handler, id: str) -> Answer:
    shelf, results = h.fake.shelf(id), []
    for each in h.json()["ids"]:
        if each in shelf.assets:
            shelf.assets.remove(each)
            results.append({"id": each, "success": True})
        else:
            results.append({"id": each, "success": False, "error": "not_found"})
    return 200, results
