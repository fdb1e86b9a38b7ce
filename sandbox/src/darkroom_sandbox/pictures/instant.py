"""The ready-made picture in every format: converted once by a picture worker, then kept on disk."""

import asyncio
from importlib import resources
from pathlib import Path

from darkroom_sandbox.pictures.formats import SUFFIXES, OutputFormat
from darkroom_sandbox.pictures.worker_pool import AS_IT_IS, PictureOrder, PicturePool


class InstantPictures:
    """Gives the files; `jpeg` is the picture as it is shipped."""

    def __init__(self, pool: PicturePool, folder: Path) -> None:
        self._pool = pool
        self._folder = folder
        self._files: dict[OutputFormat, Path] = {}
        self._one_at_a_time = asyncio.Lock()
        self._shipped = resources.files("darkroom_sandbox.pictures")
        self.jpeg = self._shipped.joinpath("instant.jpg").read_bytes()

    async def file(self, output_format: OutputFormat) -> Path:
        """The file in this format. Raises PictureWorkBroke."""
        async with self._one_at_a_time:
            if output_format not in self._files:
                target = self._folder / f"instant-{output_format}{SUFFIXES[output_format]}"
                if output_format == "heic":
                    target.write_bytes(self._shipped.joinpath("instant.heic").read_bytes())
                else:
                    await self._pool.paint(PictureOrder(AS_IT_IS, {}, target, output_format), self.jpeg)
                self._files[output_format] = target
            return self._files[output_format]
