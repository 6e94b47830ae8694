@_exported import Foundation
public final class CGColorSpace { public var model: CGColorSpaceModel { .rgb } }
public enum CGColorSpaceModel { case monochrome, rgb }
public func CGColorSpaceCreateDeviceGray() -> CGColorSpace { fatalError() }
public enum CGImageAlphaInfo: UInt32 { case none, noneSkipFirst }
public struct CGBitmapInfo: OptionSet, Sendable {
    public let rawValue: UInt32
    public init(rawValue: UInt32) { self.rawValue = rawValue }
    public static let byteOrder32Little = CGBitmapInfo(rawValue: 1)
}
public enum CGLineCap { case round }
public enum CGLineJoin { case round }
public class CGPath {}
public final class CGMutablePath: CGPath {
    public override init() {}
    public func addLines(between points: [CGPoint]) {}
}
public final class CGImage {
    public var width: Int { 0 }
    public var height: Int { 0 }
    public var colorSpace: CGColorSpace? { nil }
}
public final class CGContext {
    public init?(
        data: UnsafeMutableRawPointer?, width: Int, height: Int, bitsPerComponent: Int, bytesPerRow: Int,
        space: CGColorSpace, bitmapInfo: UInt32
    ) { nil }
    public func translateBy(x: CGFloat, y: CGFloat) {}
    public func scaleBy(x: CGFloat, y: CGFloat) {}
    public func setStrokeColor(gray: CGFloat, alpha: CGFloat) {}
    public func setLineWidth(_ w: CGFloat) {}
    public func setLineCap(_ c: CGLineCap) {}
    public func setLineJoin(_ c: CGLineJoin) {}
    public func addPath(_ p: CGPath) {}
    public func strokePath() {}
    public func draw(_ image: CGImage, in: CGRect) {}
}
public typealias CFString = NSString
public typealias CFDictionary = NSDictionary
public typealias CFURL = NSURL
