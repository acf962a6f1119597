// SPDX-License-Identifier: MIT
import CVFI
import VFIEngine

@c @implementation
public func vfi_api_version() -> UInt32 { UInt32(VFI_API_VERSION) }
