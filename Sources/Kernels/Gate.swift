// SPDX-License-Identifier: MIT
// Sigmoids that steer other values: gated convolutions, LSTM, blending.
import CIntrinsics

/// `sigmoid(gate) * leaky ReLU(phi)` of the rows `first ..< end`, where the input is phi, then gate.
package func gate(_ argument: UnsafePointer<vfi_gate>, _ first: Int, _ end: Int) {
  let (input, output) = (argument.pointee.input, argument.pointee.output)
  let slope = Vector(repeating: argument.pointee.slope)
  let channels = output.channels
  var source = UnsafePointer(input.floats) + first &* input.width &* input.stride
  var target = output.floats + first &* output.width &* output.stride
  for _ in 0..<(end &- first) &* output.width {
    var c = 0
    while c < channels {
      let count = channels &- c
      let phi = load(source + c, upTo: count)
      let share = sigmoid(load(source + channels + c, upTo: count))
      store(share * prelu(phi, slope), target + c, upTo: count)
      c &+= lanes
    }
    source += input.stride
    target += output.stride
  }
}

/// One step of an LSTM at the pixels of the rows `first ..< end`.
///
/// `cell = remember * cell + input * tanh(new)`, `hidden = output * tanh(cell)`. The hyperbolic
/// tangent is `2 sigmoid(2 x) - 1`, within 2e-6.
package func lstm(_ argument: UnsafePointer<vfi_lstm>, _ first: Int, _ end: Int) {
  let (gates, cell) = (argument.pointee.gates, argument.pointee.cell)
  let hidden = argument.pointee.hidden
  let channels = cell.channels
  for pixel in first &* cell.width..<end &* cell.width {
    let values = UnsafePointer(gates.floats) + pixel &* gates.stride
    let state = cell.floats + pixel &* cell.stride
    let target = hidden.floats + pixel &* hidden.stride
    var c = 0
    while c < channels {
      let count = channels &- c
      let enter = sigmoid(load(values + c, upTo: count))
      let remember = sigmoid(load(values + channels + c, upTo: count))
      let leave = sigmoid(load(values + 2 &* channels + c, upTo: count))
      let new = hyperbolicTangent(load(values + 3 &* channels + c, upTo: count))
      let next = multiplyAdd(remember, load(state + c, upTo: count), enter * new)
      store(next, state + c, upTo: count)
      store(leave * hyperbolicTangent(next), target + c, upTo: count)
      c &+= lanes
    }
  }
}

@inline(__always)
private func hyperbolicTangent(_ x: Vector) -> Vector { 2 * sigmoid(x + x) - 1 }

/// `a + sigmoid(logit) * (b - a)` of the rows `first ..< end`; the logit may have a smaller size.
package func mix(_ argument: UnsafePointer<vfi_mix>, _ first: Int, _ end: Int) {
  let (a, b) = (argument.pointee.a, argument.pointee.b)
  let (logit, output) = (argument.pointee.logit, argument.pointee.output)
  let shift = argument.pointee.shift
  for y in first..<end {
    let logits = UnsafePointer(logit.floats) + (y &>> shift) &* logit.width &* logit.stride
    for x in 0..<output.width {
      let share = sigmoid(Vector(repeating: logits[(x &>> shift) &* logit.stride]))
      let pixel = y &* output.width &+ x
      let (p, q) = (a.floats + pixel &* a.stride, b.floats + pixel &* b.stride)
      let target = output.floats + pixel &* output.stride
      var c = 0
      while c < output.channels {
        let count = output.channels &- c
        let from = load(p + c, upTo: count)
        let change = load(q + c, upTo: count) - from
        store(multiplyAdd(share, change, from), target + c, upTo: count)
        c &+= lanes
      }
    }
  }
}

/// `|a - b|` of the rows `first ..< end`.
package func absoluteDifference(
  _ argument: UnsafePointer<vfi_difference>, _ first: Int, _ end: Int
) {
  let (a, b, output) = (argument.pointee.a, argument.pointee.b, argument.pointee.output)
  for pixel in first &* output.width..<end &* output.width {
    let (p, q) = (a.floats + pixel &* a.stride, b.floats + pixel &* b.stride)
    let target = output.floats + pixel &* output.stride
    var c = 0
    while c < output.channels {
      let count = output.channels &- c
      let change = load(p + c, upTo: count) - load(q + c, upTo: count)
      store(vfi_if_positive(change, change, -change), target + c, upTo: count)
      c &+= lanes
    }
  }
}
