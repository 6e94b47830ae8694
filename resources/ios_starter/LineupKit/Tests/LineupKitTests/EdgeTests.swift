import XCTest

@testable import LineupKit

/// What no vector of JSON can hold: values that are no numbers, nothing at all.
final class EdgeTests: XCTestCase {
    func testWhatIsNoNumberIsLeftOut() {
        let good = Detection(box: Box([0, 0, 1, 1]), score: 0.5, label: 0)
        let bad = [
            Detection(box: Box([0, 0, .nan, 1]), score: 0.9, label: 0),
            Detection(box: Box([0, 0, .infinity, 1]), score: 0.9, label: 0),
            Detection(box: Box([0, 0, 1, 1]), score: .nan, label: 0),
        ]
        XCTAssertEqual(Suppression().applied(to: bad + [good]), [good])
        XCTAssertEqual(top(2, of: [.nan, 0.1, .nan]).map(\.label), [1])
        XCTAssertEqual(top(-1, of: [0.1]), [])
        XCTAssertEqual(softmax([.nan, 0, 0]), [0, 0.5, 0.5])
        XCTAssertEqual(softmax([.nan]), [0])
        XCTAssertEqual(softmax([-.infinity, 1]), [0, 1])
        XCTAssertEqual(softmax([-.infinity, -.infinity]), [0.5, 0.5])
        XCTAssertEqual(softmax([.infinity, 1]), [1, 0])
        XCTAssertEqual(softmax([]), [])
    }

    func testOneBoxMayCountForEveryLabel() {
        let raw = ([Float](arrayLiteral: 0.5, 0.5, 0.2, 0.2), [Float](arrayLiteral: 0.3, 0.1, 0.9))
        func labels(_ every: Bool) -> [Int] {
            Suppression(everyLabel: every)
                .candidates(coordinates: raw.0, scores: raw.1, labels: 3, input: Extent(width: 10, height: 10))
                .map(\.label)
        }
        XCTAssertEqual(labels(false), [2])
        XCTAssertEqual(labels(true), [0, 2])
    }

    func testOutputsThatDoNotFitGiveNothingInsteadOfACrash() {
        let rule = Suppression()
        let input = Extent(width: 10, height: 10)
        XCTAssertEqual(rule.candidates(coordinates: [1, 2, 3], scores: [1], labels: 1, input: input), [])
        XCTAssertEqual(rule.candidates(coordinates: [1, 2, 3, 4], scores: [1], labels: 0, input: input), [])
        XCTAssertEqual(rule.candidates(coordinates: [1, 2, 3, 4], scores: [1], labels: 2, input: input), [])
    }

    func testPercentiles() {
        XCTAssertNil(percentile(50, of: []))
        XCTAssertEqual(percentile(50, of: [1, .nan])?.isNaN, true)
        XCTAssertEqual(percentile(200, of: [1, 2]), 2)
    }

    func testLatenciesKeepTheNewest() {
        var latencies = Latencies(capacity: 3)
        XCTAssertNil(latencies.percentile(50))
        XCTAssertEqual(latencies.rate, 0)
        for i in 0..<5 { latencies.note(milliseconds: Double(i), at: Double(i) / 10) }
        XCTAssertEqual(latencies.count, 3)
        XCTAssertEqual(latencies.percentile(50), 3)
        XCTAssertEqual(latencies.rate, 10, accuracy: 1e-9)
    }

    func testTurnsAreTakenRoundAndRound() {
        var turns = Turns()
        XCTAssertNil(turns.take(of: 0))
        XCTAssertEqual((0..<5).map { _ in turns.take(of: 2) }, [0, 1, 0, 1, 0])
        XCTAssertEqual(turns.take(of: 1), 0)  // one is gone
    }

    func testALowerLeftRectangleIsTurnedOver() {
        assertClose(Box(lowerLeftX: 0.1, y: 0.2, width: 0.3, height: 0.4).edges, [0.1, 0.4, 0.4, 0.8])
    }

    func testALabelThatIsNotThereIsSaid() throws {
        let json = """
            [{"id": "a fp16", "file": "A", "title": "A", "licence": "", "source": "", "precision": "fp16", "bytes": 1,
              "task": "classify", "width": 2, "height": 3, "colours": "GRAY", "fit": "letterbox-topleft", "share": 1,
              "pad": 114, "resampling": "area", "labels": ["x"], "pipeline": false,
              "suppression": {"confidence": 0.25, "overlap": 0.45, "most": 100, "everyLabel": false}}]
            """
        let network = try XCTUnwrap(Network.all(from: Data(json.utf8)).first)
        XCTAssertEqual([network.name(of: 0), network.name(of: 1), network.name(of: -1)], ["x", "class 1", "class -1"])
        XCTAssertEqual(network.colours, .grey)
        XCTAssertEqual(network.placement(width: 4, height: 3).inside, PixelRect([0, 0, 2, 1]))
    }
}
