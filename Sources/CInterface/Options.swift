// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

/// One field of `vfi_params` that can be set by name: the only list of them.
@safe struct Option: @unchecked Sendable {
  // Sendable: constant, and the strings are literals.

  @safe enum Kind {
    case flag((inout vfi_params, Int32) -> Void)
    case integer((inout vfi_params, UInt64) -> Void)
    case number((inout vfi_params, Double) -> Void)
    case text((inout vfi_params, UnsafePointer<CChar>) -> Void)
    /// The value of name i is i; the list is ended by NULL.
    case choice(names: NameList, (inout vfi_params, Int32) -> Void)
  }

  let name: StaticString
  let help: StaticString
  let minimum: Double
  let maximum: Double
  let defaultValue: StaticString
  let kind: Kind

  static let all: [Option] = unsafe [
    Option(
      name: "model", help: "Name of a built-in model, or path of a .safetensors file.",
      minimum: 0, maximum: 0, defaultValue: "default",
      kind: .text { unsafe $0.model_name = unsafe $1 }),
    Option(
      name: "threads", help: "Number of threads, the caller's included; 0 = one per CPU.",
      minimum: 0, maximum: 256, defaultValue: "0",
      kind: .integer { unsafe $0.threads = Int32(clamping: $1) }),
    Option(
      name: "scene_cut", help: "Whether scene cuts are detected.", minimum: 0, maximum: 1,
      defaultValue: "1", kind: .flag { unsafe $0.scene_cut = $1 }),
    Option(
      name: "scene_cut_action",
      help: "Across a cut, hold the nearer frame, or blend both.", minimum: 0, maximum: 1,
      defaultValue: "hold",
      kind: .choice(names: NameList("hold", "blend")) { unsafe $0.scene_cut_action = $1 }),
    Option(
      name: "scene_cut_threshold", help: "Scene score above which a pair is a cut.",
      minimum: 0, maximum: 100, defaultValue: "10",
      kind: .number { unsafe $0.scene_cut_threshold = $1 }),
    Option(
      name: "duplicates",
      help: "Between two equal frames, copy them, or interpolate as for any pair.",
      minimum: 0, maximum: 1, defaultValue: "copy",
      kind: .choice(names: NameList("copy", "interpolate")) { unsafe $0.duplicate_action = $1 }),
    Option(
      name: "max_gap",
      help: "Seconds between a stream's source frames beyond which the earlier one is held.",
      minimum: 0, maximum: 1e9, defaultValue: "0.5", kind: .number { unsafe $0.max_gap = $1 }),
    Option(
      name: "flow_scale",
      help: "Size at which motion is found: 1, 0.5 or 0.25; 0 = chosen by the frame's size.",
      minimum: 0, maximum: 1, defaultValue: "0", kind: .number { unsafe $0.flow_scale = $1 }),
    Option(
      name: "motion",
      help: "Between two frames, move at one pace, or as the frames around them tell.",
      minimum: 0, maximum: 1, defaultValue: "linear",
      kind: .choice(names: NameList("linear", "quadratic")) { unsafe $0.motion = $1 }),
    Option(
      name: "precision",
      help: "Arithmetic of the networks; auto = what the processor has instructions for.",
      minimum: 0, maximum: 3, defaultValue: "auto",
      kind: .choice(names: NameList("auto", "float32", "bfloat16", "int8")) {
        unsafe $0.precision = $1
      }),
    Option(
      name: "quality",
      help: "Sets sparsity and heavy_share: refine none of the pixels, those worth it, or all.",
      minimum: 0, maximum: 2, defaultValue: "balanced",
      kind: .choice(names: NameList("fast", "balanced", "best")) { unsafe $0.setQuality($1) }),
    Option(
      name: "sparsity",
      help: "Refine the pixels that are worth it, all (off), or at most heavy_share (cap).",
      minimum: 0, maximum: 2, defaultValue: "auto",
      kind: .choice(names: NameList("auto", "off", "cap")) { unsafe $0.sparsity = $1 }),
    Option(
      name: "heavy_share", help: "Largest share of pixels that are refined with sparsity=cap.",
      minimum: 0, maximum: 1, defaultValue: "0.25", kind: .number { unsafe $0.heavy_share = $1 }),
    Option(
      name: "deadline_ms",
      help: "Milliseconds a new frame shall take: fewer pixels are refined if need be; 0 = any.",
      minimum: 0, maximum: 1e6, defaultValue: "0", kind: .number { unsafe $0.deadline_ms = $1 }),
    Option(
      name: "memory_limit", help: "Bytes that a context may hold; 0 = no limit.",
      minimum: 0, maximum: 0x1p53, defaultValue: "0",
      kind: .integer { unsafe $0.memory_limit = $1 }),
    Option(
      name: "log_level", help: "Least severe messages that are logged.", minimum: 0, maximum: 4,
      defaultValue: "warning",
      kind: .choice(names: NameList("none", "error", "warning", "info", "debug")) {
        unsafe $0.log_level = $1
      }),
  ]

