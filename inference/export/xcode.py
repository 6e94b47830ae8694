"""An Xcode project: `project.pbxproj` and its scheme, written from a list of files.

The form is that of Xcode 15 (objectVersion 60), which later ones open as it is. Every object's id is made of what it
stands for: exporting twice gives the same bytes. Models are in the Sources phase, where Xcode compiles them.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from xml.sax.saxutils import quoteattr

APP, TESTS, KIT = "LineupApp", "LineupAppTests", "LineupKit"
KINDS = {   # by the ending: what Xcode calls such a file
    ".swift": "sourcecode.swift", ".xcassets": "folder.assetcatalog", ".json": "text.json",
    ".xcprivacy": "text.xml", ".mlpackage": "folder.mlpackage", ".mlmodel": "file.mlmodel",
    ".md": "net.daringfireball.markdown",
}  # fmt: skip
PLAIN = re.compile(r"^[A-Za-z0-9_./]+$")
COMPILED = (".swift", ".mlpackage", ".mlmodel")
ORIENTATIONS = "UIInterfaceOrientationPortrait UIInterfaceOrientationLandscapeLeft UIInterfaceOrientationLandscapeRight"


@dataclass(frozen=True, slots=True)
class App:
    """What the project builds. Paths are relative to the folder that the project lies in."""

    name: str                       # under its icon
    identifier: str                 # the last part of its bundle identifier: letters, digits, - and .
    files: tuple[str, ...]          # of the app: sources, models, resources
    tests: tuple[str, ...]          # of its tests: sources, and folders that are copied whole
    deployment: str                 # the oldest system: "17.0"
    camera: str                     # what it says when it asks for the camera; "": it needs none


def project(app: App) -> str:
    """The text of `project.pbxproj`."""
    objects: dict[str, dict[str, Any]] = {}

    def add(role: str, kind: str, **values: Any) -> str:
        found = identity(role)
        objects[found] = {"isa": kind, **values}
        return found

    product = add("package product", "XCSwiftPackageProductDependency", package=identity("package"), productName=KIT)
    add("package", "XCLocalSwiftPackageReference", relativePath=KIT)
    targets = []
    groups = [_group(add, objects, files) for files in _by_folder((*app.files, *app.tests, "README.md"))]
    bundles = []
    for target, files, kind in ((APP, app.files, "application"), (TESTS, app.tests, "bundle.unit-test")):
        ending = "app" if target == APP else "xctest"
        bundle = add(f"product {target}", "PBXFileReference", explicitFileType=f"wrapper.{_wrapper(ending)}",
                     includeInIndex=0, path=f"{target}.{ending}", sourceTree="BUILT_PRODUCTS_DIR")  # fmt: skip
        bundles.append(bundle)
        link = add(f"link {target}", "PBXBuildFile", productRef=product)
        compiled = [_built(add, target, path) for path in files if path.endswith(COMPILED)]
        copied = [_built(add, target, path) for path in files if not path.endswith(COMPILED)]
        phases = [
            add(f"sources {target}", "PBXSourcesBuildPhase", **_phase(compiled)),
            add(f"frameworks {target}", "PBXFrameworksBuildPhase", **_phase([link])),
            add(f"resources {target}", "PBXResourcesBuildPhase", **_phase(copied)),
        ]
        needs = [_dependency(add)] if target == TESTS else []
        targets.append(add(
            f"target {target}", "PBXNativeTarget",
            buildConfigurationList=_configurations(add, target, _settings(app, target)), buildPhases=phases,
            buildRules=[], dependencies=needs, name=target, packageProductDependencies=[product], productName=target,
            productReference=bundle, productType=f"com.apple.product-type.{kind}",
        ))  # fmt: skip
    products = add("products", "PBXGroup", children=bundles, name="Products", sourceTree="<group>")
    main = add("main group", "PBXGroup", children=[*groups, products], sourceTree="<group>")
    root = add(
        "project", "PBXProject",
        attributes={
            "BuildIndependentTargetsInParallel": 1, "LastSwiftUpdateCheck": 1500, "LastUpgradeCheck": 1500,
            "TargetAttributes": {
                targets[0]: {"CreatedOnToolsVersion": "15.0"},
                targets[1]: {"CreatedOnToolsVersion": "15.0", "TestTargetID": targets[0]},
            },
        },
        buildConfigurationList=_configurations(add, "project", _common(app)), compatibilityVersion="Xcode 15.0",
        developmentRegion="en", hasScannedForEncodings=0, knownRegions=["en", "Base"], mainGroup=main,
        packageReferences=[identity("package")], productRefGroup=products, projectDirPath="", projectRoot="",
        targets=targets,
    )  # fmt: skip
    whole = {"archiveVersion": 1, "classes": {}, "objectVersion": 60, "objects": _sorted(objects), "rootObject": root}
    return f"// !$*UTF8*$!\n{_text(whole, 0)}\n"


def scheme() -> str:
    """The text of the shared scheme: it runs what is optimised, as times of anything else say nothing."""
    app, tests = _reference(APP, "app"), _reference(TESTS, "xctest")
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Scheme LastUpgradeVersion="1500" version="1.7">
   <BuildAction parallelizeBuildables="YES" buildImplicitDependencies="YES">
      <BuildActionEntries>
         <BuildActionEntry buildForTesting="YES" buildForRunning="YES" buildForProfiling="YES" buildForArchiving="YES" buildForAnalyzing="YES">
            {app}
         </BuildActionEntry>
      </BuildActionEntries>
   </BuildAction>
   <TestAction buildConfiguration="Debug" selectedDebuggerIdentifier="Xcode.DebuggerFoundation.Debugger.LLDB" selectedLauncherIdentifier="Xcode.DebuggerFoundation.Launcher.LLDB" shouldUseLaunchSchemeArgsEnv="YES">
      <Testables>
         <TestableReference skipped="NO">
            {tests}
         </TestableReference>
      </Testables>
   </TestAction>
   <LaunchAction buildConfiguration="Release" selectedDebuggerIdentifier="Xcode.DebuggerFoundation.Debugger.LLDB" selectedLauncherIdentifier="Xcode.DebuggerFoundation.Launcher.LLDB" launchStyle="0" useCustomWorkingDirectory="NO" ignoresPersistentStateOnLaunch="NO" debugDocumentVersioning="YES" debugServiceExtension="internal" allowLocationSimulation="YES">
      <BuildableProductRunnable runnableDebuggingMode="0">
         {app}
      </BuildableProductRunnable>
   </LaunchAction>
   <ProfileAction buildConfiguration="Release" shouldUseLaunchSchemeArgsEnv="YES" savedToolIdentifier="" useCustomWorkingDirectory="NO" debugDocumentVersioning="YES">
      <BuildableProductRunnable runnableDebuggingMode="0">
         {app}
      </BuildableProductRunnable>
   </ProfileAction>
   <AnalyzeAction buildConfiguration="Debug"/>
   <ArchiveAction buildConfiguration="Release" revealArchiveInOrganizer="YES"/>
</Scheme>
"""   # noqa: E501 - as Xcode writes it


