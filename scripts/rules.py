#!/usr/bin/env python3
"""Checks the style rules that a machine can check, by their numbers in CONTRIBUTING.md.

Needs nothing but Python. Prints PASS or FAIL for each rule, and the places where it is broken.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent

# 1.1: which targets of ours a target may import. Imports point down, and never sideways.
ALLOWED_IMPORTS = {
    "CFileAttributes": set(),
    "CFileRange": set(),
    "CLibLZMA": set(),
    "CLibXML2": set(),
    "CMalloc": set(),
    "OSSKit": {"CLibXML2", "CLibLZMA"},
    "OSSClient": {"OSSKit"},
    "CommandKit": {"OSSClient", "OSSKit"},
    "ObjectStore": {"CFileRange", "OSSKit"},
    "HTTPFront": {"OSSKit"},
    "SessionModels": set(),
    "StorageGateway": {"ObjectStore", "OSSKit", "HTTPFront"},
    "SessionAPI": {"SessionModels", "OSSClient", "OSSKit"},
    "SessionSync": {"SessionModels", "OSSClient", "OSSKit"},
    "GatewayCLI": {
        "StorageGateway", "ObjectStore", "SessionAPI", "SessionModels", "SessionSync", "HTTPFront", "CommandKit",
        "OSSClient", "OSSKit", "CFileAttributes", "CMalloc",
    },
}

# 1.2: one owner for each dependency; a folder below a target narrows it further.
OWNERS = {
    "CFileAttributes": ["GatewayCLI/Keeping"],
    "CFileRange": ["ObjectStore/Files"],
    "CLibXML2": ["OSSKit/XML"],
    "CLibLZMA": ["OSSKit"],
    "CMalloc": ["GatewayCLI"],
    "CPostgres": ["SessionAPI"],
    "GRDB": ["ObjectStore", "SessionAPI"],
    "GRDBSQLite": ["ObjectStore"],
    "JWTKit": ["SessionAPI"],
    "AsyncHTTPClient": ["OSSClient", "GatewayCLI/Callbacks", "GatewayCLI/Credentials", "GatewayCLI/Doctor"],
    "ArgumentParser": ["GatewayCLI"],
    "Configuration": ["GatewayCLI"],
    "Crypto": ["OSSKit", "ObjectStore", "SessionAPI", "GatewayCLI/Callbacks"],
    "CryptoExtras": ["SessionAPI", "GatewayCLI/Callbacks"],
    "Hummingbird": ["HTTPFront", "StorageGateway", "SessionAPI", "GatewayCLI"],
    "HummingbirdCore": ["HTTPFront", "StorageGateway", "SessionAPI", "GatewayCLI"],
    "FoundationNetworking": [],
    "NIOSSL": ["HTTPFront/TLS"],
    "XCTest": [],
}

# 1.1: what comes with the system or the toolchain, and so is declared nowhere.
SYSTEM_MODULES = {
    "Darwin", "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Musl", "Synchronization", "Testing", "os",
}

# 1.3: what OSSKit may import. It does no I/O, and builds without the dependencies of the server.
OSSKIT_IMPORTS = {"CLibLZMA", "CLibXML2", "Crypto", "FoundationEssentials", "Synchronization"}
# 1.3: the packages that a program gets that uses a library of ours.
LIBRARY_PACKAGES = {
    "OSSKit": {"swift-crypto"},
    "OSSClient": {"async-http-client", "swift-crypto", "swift-log", "swift-nio", "swift-service-lifecycle"},
}
# 1.3: what would be I/O, a clock, or randomness of its own.
OUTSIDE_WORLD = (
    r"\b(?:FileManager|FileHandle|ProcessInfo|URLSession|ContinuousClock|SuspendingClock|SystemRandomNumberGenerator"
    r"|UUID|Task|Thread|CommandLine)\b|\bDate(?:\(\)|\.now)|\bData\(contentsOf|\.random(?:Element)?\(|\.shuffled?\("
    r"|(?<![.\w])(?<!func )(?:print|debugPrint|dump|readLine|getenv|fopen|open|socket)\(")

# 3.7: articles, and the tests that hold their code word for word.
ARTICLES = {"Sources/OSSKit/OSSKit.docc/Presigning.md": "Tests/OSSKitTests/PresigningArticleTests.swift"}

MAXIMUM_FILE_KIB = 512
MAXIMUM_VECTORS_KIB = 1024
KEPT_IN_LOCALDATA = {"localdata/README.md", "localdata/.gitignore"}

Problems = Iterator[str]


def tracked() -> list[Path]:
    """The files under version control, and new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
        capture_output=True).stdout.decode()
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def relative(path: Path) -> str:
    """The path as people name it."""
    return path.relative_to(ROOT).as_posix()


