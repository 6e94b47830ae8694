#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#endif

/// A label and how sure the network is of it.
public struct Guess: Hashable, Sendable {
    /// Its place in the list of labels.
    public let label: Int
    public let score: Double

    public init(label: Int, score: Double) {
        self.label = label
        self.score = score
    }
}

/// Values of any size as shares of one. What is no number counts nothing.
public func softmax(_ values: [Double]) -> [Double] {
    guard let largest = values.filter({ !$0.isNaN }).max() else { return values.map { _ in 0 } }
    if largest.isInfinite {  // some are without end, or all without weight
        let first = values.map { $0 == largest ? 1.0 : 0 }
        let sum = first.reduce(0, +)
        return first.map { $0 / sum }
    }
    let powers = values.map { $0.isNaN ? 0 : exp($0 - largest) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
}

/// The best of a list, best first; of equal scores the last in the list, as in the lab. What is no number is left out.
public func top(_ count: Int, of scores: [Double]) -> [Guess] {
    scores.enumerated()
        .filter { !$0.element.isNaN }
        .sorted { ($0.element, $0.offset) > ($1.element, $1.offset) }
        .prefix(max(0, count))
        .map { Guess(label: $0.offset, score: $0.element) }
}
