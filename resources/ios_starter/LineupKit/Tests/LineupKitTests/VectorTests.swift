import Foundation
import XCTest

@testable import LineupKit

/// Everything in vectors.json was computed by the lab; here the same has to come out.
final class VectorTests: XCTestCase {
    private let vectors = Vectors.read()

    func testOverlap() {
        for vector in vectors.overlap {
            assertClose(Box(vector.a).overlap(with: Box(vector.b)), vector.overlap)
            assertClose(Box(vector.b).overlap(with: Box(vector.a)), vector.overlap)
        }
    }

    func testSuppression() {
        for vector in vectors.suppression {
            let all = zip(vector.boxes, zip(vector.scores, vector.labels)).map { box, more in
                Detection(box: Box(box), score: more.0, label: more.1)
            }
            let rule = Suppression(overlap: vector.overlap, most: vector.most)
            XCTAssertEqual(rule.applied(to: all), vector.kept.map { all[$0] })
        }
    }

    func testCandidates() {
        for vector in vectors.candidates {
            let found = Suppression(confidence: vector.confidence).candidates(
                coordinates: vector.coordinates, scores: vector.scores, labels: vector.labels,
                input: Extent(width: vector.width, height: vector.height)
            )
            XCTAssertEqual(found.map(\.label), vector.found)
            assertClose(found.map(\.score), vector.sure)
            assertClose(found.flatMap(\.box.edges), vector.boxes.flatMap { $0 })
        }
    }

    func testPlacement() {
        for vector in vectors.placement { check(vector) }
    }

    func testOrientation() throws {
        for vector in vectors.orientation {
            let orientation = try XCTUnwrap(Orientation(rawValue: vector.orientation))
            let point = orientation.upright(x: vector.x, y: vector.y)
            assertClose([point.x, point.y], [vector.uprightX, vector.uprightY])
            XCTAssertEqual(orientation.turnsSides, vector.turns)
        }
    }

    func testFill() {
        for vector in vectors.fill {
            let fill = AspectFill(picture: Extent(vector.picture), view: Extent(vector.view))
            assertClose(fill.inView(Box(vector.box)).edges, vector.inView)
        }
    }

    func testSoftmax() {
        for vector in vectors.softmax { assertClose(softmax(vector.values), vector.shares) }
    }

    func testTop() {
        for vector in vectors.top {
            XCTAssertEqual(top(vector.count, of: vector.scores).map(\.label), vector.labels)
        }
    }

    func testPercentile() throws {
        for vector in vectors.percentile {
            assertClose(try XCTUnwrap(percentile(vector.percent, of: vector.values)), vector.value)
        }
    }

    func testResampling() {
        for vector in vectors.resampling { check(vector) }
    }

    func testDigit() {
        for vector in vectors.digit {
            var ink = [UInt8](repeating: 0, count: vector.width * vector.height)
            for stroke in vector.strokes {
                for y in stroke[1]..<stroke[3] {
                    for x in stroke[0]..<stroke[2] { ink[y * vector.width + x] = UInt8(stroke[4]) }
                }
            }
            let pixels = Digit.pixels(ink: ink, width: vector.width, height: vector.height) ?? []
            XCTAssertEqual(pixels.count, vector.pixels.count)
            for (a, b) in zip(pixels, vector.pixels) { XCTAssertLessThanOrEqual(abs(Int(a) - b), 1) }
        }
    }

    /// Of the networks of this export, if it is one: where pictures go, what they get, what their outputs mean.
    func testNetworks() {
        for network in vectors.networks {
            network.placement.forEach(check)
            network.resampling.forEach(check)
            for answer in network.answers { check(answer, of: network) }
        }
    }

    private func check(_ vector: Vectors.Placed) {
        let placement = Placement(
            width: vector.width, height: vector.height, inputWidth: vector.inputWidth,
            inputHeight: vector.inputHeight, fit: vector.fit, share: vector.share
        )
        XCTAssertEqual(placement.crop, PixelRect(vector.crop), "\(vector)")
        XCTAssertEqual(placement.inside, PixelRect(vector.inside), "\(vector)")
        assertClose(vector.boxes.flatMap { placement.inPicture(Box($0)).edges }, vector.inPicture.flatMap { $0 })
    }

    private func check(_ vector: Vectors.Scaled) {
        var picture: [UInt8] = []
        for y in 0..<vector.height {
            for x in 0..<vector.width {
                for c in 0..<3 { picture.append(UInt8((x * 7 + y * 13 + c * 50 + x * y / 11) % 256)) }
                picture.append(255)
            }
        }
        let channels = vector.grey ? 1 : 4
        var input = [UInt8](repeating: 7, count: vector.inputWidth * vector.inputHeight * channels)
        let placement = Placement(
            width: vector.width, height: vector.height, inputWidth: vector.inputWidth,
            inputHeight: vector.inputHeight, fit: vector.fit, share: vector.share
        )
        picture.withUnsafeBufferPointer { picture in
            input.withUnsafeMutableBufferPointer { input in
                InputBytes(
                    base: input.baseAddress!, width: vector.inputWidth, height: vector.inputHeight,
                    bytesPerRow: vector.inputWidth * channels, isGrey: vector.grey
                ).fill(
                    from: PictureBytes(
                        base: picture.baseAddress!, width: vector.width, height: vector.height,
                        bytesPerRow: vector.width * 4
                    ),
                    placement: placement, resampling: vector.resampling, pad: vector.pad
                )
            }
        }
        for (place, byte) in zip(vector.places, vector.bytes) {
            let at = vector.grey ? place : place / 3 * 4 + place % 3
            XCTAssertLessThanOrEqual(abs(Int(input[at]) - byte), 1, "\(vector.width)×\(vector.height) at \(place)")
        }
    }

    private func check(_ answer: Vectors.Answer, of network: Vectors.Of) {
        if network.task == .classify {
            let best = top(network.count, of: answer.scores.map(Double.init))
            XCTAssertEqual(best.map(\.label), answer.labels)
            assertClose(best.map(\.score), answer.sure)
            return
        }
        let rule = network.suppression
        let placement = Placement(
            width: answer.width, height: answer.height, inputWidth: network.inputWidth,
            inputHeight: network.inputHeight, fit: network.fit, share: network.share
        )
        let raw = rule.candidates(
            coordinates: answer.coordinates, scores: answer.scores, labels: network.count,
            input: Extent(width: Double(network.inputWidth), height: Double(network.inputHeight))
        )
        let kept = rule.applied(to: raw)
        let size = Extent(width: Double(answer.width), height: Double(answer.height))
        XCTAssertEqual(kept.map(\.label), answer.labels)
        assertClose(kept.map(\.score), answer.sure)
        assertClose(kept.flatMap { placement.inPicture($0.box).clipped(to: size).edges }, answer.boxes.flatMap { $0 })
    }
}
