@_exported import QuartzCore
@MainActor open class UIView: NSObject {
    open class var layerClass: AnyClass { CALayer.self }
    public var layer: CALayer { fatalError() }
    public override init() {}
}
@MainActor public final class UIApplication {
    public static let shared = UIApplication()
    public var isIdleTimerDisabled = false
    public nonisolated static let openSettingsURLString = ""
}

extension ProcessInfo {
    public enum ThermalState: Int, Sendable { case nominal, fair, serious, critical }
    public var thermalState: ThermalState { .nominal }
}
