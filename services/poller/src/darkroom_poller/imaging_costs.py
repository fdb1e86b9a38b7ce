"""What decoding one picture may cost. Known for 50 megapixels; above that it grows with the pixels. Pure."""

PIXELS_USUAL = 50_000_000
MEMORY_BYTES_USUAL = 1_200_000_000
"""Address space of the whole child: 24 bytes a pixel, which hold the file, its pixels, their conversions and the result."""
CPU_SECONDS_USUAL = 10


def weight(pixels_max: int) -> float:
    """Return how many pictures of 50 megapixels one of `pixels_max` stands for; at least 1."""
    return max(1.0, pixels_max / PIXELS_USUAL)


def memory_bytes(pixels_max: int) -> int:
    """Return the address space of a child that decodes a picture of up to `pixels_max`."""
    return int(MEMORY_BYTES_USUAL * weight(pixels_max))


def cpu_seconds(pixels_max: int) -> int:
    """Return the processor time for a picture of up to `pixels_max`."""
    return int(CPU_SECONDS_USUAL * weight(pixels_max))
