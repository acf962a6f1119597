// SPDX-License-Identifier: MIT
import Glibc
import TestSupport

// write-test-model FILE [ARCHITECTURE]: IFRNet-S (or a variant of UGSP) with hashed weights, which
// the C tests open.

let arguments = CommandLine.arguments
guard (2...3).contains(arguments.count), let file = fopen(arguments[1], "w") else {
  print("usage: write-test-model FILE [ARCHITECTURE]")
  exit(1)
}
let writer =
  arguments.count == 3 ? UGSPWeights.writer(arguments[2]) : IFRNetWeights.variants[0].writer
let bytes = writer.bytes
guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
  perror(arguments[1])
  exit(1)
}
