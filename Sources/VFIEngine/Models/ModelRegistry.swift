// SPDX-License-Identifier: MIT

/// A network of either task.
package enum Network: Sendable {
  case interpolation(any InterpolationModel)
  case inpainting(any RecurrentInpainter)

  package var info: ModelInfo {
    switch self {
    case .interpolation(let model): model.info
    case .inpainting(let model): model.info
    }
  }
}

/// Builds the network that `file` names, whatever it is for; throws and costs as
/// ``openModel(_:precision:kernels:)`` does.
package func openNetwork(
  _ file: WeightFile, _ arithmetic: Arithmetic, level: CPULevel
) throws(VFIError) -> Network {
  let kernels = KernelTable(level: level, quantizes: arithmetic == .int8)
  if let architecture = file.metadata["architecture"], fillsHoles(architecture) {
    return .inpainting(try openInpainter(file, kernels: KernelTable(level: level)))
  }
  return .interpolation(
    try openModel(file, precision: arithmetic.features, kernels: kernels))
}

/// Builds the network that `file` names, with weights packed for `kernels`.
///
/// The name is the metadata's `architecture`. Throws `.model` for an unknown one, or when a tensor
/// is missing or has another shape. A network that has float32 only takes that for `precision`. Cost:
/// one copy of the weights.
package func openModel(
  _ file: WeightFile, precision: Precision = .float32, kernels: KernelTable = KernelTable()
) throws(VFIError) -> any InterpolationModel {
  guard let architecture = file.metadata["architecture"] else {
    throw .model("the file's metadata name no 'architecture'")
  }
  if let variant = IFRNet.Variant.named[architecture] {
    return try IFRNet(
      file, architecture: architecture, variant, precision: precision, kernels: kernels)
  }
  if UGSP.architectures.contains(architecture) {
    return try UGSP(
      file, architecture: architecture, precision: precision, kernels: kernels)
  }
  switch architecture {
  case DefaultModel.architecture:
    return try DefaultModel(file, precision: precision, kernels: kernels)
  default:
    throw fillsHoles(architecture)
      ? .model("'\(architecture)' fills holes, it does not interpolate")
      : .model("the architecture '\(architecture)' is unknown")
  }
}

/// Builds the inpainting network that `file` names, with weights packed for `kernels`.
///
/// Throws and costs as ``openModel(_:precision:kernels:)`` does.
package func openInpainter(
  _ file: WeightFile, kernels: KernelTable = KernelTable()
) throws(VFIError) -> any RecurrentInpainter {
  guard let architecture = file.metadata["architecture"] else {
    throw .model("the file's metadata name no 'architecture'")
  }
  if UnsupervisedInpainter.has(architecture) {
    return try UnsupervisedInpainter(file, architecture: architecture, kernels: kernels)
  }
  guard VINet.has(architecture) else {
    throw .model("the architecture '\(architecture)' is not one of an inpainting network")
  }
  return try VINet(file, architecture: architecture, kernels: kernels)
}

private func fillsHoles(_ architecture: String) -> Bool {
  VINet.has(architecture) || UnsupervisedInpainter.has(architecture)
}
