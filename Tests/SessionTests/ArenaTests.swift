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
}
