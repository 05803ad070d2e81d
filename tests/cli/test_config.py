"""The configuration file: where it is, what it says, and what is wrong with it."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from imgsync.config import Configuration, Defaults, find, read, url_path
from imgsync.config.local import LocalSettings
from imgsync.config.section import Section
from imgsync.config.types import BUILT_IN
from imgsync.errors import UsageError
from imgsync.services.memory import Memory

REPO = Path(__file__).resolve().parents[2]


class Shop(Memory):
    """A service with all kinds of keys."""

    settings: ClassVar[Mapping[str, str]] = {
        "url": "its address",
        "key": "the key",
        "write": "as in [img-sync]",
        "color": "",
    }
    required: ClassVar[frozenset[str]] = frozenset({"url", "key"})
    secrets: ClassVar[frozenset[str]] = frozenset({"key"})
    made: ClassVar[list[Mapping[str, str]]]

    @classmethod
    def configure(cls, name: str, settings: Mapping[str, str]) -> Memory:
        cls.made.append(settings)
        return cls(name)


Write = Callable[[str], Configuration]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Reads a configuration with this text; type `shop` is there, and no keyring."""
    Shop.made = []
    shop = SimpleNamespace(Shop=Shop)
    monkeypatch.setitem(sys.modules, "shop", shop)
    monkeypatch.setitem(BUILT_IN, "shop", "shop:Shop")
    monkeypatch.setitem(sys.modules, "keyring", None)

    def write(text: str) -> Configuration:
        (tmp_path / "c.cfg").write_text(text)
        return read(tmp_path / "c.cfg")

    return write


def test_the_first_file_that_is_there_counts(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find(None) is None
    for place in (home / ".config/img-sync.cfg", home / "config/img-sync.cfg"):
        place.parent.mkdir()
        place.touch()
        assert find(None) == place
    (tmp_path / "by-env").touch()
    monkeypatch.setenv("IMG_SYNC_CONFIG", str(tmp_path / "by-env"))
    assert find(None) == tmp_path / "by-env"
    (tmp_path / "named").touch()
    assert find(tmp_path / "named") == tmp_path / "named"


def test_a_file_that_was_named_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"no configuration file .*/gone"):
        find(tmp_path / "gone")
    monkeypatch.setenv("IMG_SYNC_CONFIG", str(tmp_path / "gone"))
    with pytest.raises(UsageError, match=r"no configuration file .*/gone"):
        find(None)


def test_a_file_need_not_be_a_plain_one(tmp_path: Path) -> None:
    assert find(Path("/dev/null")) == Path("/dev/null")
    with pytest.raises(UsageError, match="no configuration file"):
        find(tmp_path)


def test_a_place_that_cannot_be_looked_at_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/" + "x" * 300)
    with pytest.raises(UsageError, match=r"img-sync\.cfg cannot be looked at: File name too long"):
        find(None)


def test_defaults_are_read(write: Write, home: Path) -> None:
    text = "[img-sync]\nroot = ~/Pictures\nexclude = *.tmp, old\n  *~\nwrite = sidecar\n"
    text += "trash = /trash\njobs = 3\nmax_delete = 12.5%\n"
    assert write(text).defaults == Defaults(
        root=home / "Pictures",
        exclude=("*.tmp", "old", "*~"),
        write="sidecar",
        trash="/trash",
        jobs=3,
        max_delete=0.125,
    )


