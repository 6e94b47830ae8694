import CoreML
import CoreVideo
import ImageIO
import LineupKit
import XCTest

@testable import LineupApp

/// The lab's pictures and answers. What Core ML answers on this device must be the same, as far as the precision of the
/// weights lets it.
final class GoldenTests: XCTestCase {
    func testEveryNetworkAnswersAsInTheLab() throws {
        for network in try Networks.inApp() {
            try check(network, units: .cpu)
        }
    }

    /// On whatever Core ML chooses; a simulator has the CPU only.
    func testOnAllUnits() throws {
        for network in try Networks.inApp() {
            try check(network, units: .all)
        }
    }

    private func check(_ network: Network, units: ComputeUnits) throws {
        let golden = try Golden.of(network)
        let recogniser = try Recogniser(network, units: units)
        for wanted in golden.pictures {
            let picture = try golden.picture(wanted.file)
            let whole = Placement(
                width: network.width, height: network.height, inputWidth: network.width,
                inputHeight: network.height, fit: .stretch
            )
            let answer = try recogniser.answer(picture, placement: whole)
            let place = "\(network.id), \(wanted.file), \(units.title)"
            switch network.task {
            case .classify: compare(answer.guesses, wanted, golden.limit, place)
            case .detect: compare(answer.detections, wanted, golden.limit, place)
            }
        }
    }

    private func compare(_ found: [Guess], _ wanted: Golden.Picture, _ limit: Double, _ place: String) {
        guard let label = wanted.labels.first, let score = wanted.scores.first else { return }
        guard let same = found.first(where: { $0.label == label }) else {
            XCTAssertLessThanOrEqual(score, limit, "\(place): label \(label) is not among the best")
            return
        }
        XCTAssertEqual(same.score, score, accuracy: limit, place)
    }

    /// Every box that is sure enough must have its twin, in both directions.
    private func compare(_ found: [Detection], _ wanted: Golden.Picture, _ limit: Double, _ place: String) {
        let known = wanted.detections
        for (these, those) in [(known, found), (found, known)] {
            for box in these where box.score >= Suppression().confidence + limit {
                let twin = those.filter { $0.label == box.label }.max { a, b in
                    a.box.overlap(with: box.box) < b.box.overlap(with: box.box)
                }
                guard let twin, twin.box.overlap(with: box.box) > 0.5 else {
                    XCTFail("\(place): \(box) has no twin")
                    continue
                }
                XCTAssertEqual(twin.score, box.score, accuracy: limit, place)
            }
        }
    }
}

/// What Golden/answers.json says of a network, and its pictures, which have the input's size.
struct Golden: Decodable {
    struct Picture: Decodable {
        let file: String
        let labels: [Int]
        let scores: [Double]
        /// Left, top, right, bottom, px of the input.
        let boxes: [[Double]]

        var detections: [Detection] {
            zip(boxes, zip(scores, labels)).map { edges, more in
                let box = Box(left: edges[0], top: edges[1], right: edges[2], bottom: edges[3])
                return Detection(box: box, score: more.0, label: more.1)
            }
        }
    }

    /// Where its pictures are, in Golden.
    let folder: String
    /// How far a score may be away.
    let limit: Double
    let pictures: [Picture]

    static func of(_ network: Network) throws -> Golden {
        let data = try Data(contentsOf: place().appendingPathComponent("answers.json"))
        let all = try JSONDecoder().decode([String: Golden].self, from: data)
        return try XCTUnwrap(all[network.id])
    }

    private static func place() throws -> URL {
        try XCTUnwrap(Bundle(for: GoldenTests.self).url(forResource: "Golden", withExtension: nil))
    }

    /// The bytes of a PNG as they are in the file, without any change of colours.
    func picture(_ file: String) throws -> CVPixelBuffer {
        let url = try Self.place().appendingPathComponent(folder).appendingPathComponent(file)
        let source = try XCTUnwrap(CGImageSourceCreateWithURL(url as CFURL, nil))
        let image = try XCTUnwrap(CGImageSourceCreateImageAtIndex(source, 0, nil))
        let space = try XCTUnwrap(image.colorSpace)
        let isGrey = space.model == .monochrome
        let step = isGrey ? 1 : 4
        let layout =
            isGrey
            ? CGImageAlphaInfo.none.rawValue
            : CGImageAlphaInfo.noneSkipFirst.rawValue | CGBitmapInfo.byteOrder32Little.rawValue
        var bytes = [UInt8](repeating: 0, count: image.width * image.height * step)
        try bytes.withUnsafeMutableBytes { memory in
            let context = try XCTUnwrap(
                CGContext(
                    data: memory.baseAddress, width: image.width, height: image.height, bitsPerComponent: 8,
                    bytesPerRow: image.width * step, space: space, bitmapInfo: layout
                ))
            context.draw(image, in: CGRect(x: 0, y: 0, width: image.width, height: image.height))
        }
        let buffer = try InputPicture.made(
            width: image.width, height: image.height, format: kCVPixelFormatType_32BGRA
        )
        CVPixelBufferLockBaseAddress(buffer, [])
        defer { CVPixelBufferUnlockBaseAddress(buffer, []) }
        let base = try XCTUnwrap(CVPixelBufferGetBaseAddress(buffer)).assumingMemoryBound(to: UInt8.self)
        let bytesPerRow = CVPixelBufferGetBytesPerRow(buffer)
        for y in 0..<image.height {
            for x in 0..<image.width {
                for channel in 0..<4 {
                    let old = (y * image.width + x) * step + (isGrey ? 0 : channel)
                    base[y * bytesPerRow + 4 * x + channel] = bytes[old]
                }
            }
        }
        return buffer
    }
}
