"""The section `[local]`: what the folders of a run have to do with digiKam."""

from __future__ import annotations

from ..errors import UsageError
from .secrets import from_command, from_keyring
from .section import COMMAND, Section

__all__ = ["LOCAL", "MASK", "LocalSettings"]

LOCAL = "local"
MASK = "********"
DATABASE, PASSWORD = "digikam", "digikam_password"


class LocalSettings:
    """What `[local]` says.

    `digikam`: "auto", "off", a file, or mysql://user@host/database. Raises UsageError for keys
    that are not known, and for a password in the URL, which would be shown with it.
    """

    def __init__(self, section: Section) -> None:
        section.check([DATABASE, PASSWORD], commands=[PASSWORD])
        self._section = section
        self.digikam = section.values.get(DATABASE) or "auto"
        if _has_password(self.digikam):
            raise UsageError(
                f"{DATABASE} in {section} has a password in it: write mysql://user@host/database,"
                f" and give the password by {PASSWORD} or {PASSWORD}{COMMAND}"
            )

    def password(self) -> str:
        """The one for MySQL, "" for none; runs its command, or asks the keyring."""
        if PASSWORD in self._section.values:
            return self._section.values[PASSWORD]
        if PASSWORD + COMMAND in self._section.values:
            return from_command(self._section, PASSWORD)
        return from_keyring(self._section, PASSWORD) or ""

    def as_text(self) -> dict[str, str]:
        """The values as they would stand in the file; a password is masked."""
        said = {DATABASE: self.digikam, **self._section.values}
        return {key: MASK if key == PASSWORD else value for key, value in said.items()}


def _has_password(database: str) -> bool:
    user, at, _ = database.partition("://")[2].partition("@")
    return ":" in user if at else False
