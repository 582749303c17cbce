"""Where Jupyter Server takes us in: settings, handlers, and the end."""

import atexit
from pathlib import Path

from jupyter_core.paths import jupyter_path
from jupyter_server.extension.application import ExtensionApp
from traitlets import Integer, Unicode

from nb2prod.server.face import tell_if_missing
from nb2prod.server.handlers import HANDLERS
from nb2prod.server.places import Places
from nb2prod.server.rooms import Rooms

__all__ = ["Nb2Prod"]

_SOON = 0.5  # seconds after the loop has begun


class Nb2Prod(ExtensionApp):
    name = "nb2prod"
    description = "Notebooks become pipelines, and run on schedule."
    load_other_extensions = True

    store_url = Unicode(
        "", config=True, help="The store of jobs: a URL or a path. Left out: $NB2PROD_STORE, else the user's own."
    )
    operations_at_once = Integer(2, min=1, config=True, help="How many conversions and verifications run at once.")

    rooms: Rooms | None = None

    def initialize_settings(self) -> None:
        assert self.serverapp is not None
        contents = self.serverapp.contents_manager
        root = Path(getattr(contents, "root_dir", "") or self.serverapp.root_dir)
        places = Places(root=root.resolve(), allow_hidden=lambda: bool(getattr(contents, "allow_hidden", False)))
        self.rooms = Rooms(places=places, store_url=self.store_url, at_once=self.operations_at_once)
        self.settings["nb2prod"] = self.rooms
        atexit.register(self.rooms.end)
        self.serverapp.io_loop.call_later(_SOON, self.rooms.serving)  # Jupyter answers by then
        tell_if_missing(jupyter_path("labextensions"), self.log)

    def initialize_handlers(self) -> None:
        self.handlers.extend(HANDLERS)

    async def stop_extension(self) -> None:
        if self.rooms is not None:
            atexit.unregister(self.rooms.end)
            await self.rooms.close()
