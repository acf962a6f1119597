// SPDX-License-Identifier: MIT
import Testing
import VFIEngine

@Suite struct ModelMachineTests {
  @Test func machineHasALevel() { #expect(CPU.machineLevels.first == .portable) }
}
