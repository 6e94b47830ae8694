import Foundation
import XCTest

@testable import LineupKit

/// vectors.json.
struct Vectors: Decodable {
    struct Overlap: Decodable {
        let a, b: [Double]
        let overlap: Double
    }

    struct Suppressed: Decodable {
        let boxes: [[Double]]
        let scores: [Double]
        let labels: [Int]
        let overlap: Double
        let most: Int
        let kept: [Int]
    }

    struct Raw: Decodable {
        let coordinates, scores: [Float]
        let labels: Int
        let width, height, confidence: Double
        let boxes: [[Double]]
        let found: [Int]
        let sure: [Double]
    }

    struct Placed: Decodable {
        let width, height, inputWidth, inputHeight: Int
        let fit: Fit
        let share: Double
        let crop, inside: [Int]
        let boxes, inPicture: [[Double]]
    }

    struct Turned: Decodable {
        let orientation: Int
        let x, y, uprightX, uprightY: Double
        let turns: Bool
    }

    struct Filled: Decodable {
        let picture, view, box, inView: [Double]
    }

    struct Shares: Decodable {
        let values, shares: [Double]
    }

    struct Top: Decodable {
        let scores: [Double]
        let count: Int
        let labels: [Int]
    }

    struct Percentile: Decodable {
        let values: [Double]
        let percent, value: Double
    }

    struct Scaled: Decodable {
        let width, height, inputWidth, inputHeight: Int
        let fit: Fit
        let share: Double
        let resampling: Resampling
        let pad: UInt8
        let grey: Bool
        let places, bytes: [Int]
    }

    struct Drawn: Decodable {
        let width, height: Int
        let strokes: [[Int]]
        let pixels: [Int]
    }

    struct Answer: Decodable {
        let width, height: Int
        let coordinates, scores: [Float]
        let labels: [Int]
        let sure: [Double]
        let boxes: [[Double]]
    }

    struct Of: Decodable {
        let task: Network.Task
        let inputWidth, inputHeight: Int
        let fit: Fit
        let share: Double
        let count: Int
        let suppression: Suppression
        let placement: [Placed]
        let resampling: [Scaled]
        let answers: [Answer]
    }

    let overlap: [Overlap]
    let suppression: [Suppressed]
    let candidates: [Raw]
    let placement: [Placed]
    let orientation: [Turned]
    let fill: [Filled]
    let softmax: [Shares]
    let top: [Top]
    let percentile: [Percentile]
    let resampling: [Scaled]
    let digit: [Drawn]
    let networks: [Of]

    static func read() -> Vectors {
        guard let url = Bundle.module.url(forResource: "vectors", withExtension: "json") else {
            fatalError("vectors.json is not beside the tests")
        }
        do {
            return try JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
        } catch {
            fatalError("vectors.json: \(error)")
        }
    }
}

extension Box {
    /// From left, top, right, bottom.
    init(_ edges: [Double]) {
        self.init(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
    }

    var edges: [Double] { [left, top, right, bottom] }
}

extension PixelRect {
    init(_ edges: [Int]) {
        self.init(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
    }
}

extension Extent {
    init(_ sides: [Double]) {
        self.init(width: sides[0], height: sides[1])
    }
}

/// Within 1e-5, of the value where it is larger than 1.
func assertClose(_ found: Double, _ wanted: Double, file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertLessThanOrEqual(abs(found - wanted), 1e-5 * max(1, abs(wanted)), file: file, line: line)
}

func assertClose(_ found: [Double], _ wanted: [Double], file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertEqual(found.count, wanted.count, file: file, line: line)
    for (a, b) in zip(found, wanted) { assertClose(a, b, file: file, line: line) }
}
