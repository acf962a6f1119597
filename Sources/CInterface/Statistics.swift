// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

@c @implementation
public func vfi_get_stats(
  _ context: OpaquePointer?, _ stats: UnsafeMutablePointer<vfi_stats>?
) -> vfi_status {
  unsafe withContext(context) { (context) throws(VFIError) in
    let size = unsafe try loadSize(
      stats, first: MemoryLayout<vfi_stats>.offset(of: \.multiply_adds_saved))
    var result = vfi_stats()
    result.struct_size = size
    let statistics = context.engine.statistics
    let ledger = context.engine.ledger
    func share(_ level: Int) -> Double { statistics.activeShare(level: level) ?? -1 }
    result.frames_interpolated = UInt64(clamping: statistics.framesInterpolated)
    result.frames_copied = UInt64(clamping: statistics.framesCopied)
    result.frames_held = UInt64(clamping: statistics.framesHeld)
    result.frames_blended = UInt64(clamping: statistics.framesBlended)
    result.frames_encoded = UInt64(clamping: statistics.framesEncoded)
    result.multiply_adds = UInt64(clamping: statistics.multiplyAdds)
    result.convert_ns = statistics[.convert]
    result.encode_ns = statistics[.encode]
    result.motion_ns = statistics[.motion]
    result.decode_ns = statistics[.decode]
    result.synthesis_ns = statistics[.synthesis]
    result.allocation_count = UInt64(
      clamping: ledger.allocationCount - context.allocationsAtReset)
    result.current_bytes = UInt64(clamping: ledger.currentBytes)
    result.peak_bytes = UInt64(clamping: ledger.peakBytes)
    result.multiply_adds_saved = UInt64(clamping: statistics.multiplyAddsSaved)
    result.active_share = (share(0), share(1), share(2), share(3))
    unsafe initialise(stats, size, result)
  }
}

@c @implementation
public func vfi_reset_stats(_ context: OpaquePointer?) {
  guard let context = unsafe context.map({ unsafe Context.from($0) }) else { return }
  context.engine.statistics = Statistics()
  context.allocationsAtReset = context.engine.ledger.allocationCount
}
