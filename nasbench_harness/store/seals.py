"""A seal at the end of a file of ours: a hash of all before it, so that any change is seen."""

from __future__ import annotations

import hashlib
import struct
import zlib

_WORDS = "written by nasharness; SHA-256 of what stands before:"
_LAST_CHUNK = struct.pack(">I4sI", 0, b"IEND", zlib.crc32(b"IEND"))


def sealed(content: bytes, suffix: str) -> bytes:
    """The content of a .md, .svg, .pdf or .png file with a seal, where no reader shows it."""
    tail = _tail(suffix)
    body = content.removesuffix(tail)
    return body + _seal(hashlib.sha256(body).hexdigest(), suffix) + tail


def is_sealed(content: bytes, suffix: str) -> bool:
    """Whether we wrote it, and nothing was changed or added since."""
    tail = _tail(suffix)
    end = len(content) - len(tail) - len(_seal("0" * 64, suffix))
    return end > 0 and sealed(content[:end] + tail, suffix) == content


def _tail(suffix: str) -> bytes:
    """What has to stay last in the file."""
    return _LAST_CHUNK if suffix == ".png" else b""


def _seal(digest: str, suffix: str) -> bytes:
    if suffix == ".png":
        chunk = b"tEXt" + f"Comment\0{_WORDS} {digest}".encode()
        return struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    if suffix == ".pdf":
        return f"% {_WORDS} {digest}\n".encode()
    return f"<!-- {_WORDS} {digest} -->\n".encode()
