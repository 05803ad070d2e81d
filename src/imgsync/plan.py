"""What is to be done about one photo, decided field by field; nothing is done here.

A field has *changed* on a side when it differs from what that side showed when both last agreed.
Photos that meet for the first time have the past "same picture, nothing said". What only one side
changed goes to the other; what both changed to the same is recorded; sets are merged element by
element; anything else that both changed is a conflict until the policy prefers a side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum

import msgspec

from .merge import agreed_elements, merge
from .model import (
    METADATA_FIELDS,
    NOTHING_SAID,
    SET_FIELDS,
    Field,
    Link,
    Metadata,
    Pair,
    Photo,
    Side,
    same,
    same_picture,
    wall_clock,
)
from .service import Capabilities

__all__ = ["Action", "End", "Ends", "Op", "Policy", "are_named", "forbids", "plan", "settle"]


class Op(StrEnum):
    """What an action does. RECORD and FORGET change only the state."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    MOVE = "move"
    RECORD = "record"
    FORGET = "forget"
    CONFLICT = "conflict"


class End(msgspec.Struct, frozen=True):
    """What the planner knows of one side's service."""

    name: str
    capabilities: Capabilities
    normal: Callable[[Metadata], Metadata]


class Ends(msgspec.Struct, frozen=True):
    """The two sides of a run."""

    left: End
    right: End

    def __getitem__(self, side: Side) -> End:
        return self.left if side is Side.LEFT else self.right

    def common(self, metadata: Metadata) -> Metadata:
        """The form in which both sides would show `metadata`: only there can they be compared."""
        return self.right.normal(self.left.normal(metadata))

    def shared(self) -> frozenset[Field]:
        """The fields that both sides show."""
        return self.left.capabilities.reads & self.right.capabilities.reads


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What a run may do.

    `writes`: the sides that may be changed. `fields`: the fields it is about.
    `prefer`: whose value wins a conflict. `max_delete`: the share of a side's linked photos beyond
    which a plan that deletes is refused. `accept`: per side, the file name suffixes whose refusal
    is no news.
    """

    writes: frozenset[Side] = frozenset(Side)
    fields: frozenset[Field] = frozenset(Field)
    prefer: Side | None = None
    delete: bool = False
    max_delete: float = 0.5
    accept: Mapping[Side, frozenset[str]] = {}


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do about one photo, or, where `name` is None, about an album.

    `side`: where it happens; None for what only the state or a person does.
    `album`, `name`: the photo as it is known now. `fields`: what it is about, in their usual order.
    `metadata`: CREATE and UPDATE: all that the side is to show afterwards.
    `to`: MOVE: album and file name afterwards.
    `without`: CREATE and UPDATE: fields that the bytes must not tell, where bytes are sent.
    `link`: RECORD: what is then agreed; its id is "" for photos that meet for the first time.
    `why`: the reason, for people. `blocked`: why it is not done, None if it is.
    `accepted`: blocked for good and known to be; it does not count.
    """

    op: Op
    pair: Pair
    side: Side | None = None
    album: str = ""
    name: str | None = None
    fields: tuple[Field, ...] = ()
    metadata: Metadata = NOTHING_SAID
    to: tuple[str, str] = ("", "")
    without: frozenset[Field] = frozenset()
    link: Link | None = None
    why: str = ""
    blocked: str | None = None
    accepted: bool = False


def forbids(side: Side, ends: Ends, policy: Policy) -> str | None:
    """Why nothing at all is written to a side; None if it may be."""
    service = ends[side]
    if side not in policy.writes:
        return f"this run does not write to {service.name}"
    return service.capabilities.closed or None


