"""Whether a folder is an Xcode project that hangs together: what can be known without Xcode."""

import json
import plistlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.parsers.expat import ExpatError

from openstep_parser import OpenStepDecoder

IDENTITY = re.compile(r"^[0-9A-F]{24}$")


def faults(folder: Path) -> list[str]:
    """What is wrong with it, in sentences."""
    (bundle,) = folder.glob("*.xcodeproj")
    try:
        text = (bundle / "project.pbxproj").read_text("utf-8")
        root = OpenStepDecoder.ParseFromString(text)
    except Exception as error:   # noqa: BLE001 - the parser raises no better one
        return [f"project.pbxproj cannot be read: {error}"]
    objects: dict[str, Any] = root["objects"]
    found = [f"{key} is used and is not there" for key in _references(root) if key not in objects]
    if not found:
        found += _unused(root, objects)
        found += _files(folder, objects, root)
        found += _models(objects)
        found += _scheme(bundle, objects)
    return found + _lists(folder)


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [key for given in value.values() for key in _references(given)]
    if isinstance(value, list):
        return [key for given in value for key in _references(given)]
    return [value] if isinstance(value, str) and IDENTITY.match(value) else []


def _unused(root: dict[str, Any], objects: dict[str, Any]) -> list[str]:
    reached, new = set(), [root["rootObject"]]
    while new:
        key = new.pop()
        if key not in reached:
            reached.add(key)
            new += _references(objects[key])
    return [f"{objects[key]['isa']} {key} belongs to nothing" for key in objects if key not in reached]


def _files(folder: Path, objects: dict[str, Any], root: dict[str, Any]) -> list[str]:
    """Every file reference is a file, every Swift file is compiled, every file stands in one place."""
    paths: dict[str, Path] = {}

    def walk(key: str, at: Path) -> None:
        given = objects[key]
        if given.get("sourceTree") == "BUILT_PRODUCTS_DIR":
            return
        here = at / given.get("path", "")
        if given["isa"] == "PBXGroup":
            for child in given["children"]:
                walk(child, here)
        else:
            paths[key] = here

    walk(objects[root["rootObject"]]["mainGroup"], folder)
    found = [f"{path.relative_to(folder)} is not there" for path in paths.values() if not path.exists()]
    found += [f"{path} stands there twice" for path in paths.values() if list(paths.values()).count(path) > 1]
    package = next(given for given in objects.values() if given["isa"] == "XCLocalSwiftPackageReference")
    if not (folder / package["relativePath"] / "Package.swift").is_file():
        found.append("the Swift package is not there")
    built = {given.get("fileRef") for given in objects.values() if given["isa"] == "PBXBuildFile"}
    compiled = {paths[key] for key in built if key in paths}
    for path in [*folder.glob("LineupApp/*"), *folder.glob("LineupAppTests/*")]:
        if path not in compiled:
            found.append(f"{path.relative_to(folder)} is not built")
    return found


def _models(objects: dict[str, Any]) -> list[str]:
    sources = [key for given in objects.values() if given["isa"] == "PBXSourcesBuildPhase" for key in given["files"]]
    refs = {objects[key].get("fileRef") for key in sources}
    return [
        f"{given['path']} is not among the sources"
        for key, given in objects.items()
        if given["isa"] == "PBXFileReference"
        and Path(given["path"]).suffix in (".mlpackage", ".mlmodel", ".swift") and key not in refs
    ]  # fmt: skip


def _scheme(bundle: Path, objects: dict[str, Any]) -> list[str]:
    (path,) = bundle.glob("xcshareddata/xcschemes/*.xcscheme")
    targets = {key: given["name"] for key, given in objects.items() if given["isa"] == "PBXNativeTarget"}
    return [
        f"the scheme names {reference.get('BlueprintIdentifier')}"
        for reference in ElementTree.parse(path).iter("BuildableReference")
        if targets.get(reference.get("BlueprintIdentifier", "")) != reference.get("BlueprintName")
    ]


def _lists(folder: Path) -> list[str]:
    """Property lists and JSON of asset catalogues and of the app are readable."""
    found = []
    for path in folder.rglob("*"):
        try:
            if path.suffix in (".plist", ".xcprivacy"):
                plistlib.loads(path.read_bytes())
            elif path.suffix == ".json":
                json.loads(path.read_text("utf-8"))
            elif path.suffix == ".svg":
                ElementTree.parse(path)
        except (OSError, ValueError, ExpatError, ElementTree.ParseError) as error:
            found.append(f"{path.relative_to(folder)} cannot be read: {error}")
    return found


def syntax_faults(paths: Sequence[Path]) -> list[str]:
    """What a Swift parser has to say: the compiler's own where there is one, else tree-sitter's."""
    if compiler := shutil.which("swiftc"):
        command = [compiler, "-frontend", "-parse", "-enable-bare-slash-regex", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        return [line for line in done.stderr.splitlines() if "error:" in line or "warning:" in line]
    import tree_sitter_swift
    from tree_sitter import Language, Parser

    parser = Parser(Language(tree_sitter_swift.language()))
    return [f"{path.name}: a fault of syntax" for path in paths if parser.parse(path.read_bytes()).root_node.has_error]
