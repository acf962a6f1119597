// SPDX-License-Identifier: MIT
import Glibc
import Synchronization
import Testing
import VFIEngine

@Suite struct ThreadPoolTests {
  /// Every index comes once, whether the threads still look out for work or sleep already.
  @Test(arguments: [1, 2, 3, 7])
  func everyJobOnce(threads: Int) throws {
    let pool = try ThreadPool(threads: threads)
    #expect(pool.maximumJobs == threads)
    let sum = Atomic<Int>(0)
    let calls = Atomic<Int>(0)
    for round in 0..<600 {
      sum.store(0, ordering: .relaxed)
      calls.store(0, ordering: .relaxed)
      let count = round % 9
      pool.run(count: count) { index in
        if round % 50 == 1 { usleep(300) }
        sum.wrappingAdd(1 << (4 * index), ordering: .relaxed)
        calls.wrappingAdd(1, ordering: .relaxed)
      }
      #expect(calls.load(ordering: .relaxed) == count)
      #expect(sum.load(ordering: .relaxed) == (0..<count).reduce(0) { $0 + 1 << (4 * $1) })
      if round % 40 == 0 { usleep(500) }
    }
  }
}
