"""Lists what a service holds: its albums, and on demand their photos."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from ..config import Configuration
from ..errors import Error, Unavailable, UsageError
from ..events import Failed, Shown, Summary
from ..model import Album
from ..run import Scope
from ..service import Look, Service, Unread
from .options import Options
from .screen import Screen
from .steps import LOCAL, folders
from .words import Ends
from .work import Work

__all__ = ["Listing"]


class Listing(Work):
    """Lists the albums of one service; with `--verbose` all their photos too, read anew."""

    def __init__(self, options: Options, configuration: Configuration, screen: Screen) -> None:
        super().__init__(options, configuration, screen)
        self._failed = 0
        self._scope = Scope(
            exclude=(*configuration.defaults.exclude, *options.exclude),
            recurse=not options.no_recurse,
        )

    def go(self) -> None:
        if len(self.options.goals) > 1 or self.options.sync_from:
            raise UsageError("--list stands alone: one service at a time")
        with closing(self._open(self.options.goals[0][1])) as service:
            self.screen.look(Ends(service.name, ""), "")
            try:
                for album in service.albums():
                    self._list(service, album)
            except Error as error:
                self.trouble(error)
            self.screen.finish_look()
        self.end_with(1 if self._failed else 0)
        self.screen.close(Summary(failed=self._failed))

    def _open(self, name: str) -> Service:
        if name != LOCAL:
            if self.options.paths:
                raise UsageError(f"--list {name} lists all of it: no PATH goes with it")
            opened = self.configuration.open(name)
            if opened.folder is not None:
                _check_there(opened.folder)
            return opened.service
        if len(self.options.paths) > 1:
            raise UsageError("--list local lists one PATH at a time")
        if self.options.paths:
            return self.configuration.local(folders(self.options)[0])
        root = self.configuration.defaults.root or Path.cwd()
        _check_there(root)
        return self.configuration.local(root)

    def _list(self, service: Service, album: Album | Unread) -> None:
        if isinstance(album, Unread):
            self._fail(Failed(service.name, album.name, None, album.why))
        elif not self._scope.hides_album(album.path):
            if self.options.verbose:
                self._list_whole(service, album)
            else:
                self.screen.album(service.name, album.path, {})

    def _list_whole(self, service: Service, album: Album) -> None:
        try:
            self.screen.album(service.name, album.path, service.describe(album))
            for photo in service.photos(album, Look(hides=self._scope.hides(album.path))):
                if isinstance(photo, Unread):
                    self._fail(Failed(service.name, album.path, photo.name, photo.why))
                else:
                    self.screen.tell(Shown(service.name, album.path, photo))
        except Error as error:
            self.trouble(error)

    def _fail(self, event: Failed) -> None:
        self._failed += 1
        self.screen.tell(event)


def _check_there(folder: Path) -> None:
    """Raises Unavailable for a folder that is not there: it is no empty one to who asks for it."""
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for some hostile names
        raise Unavailable(f"there is no folder {folder}: is its disk there?")
