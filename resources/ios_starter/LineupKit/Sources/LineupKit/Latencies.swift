/// How long the last answers took.
public struct Latencies: Sendable {
    private var milliseconds: [Double] = []
    private var finished: [Double] = []
    private let capacity: Int

    /// Keeps this many.
    public init(capacity: Int = 200) {
        self.capacity = max(2, capacity)
    }

    public var count: Int { milliseconds.count }

    /// Note an answer.
    ///
    /// - Parameters:
    ///   - milliseconds: how long it took.
    ///   - at: when it was ready, in seconds of any clock that only goes forward.
    public mutating func note(milliseconds value: Double, at: Double) {
        if milliseconds.count == capacity {
            milliseconds.removeFirst()
            finished.removeFirst()
        }
        milliseconds.append(value)
        finished.append(at)
    }

    /// The value that this many of a hundred do not exceed; nil without any.
    public func percentile(_ percent: Double) -> Double? {
        LineupKit.percentile(percent, of: milliseconds)
    }

    /// Answers a second, between the first and the last that are known; 0 where there are not two.
    public var rate: Double {
        guard let first = finished.first, let last = finished.last, last > first else { return 0 }
        return Double(finished.count - 1) / (last - first)
    }
}

/// A percentile with straight lines between the values, as numpy has it; nil of nothing, NaN where one is NaN.
public func percentile(_ percent: Double, of values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    if values.contains(where: \.isNaN) { return .nan }
    let sorted = values.sorted()
    let place = Double(sorted.count - 1) * min(max(percent, 0), 100) / 100
    let below = Int(place.rounded(.down))
    let part = place - place.rounded(.down)
    let a = sorted[below]
    let b = sorted[min(below + 1, sorted.count - 1)]
    return part < 0.5 ? a + (b - a) * part : b - (b - a) * (1 - part)
}

/// Who is next, where several networks share the camera: each in its turn, as in the lab.
public struct Turns: Sendable {
    private var next = 0

    public init() {}

    /// The number of the one whose turn it is, of `count`; nil where there is nobody.
    public mutating func take(of count: Int) -> Int? {
        guard count > 0 else { return nil }
        let mine = next % count
        next = mine + 1
        return mine
    }
}
