// swift-tools-version: 5.9
import PackageDescription

// What the app computes without Apple's frameworks: it builds and its tests run on Linux, too.
let checked: [SwiftSetting] = [.enableExperimentalFeature("StrictConcurrency")]

let package = Package(
    name: "LineupKit",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "LineupKit", targets: ["LineupKit"])],
    targets: [
        .target(name: "LineupKit", swiftSettings: checked),
        .testTarget(
            name: "LineupKitTests",
            dependencies: ["LineupKit"],
            resources: [.copy("vectors.json")],
            swiftSettings: checked
        ),
    ]
)
