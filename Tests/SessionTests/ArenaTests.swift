// SPDX-License-Identifier: MIT
import Testing
import VFIEngine

@Suite struct ArenaTests {
  @Test func secondFrameAllocatesNothing() throws {
    let ledger = MemoryLedger()
    let arena = Arena(ledger: ledger)
    for frame in 0..<3 {
      for size in [10, 100, 1000] { _ = try arena.map(height: size, width: size, channels: 3) }
      try arena.reset()
      if frame == 0 { #expect(ledger.allocationCount == 4) }
    }
    #expect(ledger.allocationCount == 4)
  }

  /// One block takes the place of several, no larger than what was in use at once.
  @Test func joinsIntoWhatWasNeeded() throws {
    let ledger = MemoryLedger()
    let arena = Arena(ledger: ledger)
    let kept = try arena.map(height: 1, width: 16, channels: 1)
    kept[0, 0, 0] = 3
    for size in [100, 200, 400, 300] {
      let mark = arena.mark
      let map = try arena.map(height: size, width: 16, channels: 1)
      map[size - 1, 15, 0] = 1
      arena.release(to: mark)
    }
    #expect(kept[0, 0, 0] == 3)
    #expect(ledger.currentBytes == 64 * 401)
    try arena.reset()
    #expect(ledger.currentBytes == 64 * 401)
    let count = ledger.allocationCount
    for size in [1, 400] { _ = try arena.map(height: size, width: 16, channels: 1) }
    #expect(ledger.allocationCount == count)
  }

  @Test func limitIsKept() throws {
    let arena = Arena(ledger: MemoryLedger(limit: 1000))
    #expect(throws: VFIError.self) { _ = try arena.map(height: 100, width: 100, channels: 1) }
  }
}

@Suite struct ThreadPoolTests {
  @Test(arguments: [1, 2, 3, 8]) func everyItemOnce(threads: Int) throws {
    let engine = Engine(runner: try ThreadPool(threads: threads))
    let map = try engine.scratch.map(height: 1, width: 1000, channels: 1)
    for x in 0..<1000 { map[0, x, 0] = 0 }
    for _ in 0..<50 { try engine.forEach(1000) { item, _ in map[0, item, 0] += 1 } }
    #expect((0..<1000).allSatisfy { map[0, $0, 0] == 50 })
  }

  /// A thread that held its pool would keep both alive for ever.
  @Test func threadsEndWithThePool() throws {
    for _ in 0..<20 {
      var pool: ThreadPool? = try ThreadPool(threads: 3)
      pool?.run(count: 3) { _ in }
      weak let remaining = pool
      pool = nil
      #expect(remaining == nil)
    }
  }
}