def plan(pair: Pair, ends: Ends, policy: Policy) -> tuple[Action, ...]:
    """The actions that bring a pair in step, RECORD first; none if it is.

    An action that the policy or a service forbids is in it too, with `blocked`.
    """
    if pair.left is not None and pair.right is not None:
        return tuple(_both(pair, pair.left, pair.right, ends, policy))
    present = Side.LEFT if pair.left is not None else Side.RIGHT
    photo = pair.photo(present)
    if photo is None:
        return (_forget(pair),)
    if Field.CONTENT not in policy.fields:
        return ()
    if pair.base is None:
        why = "new"
        if pair.namesake:
            why = f"new, beside another {photo.name} on {ends[present.other].name}"
        return (_create(pair, photo, present, ends, policy, why),)
    if _edited(photo, pair.base.half(present), ends[present], ends.shared()):
        why = f"deleted on {ends[present.other].name}, edited on {ends[present].name} since"
        return (_create(pair, photo, present, ends, policy, why),)
    return (_delete(pair, photo, present, ends, policy),)


def settle(
    base: Link | None,
    id: str,
    left: Photo,
    right: Photo,
    ends: Ends,
    fields: frozenset[Field],
    *,
    placed: bool = True,
    stubborn: Metadata = NOTHING_SAID,
) -> Link:
    """The link after `fields` are agreed on; all other fields keep their past.

    Only what both sides show can be agreed. Of sets, whether among `fields` or not, exactly the
    elements that both sides show, and those that neither does, are agreed; and those of
    `stubborn`, which a side shows though it was told not to. `placed`: the name is agreed too. A
    half keeps its version only if it holds all that the photo showed; otherwise it is "", and the
    next scan looks closer.
    """
    past_left, past_right = _past(base)
    agreed = (fields & ends.shared()) - SET_FIELDS
    said_left = past_left.metadata.but(left.metadata, agreed)
    said_right = past_right.metadata.but(right.metadata, agreed)
    for field in SET_FIELDS & ends.shared():
        pasts = past_left.metadata.get(field), past_right.metadata.get(field)
        nows = left.metadata.get(field), right.metadata.get(field)
        left_over = stubborn.get(field)
        now_left, now_right = agreed_elements(field, *nows, *pasts, ends.common, left_over)
        said_left = said_left.but(_only(field, now_left), (field,))
        said_right = said_right.but(_only(field, now_right), (field,))
    content = Field.CONTENT in fields or (base is None and same_picture(left, right) is not False)
    return Link(
        id,
        _half(left, past_left, said_left, content=content, placed=placed or base is None),
        _half(right, past_right, said_right, content=content, placed=placed or base is None),
    )


def _half(shown: Photo, past: Photo, said: Metadata, *, content: bool, placed: bool) -> Photo:
    picture = shown if content or shown.content == past.content else past
    spot = shown if placed else past
    half = Photo(
        ref=spot.ref,
        name=spot.name,
        content=picture.content,
        size=picture.size,
        digests=picture.digests,
        metadata=said,
    )
    whole = (half.name, half.content, said) == (shown.name, shown.content, shown.metadata)
    return msgspec.structs.replace(half, version=shown.version) if whole else half


_STRANGER = Photo(ref="", name="")


def _past(base: Link | None) -> tuple[Photo, Photo]:
    return (_STRANGER, _STRANGER) if base is None else (base.left, base.right)


class _Verdict(StrEnum):
    AGREED = "agreed"
    LEFT = "left"  # the left side is to get the right one's value
    RIGHT = "right"
    MERGE = "merge"  # each side is to get what it lacks, if anything
    CONFLICT = "conflict"


_OVERRULE = {Side.LEFT: _Verdict.RIGHT, Side.RIGHT: _Verdict.LEFT}


