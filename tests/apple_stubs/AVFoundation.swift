@_exported import CoreVideo
@_exported import QuartzCore
@_exported import Dispatch
public final class CMSampleBuffer {}
public func CMSampleBufferGetImageBuffer(_ b: CMSampleBuffer) -> CVImageBuffer? { nil }
public final class AVMediaType: Sendable { public static let video = AVMediaType() }
open class AVCaptureInput: NSObject {}
open class AVCaptureOutput: NSObject { public func connection(with: AVMediaType) -> AVCaptureConnection? { nil } }
public final class AVCaptureConnection: NSObject {
    public func isVideoRotationAngleSupported(_ a: CGFloat) -> Bool { true }
    public var videoRotationAngle: CGFloat = 0
    public var isVideoMirroringSupported: Bool { true }
    public var automaticallyAdjustsVideoMirroring = true
    public var isVideoMirrored = false
}
public protocol AVCaptureVideoDataOutputSampleBufferDelegate: NSObjectProtocol {
    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection)
}
public final class AVCaptureVideoDataOutput: AVCaptureOutput {
    public var videoSettings: [String: Any]! = [:]
    public var alwaysDiscardsLateVideoFrames = true
    public func setSampleBufferDelegate(_ d: (any AVCaptureVideoDataOutputSampleBufferDelegate)?, queue: DispatchQueue?)
    {}
}
public enum AVAuthorizationStatus { case authorized, notDetermined, denied, restricted }
public final class AVCaptureDevice: NSObject {
    public enum Position: Sendable { case front, back, unspecified }
    public enum DeviceType: Sendable { case builtInWideAngleCamera }
    public class func `default`(_ t: DeviceType, for: AVMediaType?, position: Position) -> AVCaptureDevice? { nil }
    public class func authorizationStatus(for: AVMediaType) -> AVAuthorizationStatus { .authorized }
    public class func requestAccess(for: AVMediaType) async -> Bool { true }
    public var localizedName: String { "" }
    public final class RotationCoordinator: NSObject {
        public init(device: AVCaptureDevice, previewLayer: CALayer?) {}
        public var videoRotationAngleForHorizonLevelPreview: CGFloat { 0 }
    }
}
public final class AVCaptureDeviceInput: AVCaptureInput { public init(device: AVCaptureDevice) throws {} }
public final class AVCaptureSession: NSObject {
    public enum Preset: Sendable { case hd1280x720 }
    public var sessionPreset: Preset = .hd1280x720
    public var inputs: [AVCaptureInput] { [] }
    public var outputs: [AVCaptureOutput] { [] }
    public var isRunning: Bool { false }
    public func startRunning() {}
    public func stopRunning() {}
    public func beginConfiguration() {}
    public func commitConfiguration() {}
    public func canSetSessionPreset(_ p: Preset) -> Bool { true }
    public func canAddInput(_ i: AVCaptureInput) -> Bool { true }
    public func addInput(_ i: AVCaptureInput) {}
    public func removeInput(_ i: AVCaptureInput) {}
    public func canAddOutput(_ i: AVCaptureOutput) -> Bool { true }
    public func addOutput(_ i: AVCaptureOutput) {}
}
public enum AVLayerVideoGravity { case resizeAspectFill }
public final class AVCaptureVideoPreviewLayer: CALayer {
    public var session: AVCaptureSession?
    public var videoGravity: AVLayerVideoGravity = .resizeAspectFill
    public var connection: AVCaptureConnection? { nil }
}
public final class NSKeyValueObservation: NSObject {}
public struct NSKeyValueObservingOptions: OptionSet, Sendable {
    public let rawValue: UInt
    public init(rawValue: UInt) { self.rawValue = rawValue }
    public static let initial = NSKeyValueObservingOptions(rawValue: 1)
    public static let new = NSKeyValueObservingOptions(rawValue: 2)
}
public struct NSKeyValueObservedChange<V> {}
public protocol _KVO: NSObject {}
extension NSObject: _KVO {}
extension _KVO {
    public func observe<V>(
        _ k: KeyPath<Self, V>, options: NSKeyValueObservingOptions = [],
        changeHandler: @escaping @Sendable (Self, NSKeyValueObservedChange<V>) -> Void
    ) -> NSKeyValueObservation { fatalError() }
}
