@_exported import CoreGraphics
public typealias OSType = UInt32
public final class CVBuffer {}
public typealias CVPixelBuffer = CVBuffer
public typealias CVImageBuffer = CVBuffer
public typealias CVReturn = Int32
public typealias CFAllocator = AnyObject
public let kCFAllocatorDefault: Int? = nil
public let kCVReturnSuccess: CVReturn = 0
public let kCVPixelFormatType_OneComponent8: OSType = 1
public let kCVPixelFormatType_32BGRA: OSType = 2
public let kCVPixelBufferIOSurfacePropertiesKey: String = ""
public let kCVPixelBufferPixelFormatTypeKey: String = ""
public struct CVPixelBufferLockFlags: OptionSet, Sendable {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }
    public static let readOnly = CVPixelBufferLockFlags(rawValue: 1)
}
@discardableResult public func CVPixelBufferLockBaseAddress(_ b: CVPixelBuffer, _ f: CVPixelBufferLockFlags) -> CVReturn
{ 0 }
@discardableResult public func CVPixelBufferUnlockBaseAddress(_ b: CVPixelBuffer, _ f: CVPixelBufferLockFlags)
    -> CVReturn
{ 0 }
public func CVPixelBufferGetBaseAddress(_ b: CVPixelBuffer) -> UnsafeMutableRawPointer? { nil }
public func CVPixelBufferGetWidth(_ b: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetHeight(_ b: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetBytesPerRow(_ b: CVPixelBuffer) -> Int { 0 }
public func CVPixelBufferGetPixelFormatType(_ b: CVPixelBuffer) -> OSType { 0 }
public func CVPixelBufferCreate(
    _ a: Int?, _ w: Int, _ h: Int, _ f: OSType, _ d: CFDictionary?, _ out: UnsafeMutablePointer<CVPixelBuffer?>
) -> CVReturn { 0 }