def _both(pair: Pair, left: Photo, right: Photo, ends: Ends, policy: Policy) -> Iterator[Action]:
    if pair.base is not None and _untouched(pair, pair.base, left, right):
        return
    if _mistaken(pair.base, left, right):
        why = _undecided(pair, ends, policy)
        if why is not None:
            yield _conflict(pair, left, [Field.CONTENT], why)
            return
    verdicts = _verdicts(pair.base, left, right, ends, policy)
    name, album = _places(pair, left, right, ends, policy)
    placed = name is album is _Verdict.AGREED

    agreed = frozenset(field for field, verdict in verdicts.items() if verdict is _Verdict.AGREED)
    id = pair.base.id if pair.base else ""
    link = settle(pair.base, id, left, right, ends, agreed, placed=placed)
    if pair.base is None or _is_news(pair.base, link) or (placed and _strayed(pair)):
        yield _record(pair, left, link)
    disputes = []
    if Field.CONTENT in policy.fields:
        yield from _moves(pair, name, album, ends, policy)
        if _Verdict.CONFLICT in (name, album):
            there = f"{pair.right_album}/{right.name}".lstrip("/")
            disputes.append(f"moved on both sides, on {ends.right.name} to {there}")
    yield from _updates(pair, left, right, ends, policy, verdicts)
    disputed = [field for field, verdict in verdicts.items() if verdict is _Verdict.CONFLICT]
    if disputed:
        disputes.append("changed on both sides")
    if disputes:
        yield _conflict(pair, left, disputed, "; ".join(disputes))


def _mistaken(base: Link | None, left: Photo, right: Photo) -> bool:
    """Whether a pair of one name shows two pictures, and no picture of it was ever agreed on."""
    known = base is not None and (base.left.content or base.right.content)
    return not known and same_picture(left, right) is False


def _undecided(pair: Pair, ends: Ends, policy: Policy) -> str | None:
    """Why neither of two pictures may take the other's place; None if one may."""
    why = "same name, different pictures"
    if policy.prefer is None or Field.CONTENT not in policy.fields:
        return why
    reason = _forbids_update(Field.CONTENT, policy.prefer.other, pair, ends, policy)
    return None if reason is None else f"{why}; {reason}"


def _untouched(pair: Pair, base: Link, left: Photo, right: Photo) -> bool:
    """Whether both sides say just what the link holds: versions aside, nothing has changed."""
    return (
        _said(left) == _said(base.left) and _said(right) == _said(base.right) and not _strayed(pair)
    )


def _said(photo: Photo) -> tuple[str, str, str, Metadata]:
    return photo.ref, photo.name, photo.content, photo.metadata


def _strayed(pair: Pair) -> bool:
    return not pair.album == pair.left_album == pair.right_album


