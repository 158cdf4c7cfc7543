"""Keys that have broken other stores."""

UNUSUAL_KEYS = [
    "plain.txt",
    "space in key",
    "ends with a space ",
    "plus+sign",
    "a literal %25 and %2F",
    "100%",
    "two//slashes",
    "folder/",
    "dot/./segment",
    "dots/../segment",
    "中文/键.txt",
    "caf\u00e9 in one code point",
    "cafe\u0301 in two code points",
    "family-\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "astral-\U00020000",
    "quotes'\"&<>",
    "semicolon;colon:comma,at@equals=",
    "question?hash#dollar$",
    "back\\slash|caret^braces{}",
    "~tilde*star()!",
    "tab\tand\nline feed",
    "control\x01character",
    "no-break\u00a0space",
    "x" * 1023,
    "界" * 341,
]
"""Each is a legal key: 1 to 1,023 bytes of UTF-8 with no `/` or `\\` in front."""

# urllib3 takes `.` and `..` segments out of a path; a client that leaves slashes in keys cannot send these.
DOT_SEGMENT_KEYS = frozenset({"dot/./segment", "dots/../segment"})

REFUSED_KEYS = [
    ("/leading slash", "0016-00000005"),
    ("\\leading backslash", "0016-00000005"),
    ("x" * 1024, "0016-00000003"),
    ("界" * 341 + "x", "0016-00000003"),
]
"""Keys that OSS refuses with `InvalidObjectName`, each with its EC."""


def shown(key: str) -> str:
    """A short name of a key for the test's title."""
    text = key if len(key) <= 24 else f"{key[:12]}-{len(key.encode())}-bytes"
    return text.encode("unicode_escape").decode()
