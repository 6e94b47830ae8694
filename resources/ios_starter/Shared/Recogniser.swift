import CoreML
import LineupKit
import Vision

/// What a network says of one picture.
struct Answer: Sendable {
    /// The best labels, best first; of a classifier.
    var guesses: [Guess] = []
    /// In px of the picture; of a detector.
    var detections: [Detection] = []
    /// The picture's size, px.
    var picture = Extent(width: 0, height: 0)
    /// From the camera's picture to the answer, crop and decoding included.
    var milliseconds = 0.0
}

/// A network, loaded. Make it and use it on one queue: loading and answering both block.
final class Recogniser {
    let network: Network
    private let mostGuesses: Int
    private let request: VNCoreMLRequest
    private let input: InputPicture
    private let places: [String: Int]

    /// Load the network; the first time on a phone, Core ML may need a minute to prepare it for the Neural Engine.
    ///
    /// - Parameters:
    ///   - guesses: how many labels a classifier gives.
    init(_ network: Network, units: ComputeUnits, guesses: Int = 5) throws {
        guard let url = Bundle.main.url(forResource: network.file, withExtension: "mlmodelc") else {
            throw Trouble("\(network.file) is not in the app. In Xcode, add it to the target again.")
        }
        let configuration = MLModelConfiguration()
        configuration.computeUnits = units.core
        let model = try MLModel(contentsOf: url, configuration: configuration)
        request = VNCoreMLRequest(model: try VNCoreMLModel(for: model))
        request.imageCropAndScaleOption = .scaleFill  // it has the input's size already
        input = try InputPicture(for: network)
        places = Dictionary(network.labels.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.network = network
        mostGuesses = guesses
    }

    /// Answer one upright picture (32BGRA).
    ///
    /// - Parameters:
    ///   - placement: which part of it the network sees; as its card says, unless given.
    func answer(_ picture: CVPixelBuffer, placement given: Placement? = nil) throws -> Answer {
        let clock = ContinuousClock()
        let start = clock.now
        let width = CVPixelBufferGetWidth(picture)
        let height = CVPixelBufferGetHeight(picture)
        let placement = given ?? network.placement(width: width, height: height)
        try input.fill(from: picture, placement: placement)
        try VNImageRequestHandler(cvPixelBuffer: input.buffer, orientation: .up).perform([request])
        var answer = Answer(picture: Extent(width: Double(width), height: Double(height)))
        let results = request.results ?? []
        switch network.task {
        case .classify: answer.guesses = guesses(results)
        case .detect: answer.detections = try detections(results, placement, answer.picture)
        }
        answer.milliseconds = (clock.now - start) / .milliseconds(1)
        return answer
    }

    private func guesses(_ results: [VNObservation]) -> [Guess] {
        var scores = [Double](repeating: 0, count: network.labels.count)
        for case let found as VNClassificationObservation in results {
            if let place = places[found.identifier] { scores[place] = Double(found.confidence) }
        }
        return top(mostGuesses, of: scores)
    }

    private func detections(
        _ results: [VNObservation], _ placement: Placement, _ picture: Extent
    ) throws -> [Detection] {
        if network.pipeline { return suppressed(results, placement, picture) }
        var arrays: [String: [Float]] = [:]
        for case let found as VNCoreMLFeatureValueObservation in results {
            arrays[found.featureName] = found.featureValue.multiArrayValue?.floats
        }
        guard let coordinates = arrays["coordinates"], let scores = arrays["confidence"] else {
            throw Trouble("\(network.title) gives no coordinates and confidence.")
        }
        return network.detections(coordinates: coordinates, scores: scores, placement: placement, picture: picture)
    }

    /// Core ML has suppressed overlapping boxes already.
    private func suppressed(_ results: [VNObservation], _ placement: Placement, _ picture: Extent) -> [Detection] {
        results.compactMap { result in
            guard let found = result as? VNRecognizedObjectObservation, let best = found.labels.first,
                let place = places[best.identifier]
            else { return nil }
            let part = found.boundingBox
            let relative = Box(lowerLeftX: part.minX, y: part.minY, width: part.width, height: part.height)
            let box = relative.mapped(x: { $0 * network.input.width }, y: { $0 * network.input.height })
            return Detection(
                box: placement.inPicture(box).clipped(to: picture), score: Double(best.confidence), label: place
            )
        }
    }
}

extension MLMultiArray {
    /// Its numbers row by row, whatever steps its memory has.
    var floats: [Float] {
        let sides = shape.map(\.intValue)
        let steps = strides.map(\.intValue)
        guard sides.count >= 2 else { return (0..<count).map { self[$0].floatValue } }
        guard dataType == .float32, sides.dropLast(2).allSatisfy({ $0 == 1 }) else {
            return (0..<count).map { self[$0].floatValue }
        }
        let rows = sides[sides.count - 2]
        let columns = sides[sides.count - 1]
        let down = steps[steps.count - 2]
        let across = steps[steps.count - 1]
        return withUnsafeBufferPointer(ofType: Float.self) { memory in
            var numbers: [Float] = []
            numbers.reserveCapacity(rows * columns)
            for row in 0..<rows {
                for column in 0..<columns {
                    numbers.append(memory[row * down + column * across])
                }
            }
            return numbers
        }
    }
}