def test_without_a_file_there_are_defaults() -> None:
    defaults = read(None).defaults
    assert (defaults.root, defaults.write, defaults.trash) == (None, "embed", "auto")
    assert defaults.max_delete == 0.5
    assert defaults.jobs >= 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[img-sync]\nexcludes = x",
            r"unknown key excludes in section \[img-sync\].*did you mean exclude\?",
        ),
        ("[img-sync]\nwrite = both", "write = both .* embed or sidecar"),
        ("[img-sync]\njobs = 0", "jobs = 0 .* a number from 1 on"),
        ("[img-sync]\nmax_delete = some", "max_delete = some .* a percentage"),
        ("[img-sync]\nroot = Pictures", "root = Pictures .* a whole path"),
        ("[img-sync]\nroot = ~nobody.here/x", r"root = ~nobody\.here/x .* begins with / or ~/"),
        (f"[img-sync]\njobs = {'9' * 5000}", "a number from 1 on"),
        ("[digikam]\nx = 1", r"section \[digikam\] .* no service can have this name"),
        ("[local]\nx = 1", r"unknown key x in section \[local\] .* there are digikam"),
        ("root = /x", "line 1: a section must come first"),
        ("[img-sync]\nroot", "line 2: neither"),
        ("[a]\n[a]", r"line 2: section \[a\] is there twice"),
        ("[a]\nx = 1\nx = 2", r"line 3: x is there twice in section \[a\]"),
    ],
)
def test_what_is_wrong_with_the_file_is_named(write: Write, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        write(text)


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    (tmp_path / "c.cfg").write_bytes(b"[nas]\npath = /M\xfcnchen\n")
    with pytest.raises(UsageError, match=r"c\.cfg is not UTF-8"):
        read(tmp_path / "c.cfg")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[nas]\ntype = shop", r"there is no section \[shop\] in .*c\.cfg; there are local, nas"),
        ("[shops]\ntype = shop", r"there is no section \[shop\] in .*; did you mean shops\?"),
        ("[shop]\nurl = x", "lacks the key type"),
        ("[shop]\ntype = shap", r"unknown type shap in section \[shop\] .* did you mean shop\?"),
        ("[shop]\ntype = shop\nurk = x", r"unknown key urk .* did you mean url\?"),
        ("[shop]\ntype = shop\nkey = x", r"section \[shop\] of .*c\.cfg lacks the key url"),
        (
            "[shop]\ntype = shop\nurl = x",
            "lacks the key key: add key = ... or key_command = .* `keyring set img-sync/shop key",
        ),
        ("[shop]\ntype = shop\nurl = x\nkey = y\nkey_command = z", "both key and key_command"),
        ("[shop]\ntype = shop\nurl = x\nkey_command = false", "fails with exit code 1"),
        ("[shop]\ntype = shop\nurl = x\nkey_command = true", "prints nothing"),
        ("[shop]\ntype = shop\nurl = x\nkey_command = /no/such", "/no/such cannot be run"),
        ("[shop]\ntype = shop\nurl = x\nkey_command = echo 'x", "no command line"),
        ("[shop]\ntype = shop\nurl = x\nkey_command =", "no command line"),
        ("[shop]\ntype = shop\nurl = x\nkey_command = printf '\\377'", "no UTF-8"),
        ("[shop]\ntype = shop\ntype_command = echo shop", "unknown key type_command"),
    ],
)
def test_what_is_wrong_with_a_section_is_named(write: Write, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        write(text).open("shop")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("path =", "path =  of nas: it must begin with / or ~/"),
        ("path = mnt", "path = mnt of nas: it must begin with / or ~/"),
        ("path = ~nobody.here/x", r"path = ~nobody\.here/x of nas"),
        ("path = /mnt\ntrash = old", "trash = old of nas: it must begin with / or ~/"),
        ("path = /mnt\njobs = 0", "jobs = 0 of nas"),
        ("path = /mnt\nwrite = both", "write = both of nas"),
    ],
)
def test_what_is_wrong_with_a_tree_is_named(write: Write, line: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        write(f"[nas]\ntype = files\n{line}\n").open("nas")


def test_without_a_file_a_service_needs_a_url() -> None:
    with pytest.raises(UsageError, match=r"no service nas: .*file:///path"):
        read(None).open("nas")


def test_a_section_makes_a_service(write: Write) -> None:
    text = (
        "[img-sync]\nwrite = sidecar\n[shop]\ntype = shop\nurl = x%y\nkey_command = echo ' s e '\n"
    )
    opened = write(text + "accept = HEIC, .tiff *.cr2\n").open("shop")
    assert (opened.service.name, opened.key) == ("shop", "shop")
    assert opened.accept == {"heic", "tiff", "cr2"}
    assert Shop.made == [{"url": "x%y", "key": "s e", "write": "sidecar"}]


def test_a_section_overrides_the_defaults(write: Write) -> None:
    text = "[img-sync]\nwrite = sidecar\n[shop]\ntype = shop\nurl = x\nkey = y\nwrite = embed\n"
    write(text).open("shop")
    assert Shop.made[0]["write"] == "embed"


def test_commands_run_only_for_the_service_in_use(write: Write, tmp_path: Path) -> None:
    text = "[shop]\ntype = shop\nurl = x\nkey = y\n[other]\ntype = shop\nurl = x\n"
    configuration = write(text + f"key_command = touch {tmp_path}/ran\n")
    configuration.open("shop")
    configuration.check()
    list(configuration.lines())
    assert not (tmp_path / "ran").exists()


def test_a_missing_secret_comes_from_the_keyring(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = {("img-sync/shop", "key"): "secret"}
    monkeypatch.delitem(sys.modules, "keyring")
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(keyring, "get_password", lambda *place: kept.get(place))
    write("[shop]\ntype = shop\nurl = x").open("shop")
    assert Shop.made == [{"url": "x", "key": "secret", "write": "embed"}]
    kept.clear()
    with pytest.raises(UsageError, match="lacks the key key"):
        write("[shop]\ntype = shop\nurl = x").open("shop")


def test_a_locked_keyring_is_named(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "keyring")
    keyring = pytest.importorskip("keyring")
    errors = pytest.importorskip("keyring.errors")

    def locked(*place: str) -> str:
        raise errors.KeyringLocked("it is locked")

    monkeypatch.setattr(keyring, "get_password", locked)
    with pytest.raises(UsageError, match=r"does not give key .* it is locked"):
        write("[shop]\ntype = shop\nurl = x").open("shop")


def test_the_configuration_is_printed_without_secrets(write: Write, tmp_path: Path) -> None:
    text = "[img-sync]\njobs = 2\nexclude = a\n  b\n[shop]\ntype = shop\nurl = x\nkey = secret\n"
    text += "[odd]\ntype = odd\npassword = secret\n"
    lines = list(write(text).lines())
    assert lines == [
        f"# {tmp_path}/c.cfg",
        "[img-sync]",
        "root =",
        "exclude = a",
        "    b",
        "write = embed",
        "trash = auto",
        "jobs = 2",
        "max_delete = 50",
        "",
        "[local]",
        "digikam = auto",
        "",
        "[shop]",
        "type = shop",
        "url = x",
        "key = ********",
        "",
        "[odd]",
        "type = odd",
        "password = ********",
    ]


def test_a_password_for_digikams_server_is_never_shown(write: Write) -> None:
    text = "[local]\ndigikam = mysql://ann@nas:3306/digikam\ndigikam_password = secret\n"
    lines = list(write(text).lines())
    assert "digikam = mysql://ann@nas:3306/digikam" in lines
    assert "digikam_password = ********" in lines
    for password in ("secret", "sec/ret", "sec?ret", "sec@ret", ""):
        with pytest.raises(UsageError, match=r"a password in it.* digikam_password") as refused:
            write(f"[local]\ndigikam = mysql://ann:{password}@nas/digikam")
        assert "ret" not in str(refused.value)


WAYS = {
    "in the file": ("digikam_password = secret", {}, "secret"),
    "by a command": ("digikam_password_command = echo secret", {}, "secret"),
    "in the keyring": ("", {("img-sync/local", "digikam_password"): "secret"}, "secret"),
    "none": ("", {}, ""),
}


@pytest.mark.parametrize(("text", "kept", "password"), WAYS.values(), ids=WAYS)
def test_a_password_for_digikams_server_may_stand_elsewhere(
    monkeypatch: pytest.MonkeyPatch, text: str, kept: dict[tuple[str, str], str], password: str
) -> None:
    keyring = pytest.importorskip("keyring")
    monkeypatch.setattr(keyring, "get_password", lambda *place: kept.get(place))
    values = dict([text.split(" = ")]) if text else {}
    assert LocalSettings(Section("local", None, values)).password() == password


def test_a_password_in_a_url_is_not_printed(write: Write) -> None:
    lines = list(write("[shop]\ntype = shop\nurl = https://ann:s:cret@x/a@b\n").lines())
    assert "url = https://ann:********@x/a@b" in lines


def test_what_is_printed_is_a_configuration(write: Write) -> None:
    configuration = write("[img-sync]\nroot = /x\nexclude = a\n  b\njobs = 2\nmax_delete = 12.5")
    assert write("\n".join(configuration.lines())).defaults == configuration.defaults


def test_all_sections_are_checked(write: Write) -> None:
    write("[a]\ntype = shop\nurl = x").check()
    with pytest.raises(UsageError, match=r"unknown key urk in section \[b\]"):
        write("[a]\ntype = shop\nurl = x\n[b]\ntype = shop\nurk = x").check()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///mnt/nas", "/mnt/nas"),
        ("file:///mnt/nas/", "/mnt/nas"),
        ("file:////mnt//x/../nas/.", "/mnt/nas"),
        ("file:///mnt/My%20Photos", "/mnt/My Photos"),
        ("file:///mnt/My Photos", "/mnt/My Photos"),
        ("file:///mnt/a#b?c", "/mnt/a#b?c"),
        ("file:///mnt/%E9", "/mnt/\udce9"),
        ("file:///mnt/\udce9", "/mnt/\udce9"),
        ("file://localhost/mnt", "/mnt"),
        ("file:///", "/"),
    ],
)
def test_a_url_names_a_folder(url: str, path: str) -> None:
    assert url_path(url) == Path(path)


@pytest.mark.parametrize(
    "url", ["file://nas/photos", "file://photos", "file:photos", "file:/photos", "file:///a%00b"]
)
def test_a_url_of_no_folder_here_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="write file:///path"):
        url_path(url)


def test_a_url_is_remembered_in_its_normal_form() -> None:
    configuration = read(None)
    assert configuration.key("file:///mnt/My Photos/") == "file:///mnt/My%20Photos"
    assert configuration.key("nas") == "nas"


def test_the_built_in_types_are_the_entry_points() -> None:
    project = tomllib.loads((REPO / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["imgsync.services"] == BUILT_IN
