// SPDX-License-Identifier: MIT
import Testing
import VFIEngine

@Suite struct LayerMachineTests {
  @Test func machineHasALevel() { #expect(CPU.machineLevels.first == .portable) }
}
