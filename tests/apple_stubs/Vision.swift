@_exported import CoreML
public final class VNCoreMLModel { public init(for: MLModel) throws {} }
public class VNObservation {}
public final class VNClassificationObservation: VNObservation {
    public var identifier: String { "" }
    public var confidence: Float { 0 }
}
public final class VNCoreMLFeatureValueObservation: VNObservation {
    public var featureName: String { "" }
    public var featureValue: MLFeatureValue { fatalError() }
}
public final class VNRecognizedObjectObservation: VNObservation {
    public var labels: [VNClassificationObservation] { [] }
    public var boundingBox: CGRect { .zero }
}
public enum VNImageCropAndScaleOption { case centerCrop, scaleFit, scaleFill }
public class VNRequest {}
public final class VNCoreMLRequest: VNRequest {
    public init(model: VNCoreMLModel) {}
    public var imageCropAndScaleOption: VNImageCropAndScaleOption = .scaleFill
    public var results: [VNObservation]? { nil }
}
public enum CGImagePropertyOrientation { case up }
public struct VNImageOption: Hashable {}
public final class VNImageRequestHandler {
    public init(
        cvPixelBuffer: CVPixelBuffer, orientation: CGImagePropertyOrientation, options: [VNImageOption: Any] = [:]
    ) {}
    public func perform(_ r: [VNRequest]) throws {}
}