def _verdicts(
    base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> dict[Field, _Verdict]:
    """What is to become of each field that the run is about."""
    verdicts: dict[Field, _Verdict] = {
        field: _compare(field, base, left, right, ends, policy)
        for field in METADATA_FIELDS
        if field in ends.shared() & policy.fields
    }
    if Field.CONTENT in policy.fields:
        verdicts[Field.CONTENT] = _compare_pictures(base, left, right, policy)
    return verdicts


def _compare(
    field: Field, base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> _Verdict:
    past_left, past_right = _past(base)
    left_changed = _changed(field, left, past_left, ends.left)
    right_changed = _changed(field, right, past_right, ends.right)
    if not left_changed and not right_changed:
        return _Verdict.AGREED
    if field in SET_FIELDS:
        return _Verdict.MERGE
    here, there = left.metadata.get(field), right.metadata.get(field)
    one = ends.common(_only(field, here)).get(field)
    two = ends.common(_only(field, there)).get(field)
    if one == two:
        return _Verdict.AGREED
    alike = same(field, one, two)
    if left_changed and right_changed:
        if alike:
            return _Verdict.AGREED
        return _OVERRULE[policy.prefer] if policy.prefer else _Verdict.CONFLICT
    changed = Side.LEFT if left_changed else Side.RIGHT
    if alike and not ends[changed].capabilities.precise:
        return _Verdict.AGREED
    return _OVERRULE[changed]


def _changed(field: Field, now: Photo, past: Photo, end: End) -> bool:
    """Whether a side says something else than it did; noise does not count."""
    here, before = now.metadata.get(field), past.metadata.get(field)
    noisy = not end.capabilities.precise
    return bool(here != before) and not (noisy and same(field, here, before))


def _compare_pictures(base: Link | None, left: Photo, right: Photo, policy: Policy) -> _Verdict:
    past_left, past_right = _past(base)
    mistaken = _mistaken(base, left, right)
    left_changed = mistaken or _repainted(left, past_left)
    right_changed = mistaken or _repainted(right, past_right)
    if same_picture(left, right) or not (left_changed or right_changed):
        return _Verdict.AGREED
    if left_changed and right_changed:
        return _OVERRULE[policy.prefer] if policy.prefer else _Verdict.CONFLICT
    return _Verdict.RIGHT if left_changed else _Verdict.LEFT


def _repainted(now: Photo, past: Photo) -> bool:
    """Whether a side is known to show another picture than it did."""
    known = now.content and past.content
    return bool(known) and now.content != past.content and not same_picture(now, past)


def _edited(photo: Photo, past: Photo, end: End, fields: Iterable[Field]) -> bool:
    """Whether a side changed its picture, or any of the `fields` that the other side shows too."""
    return _repainted(photo, past) or any(
        _changed(field, photo, past, end) for field in METADATA_FIELDS if field in fields
    )


def _only(field: Field, value: object) -> Metadata:
    return msgspec.structs.replace(NOTHING_SAID, **{field.value: value})


def _updates(
    pair: Pair,
    left: Photo,
    right: Photo,
    ends: Ends,
    policy: Policy,
    verdicts: Mapping[Field, _Verdict],
) -> Iterator[Action]:
    """For each side that is to get something an UPDATE, and another for what it cannot get."""
    shown = {Side.LEFT: left, Side.RIGHT: right}
    past_left, past_right = _past(pair.base)
    wanted: dict[Side, dict[Field, Metadata]] = {side: {} for side in Side}
    for field, verdict in verdicts.items():
        if verdict is _Verdict.MERGE:
            nows = left.metadata.get(field), right.metadata.get(field)
            pasts = past_left.metadata.get(field), past_right.metadata.get(field)
            merged = merge(field, *nows, *pasts, ends.common)
            for side, now, value in zip(Side, nows, merged, strict=True):
                if value != now:
                    wanted[side][field] = _only(field, value)
        elif verdict in (_Verdict.LEFT, _Verdict.RIGHT):
            side = Side(verdict.value)
            origin, target = shown[side.other], shown[side]
            wanted[side][field] = _carried(field, origin, target, ends[side.other])
    for side, values in wanted.items():
        yield from _update(pair, side, values, ends, policy)


def _carried(field: Field, origin: Photo, target: Photo, source: End) -> Metadata:
    """A field as it goes to another side.

    An offset is not added to a time that has none, unless somebody is known to have said it.
    """
    if field is Field.CONTENT:
        return NOTHING_SAID
    value, there = origin.metadata.get(field), target.metadata.get(field)
    if field is Field.TAKEN and not source.capabilities.precise and there:
        value = wall_clock(value) if there == wall_clock(there) else value
    return _only(field, value)


def _update(
    pair: Pair, side: Side, values: Mapping[Field, Metadata], ends: Ends, policy: Policy
) -> Iterator[Action]:
    photo, origin = pair.photo(side), pair.photo(side.other)
    assert photo is not None
    assert origin is not None
    reasons = {field: _forbids_update(field, side, pair, ends, policy) for field in values}
    for able in (True, False):
        some = [field for field, reason in reasons.items() if (reason is None) is able]
        metadata = photo.metadata
        for field in some:
            metadata = metadata.but(values[field], (field,))
        if some:
            yield Action(
                op=Op.UPDATE,
                pair=pair,
                side=side,
                album=pair.album_of(side),
                name=photo.name,
                fields=_ordered(some),
                metadata=metadata,
                without=_hidden(origin, policy) if Field.CONTENT in some else frozenset(),
                why=f"changed on {ends[side.other].name}",
                blocked="; ".join(dict.fromkeys(filter(None, map(reasons.get, some)))) or None,
            )


def _forbids_update(field: Field, side: Side, pair: Pair, ends: Ends, policy: Policy) -> str | None:
    service, source = ends[side], ends[side.other]
    reason = forbids(side, ends, policy)
    if reason is not None:
        return reason
    if field is Field.CONTENT and service.capabilities.no_trash:
        return service.capabilities.no_trash
    if field not in service.capabilities.writes:
        return f"{service.name} cannot change the {field} of a photo"
    if field is not Field.CONTENT:
        return None
    if not source.capabilities.exact:
        return f"{source.name} does not give back original pictures"
    origin = pair.photo(side.other)
    assert origin is not None
    return _forbids_copy(source, origin.name, _hidden(origin, policy))


def _hidden(photo: Photo, policy: Policy) -> frozenset[Field]:
    """What a photo says that the run is not about, and that must not travel inside its bytes."""
    return frozenset(
        field
        for field in METADATA_FIELDS
        if field not in policy.fields and photo.metadata.get(field) != NOTHING_SAID.get(field)
    )


def _forbids_copy(source: End, name: str, hidden: Iterable[Field]) -> str | None:
    fields = ", ".join(_ordered(hidden))
    suffix = _suffix(name)
    if fields and suffix not in source.capabilities.strips:
        return f"{source.name} cannot give a copy of {suffix.upper()} files without {fields}"
    return None


def _suffix(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _create(
    pair: Pair, photo: Photo, present: Side, ends: Ends, policy: Policy, why: str
) -> Action:
    side = present.other
    fields = policy.fields & ends.shared()
    suffix = _suffix(photo.name)
    hidden = _hidden(photo, policy)
    reason = _forbids_create(photo.name, side, pair, hidden, ends, policy)
    takes = ends[side].capabilities.formats
    return Action(
        op=Op.CREATE,
        pair=pair,
        side=side,
        album=pair.album_of(present),
        name=photo.name,
        fields=_ordered(
            [
                f
                for f in fields
                if f is Field.CONTENT or photo.metadata.get(f) != NOTHING_SAID.get(f)
            ]
        ),
        metadata=NOTHING_SAID.but(photo.metadata, fields),
        without=hidden,
        why=why,
        blocked=reason,
        accepted=takes is not None
        and suffix not in takes
        and suffix in policy.accept.get(side, ()),
    )


def _forbids_create(
    name: str, side: Side, pair: Pair, hidden: frozenset[Field], ends: Ends, policy: Policy
) -> str | None:
    service, source = ends[side], ends[side.other]
    reason = forbids(side, ends, policy)
    if reason is not None:
        return reason
    if not service.capabilities.create:
        return f"{service.name} takes no new photos"
    takes = service.capabilities.formats
    if takes is not None and _suffix(name) not in takes:
        return f"{service.name} takes no {_suffix(name).upper()} files"
    return pair.doubt or _forbids_copy(source, name, hidden)


def _delete(pair: Pair, photo: Photo, present: Side, ends: Ends, policy: Policy) -> Action:
    return Action(
        op=Op.DELETE,
        pair=pair,
        side=present,
        album=pair.album_of(present),
        name=photo.name,
        why=f"deleted on {ends[present.other].name}",
        blocked=_forbids_delete(present, pair, ends, policy),
    )


def _forbids_delete(side: Side, pair: Pair, ends: Ends, policy: Policy) -> str | None:
    service, reason = ends[side], forbids(side, ends, policy)
    if reason is not None:
        return reason
    if not service.capabilities.delete:
        return service.capabilities.no_trash or f"{service.name} deletes no photos"
    if pair.doubt:
        return pair.doubt
    return None if policy.delete else "deletions are carried only with --delete"


def _places(
    pair: Pair, left: Photo, right: Photo, ends: Ends, policy: Policy
) -> tuple[_Verdict, _Verdict]:
    """What is to become of the name and of the album, each compared like a field."""
    base = pair.base
    if base is None:
        return _Verdict.AGREED, _Verdict.AGREED
    album = _placed(pair.album, pair.left_album, pair.album, pair.right_album, policy)
    return _named(base, left, right, ends, policy), album


def are_named(base: Link | None, left: Photo, right: Photo, ends: Ends, policy: Policy) -> bool:
    """Whether nothing is left to be done about the names of two photos."""
    return base is None or _named(base, left, right, ends, policy) is _Verdict.AGREED


def _named(base: Link, left: Photo, right: Photo, ends: Ends, policy: Policy) -> _Verdict:
    """What is to become of the name. A side that cannot rename keeps its own, for good."""
    verdict = _placed(base.left.name, left.name, base.right.name, right.name, policy)
    if verdict is _Verdict.CONFLICT or verdict is _Verdict.AGREED:
        return verdict
    return verdict if ends[Side(verdict.value)].capabilities.renames else _Verdict.AGREED


def _moves(
    pair: Pair, name: _Verdict, album: _Verdict, ends: Ends, policy: Policy
) -> Iterator[Action]:
    """What goes to one side is one MOVE, of name and album together."""
    for side in Side:
        photo, other = pair.photo(side), pair.photo(side.other)
        assert photo is not None
        assert other is not None
        target = _Verdict(side.value)
        if target in (name, album):
            to_album = pair.album_of(side.other) if album is target else pair.album_of(side)
            to_name = other.name if name is target else photo.name
            yield _move(pair, photo, side, (to_album, to_name), ends, policy)


def _placed(past_left: str, left: str, past_right: str, right: str, policy: Policy) -> _Verdict:
    left_moved, right_moved = left != past_left, right != past_right
    if left == right or not (left_moved or right_moved):
        return _Verdict.AGREED
    if left_moved and right_moved:
        return _OVERRULE[policy.prefer] if policy.prefer else _Verdict.CONFLICT
    return _Verdict.RIGHT if left_moved else _Verdict.LEFT


def _move(
    pair: Pair, photo: Photo, side: Side, to: tuple[str, str], ends: Ends, policy: Policy
) -> Action:
    service = ends[side]
    reason = forbids(side, ends, policy)
    if to[0] != pair.album_of(side) and not service.capabilities.moves:
        reason = reason or f"{service.name} cannot move photos to another album"
    where = f"{to[0]}/{to[1]}".lstrip("/") if to[0] != pair.album_of(side) else to[1]
    return Action(
        op=Op.MOVE,
        pair=pair,
        side=side,
        album=pair.album_of(side),
        name=photo.name,
        to=to,
        why=f"moved on {ends[side.other].name} to {where}",
        blocked=reason,
    )


def _record(pair: Pair, left: Photo, link: Link) -> Action:
    past = pair.base or Link("", *_past(None))
    return Action(
        op=Op.RECORD,
        pair=pair,
        album=pair.left_album,
        name=left.name,
        fields=tuple(field for field in Field if _learnt(field, past, link)),
        link=link,
        why="known on both sides" if pair.base is None else "the same on both sides",
    )


def _is_news(base: Link, link: Link) -> bool:
    """Whether a link says more than that versions have moved on."""
    renamed = any(base.half(side).name != link.half(side).name for side in Side)
    return renamed or any(_learnt(field, base, link) for field in Field)


def _learnt(field: Field, base: Link, link: Link) -> bool:
    """Whether a link says something else of a field than the one before."""
    if field is Field.CONTENT:
        return (base.left.content, base.right.content) != (link.left.content, link.right.content)
    return any(base.half(s).metadata.get(field) != link.half(s).metadata.get(field) for s in Side)


def _forget(pair: Pair) -> Action:
    assert pair.base is not None
    return Action(
        op=Op.FORGET,
        pair=pair,
        album=pair.album,
        name=pair.base.left.name,
        why="gone on both sides",
    )


def _conflict(pair: Pair, left: Photo, fields: Iterable[Field], why: str) -> Action:
    return Action(
        op=Op.CONFLICT,
        pair=pair,
        album=pair.left_album,
        name=left.name,
        fields=_ordered(fields),
        why=why,
    )


_ORDER = {field: number for number, field in enumerate(Field)}


def _ordered(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple(sorted(fields, key=_ORDER.__getitem__))
