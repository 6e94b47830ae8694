@_exported import CoreVideo
public enum MLComputeUnits { case cpuOnly, cpuAndGPU, all, cpuAndNeuralEngine }
public final class MLModelConfiguration {
    public init() {}
    public var computeUnits: MLComputeUnits = .all
}
public final class MLModel { public init(contentsOf: URL, configuration: MLModelConfiguration) throws {} }
public enum MLMultiArrayDataType { case float32, double, float16, int32 }
public final class MLMultiArray {
    public var shape: [NSNumber] { [] }
    public var strides: [NSNumber] { [] }
    public var count: Int { 0 }
    public var dataType: MLMultiArrayDataType { .float32 }
    public subscript(_ i: Int) -> NSNumber { 0 }
    public func withUnsafeBufferPointer<S, R>(ofType: S.Type, _ body: (UnsafeBufferPointer<S>) throws -> R) rethrows
        -> R
    { fatalError() }
}
public final class MLFeatureValue { public var multiArrayValue: MLMultiArray? { nil } }
