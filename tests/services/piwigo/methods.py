"""The methods of Piwigo's API, as the real one behaves."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

from .database import (
    ALLOWED,
    Album,
    Fatal,
    Kept,
    Settings,
    date,
    escaped_upload,
    look_inside,
    md5,
    same_name,
    strip_tags,
    text,
)

Form = dict[str, list[str]]

# What a guest may call; everything else is for administrators.
PUBLIC = {"pwg.session.getStatus", "pwg.categories.getList", "pwg.categories.getImages"}
PUBLIC |= {"pwg.images.getInfo", "pwg.images.search", "pwg.tags.getImages", "pwg.getVersion"}
TOKEN_NEEDED = {"pwg.images.uploadCompleted", "pwg.images.setCategory", "pwg.categories.move"}


class Refusal(Exception):
    """`{"stat": "fail"}`."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.message = message


class Methods:
    """A gallery's tables, and what its API does to them.

    `half_done`: the answer that comes next is HTTP 500, and "ok" all the same.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.url = ""
        self.albums: dict[int, Album] = {}
        self.photos: dict[int, Kept] = {}
        self.tags: dict[int, str] = {}
        self.lounge: list[tuple[int, int]] = []
        self.buffer: dict[tuple[str, int], dict[int, bytes]] = {}
        self.films: dict[str, tuple[int, Any]] = {}
        self.searched: dict[str, list[int]] = {}
        self.half_done = False
        self._ids = itertools.count(1)
        self._clock = itertools.count(1)
        self._methods: dict[str, Callable[..., Any]] = {
            "pwg.session.getStatus": self.get_status,
            "pwg.plugins.getList": self.get_plugins,
            "pwg.categories.getList": self.get_list,
            "pwg.categories.getAdminList": self.get_admin_list,
            "pwg.categories.getImages": self.get_images,
            "pwg.categories.add": self.add_album,
            "pwg.categories.setInfo": self.set_album_info,
            "pwg.categories.move": self.move_album,
            "pwg.images.getInfo": self.get_info,
            "pwg.images.setInfo": self.set_info,
            "pwg.images.exist": self.exist,
            "pwg.images.uploadAsync": self.upload,
            "pwg.images.uploadCompleted": self.empty_lounge,
            "pwg.images.setCategory": self.set_category,
            "pwg.images.search": self.search,
            "pwg.tags.add": self.add_tag,
            "pwg.tags.getImages": self.get_tagged,
            "pwg.tags.getAdminList": self.get_tags,
        }

    def call(self, method: str, form: Form, chunk: bytes, user: str, token: str) -> Any:
        if method not in self._methods:
            raise Refusal(501, "Method name is not valid")
        guest = user == "guest"
        if guest and method not in PUBLIC:
            raise Refusal(401, "Access denied")
        told = form.get("pwg_token")
        if method in TOKEN_NEEDED and not told:
            raise Refusal(1002, "Missing parameters: pwg_token")
        if told and told[0] != token and method not in PUBLIC:
            raise Refusal(403, "Invalid security token")
        one = {name: values[-1] for name, values in form.items()}
        if method == "pwg.images.uploadAsync":
            return self.upload(one, chunk)
        return self._methods[method](one, guest, token, told is not None)

    # Sessions

    def get_status(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        status: dict[str, Any] = {
            "username": "guest" if guest else "admin",
            "status": "guest" if guest else "webmaster",
            "pwg_token": token,
            "version": self.settings.version,
        }
        if not guest:
            status["upload_file_types"] = self.settings.types
            status["upload_form_chunk_size"] = self.settings.chunk
        return status

    def get_plugins(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        state = "active" if self.settings.map else "inactive"
        others = [{"id": id, "name": id, "state": "active"} for id in self.settings.plugins]
        return [{"id": "piwigo-openstreetmap", "name": "OpenStreetMap", "state": state}, *others]

    # Albums

    def sees(self, album: Album, guest: bool) -> bool:
        return album.status == "public" or (album.granted and not guest)

    def _row(self, album: Album) -> dict[str, Any]:
        row: dict[str, Any] = {
            "id": album.id,
            "name": strip_tags(album.name),
            "comment": album.comment or "",
            "uppercats": ",".join(map(str, album.line)),
            "status": album.status,
            "nb_images": sum(album.id in photo.albums for photo in self.photos.values()),
        }
        return row | ({"name_raw": album.name} if self.settings.major >= 16 else {})

    def get_list(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        albums = [album for album in self.albums.values() if self.sees(album, guest)]
        if form.get("recursive") != "true":
            albums = [album for album in albums if len(album.line) == 1]
        return {"categories": [self._row(album) for album in reversed(albums)]}

    def get_admin_list(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        rows = [self._row(album) for album in self.albums.values()]
        return {"categories": [row | {"id": str(row["id"])} for row in rows], "limit": 100}

    def add_album(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        name = text(form["name"] if told else strip_tags(form["name"]))
        if not name.strip():
            raise Refusal(500, "The name of an album must not be empty")
        parent = int(form.get("parent", 0))
        id = next(self._ids)
        line = [id]
        status = form.get("status", "public")
        if parent:
            above = self.albums.get(parent)
            line = [*(above.line if above else [0]), id]  # corrupt, as the real one's
            status = above.status if above else status
        album = Album(id, name, line, status)
        if form.get("position") == "last":
            self.albums[id] = album
        else:
            self.albums = {id: album} | self.albums
        return {"info": "Album added", "id": id}

    def set_album_info(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        album = self._album(form)
        if "name" in form:
            if not form["name"]:
                raise Fatal("mysqli_sql_exception: Column 'name' cannot be null")
            album.name = text(form["name"] if told else strip_tags(form["name"]))

    def move_album(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        album, parent = self.albums.get(int(form["category_id"])), int(form["parent"])
        above = self.albums.get(parent)
        if album is None or (parent and (above is None or album.id in above.line)):
            raise Refusal(403, "You cannot move an album in its own sub album")
        depth = len(album.line) - 1
        line = above.line if above else []
        for other in self.albums.values():
            if album.id in other.line:
                other.line = line + other.line[depth:]
                if above and above.status == "private" and other.status == "public":
                    other.status, other.granted = "private", False
        return {"new_ariane_string": album.name}

    def _album(self, form: dict[str, str]) -> Album:
        album = self.albums.get(int(form["category_id"]))
        if album is None:
            raise Refusal(404, "category_id not found")
        return album

    # Photos

    def visible(self, photo: Kept, guest: bool) -> list[int]:
        """The albums in which somebody sees the photo."""
        return [i for i in photo.albums if i in self.albums and self.sees(self.albums[i], guest)]

    def _urls(self, photo: Kept) -> dict[str, Any]:
        return {"element_url": f"{self.url}/upload/{photo.id}.jpg"}

    def get_images(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        wanted = int(form["cat_id[]"])
        if wanted not in self.albums:
            raise Refusal(404, f"cat_id {{{wanted}}} not found")
        seen = self._seen(guest)
        return self._page(form, guest, [p for p in seen if wanted in self.visible(p, guest)])

    def _seen(self, guest: bool) -> list[Kept]:
        """What lists show to somebody: no orphans."""
        photos = [photo for photo in self.photos.values() if not (guest and photo.level)]
        return [photo for photo in photos if self.visible(photo, guest)]

    def _page(self, form: dict[str, str], guest: bool, photos: list[Kept]) -> dict[str, Any]:
        if form.get("order") != "id":
            photos.reverse()
        size = min(int(form.get("per_page", 100)), self.settings.per_page)
        page = int(form.get("page", 0))
        rows = [self._listed(photo, guest) for photo in photos[page * size : (page + 1) * size]]
        total: int | str = len(photos) if self.settings.major >= 16 else str(len(photos))
        paging = {"page": page, "per_page": size, "count": len(rows), "total_count": total}
        return {"paging": paging, "images": rows}

    def _listed(self, photo: Kept, guest: bool) -> dict[str, Any]:
        raw = self.settings.major < 16
        return {
            "id": photo.id,
            "file": photo.file,
            "name": photo.name if raw else strip_tags(photo.name or ""),
            "comment": photo.comment,
            "date_creation": photo.date_creation,
            "categories": [{"id": id} for id in self.visible(photo, guest)],
            **self._urls(photo),
        }

    def search(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        """Answers are kept for minutes, whatever is edited meanwhile."""
        query = form["query"]
        if query not in self.searched:
            found = self._seen(guest)
            for term in query.split():
                found = [photo for photo in found if _is_found(photo, term)]
            self.searched[query] = [photo.id for photo in found]
        return self._page(form, guest, [self.photos[id] for id in self.searched[query]])

    def get_tagged(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        asked = {int(id) for name, id in form.items() if name.startswith("tag_id[")}
        page = self._page(form, guest, [p for p in self._seen(guest) if p.tags & asked])
        for row in page["images"]:
            ids = ",".join(map(str, sorted(self.photos[row["id"]].tags & asked)))[:1024]
            row["tags"] = [{"id": int(id), "url": ""} for id in ids.split(",") if id]
        return page

    def get_info(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        photo = self._photo(form)
        if guest and (photo.level or not self.visible(photo, guest)):
            raise Refusal(404, "image_id not found")
        raw: dict[str, Any] = {}
        name = photo.name
        if self.settings.major >= 16:
            raw = {"name_raw": photo.name, "comment_raw": photo.comment}
            name = strip_tags(photo.name or "")
        return {
            "id": photo.id,
            "file": photo.file,
            "name": name,
            "comment": photo.comment,
            "author": photo.author,
            "date_creation": photo.date_creation,
            "level": str(photo.level),
            "md5sum": photo.md5sum or None,
            "filesize": len(photo.data) // 1024,
            "latitude": photo.latitude if photo.latitude is None else f"{photo.latitude:.6f}",
            "longitude": photo.longitude if photo.longitude is None else f"{photo.longitude:.6f}",
            "lastmodified": str(photo.lastmodified),
            "categories": [{"id": id, "name": "x"} for id in self.visible(photo, guest)],
            "tags": [{"id": id, "name": self.tags[id]} for id in sorted(photo.tags & {*self.tags})],
            **self._urls(photo),
            **raw,
        }

    def _photo(self, form: dict[str, str]) -> Kept:
        photo = self.photos.get(int(form["image_id"]))
        if photo is None:
            raise Refusal(404, "image_id not found")
        return photo

    def exist(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        ids = {photo.md5sum: str(photo.id) for photo in self.photos.values()}
        return {wanted: ids.get(wanted) for wanted in form["md5sum_list"].split(",")}

    def set_info(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        photo = self._photo(form)
        replaces = form.get("single_value_mode", "fill_if_empty") == "replace"
        values: dict[str, Any] = {}
        for name in ("name", "author", "comment", "date_creation"):
            if name in form and (replaces or not getattr(photo, name)):
                value = form[name] if told else strip_tags(form[name], ALLOWED)
                values[name] = _column(name, value)
        if file := text(strip_tags(form.get("file", ""))):
            if photo.storage:
                raise Refusal(
                    500, 'updating "file" is forbidden on photos added by synchronization'
                )
            values["file"] = file
        if "level" in form and (replaces or not photo.level):
            values["level"] = int(form["level"])
        self._change(photo, values)
        if "tag_ids" in form:
            ids = {int(id) for id in form["tag_ids"].split(",") if id}
            append = form.get("multiple_value_mode", "append") == "append"
            photo.tags = photo.tags | ids if append else ids
        if self.settings.map and form.get("latitude") not in (None, "", "0"):
            photo.latitude = round(float(form["latitude"]), 6)
            photo.longitude = round(float(form["longitude"]), 6)
        if "categories" in form:
            self.half_done = not {int(id) for id in form["categories"].split(";")} <= {*self.albums}

    def _change(self, photo: Kept, values: dict[str, Any]) -> None:
        if any(getattr(photo, name) != value for name, value in values.items()):
            photo.lastmodified = next(self._clock)
        for name, value in values.items():
            setattr(photo, name, value)

    def set_category(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        album = self._album(form)
        photo = self.photos[int(form["image_id[]"])]
        if form["action"] == "associate" and album.id not in photo.albums:
            photo.albums.append(album.id)
        elif form["action"] == "dissociate" and album.id in {*photo.albums} - {photo.storage}:
            photo.albums.remove(album.id)

    # Uploads

    def upload(self, form: dict[str, str], chunk: bytes) -> Any:
        if self.settings.major < 16 and "username" not in form:
            raise Refusal(1002, "Missing parameters: username")
        if md5(chunk) != form["chunk_sum"]:
            raise Refusal(500, "MD5 checksum chunk file mismatched")
        whole, count = form["original_sum"], int(form["chunks"])
        if count > 30:
            return self._watch(form, chunk, whole, count)
        parts = self.buffer.setdefault((whole, count), {})
        parts[int(form["chunk"])] = chunk
        if len(parts) < count:
            numbers = ",".join(str(number + 1) for number in sorted(parts))
            return {"message": f"chunks uploaded = {numbers}"}
        del self.buffer[whole, count]
        data = b"".join(parts[number] for number in range(count))
        if not data:
            raise Refusal(500, "error while merging chunk 1")
        if md5(data) != whole:
            raise Refusal(500, "MD5 checksum merged file mismatched")
        photo = self._add_file(data, form)
        if form.get("tag_ids"):
            photo.tags = {int(id) for id in form["tag_ids"].split(",")}
        told = [n for n in ("name", "author", "comment", "date_creation") if n in form]
        self._change(photo, {name: _column(name, form[name]) for name in told})
        return self.get_info({"image_id": str(photo.id)}, False, "", True)

    def _watch(self, form: dict[str, str], chunk: bytes, whole: str, count: int) -> Any:
        """A film of zeros: looked through, chunk by chunk, and not kept."""
        size, total = self.films.setdefault(whole, (0, hashlib.md5()))
        total.update(chunk)
        self.films[whole] = size + len(chunk), total
        if int(form["chunk"]) + 1 < count:
            return {"message": "chunks uploaded"}
        if total.hexdigest() != whole:
            raise Refusal(500, "MD5 checksum merged file mismatched")
        photo = Kept(next(self._ids), form["filename"], md5sum=whole)
        self.photos[photo.id] = photo
        self.lounge.append((photo.id, int(form["category[]"])))
        return self.get_info({"image_id": str(photo.id)}, False, "", True)

    def _add_file(self, data: bytes, form: dict[str, str]) -> Kept:
        into = [int(form["category[]"])] if "category[]" in form else []
        if "image_id" in form:
            photo = self._photo(form)
        else:
            twins = [photo for photo in self.photos.values() if photo.md5sum == md5(data)]
            if twins:
                self.lounge += [(twins[0].id, id) for id in into]
                return twins[0]
            if look_inside(data) is None:
                raise Fatal("forbidden file type")
            file = text(escaped_upload(form["filename"]))
            photo = Kept(next(self._ids), file, name=text(_name_from(file)))
            self.photos[photo.id] = photo
        photo.file = text(escaped_upload(form["filename"]))
        photo.data = data[: len(data) // 2] if self.settings.resize else data
        photo.md5sum = md5(data)
        photo.level = int(form.get("level", 0))
        photo.lastmodified = next(self._clock)
        self.lounge += [(photo.id, id) for id in into]
        self._read_file(photo)
        return photo

    def _read_file(self, photo: Kept) -> None:
        """The file's own metadata overwrite what the gallery says."""
        inside = look_inside(photo.data)
        if inside is None:
            return
        photo.date_creation = inside.taken or photo.date_creation
        if inside.latitude is not None and inside.longitude is not None:
            photo.latitude, photo.longitude = inside.latitude, inside.longitude
        if self.settings.iptc:
            photo.comment = inside.caption or photo.comment
            if inside.keywords:
                photo.tags = set(self._ids_of(inside.keywords))

    def _ids_of(self, names: Iterable[str]) -> Iterable[int]:
        for name in names:
            known = [id for id, tag in self.tags.items() if same_name(tag, name)]
            yield known[0] if known else self._new_tag(name)

    def empty_lounge(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        for id, album in self.lounge:
            if album not in self.photos[id].albums:
                self.photos[id].albums.append(album)
        self.lounge.clear()
        return {"moved_from_lounge": []}

    # Tags

    def add_tag(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        name = text(strip_tags(form["name"]))
        if not name:
            raise Fatal("mysqli_sql_exception: Column 'name' cannot be null")
        if any(same_name(name, tag) for tag in self.tags.values()):
            raise Refusal(1003, f'Tag "{name}" already exists')
        return {"id": self._new_tag(name), "name": name}

    def _new_tag(self, name: str) -> int:
        id = next(self._ids)
        self.tags[id] = name
        return id

    def get_tags(self, form: dict[str, str], guest: bool, token: str, told: bool) -> Any:
        return {"tags": [{"id": str(id), "name": name} for id, name in self.tags.items()]}


def _is_found(photo: Kept, term: str) -> bool:
    """One term of a search: `author:` (has none), `id:1..9`, `-photo:*"<"*` (a text has none)."""
    if term == "author:":
        return photo.author is None
    if within := re.fullmatch(r"id:(\d+)\.\.(\d+)", term):
        return int(within[1]) <= photo.id <= int(within[2])
    without = re.fullmatch(r'-photo:\*"(.+)"\*', term)
    assert without is not None
    texts = (photo.file, photo.name or "", photo.comment or "")
    return not any(without[1] in text for text in texts)


def _column(name: str, value: str) -> str | None:
    if name == "date_creation":
        return date(value)
    return text(value, 65535 if name == "comment" else 255) or None


def _name_from(file: str) -> str:
    return file.rpartition(".")[0].replace("_", " ")
