// SPDX-License-Identifier: MIT
import Glibc
import TestSupport

// write-test-model FILE [ARCHITECTURE]: IFRNet-S (or a variant of UGSP or of VINet) with hashed
// weights, which the C tests open.

let arguments = CommandLine.arguments
guard (2...3).contains(arguments.count), let file = fopen(arguments[1], "w") else {
  print("usage: write-test-model FILE [ARCHITECTURE]")
  exit(1)
}
let writer =
  switch arguments.dropFirst(2).first {
  case nil: IFRNetWeights.variants[0].writer
  case let name? where name.hasPrefix("vinet"): VINetWeights.writer(name)
  case let name?: UGSPWeights.writer(name)
  }
let bytes = writer.bytes
guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
  perror(arguments[1])
  exit(1)
}
