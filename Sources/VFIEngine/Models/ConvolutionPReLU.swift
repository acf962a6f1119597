// SPDX-License-Identifier: MIT

/// A convolution and one PReLU slope a channel, the unit that all our networks are built of.
///
/// Reads the convolution `name.weights` and the slopes `name.slopes.weight`; "0" and "1" are what
/// PyTorch calls the parts of a sequence. `isSparse`: for sparse calls.
func convolutionPReLU(
  _ file: WeightFile, _ name: String, weights: String = "0", slopes: String = "1", inputs: Int,
  rest: Int = 0, outputs: Int, kernel: Int = 3, stride: Int = 1, isSparse: Bool = false,
  precision: Precision, kernels: KernelTable
) throws(VFIError) -> Convolution {
  try Convolution(
    file, "\(name).\(weights)", inputs: inputs, rest: rest, outputs: outputs, kernel: kernel,
    stride: stride,
    activation: .prelu(try file.floats("\(name).\(slopes).weight", shape: [outputs])),
    method: kernel != 3 || stride != 1 ? .direct : isSparse ? .winograd2x2 : .winograd,
    precision: precision, kernels: kernels)
}