FILES = tracked()
SWIFT = [path for path in FILES if path.suffix == ".swift" and relative(path).startswith(("Sources/", "Tests/"))]
SOURCES = [path for path in SWIFT if relative(path).startswith("Sources/")]
CODE = [
    path for path in FILES
    if relative(path).startswith(("Sources/", "Tests/", "scripts/", "examples/", "Benchmarks/", "Fuzz/", ".ci/"))
    or path.name in ("Makefile", "Package.swift")
]


def lines(path: Path) -> list[str]:
    """A file's lines; none of a file that is not text."""
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def without_text(line: str) -> str:
    """A line of Swift without its string literals and its comment."""
    return re.sub(r"//.*", "", re.sub(r'"(?:\\.|[^"\\])*"', '""', line))


def places(paths: list[Path], pattern: str, read: Callable[[str], str] = lambda line: line) -> Problems:
    """Every line of the files in which the pattern is found."""
    compiled = re.compile(pattern)
    for path in paths:
        for number, line in enumerate(lines(path), 1):
            if compiled.search(read(line)):
                yield f"{relative(path)}:{number}: {line.strip()[:120]}"


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """The modules that a file imports, with their lines."""
    for number, line in enumerate(lines(path), 1):
        found = re.match(
            r"\s*(?:@\w+(?:\(\w+\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+"
            r"(?:(?:struct|class|enum|protocol|func|var|let|typealias)\s+)?(\w+)[.\w]*\s*(?://.*)?$", line)
        if found:
            yield number, found.group(1)


def imports_point_down() -> Problems:
    """1.1 Imports point down, and never sideways."""
    for path in SOURCES:
        target = relative(path).split("/")[1]
        if target not in ALLOWED_IMPORTS:
            yield f"{relative(path)}: the target {target} is not in the table of this check"
            continue
        for number, module in imports(path):
            if module in ALLOWED_IMPORTS and module not in ALLOWED_IMPORTS[target]:
                yield f"{relative(path)}:{number}: {target} must not import {module}"


def targets() -> Iterator[tuple[str, str, set[str]]]:
    """The targets that Package.swift declares: name, folder, and what they may import by their dependencies."""
    manifest = (ROOT / "Package.swift").read_text(encoding="utf-8")
    for declaration in re.split(r"\.(?=(?:target|executableTarget|testTarget)\()", manifest)[1:]:
        kind, name = re.match(r'(\w+)\(\s*name: "(\w+)"', declaration).groups()
        listed = re.search(r"dependencies: \[(.*?)\]\s*,\s*(?:resources|path|swiftSettings)", declaration, re.DOTALL)
        folder = re.search(r'\bpath: "([^"]+)"', declaration)
        products = set(re.findall(r'\.product\(name: "(\w+)"', listed.group(1)) if listed else [])
        modules = set(re.findall(r'"(\w+)"', re.sub(r"\.product\([^)]*\)", "", listed.group(1))) if listed else [])
        yield name, folder.group(1) if folder else ("Tests/" if kind == "testTarget" else "Sources/") + name, (
            products | modules)


def imports_are_declared() -> Problems:
    """1.1 What a target imports is among its dependencies: otherwise a build from nothing succeeds by luck alone."""
    declared = list(targets())
    for path in FILES:
        if path.suffix != ".swift":
            continue
        for name, folder, allowed in declared:
            if not relative(path).startswith(folder + "/"):
                continue
            for number, module in imports(path):
                if module not in allowed | SYSTEM_MODULES | {name}:
                    yield f"{relative(path)}:{number}: {name} imports {module}, which is none of its dependencies"


