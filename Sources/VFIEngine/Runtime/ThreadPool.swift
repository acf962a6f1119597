// SPDX-License-Identifier: MIT
import CIntrinsics
import Glibc
import Synchronization

/// Runs a job on several threads: the library's own pool, or the host's executor.
package protocol JobRunner: AnyObject, Sendable {
  /// Largest useful number of jobs, the caller's own thread included.
  var maximumJobs: Int { get }
  /// Calls `job` once for each index below `count`, in any order, on any threads; then returns.
  func run(count: Int, job: (Int) -> Void)
}

/// The library's own threads, for one caller at a time; with one thread there are none.
package final class ThreadPool: JobRunner, Sendable {
  package let maximumJobs: Int
  private let crew: ThreadCrew

  /// Starts `threads - 1` threads beside the caller's.
  package init(threads count: Int) throws(VFIError) {
    maximumJobs = max(1, count)
    // Threads that share a CPU would only keep each other from work.
    crew = ThreadCrew(patience: maximumJobs <= CPU.count ? ThreadCrew.patience : 0)
    // Should a thread not start, `deinit` ends those that did.
    for index in 1..<maximumJobs { try crew.start(index) }
  }

  deinit { crew.stop() }

  package func run(count: Int, job: (Int) -> Void) { crew.run(count: count, job: job) }
}

/// What the threads of a pool share.
///
/// Each thread holds the crew, so the crew cannot end them: the pool, which no thread holds, does.
@safe private final class ThreadCrew: @unchecked Sendable {
  // Sendable: all shared state is guarded by `lock`, or atomic.

  /// Looks at a value that is about to change before a thread sleeps until it has: some 50 us.
  ///
  /// A frame is dozens of jobs with little between them, and to be woken takes as long as the smaller
  /// ones.
  static let patience = 1000

  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let finished: UnsafeMutablePointer<pthread_cond_t>
  private var threads: [pthread_t] = []
  private var job: ((Int) -> Void)?
  private let patience: Int
  /// Number of the job; changes under the lock only, like the next one.
  private let generation = Atomic<Int>(0)
  /// Threads beside the caller's that have not finished the job.
  private let running = Atomic<Int>(0)
  private var count = 0
  private var stopping = false

  init(patience: Int) {
    self.patience = patience
    unsafe lock = .allocate(capacity: 1)
    unsafe wake = .allocate(capacity: 1)
    unsafe finished = .allocate(capacity: 1)
    unsafe Self.initialize(lock)
    unsafe pthread_cond_init(wake, nil)
    unsafe pthread_cond_init(finished, nil)
  }

