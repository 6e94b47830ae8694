/// Something that a detector has found.
public struct Detection: Hashable, Sendable {
    public var box: Box
    public var score: Double
    /// Its place in the list of labels.
    public var label: Int

    public init(box: Box, score: Double, label: Int) {
        self.box = box
        self.score = score
        self.label = label
    }
}

/// Which boxes of a detector's raw output are kept.
public struct Suppression: Codable, Hashable, Sendable {
    /// The least score, 0...1.
    public var confidence: Double
    /// Of two boxes of one label that overlap more than this, the weaker goes; 0...1.
    public var overlap: Double
    /// How many are kept at most.
    public var most: Int
    /// Whether a box may count for every label whose score is high enough, or for its best one only.
    public var everyLabel: Bool

    /// Of more boxes than these only the best are compared with each other.
    public static let mostCandidates = 1000

    public init(confidence: Double = 0.25, overlap: Double = 0.45, most: Int = 100, everyLabel: Bool = false) {
        self.confidence = confidence
        self.overlap = overlap
        self.most = most
        self.everyLabel = everyLabel
    }

    /// The boxes of a raw output that are worth keeping, before any is suppressed.
    ///
    /// - Parameters:
    ///   - coordinates: n × 4: centre x, centre y, width, height, 0...1 of the input.
    ///   - scores: n × labels, 0...1.
    ///   - labels: how many there are.
    ///   - input: the input's size, px; the boxes are in px of it.
    public func candidates(coordinates: [Float], scores: [Float], labels: Int, input: Extent) -> [Detection] {
        guard labels > 0 else { return [] }
        let least = Float(confidence)
        var found: [Detection] = []
        for row in 0..<min(coordinates.count / 4, scores.count / labels) {
            let of = scores[row * labels..<(row + 1) * labels]
            let chosen: [Int]
            if everyLabel {
                chosen = of.indices.filter { of[$0] >= least }
            } else {
                var best = of.startIndex
                for i in of.indices where of[i] > of[best] { best = i }
                chosen = of[best] >= least ? [best] : []
            }
            guard !chosen.isEmpty else { continue }
            let box = Self.box(coordinates[row * 4..<row * 4 + 4], Float(input.width), Float(input.height))
            guard box.isFinite else { continue }
            found += chosen.map { Detection(box: box, score: Double(of[$0]), label: $0 - of.startIndex) }
        }
        return found
    }

    /// In single precision, as in the lab: what has no end there is left out here, too.
    private static func box(_ of: ArraySlice<Float>, _ width: Float, _ height: Float) -> Box {
        let (x, y) = (of[of.startIndex], of[of.startIndex + 1])
        let (halfWidth, halfHeight) = (of[of.startIndex + 2] / 2, of[of.startIndex + 3] / 2)
        return Box(
            left: Double((x - halfWidth) * width), top: Double((y - halfHeight) * height),
            right: Double((x + halfWidth) * width), bottom: Double((y + halfHeight) * height)
        )
    }

    /// What is left, best first; of equal scores the earlier one first. What is no number goes.
    public func applied(to candidates: [Detection]) -> [Detection] {
        let order = candidates.enumerated()
            .filter { $0.element.box.isFinite && $0.element.score.isFinite }
            .sorted { ($1.element.score, $0.offset) < ($0.element.score, $1.offset) }
            .prefix(Self.mostCandidates)
        var kept: [Detection] = []
        for (_, candidate) in order {
            if kept.count >= most { break }
            let hidden = kept.contains { $0.label == candidate.label && $0.box.overlap(with: candidate.box) > overlap }
            if !hidden { kept.append(candidate) }
        }
        return kept
    }
}