def each_dependency_has_its_owner() -> Problems:
    """1.2 One owner for each dependency."""
    for path in SOURCES:
        place = relative(path).removeprefix("Sources/")
        for number, module in imports(path):
            if module in OWNERS and not any(place.startswith(owner + "/") for owner in OWNERS[module]):
                yield f"{relative(path)}:{number}: {module} belongs to {', '.join(OWNERS[module]) or 'nobody'}"


def osskit_is_pure() -> Problems:
    """1.3 OSSKit does no I/O, has no clock, and builds without the server's dependencies."""
    sources = [path for path in SOURCES if relative(path).startswith("Sources/OSSKit/")]
    for path in sources:
        for number, module in imports(path):
            if module not in OSSKIT_IMPORTS:
                yield f"{relative(path)}:{number}: OSSKit imports {module}"
    yield from places(sources, OUTSIDE_WORLD, without_text)
    manifest = (ROOT / "Package.swift").read_text(encoding="utf-8")
    for library, allowed in LIBRARY_PACKAGES.items():
        declaration = re.search(rf'\.target\(\s*name: "{library}".*?swiftSettings', manifest, re.DOTALL)
        if declaration is None:
            yield f"Package.swift: the target {library} is not to be found"
            continue
        for package in set(re.findall(r'package: "([^"]+)"', declaration.group())) - allowed:
            yield f"Package.swift: {library} would bring {package} to every program that uses it"


def what_is_public_is_explained() -> Problems:
    """3.1 Every public declaration of the libraries has a comment, its first sentence alone."""
    declared = re.compile(
        r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?:private\(set\)\s+|internal\(set\)\s+)?(?:static\s+|final\s+|"
        r"mutating\s+|nonisolated\s+|indirect\s+|class\s+)*"
        r"(?:struct|enum|class|actor|protocol|func|init|let|var|subscript|typealias|case)\b")
    # What a protocol asks for is explained there: those of the standard library, and those of the libraries themselves.
    elsewhere = re.compile(
        r"\bvar (?:description|debugDescription|customMirror|errorDescription)\b|\bfunc (?:==|<|hash|makeAsyncIterator"
        r"|next)|\btypealias (?:Element|AsyncIterator)\b|\binit\((?:stringLiteral|from decoder)|\bfunc encode\(to")
    paths = [path for path in SOURCES if relative(path).startswith(("Sources/OSSKit/", "Sources/OSSClient/"))]
    asked_for = set().union(*(protocol_requirements(path) for path in paths))
    for path in paths:
        text = lines(path)
        for number, line in enumerate(text):
            if not declared.match(line) or elsewhere.search(line) or requirement(line) in asked_for:
                continue
            above = number - 1
            while above >= 0 and text[above].strip().startswith("@"):
                above -= 1
            if above < 0 or not text[above].strip().startswith("///"):
                yield f"{relative(path)}:{number + 1}: {line.strip()[:120]}"


def requirement(line: str) -> str | None:
    """What a line declares, as a protocol would ask for it; nothing if it declares no member."""
    found = re.search(r"\b(?:(?:var|let|func) (\w+)|(init)\((\w+))", line)
    return found and (found.group(1) or f"init {found.group(3)}")


def protocol_requirements(path: Path) -> set[str]:
    """What the public protocols of a file ask for."""
    found: set[str] = set()
    end: str | None = None
    for line in lines(path):
        opened = re.match(r"(\s*)public protocol\b.*\{\s*$", line)
        if opened:
            end = opened.group(1) + "}"
        elif line == end:
            end = None
        elif end is not None and (name := requirement(without_text(line))):
            found.add(name)
    return found


def articles_are_tested() -> Problems:
    """3.7 The code of an article stands in a test, where it is compiled and run."""
    for article, test in ARTICLES.items():
        text = [line.strip() for line in lines(ROOT / test)]
        code = "\n".join(lines(ROOT / article))
        for block in re.findall(r"^```swift\n(.*?)^```", code, re.DOTALL | re.MULTILINE):
            wanted = [line.strip() for line in block.strip().splitlines()]
            starts = range(len(text) - len(wanted) + 1)
            if not any(text[start:start + len(wanted)] == wanted for start in starts):
                yield f"{article}: not in {test}: {wanted[0]}"