  /// Sets the field to what `text` says.
  func set(_ params: inout vfi_params, to text: UnsafePointer<CChar>) throws(VFIError) {
    let value = unsafe String(cString: text)
    let wrong = VFIError.argument("option '\(name)': '\(value)' is not \(expected)")
    switch kind {
    case .flag(let store):
      guard value == "0" || value == "1" else { throw wrong }
      unsafe store(&params, value == "1" ? 1 : 0)
    case .integer(let store):
      guard let number = UInt64(value), number <= UInt64(maximum) else { throw wrong }
      unsafe store(&params, number)
    case .number(let store):
      // Words such as "inf" and "nan" are numbers to Swift, but not to users.
      guard value.utf8.first.map({ $0 < 58 }) == true, let number = Double(value),
        number >= minimum, number <= maximum
      else { throw wrong }
      unsafe store(&params, number)
    case .text(let store): unsafe store(&params, text)
    case .choice(let names, let store):
      guard let index = names.texts.firstIndex(of: value) else { throw wrong }
      unsafe store(&params, Int32(clamping: index))
    }
  }

  private var expected: String {
    switch kind {
    case .flag: "0 or 1"
    case .integer: "a whole number from 0 to \(UInt64(maximum))"
    case .number: "a number from \(minimum) to \(maximum)"
    case .text: "a text"
    case .choice(let names, _): "one of \(names.texts.joined(separator: ", "))"
    }
  }

  /// Fills in a caller's structure.
  func describe(_ result: inout vfi_option) {
    unsafe result.name = unsafe name.cString
    unsafe result.help = unsafe help.cString
    unsafe result.minimum = minimum
    unsafe result.maximum = maximum
    unsafe result.default_value = unsafe defaultValue.cString
    unsafe result.names = nil
    let type: Int
    switch kind {
    case .flag: type = VFI_OPTION_BOOL
    case .integer: type = VFI_OPTION_INT
    case .number: type = VFI_OPTION_DOUBLE
    case .text: type = VFI_OPTION_STRING
    case .choice(let names, _):
      type = VFI_OPTION_ENUM
      unsafe result.names = unsafe names.pointer
    }
    unsafe result.type = Int32(clamping: type)
  }
}

/// Names in the form of C: an array of strings, ended by NULL, that is never freed.
@safe struct NameList: @unchecked Sendable {
  // Sendable: constant.
  let texts: [String]
  let pointer: UnsafePointer<UnsafePointer<CChar>?>

  init(_ names: StaticString...) {
    texts = names.map(\.description)
    let list = UnsafeMutablePointer<UnsafePointer<CChar>?>.allocate(capacity: names.count + 1)
    for (index, name) in names.enumerated() {
      unsafe (list + index).initialize(to: name.cString)
    }
    unsafe (list + names.count).initialize(to: nil)
    unsafe pointer = unsafe UnsafePointer(list)
  }
}

extension vfi_params {
  /// The fields for quality `choice`: 0 = fast, 1 = balanced, which is the default, 2 = best.
  fileprivate mutating func setQuality(_ choice: Int32) {
    let sparsities = [VFI_SPARSITY_CAP, VFI_SPARSITY_AUTO, VFI_SPARSITY_OFF]
    unsafe sparsity = Int32(clamping: sparsities[Int(choice)])
    unsafe heavy_share = unsafe choice == 0 ? 0 : Parameters.defaults.heavy_share
  }
}

@c @implementation
public func vfi_params_set(
  _ params: UnsafeMutablePointer<vfi_params>?, _ name: UnsafePointer<CChar>?,
  _ value: UnsafePointer<CChar>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    var changed = unsafe try load(UnsafePointer(params))
    guard let name = unsafe name else { throw .argument("the option's name is NULL") }
    let text = unsafe String(cString: name)
    guard let value = unsafe value else { throw .argument("option '\(text)': the value is NULL") }
    guard let option = Option.all.first(where: { $0.name.description == text }) else {
      throw .argument("there is no option '\(text)'")
    }
    unsafe try option.set(&changed, to: value)
    unsafe try Parameters.checkFlowScale(changed.flow_scale)
    unsafe params?.pointee = unsafe changed
  }
}

@c @implementation
public func vfi_option_count() -> Int32 { Int32(clamping: Option.all.count) }

@c @implementation
public func vfi_option_get(
  _ index: Int32, _ option: UnsafeMutablePointer<vfi_option>?
) -> vfi_status {
  withoutContext { () throws(VFIError) in
    var result = unsafe try load(UnsafePointer(option))
    guard Option.all.indices.contains(Int(index)) else {
      throw .argument("there is no option \(index)")
    }
    unsafe Option.all[Int(index)].describe(&result)
    unsafe option?.pointee = unsafe result
  }
}
