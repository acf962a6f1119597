// swift-tools-version: 6.3
// SPDX-License-Identifier: MIT
import PackageDescription

let root = Context.packageDirectory

let warnings: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let strict: [SwiftSetting] =
  warnings + [
    .strictMemorySafety(),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("ExistentialAny"),
  ]

/// One build of the kernel sources.
///
/// `-Ounchecked` also in debug builds: a kernel checks nothing.
func kernels(_ name: String, flags: [String] = [], defines: [String] = []) -> Target {
  .target(
    name: name, dependencies: ["CIntrinsics"],
    swiftSettings: warnings + [
      .unsafeFlags(["-Ounchecked", "-wmo"] + flags.flatMap { ["-Xcc", $0] })
    ]
      + defines.map { .define($0) })
}

/// Static Swift runtime, `vfi_*` exports only, a soname, and no unloading (the runtime cannot be).
let sharedLibrary: [LinkerSetting] = [
  .unsafeFlags(
    ["-static-stdlib"]
      + [
        "--version-script=\(root)/vfi.map", "-soname=libvfi.so.0", "--gc-sections", "-z",
        "nodelete",
      ].flatMap { ["-Xlinker", $0] })
]

let package = Package(
  name: "libvfi",
  products: [
    .library(name: "vfi", type: .dynamic, targets: ["CInterface"]),
    // SwiftPM wants different product names; `make` calls this program `vfi`.
    .executable(name: "vfi-program", targets: ["vfi"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CVFI", path: "include"),
    .systemLibrary(name: "CIntrinsics"),
    // FFmpeg's libraries read and write files for the program; the library never links them.
    .systemLibrary(
      name: "CLibAV", pkgConfig: "libavformat",
      providers: [.apt(["libavformat-dev", "libswscale-dev"])]),
    kernels("Kernels"),
    kernels("KernelsAVX2", flags: ["-march=x86-64-v3"], defines: ["VFI_AVX2"]),
    kernels("KernelsAVX512", flags: ["-march=x86-64-v4"], defines: ["VFI_AVX512"]),
    // The few kernels that have instructions of their own for bfloat16.
    kernels(
      "KernelsAVX512BF16", flags: ["-march=x86-64-v4", "-mavx512bf16"],
      defines: ["VFI_AVX512", "VFI_AVX512BF16"]),
    // Those that have instructions of their own for int8.
    kernels(
      "KernelsAVX512VNNI", flags: ["-march=x86-64-v4", "-mavx512vnni"],
      defines: ["VFI_AVX512"]),
    .target(
      name: "EmbeddedModel", exclude: ["default.safetensors"],
      cSettings: [.unsafeFlags(["-std=c23"])]),
    .target(
      name: "VFIEngine",
      dependencies: [
        "Kernels", "KernelsAVX2", "KernelsAVX512", "KernelsAVX512BF16", "KernelsAVX512VNNI",
        "CIntrinsics", "EmbeddedModel",
      ],
      swiftSettings: strict),
    .target(
      name: "CInterface", dependencies: ["VFIEngine", "CVFI"], swiftSettings: strict,
      linkerSettings: sharedLibrary),
    // The slices of coded streams, for the program alone.
    .target(name: "CodedVideo", swiftSettings: strict),
    .executableTarget(
      name: "vfi",
      dependencies: [
        "CVFI", "CInterface", "CLibAV", "CodedVideo",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict,
      // What the argument parser's static FoundationEssentials needs beside itself.
      linkerSettings: ["_FoundationCollections", "_FoundationCShims"].map { .linkedLibrary($0) }),
    // `make bench`.
    .executableTarget(
      name: "vfi-bench", dependencies: ["VFIEngine", "TestSupport"], path: "Sources/bench",
      swiftSettings: strict),
    .target(
      name: "TestSupport", dependencies: ["VFIEngine"], path: "Tests/Support",
      swiftSettings: warnings),
    // Model file of the C tests.
    .executableTarget(
      name: "write-test-model", dependencies: ["TestSupport"], path: "Tests/WriteTestModel",
      swiftSettings: warnings),
    .testTarget(
      name: "KernelTests",
      dependencies: ["VFIEngine", "TestSupport", "Kernels", "KernelsAVX2", "KernelsAVX512"],
      swiftSettings: warnings),
    .testTarget(
      name: "CodedVideoTests", dependencies: ["CodedVideo", "TestSupport"], swiftSettings: warnings),
    .testTarget(
      name: "LayerTests", dependencies: ["VFIEngine", "TestSupport"], swiftSettings: warnings),
    .testTarget(
      name: "ModelTests", dependencies: ["VFIEngine", "TestSupport"], swiftSettings: warnings),
    .testTarget(
      name: "SessionTests", dependencies: ["VFIEngine", "TestSupport"], swiftSettings: warnings),
  ]
)
