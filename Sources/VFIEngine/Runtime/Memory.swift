// SPDX-License-Identifier: MIT
import Glibc

/// The caller's memory functions, or the C library's.
@safe package struct MemoryAllocator: @unchecked Sendable {
  // Sendable: plain function pointers; the host promises that they may be called from any thread.
  package let allocate: @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer?
  package let release: @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void
  package let opaque: UnsafeMutableRawPointer?

  package init(
    allocate: @escaping @convention(c) (UnsafeMutableRawPointer?, Int) -> UnsafeMutableRawPointer?,
    release: @escaping @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?) -> Void,
    opaque: UnsafeMutableRawPointer?
  ) {
    unsafe self.allocate = unsafe allocate
    unsafe self.release = unsafe release
    unsafe self.opaque = unsafe opaque
  }

  /// Memory of the C library, aligned to 64 bytes.
  ///
  /// Large blocks are asked for in large pages. With pages of 4 KiB a frame of 1920x1080 touches more
  /// of them than the processor keeps addresses of, and in a virtual machine a miss is dear.
  package static let system = unsafe MemoryAllocator(
    allocate: { _, size in
      let page = 2 << 20
      guard size >= 2 * page else { return unsafe aligned_alloc(64, (size + 63) & ~63) }
      var memory: UnsafeMutableRawPointer?
      guard unsafe posix_memalign(&memory, page, size) == 0, let memory = unsafe memory else {
        return nil
      }
      // Advice: where the system has no large pages, all stays as it is.
      _ = unsafe madvise(memory, size & ~(page - 1), MADV_HUGEPAGE)
      return unsafe memory
    },
    release: { _, memory in unsafe free(memory) },
    opaque: nil)
}

/// Counts what the arenas of one context hold, and keeps its limit.
package final class MemoryLedger {
  package let allocator: MemoryAllocator
  /// Bytes that may be held at once; `Int.max` = no limit.
  package let limit: Int
  package private(set) var currentBytes = 0
  package private(set) var peakBytes = 0
  package private(set) var allocationCount = 0

  package init(allocator: MemoryAllocator = .system, limit: Int = .max) {
    self.allocator = allocator
    self.limit = limit
  }

  /// Takes `size` bytes, aligned to 64.
  func take(_ size: Int) throws(VFIError) -> UnsafeMutableRawPointer {
    let (total, overflow) = currentBytes.addingReportingOverflow(size)
    guard !overflow, total <= limit else {
      throw .outOfMemory(
        "\(size) more bytes beside \(currentBytes) would exceed the limit of \(limit) bytes")
    }
    guard let memory = unsafe allocator.allocate(allocator.opaque, size) else {
      throw .outOfMemory("the allocator refused \(size) bytes")
    }
    guard Int(bitPattern: memory) & 63 == 0 else {
      unsafe allocator.release(allocator.opaque, memory)
      throw .argument("the allocator returned memory that is not aligned to 64 bytes")
    }
    currentBytes = total
    peakBytes = max(peakBytes, total)
    allocationCount += 1
    return unsafe memory
  }

  func giveBack(_ memory: UnsafeMutableRawPointer, _ size: Int) {
    unsafe allocator.release(allocator.opaque, memory)
    currentBytes -= size
  }
}

/// Memory of features, handed out from one end and taken back all at once.
///
/// The first frame grows the arena block by block; ``reset()`` at its end joins the blocks into one
/// that is large enough, so that later frames of the same size allocate nothing.
package final class Arena {
  @safe private struct Block {
    let memory: UnsafeMutableRawPointer
    let size: Int
  }

  /// A point to which the arena can be taken back with ``release(to:)``.
  package struct Mark {
    fileprivate let block: Int
    fileprivate let offset: Int
    fileprivate let used: Int
  }

  private let ledger: MemoryLedger
  private var blocks: [Block] = []
  private var block = 0
  private var offset = 0
  /// Bytes handed out, and the most that ever were since ``clear()``.
  private var used = 0
  private var mostUsed = 0

  package init(ledger: MemoryLedger) { self.ledger = ledger }

  deinit { for old in blocks { unsafe ledger.giveBack(old.memory, old.size) } }

  /// Uninitialised features, 64-byte aligned, valid until the arena is released or reset.
  package func map(
    height: Int, width: Int, channels: Int, precision: Precision = .float32
  ) throws(VFIError) -> FeatureMap {
    let (pixels, o1) = height.multipliedReportingOverflow(by: width)
    let (count, o2) = pixels.multipliedReportingOverflow(by: channels)
    guard !o1, !o2, height > 0, width > 0, channels > 0 else {
      throw .size("a feature map of \(height) x \(width) x \(channels) is too large")
    }
    let (bytes, o3) = count.multipliedReportingOverflow(by: precision.bytes)
    guard !o3 else { throw .size("a feature map of \(count) values is too large") }
    let memory = unsafe try buffer(of: UInt8.self, count: bytes)
    return unsafe FeatureMap(
      unsafeMemory: UnsafeMutableRawPointer(memory), height: height, width: width,
      channels: channels, pixelStride: channels, precision: precision)
  }

  /// Uninitialised memory for `count` elements, 64-byte aligned.
  package func buffer<T: BitwiseCopyable>(
    of type: T.Type, count: Int
  ) throws(VFIError) -> UnsafeMutablePointer<T> {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<T>.stride)
    guard !overflow, count >= 0, bytes < Int.max - 64 else {
      throw .size("a buffer of \(count) elements is too large")
    }
    let size = (max(bytes, 1) + 63) & ~63
    let firstFree = offset > 0 ? block + 1 : block
    while block < blocks.count, blocks[block].size - offset < size {
      block += 1
      offset = 0
    }
    if block == blocks.count { try grow(by: size, keeping: firstFree) }
    defer { offset += size }
    used += size
    mostUsed = max(mostUsed, used)
    return unsafe (blocks[block].memory + offset).bindMemory(to: type, capacity: count)
  }

  /// Appends a block, and gives those back that hold nothing and were too small.
  private func grow(by size: Int, keeping count: Int) throws(VFIError) {
    while blocks.count > count {
      let old = blocks.removeLast()
      unsafe ledger.giveBack(old.memory, old.size)
    }
    block = blocks.count
    blocks.append(unsafe Block(memory: try ledger.take(size), size: size))
  }

  /// Whether a layout in one block would be better.
  package var isFragmented: Bool { blocks.count > 1 }

  package var mark: Mark { Mark(block: block, offset: offset, used: used) }

  /// Takes back all that was handed out after `mark`.
  package func release(to mark: Mark) {
    block = mark.block
    offset = mark.offset
    used = mark.used
  }

  /// Takes everything back, and joins several blocks into one of the size that was needed at most.
  package func reset() throws(VFIError) {
    (block, offset, used) = (0, 0, 0)
    guard blocks.count > 1 else { return }
    let total = mostUsed
    clear()
    blocks.append(unsafe Block(memory: try ledger.take(total), size: total))
  }

  /// Frees all memory; for a change of the frame size.
  package func clear() {
    for old in blocks { unsafe ledger.giveBack(old.memory, old.size) }
    blocks.removeAll()
    (block, offset, used, mostUsed) = (0, 0, 0, 0)
  }
}