def secrets_are_compared_in_one_way() -> Problems:
    """4.5 Signatures, digests and secrets are compared by equalInConstantTime, and nothing else."""
    defined = list(places(SOURCES, r"\bfunc \w*(?:[cC]onstantTime|[tT]imingSafe|[sS]ecureCompare)\w*"))
    if len(defined) != 1:
        yield from defined or ["there is no equalInConstantTime"]
    yield from places(
        SOURCES,
        # An id that lies in a file of secrets is none.
        r"\.reveal\(\)\s*[!=]=(?!\s*(?:nil|id)\b)|[!=]=\s*[\w.]*\.reveal\(\)"
        r"|\b\w*(?:[sS]ignature|[sS]ecret|[dD]igest)\s*[!=]=(?!\s*nil)|[!=]=\s*[\w.]*(?:[sS]ignature|[sS]ecret)\b"
        r"|\bisValidAuthenticationCode\b|\bmemcmp\b|timingsafe",
        without_text)


def no_unfinished_work() -> Problems:
    """3.6 Nothing is left for later in a comment."""
    yield from places(CODE, r"\bTO[D]O\b|\bFIX[M]E\b")


def nothing_is_forced() -> Problems:
    """4.4 Nothing is forced; `!` and `try!` are swift format's to find."""
    yield from places(SOURCES, r"\bas!|\btry!|\bfatalError\s*\(|\bunsafeBitCast\b", without_text)


def unchecked_is_proved() -> Problems:
    """5.1 What the compiler is told not to check has a comment above that proves it."""
    for path in SWIFT:
        text = lines(path)
        for number, line in enumerate(text):
            if not re.search(r"@unchecked\s+Sendable|nonisolated\(unsafe\)", without_text(line)):
                continue
            above = [other.strip() for other in text[max(0, number - 3):number]]
            if not any(other.startswith("//") for other in above):
                yield f"{relative(path)}:{number + 1}: no comment above says why this is safe"


def skipped_tests_say_why() -> Problems:
    """9.7 A skipped test names its reason."""
    tests = [path for path in SWIFT if relative(path).startswith("Tests/")]
    yield from places(tests, r"\.disabled\(\s*\)|@(?:Test|Suite)\(.*\.disabled\s*[,)]")
    python = [path for path in FILES if path.suffix == ".py" and relative(path).startswith("Tests/")]
    yield from places(python, r"pytest\.skip\(\s*\)|mark\.skip\b(?!\(\s*reason=)|mark\.xfail\b(?!\(.*reason=)")


def no_large_file() -> Problems:
    """10.4 No large file, and nothing generated."""
    for path in FILES:
        limit = MAXIMUM_VECTORS_KIB if re.match(r"Tests/(.*/)?Vectors/", relative(path)) else MAXIMUM_FILE_KIB
        if path.stat().st_size > limit * 1024:
            yield f"{relative(path)}: {path.stat().st_size // 1024} KiB, at most {limit}"
        if relative(path).startswith("localdata/") and relative(path) not in KEPT_IN_LOCALDATA:
            yield f"{relative(path)}: data does not belong into the repository"


def no_path_of_one_machine() -> Problems:
    """10.5 No path that only one machine has."""
    yield from places(
        FILES, r"(?:^|[^A-Za-z0-9_.$}])/(?:work|farm|root|opt/swift)[/\"]|/home/[a-z]+/|/Users/[A-Za-z]+/")


RULES = [
    imports_point_down, imports_are_declared, each_dependency_has_its_owner, osskit_is_pure,
    what_is_public_is_explained, articles_are_tested, no_unfinished_work, nothing_is_forced,
    secrets_are_compared_in_one_way, unchecked_is_proved, skipped_tests_say_why, no_large_file, no_path_of_one_machine,
]


def main() -> int:
    """Runs all rules; 1 if any is broken."""
    broken = 0
    for rule in RULES:
        found = list(rule())
        print(f"{'FAIL' if found else 'PASS'} {(rule.__doc__ or '').splitlines()[0]}")
        for problem in found[:40]:
            print(f"     {problem}")
        broken += bool(found)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
