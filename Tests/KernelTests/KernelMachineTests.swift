// SPDX-License-Identifier: MIT
import Testing
import VFIEngine

@Suite struct KernelMachineTests {
  @Test func machineHasALevel() { #expect(CPU.machineLevels.first == .portable) }
}
