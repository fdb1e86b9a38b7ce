"""What one output may be: the terms of its product's row, else the platform's defaults, never beyond the ceilings. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from darkroom_contracts.jobs import OutputKind, OutputTerms

from darkroom_poller.picture_bytes import Kind

KINDS: Mapping[OutputKind, Kind] = {
    "jpg": "JPEG",
    "png": "PNG",
    "webp": "WEBP",
    "avif": "AVIF",
    "heic": "HEIF",
    "tiff": "TIFF",
    "gif": "GIF",
}
"""The contract's names of formats, and the decoders' own."""


@dataclass(frozen=True)
class OutputLimits:
    """The limits of one output. Empty `kinds`: all formats that are taken."""

    bytes_max: int
    pixels_max: int
    kinds: tuple[Kind, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PlatformLimits:
    """The defaults for rows without terms, and the ceilings for any row."""

    bytes_default: int
    pixels_default: int
    bytes_ceiling: int
    pixels_ceiling: int

    def of(self, terms: OutputTerms | None) -> OutputLimits:
        """Return the limits of an output whose row has these terms."""
        asked = terms or OutputTerms()
        return OutputLimits(
            min(asked.bytes_max or self.bytes_default, self.bytes_ceiling),
            min(asked.pixels_max or self.pixels_default, self.pixels_ceiling),
            tuple(KINDS[kind] for kind in asked.kinds or ()),
        )
