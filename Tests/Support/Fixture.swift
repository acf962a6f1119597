// SPDX-License-Identifier: MIT
import VFIEngine

/// Reference tensors of `Tests/Fixtures`, and memory for the maps of one test.
package final class Fixture {
  package let file: WeightFile
  package let arena = Arena(ledger: MemoryLedger())

  package init(_ name: String) throws {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    file = try WeightFile(path: "/\(folder)/Fixtures/\(name).safetensors")
    // Maps do not hold their arena, so it stays until the tests end.
    _ = Unmanaged.passRetained(arena)
  }

  /// One of the `[N, C, H, W]` of a tensor as a map `[H, W, C]`.
  package func map(_ name: String, _ index: Int = 0) throws -> FeatureMap {
    let shape = try file.shape(name)
    let count = shape[1] * shape[2] * shape[3]
    let values = try file.floats(name, shape: shape)[index * count..<(index + 1) * count]
      .map { $0 }
    let map = try arena.map(height: shape[2], width: shape[3], channels: shape[1])
    for c in 0..<map.channels {
      for y in 0..<map.height {
        for x in 0..<map.width { map[y, x, c] = values[(c * map.height + y) * map.width + x] }
      }
    }
    return map
  }

  /// A single number.
  package func number(_ name: String) throws -> Float {
    try file.floats(name, shape: try file.shape(name))[0]
  }
}

/// Largest difference of two maps, divided by the largest value of `expected`.
package func relativeError(_ map: FeatureMap, _ expected: FeatureMap) -> Float {
  guard
    (map.height, map.width, map.channels) == (expected.height, expected.width, expected.channels)
  else { return .infinity }
  var (largest, difference): (Float, Float) = (0, 0)
  for y in 0..<map.height {
    for x in 0..<map.width {
      for c in 0..<map.channels {
        let distance = abs(map[y, x, c] - expected[y, x, c])
        if distance.isNaN { return .infinity }
        difference = max(difference, distance)
        largest = max(largest, abs(expected[y, x, c]))
      }
    }
  }
  return largest > 0 ? difference / largest : difference
}

/// The bit patterns of all values, for comparisons to the bit.
package func bits(_ map: FeatureMap) -> [UInt32] {
  var result: [UInt32] = []
  for y in 0..<map.height {
    for x in 0..<map.width {
      for c in 0..<map.channels { result.append(map[y, x, c].bitPattern) }
    }
  }
  return result
}
