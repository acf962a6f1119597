// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

@c @implementation
public func vfi_api_version() -> UInt32 { UInt32(VFI_API_VERSION) }

@c @implementation
public func vfi_version_string() -> UnsafePointer<CChar>? {
  unsafe ("0.1.0" as StaticString).cString
}

@c @implementation
public func vfi_cpu_flags() -> UInt32 { CPU.flags }

@c @implementation
public func vfi_set_cpu_mask(_ mask: UInt32) { CPU.setMask(mask) }
