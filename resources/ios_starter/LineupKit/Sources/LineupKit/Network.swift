import Foundation

/// What the app knows of a network: its part of Networks.json, which the lab wrote.
public struct Network: Codable, Sendable, Identifiable, Hashable {
    public enum Task: String, Codable, Sendable {
        case classify, detect
    }

    /// The order of colours that the network wants.
    public enum Colours: String, Codable, Sendable {
        case rgb = "RGB"
        case bgr = "BGR"
        case grey = "GRAY"
    }

    /// Its card in the lab, and what its weights are kept in.
    public let id: String
    /// The name of the compiled package in the app, without its ending.
    public let file: String
    public let title: String
    public let licence: String
    public let source: String
    /// fp32, fp16, int8, palette6 or palette4.
    public let precision: String
    public let bytes: Int
    public let task: Task
    /// The input's size, px.
    public let width: Int
    public let height: Int
    public let colours: Colours
    public let fit: Fit
    public let share: Double
    /// Grey level 0...255 beside a letterboxed picture.
    public let pad: UInt8
    public let resampling: Resampling
    /// In the order of the network's outputs.
    public let labels: [String]
    public let suppression: Suppression
    /// Whether Core ML suppresses overlapping boxes itself.
    public let pipeline: Bool

    public var input: Extent { Extent(width: Double(width), height: Double(height)) }

    /// What a label is called; a number that has none is said.
    public func name(of label: Int) -> String {
        labels.indices.contains(label) ? labels[label] : "class \(label)"
    }

    /// Where a picture of this many pixels goes in the input.
    public func placement(width: Int, height: Int) -> Placement {
        Placement(
            width: width, height: height, inputWidth: self.width, inputHeight: self.height, fit: fit, share: share
        )
    }

    /// What a raw output says, in px of a picture that was placed so.
    public func detections(coordinates: [Float], scores: [Float], placement: Placement, picture: Extent) -> [Detection]
    {
        let raw = suppression.candidates(
            coordinates: coordinates, scores: scores, labels: labels.count, input: input
        )
        return suppression.applied(to: raw).map { found in
            var moved = found
            moved.box = placement.inPicture(found.box).clipped(to: picture)
            return moved
        }
    }

    /// The networks of Networks.json.
    public static func all(from data: Data) throws -> [Network] {
        try JSONDecoder().decode([Network].self, from: data)
    }
}
