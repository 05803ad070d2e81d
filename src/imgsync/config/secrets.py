"""Values that do not stand in the file: printed by a command, or kept in the keyring."""

from __future__ import annotations

import shlex
import subprocess

from ..errors import UsageError
from .section import COMMAND, Section

__all__ = ["from_command", "from_keyring"]


def from_command(section: Section, key: str) -> str:
    """What the command in `KEY_command` prints, without blanks around it.

    No shell reads it. Raises UsageError, which never tells what was printed.
    """
    where = f"{key}{COMMAND} in {section}"
    try:
        words = shlex.split(section.values[key + COMMAND])
        done = subprocess.run(words, stdout=subprocess.PIPE, check=False)
        value = done.stdout.decode().strip()
    except UnicodeDecodeError:
        raise UsageError(f"{where}: the command prints no UTF-8 text") from None
    except (IndexError, ValueError):
        raise UsageError(f"{where}: this is no command line; look at the quotes") from None
    except OSError as error:
        raise UsageError(f"{where}: {words[0]} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        raise UsageError(f"{where}: the command fails with exit code {done.returncode}")
    if not value:
        raise UsageError(f"{where}: the command prints nothing")
    return value


def from_keyring(section: Section, key: str) -> str | None:
    """What the keyring keeps as user KEY of "img-sync/SECTION"; None where there is nothing.

    Raises UsageError if the keyring is there and does not answer.
    """
    try:
        import keyring
        from keyring.errors import KeyringError, NoKeyringError
    except ImportError:
        return None
    try:
        return keyring.get_password(f"img-sync/{section.name}", key)
    except NoKeyringError:
        return None
    except KeyringError as error:
        raise UsageError(
            f"the keyring does not give {key} for {section}: {error};"
            f" unlock it, or add {key}{COMMAND} = ..."
        ) from None
