"""Videos, through PyAV (FFmpeg's libraries)."""

import contextlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zoo.datasets.bounds import check_regular
from zoo.datasets.extras import VIDEO
from zoo.datasets.film import FilmForm, Frame
from zoo.errors import DataError

MOST_PIXELS = 10_000_000
"""Of a frame; 4096×2304 are 9.4 million."""
MOST_DECODED = 4_000_000_000
"""Pixels of all frames of a video: a minute of 1920×1080 at 30 frames/s."""
RATE = 25.0
"""Frames per second of a video that tells no times."""
WIDEST = 8.0
"""How many times as wide as high a pixel may be."""
MISSING = 1.0
"""Seconds that a video may be shorter than its header says."""


@dataclass(frozen=True)
class Video:
    """An opened video; see `zoo.datasets.film.Film`."""

    path: Path

    @cached_property
    def form(self) -> FilmForm:
        frame, wide, codec, count = self._first
        height, width = _shown_size(frame, wide)
        parts = frame.format.components
        return FilmForm(
            height,
            width,
            len(parts) == 1 and frame.format.name.startswith(("gray", "mono")),
            codec,
            max(each.bits for each in parts),
            count,
            bool(frame.rotation),
        )

    @cached_property
    def _first(self) -> tuple[Any, float, str, int | None]:
        with _opened(self.path) as (container, stream):
            for frame in container.decode(stream):
                _check_frame(frame, self.path)
                return frame, _wide(stream), stream.codec_context.name, stream.frames or None
        raise DataError(f"{self.path}: has no frame.")

    @cached_property
    def seconds(self) -> float:
        """From the times of its packets, none of which is decoded.

        Raises:
            DataError: it is truncated, or too long to be decoded.
        """
        with _opened(self.path) as (container, stream):
            size, rate = stream.width * stream.height, float(stream.average_rate or RATE)
            starts, ends, last = [], [], 0.0
            count = known = 0
            for packet in container.demux():
                if packet.dts is None and packet.pts is None and not packet.size:
                    continue  # what ends a stream
                time = packet.pts if packet.pts is not None else packet.dts
                end = _seconds((time or 0) + (packet.duration or 0), packet.time_base)
                last = max(last, end)
                if packet.stream is not stream or packet.is_discard:
                    count += packet.stream is stream
                    continue
                count, known = count + 1, known + (packet.pts is not None)
                if count * size > MOST_DECODED:
                    raise self._too_long(stream)
                starts.append(_seconds(time or 0, packet.time_base))
                ends.append(end)
            self._check_whole(count, stream.frames, last, container)
        whole = max(ends) - min(starts) if known == len(starts) and starts else 0.0
        if ends and max(ends) == max(starts):  # the last frame does not tell how long it is shown
            whole *= len(starts) / max(1, len(starts) - 1)
        return whole if math.isfinite(whole) and whole > 0 else max(1, len(starts)) / rate

    def _too_long(self, stream: Any) -> DataError:
        return DataError(
            f"{self.path}: has more than {MOST_DECODED // (stream.width * stream.height):,} frames of "
            f"{stream.width}×{stream.height} pixels. Cut it, or make it smaller: "
            "ffmpeg -i IN -vf scale=320:-2 OUT.mp4."
        )

    def _check_whole(self, count: int, announced: int, last: float, container: Any) -> None:
        if announced > count:
            raise DataError(
                f"{self.path}: is truncated: its header announces {announced:,} frames, and {count:,} "
                "are there."
            )
        says = (container.duration or 0) / 1e6 + min(0, (container.start_time or 0) / 1e6)
        if last < says - max(MISSING, 0.05 * says):
            raise DataError(
                f"{self.path}: is truncated: its header announces {says:.1f} s, and it ends after "
                f"{last:.1f}."
            )

    def frames(self) -> Iterator[Frame]:
        with _opened(self.path) as (container, stream):
            from av.video.reformatter import VideoReformatter

            convert = VideoReformatter().reformat  # one for all: making one takes a millisecond
            rate, first = float(stream.average_rate or RATE), None
            wide = _wide(stream)
            for number, frame in enumerate(container.decode(stream)):
                _check_frame(frame, self.path)
                time = number / rate if frame.time is None else float(frame.time)
                first = time if first is None else first
                yield time - first, partial(_picture, frame, wide, convert)


@contextlib.contextmanager
def opened_video(path: Path) -> Iterator[Video]:
    """Open a video.

    Raises:
        DataError: it is missing, damaged or no video, or PyAV is not installed.
    """
    yield Video(path)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The container and its first stream of moving pictures."""
    check_regular(path)
    try:
        import av
    except ImportError as error:
        raise DataError(f"{path}: reading videos needs PyAV: {VIDEO}.") from error
    try:
        with path.open("rb") as file, av.open(file, format=_container(path)) as container:
            streams = [each for each in container.streams.video if not _is_cover(each)]
            if not streams:
                raise DataError(f"{path}: has no video, only {_streams(container)}.")
            stream = streams[0]
            if stream.width * stream.height > MOST_PIXELS:
                raise DataError(
                    f"{path}: has frames of {stream.width}×{stream.height}; at most "
                    f"{MOST_PIXELS // 10**6} million pixels are read. Make it smaller."
                )
            stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
            yield container, stream
    except DataError:
        raise
    except MemoryError as error:
        raise DataError(f"{path}: takes more memory than there is.") from error
    except Exception as error:  # of FFmpeg's many decoders
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"{path}: is damaged or cannot be read ({reason}).") from error


def _container(path: Path) -> str:
    """FFmpeg's name of the container, by the file's first bytes: no other reader is tried, as some of
    them follow links to other files."""
    with path.open("rb") as file:
        head = file.read(12)
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "avi"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    if not head:
        raise DataError(f"{path}: is empty.")
    raise DataError(
        f"{path}: is no MP4, MOV, Matroska, WebM or AVI. Convert it: ffmpeg -i IN OUT.mp4."
    )


def _is_cover(stream: Any) -> bool:
    """Whether it is a picture of a song's cover."""
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def _streams(container: Any) -> str:
    return ", ".join(sorted({each.type for each in container.streams})) or "nothing"


def _seconds(time: int, base: Any) -> float:
    return float(time * base) if base else 0.0


def _check_frame(frame: Any, path: Path) -> None:
    if frame.is_corrupt:
        where = "" if frame.time is None else f" at {frame.time:.2f} s"
        raise DataError(f"{path}: is damaged: the frame{where} cannot be decoded.")


def _wide(stream: Any) -> float:
    """How many times as wide as high a pixel is shown."""
    ratio = float(stream.sample_aspect_ratio or 1)
    return ratio if 1 / WIDEST <= ratio <= WIDEST else 1.0


def _shown_size(frame: Any, wide: float) -> tuple[int, int]:
    height, width = frame.height, max(1, round(frame.width * wide))
    return (width, height) if round(frame.rotation / 90) % 2 else (height, width)


def _picture(frame: Any, wide: float, convert: Callable[..., Any]) -> Image.Image:
    """The frame as it is shown, with 8 bits a channel."""
    alpha = any(each.is_alpha for each in frame.format.components)
    image = Image.fromarray(convert(frame, format="rgba" if alpha else "rgb24").to_ndarray())
    width = max(1, round(frame.width * wide))
    if width != frame.width:
        image = image.resize((width, frame.height), Image.Resampling.BICUBIC)
    turns = round(frame.rotation / 90) % 4
    return Image.fromarray(np.rot90(np.asarray(image), turns)) if turns else image
