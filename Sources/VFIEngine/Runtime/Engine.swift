// SPDX-License-Identifier: MIT
import Synchronization

/// What a layer needs to run: kernels, threads, scratch memory, statistics, cancellation.
///
/// One engine belongs to one context and is used by one thread at a time.
package final class Engine {
  package let kernels: KernelTable
  package let runner: any JobRunner
  package let ledger: MemoryLedger
  /// Features of the frame in work; taken back at its end.
  package let scratch: Arena
  /// The motion of the last frame, which outlives the features of its pair.
  private let results: Arena
  private let resultsStart: Arena.Mark
  package let cancellation: Cancellation
  package var statistics = Statistics()
  /// How much sparse work a model shall do for the next frame.
  package var budget = ComputeBudget.auto

  package init(
    kernels: KernelTable = KernelTable(), runner: any JobRunner,
    ledger: MemoryLedger = MemoryLedger(),
    cancellation: Cancellation = .never()
  ) {
    self.kernels = kernels
    self.runner = runner
    self.ledger = ledger
    self.cancellation = cancellation
    scratch = Arena(ledger: ledger)
    results = Arena(ledger: ledger)
    resultsStart = results.mark
  }

  /// Uninitialised memory for the motion at an instant; takes the place of the last one.
  package func result(height: Int, width: Int, channels: Int) throws(VFIError) -> FeatureMap {
    results.release(to: resultsStart)
    return try results.map(height: height, width: width, channels: channels)
  }

  /// Frees the memory of the last motion; for a change of the frame size.
  package func clearResult() { results.clear() }

  /// Number of workers that ``forEach(_:_:)`` may run at once; scratch per worker has this count.
  package var workers: Int { runner.maximumJobs }

  /// Calls `body(item, worker)` for every item, spread over the workers.
  ///
  /// Items are claimed in order; `worker` (below ``workers``) is never used by two calls at once.
  /// An item's result must not depend on its worker, so that any number of threads gives the same
  /// bytes. Throws `.cancelled` when asked to, after at most one more item a worker.
  package func forEach(_ count: Int, _ body: (_ item: Int, _ worker: Int) -> Void) throws(VFIError)
  {
    let next = Atomic<Int>(0)
    let cancelled = Atomic<Bool>(false)
    runner.run(count: min(count, workers)) { worker in
      while true {
        let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
        if item >= count { return }
        if cancelled.load(ordering: .relaxed) { return }
        if cancellation.isCancelled {
          cancelled.store(true, ordering: .relaxed)
          return
        }
        body(item, worker)
      }
    }
    if cancelled.load(ordering: .relaxed) { throw .cancelled }
  }

  /// Lists what rows have, in their order and on all threads; returns how much it is.
  ///
  /// `count` tells how many things the row has, `list` then takes the place of the row's first one.
  package func list(
    rows: Int, count: (_ row: Int) -> Int, list: (_ row: Int, _ first: Int) -> Void
  ) throws(VFIError) -> Int {
    let mark = scratch.mark
    defer { scratch.release(to: mark) }
    let firsts = unsafe try scratch.buffer(of: Int.self, count: rows)
    try forEachRows(rows) { first, end in
      for row in first..<end { unsafe firsts[row] = count(row) }
    }
    var total = 0
    for row in 0..<rows {
      let found = unsafe firsts[row]
      unsafe firsts[row] = total
      total += found
    }
    try forEachRows(rows) { first, end in
      for row in first..<end { unsafe list(row, firsts[row]) }
    }
    return total
  }

  /// Runs `body` and adds its wall time to `stage`.
  package func timed<R>(
    _ stage: Statistics.Stage, _ body: () throws(VFIError) -> R
  ) throws(VFIError) -> R {
    let start = Statistics.now()
    defer { statistics[stage] &+= Statistics.now() &- start }
    return try body()
  }
}