  // It is held for a moment only, and often wanted at that moment: by a thread that has just seen a
  // value change. So threads look out for it, too, before they sleep.
  private static func initialize(_ lock: UnsafeMutablePointer<pthread_mutex_t>) {
    var attributes = pthread_mutexattr_t()
    unsafe pthread_mutexattr_init(&attributes)
    unsafe pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ADAPTIVE_NP))
    unsafe pthread_mutex_init(lock, &attributes)
    unsafe pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    unsafe pthread_cond_destroy(finished)
    unsafe pthread_cond_destroy(wake)
    unsafe pthread_mutex_destroy(lock)
    unsafe finished.deallocate()
    unsafe wake.deallocate()
    unsafe lock.deallocate()
  }

  /// Ends and joins all threads.
  func stop() {
    unsafe pthread_mutex_lock(lock)
    stopping = true
    unsafe pthread_cond_broadcast(wake)
    unsafe pthread_mutex_unlock(lock)
    for thread in threads { pthread_join(thread, nil) }
    threads.removeAll()
  }

  /// What a new thread is given.
  private final class Start {
    let crew: ThreadCrew
    let index: Int
    init(crew: ThreadCrew, index: Int) {
      self.crew = crew
      self.index = index
    }
  }

  func start(_ index: Int) throws(VFIError) {
    var thread = pthread_t()
    let start = unsafe Unmanaged.passRetained(Start(crew: self, index: index))
    let status = unsafe pthread_create(
      &thread, nil,
      { argument in
        guard let argument = unsafe argument else { return nil }
        let start = unsafe Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        start.crew.work(start.index)
        return nil
      }, unsafe start.toOpaque())
    guard status == 0 else {
      unsafe start.release()
      throw .outOfMemory("cannot start thread \(index): error \(status)")
    }
    threads.append(thread)
  }

  func run(count: Int, job: (Int) -> Void) {
    guard count > 0 else { return }
    if threads.isEmpty || count == 1 {
      for index in 0..<count { job(index) }
      return
    }
    let workers = threads.count + 1
    withoutActuallyEscaping(job) { job in
      unsafe pthread_mutex_lock(lock)
      self.job = job
      self.count = min(count, workers)
      running.store(self.count - 1, ordering: .relaxed)
      generation.wrappingAdd(1, ordering: .releasing)
      unsafe pthread_cond_broadcast(wake)
      unsafe pthread_mutex_unlock(lock)
      job(0)
      // More jobs than threads: the caller takes the rest.
      for index in stride(from: workers, to: count, by: 1) { job(index) }
      watch { running.load(ordering: .acquiring) == 0 }
      if running.load(ordering: .acquiring) > 0 { sleepUntilFinished() }
      self.job = nil
    }
  }

  private func sleepUntilFinished() {
    unsafe pthread_mutex_lock(lock)
    while running.load(ordering: .relaxed) > 0 { unsafe pthread_cond_wait(finished, lock) }
    unsafe pthread_mutex_unlock(lock)
  }

  private func work(_ index: Int) {
    var seen = 0
    unsafe pthread_mutex_lock(lock)
    while true {
      while generation.load(ordering: .relaxed) == seen && !stopping {
        unsafe pthread_cond_wait(wake, lock)
      }
      if stopping { break }
      seen = generation.load(ordering: .relaxed)
      guard index < count else { continue }
      unsafe pthread_mutex_unlock(lock)
      perform(index)
      unsafe pthread_mutex_lock(lock)
      if running.wrappingSubtract(1, ordering: .releasing).newValue == 0 {
        unsafe pthread_cond_signal(finished)
      }
      unsafe pthread_mutex_unlock(lock)
      watch { generation.load(ordering: .relaxed) != seen }
      unsafe pthread_mutex_lock(lock)
    }
    unsafe pthread_mutex_unlock(lock)
  }

  /// Does its part of the job, which stays until all threads have finished, and lets go of it.
  private func perform(_ index: Int) { job?(index) }

  /// Waits a moment for `condition`.
  private func watch(_ condition: () -> Bool) {
    for _ in 0..<patience {
      if condition() { return }
      vfi_pause()
    }
  }
}

/// The host's executor.
@safe package final class HostExecutor: JobRunner, @unchecked Sendable {
  // Sendable: constant; the host promises that `run` may be called from the thread of any call.
  package typealias Job = @convention(c) (UnsafeMutableRawPointer?, Int32) -> Void
  package typealias Run =
    @convention(c) (UnsafeMutableRawPointer?, Job?, UnsafeMutableRawPointer?, Int32) -> Void

  package let maximumJobs: Int
  private let hostRun: Run
  private let opaque: UnsafeMutableRawPointer?

  package init(run: @escaping Run, opaque: UnsafeMutableRawPointer?, maximumJobs: Int) {
    unsafe hostRun = unsafe run
    unsafe self.opaque = unsafe opaque
    self.maximumJobs = max(1, min(256, maximumJobs))
  }

  package func run(count: Int, job: (Int) -> Void) {
    guard count > 0 else { return }
    withoutActuallyEscaping(job) { job in
      var body = job
      unsafe withUnsafeMutablePointer(to: &body) { pointer in
        unsafe hostRun(
          opaque,
          { argument, index in
            guard let argument = unsafe argument else { return }
            unsafe argument.assumingMemoryBound(to: ((Int) -> Void).self).pointee(Int(index))
          }, UnsafeMutableRawPointer(pointer), Int32(clamping: count))
      }
    }
  }
}
