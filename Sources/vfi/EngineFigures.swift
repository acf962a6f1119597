// SPDX-License-Identifier: MIT
import CVFI

/// What the engine did for the frames that it made, as `--stats` tells it.
struct EngineFigures {
  let stats: vfi_stats

  /// Lines for the user; means are those of a new frame.
  var lines: [String] {
    let frames = Double(max(1, stats.frames_interpolated))
    func milliseconds(_ nanoseconds: UInt64) -> String {
      decimal(Double(nanoseconds) / frames / 1e6, 1)
    }
    let (done, saved) = (Double(stats.multiply_adds), Double(stats.multiply_adds_saved))
    let share = done + saved > 0 ? 100 * saved / (done + saved) : 0
    var lines = [
      "per new frame: convert \(milliseconds(stats.convert_ns)), "
        + "encode \(milliseconds(stats.encode_ns)), motion \(milliseconds(stats.motion_ns)), "
        + "decode \(milliseconds(stats.decode_ns)), "
        + "synthesis \(milliseconds(stats.synthesis_ns)) ms",
      "multiply-adds per new frame: \(decimal(done / frames / 1e9, 2)) G done, "
        + "\(decimal(saved / frames / 1e9, 2)) G saved (\(decimal(share, 1)) %)",
    ]
    let shares = activeShares
    if !shares.isEmpty { lines.append("active pixels: " + shares.joined(separator: ", ")) }
    lines.append(
      "memory: at most \(decimal(Double(stats.peak_bytes) / 1e6, 0)) MB, "
        + "\(stats.allocation_count) allocations")
    return lines
  }

  /// Of the sizes at which pixels are chosen, the coarsest first.
  private var activeShares: [String] {
    let (full, half, quarter, eighth) = stats.active_share
    return [(eighth, "1/8"), (quarter, "1/4"), (half, "1/2"), (full, "1/1")]
      .filter { $0.0 >= 0 }.map { "\(decimal(100 * $0.0, 1)) % at \($0.1)" }
  }
}