def identity(role: str) -> str:
    """An object's id: 24 hexadecimal digits, of what it stands for."""
    return hashlib.sha256(f"Lineup {role}".encode()).hexdigest()[:24].upper()


# ---- the parts ----


def _reference(target: str, ending: str) -> str:
    given = {
        "BuildableIdentifier": "primary", "BlueprintIdentifier": identity(f"target {target}"),
        "BuildableName": f"{target}.{ending}", "BlueprintName": target,
        "ReferencedContainer": f"container:{APP}.xcodeproj",
    }  # fmt: skip
    return f"<BuildableReference {' '.join(f'{key}={quoteattr(value)}' for key, value in given.items())}/>"


def _wrapper(ending: str) -> str:
    return "application" if ending == "app" else "cfbundle"


def _by_folder(paths: Sequence[str]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for path in paths:
        found.setdefault(str(PurePosixPath(path).parent), []).append(path)
    return list(found.items())


def _group(add: Any, objects: Mapping[str, Any], files: tuple[str, list[str]]) -> str:
    """A folder as a group; a file that lies at the top is its own."""
    folder, paths = files
    children = []
    for path in paths:
        name = PurePosixPath(path).name
        kind = KINDS.get(PurePosixPath(path).suffix, "folder")
        children.append(add(
            f"file {path}", "PBXFileReference", lastKnownFileType=kind, path=name, sourceTree="<group>"
        ))
    if folder == ".":
        return str(children[0])
    return str(add(f"group {folder}", "PBXGroup", children=children, path=folder, sourceTree="<group>"))


def _built(add: Any, target: str, path: str) -> str:
    return str(add(f"build {target} {path}", "PBXBuildFile", fileRef=identity(f"file {path}")))


def _phase(files: list[str]) -> dict[str, Any]:
    return {"buildActionMask": 2147483647, "files": files, "runOnlyForDeploymentPostprocessing": 0}


def _dependency(add: Any) -> str:
    proxy = add(
        "proxy", "PBXContainerItemProxy", containerPortal=identity("project"), proxyType=1,
        remoteGlobalIDString=identity(f"target {APP}"), remoteInfo=APP,
    )  # fmt: skip
    return str(add("dependency", "PBXTargetDependency", target=identity(f"target {APP}"), targetProxy=proxy))


def _configurations(add: Any, what: str, settings: Mapping[str, dict[str, Any]]) -> str:
    made = [
        add(f"configuration {what} {name}", "XCBuildConfiguration", buildSettings=given, name=name)
        for name, given in settings.items()
    ]
    return str(add(
        f"configurations {what}", "XCConfigurationList", buildConfigurations=made, defaultConfigurationIsVisible=0,
        defaultConfigurationName="Release",
    ))  # fmt: skip


def _common(app: App) -> dict[str, dict[str, Any]]:
    both = {
        "ALWAYS_SEARCH_USER_PATHS": "NO", "CLANG_ENABLE_MODULES": "YES", "COPY_PHASE_STRIP": "NO",
        "DEAD_CODE_STRIPPING": "YES", "ENABLE_STRICT_OBJC_MSGSEND": "YES", "ENABLE_USER_SCRIPT_SANDBOXING": "YES",
        "IPHONEOS_DEPLOYMENT_TARGET": app.deployment, "SDKROOT": "iphoneos", "SWIFT_STRICT_CONCURRENCY": "complete",
        "SWIFT_VERSION": "5.0", "TARGETED_DEVICE_FAMILY": "1,2",
    }  # fmt: skip
    debug = {
        "DEBUG_INFORMATION_FORMAT": "dwarf", "ENABLE_TESTABILITY": "YES", "GCC_OPTIMIZATION_LEVEL": 0,
        "ONLY_ACTIVE_ARCH": "YES", "SWIFT_ACTIVE_COMPILATION_CONDITIONS": "DEBUG $(inherited)",
        "SWIFT_OPTIMIZATION_LEVEL": "-Onone",
    }  # fmt: skip
    release = {
        "DEBUG_INFORMATION_FORMAT": "dwarf-with-dsym", "SWIFT_COMPILATION_MODE": "wholemodule",
        "SWIFT_OPTIMIZATION_LEVEL": "-O", "VALIDATE_PRODUCT": "YES",
    }  # fmt: skip
    return {"Debug": both | debug, "Release": both | release}


def _settings(app: App, target: str) -> dict[str, dict[str, Any]]:
    given: dict[str, Any] = {
        "CODE_SIGN_STYLE": "Automatic", "CURRENT_PROJECT_VERSION": 1, "GENERATE_INFOPLIST_FILE": "YES",
        "MARKETING_VERSION": "1.0", "PRODUCT_NAME": "$(TARGET_NAME)", "SWIFT_EMIT_LOC_STRINGS": "NO",
    }  # fmt: skip
    # With the team in it, as in Apple's own samples: an identifier belongs to the team that signs it first.
    identifier = f"com.example.lineup.{app.identifier}$(DEVELOPMENT_TEAM)"
    if target == APP:
        given |= {
            "ASSETCATALOG_COMPILER_APPICON_NAME": "AppIcon",
            "ASSETCATALOG_COMPILER_GLOBAL_ACCENT_COLOR_NAME": "AccentColor",
            "COREML_CODEGEN_LANGUAGE": "None",   # models are loaded by their files' names
            "INFOPLIST_KEY_CFBundleDisplayName": app.name,
            "INFOPLIST_KEY_UIApplicationSceneManifest_Generation": "YES",
            "INFOPLIST_KEY_UIApplicationSupportsIndirectInputEvents": "YES",
            "INFOPLIST_KEY_UILaunchScreen_Generation": "YES",
            "INFOPLIST_KEY_UISupportedInterfaceOrientations_iPad":
                f"{ORIENTATIONS} UIInterfaceOrientationPortraitUpsideDown",
            "INFOPLIST_KEY_UISupportedInterfaceOrientations_iPhone": ORIENTATIONS,
            "LD_RUNPATH_SEARCH_PATHS": ["$(inherited)", "@executable_path/Frameworks"],
            "PRODUCT_BUNDLE_IDENTIFIER": identifier,
        }  # fmt: skip
        if app.camera:
            given["INFOPLIST_KEY_NSCameraUsageDescription"] = app.camera
    else:
        given |= {
            "BUNDLE_LOADER": "$(TEST_HOST)", "PRODUCT_BUNDLE_IDENTIFIER": f"{identifier}.tests",
            "TEST_HOST": f"$(BUILT_PRODUCTS_DIR)/{APP}.app/$(BUNDLE_EXECUTABLE_FOLDER_PATH)/{APP}",
        }  # fmt: skip
    return {"Debug": given, "Release": given}


# ---- the text ----


def _sorted(objects: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return dict(sorted(objects.items(), key=lambda item: (item[1]["isa"], item[0])))


def _text(value: Any, depth: int) -> str:
    """A value as an OpenStep property list."""
    inner, outer = "\t" * (depth + 1), "\t" * depth
    if isinstance(value, Mapping):
        lines = (f"{inner}{quoted(key)} = {_text(given, depth + 1)};\n" for key, given in value.items())
        return f"{{\n{''.join(lines)}{outer}}}"
    if isinstance(value, list):
        return f"(\n{''.join(f'{inner}{_text(given, depth + 1)},{chr(10)}' for given in value)}{outer})"
    return quoted(str(value))


def quoted(text: str) -> str:
    """A string of a property list; whatever is in it stays a string."""
    if PLAIN.match(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\U{ord(c):04x}" for c in escaped) + '"'
