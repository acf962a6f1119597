// SPDX-License-Identifier: MIT
import Glibc
import TestSupport

// write-test-model FILE: IFRNet-S with hashed weights, which the C tests open.

guard CommandLine.arguments.count == 2, let file = fopen(CommandLine.arguments[1], "w") else {
  print("usage: write-test-model FILE")
  exit(1)
}
let bytes = IFRNetWeights.variants[0].writer.bytes
guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fclose(file) == 0 else {
  perror(CommandLine.arguments[1])
  exit(1)
}
