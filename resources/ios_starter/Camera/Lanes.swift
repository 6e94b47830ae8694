@preconcurrency import AVFoundation
import LineupKit

/// One network at work, as the screen shows it.
struct Lane: Sendable, Identifiable {
    enum State: Sendable, Equatable {
        case loading, running
        case failed(String)
    }

    let id: Int
    let network: Network
    var state = State.loading
    var answer: Answer?
    var p50: Double?
    var p95: Double?
    var rate = 0.0
}

/// The networks, on the camera's pictures in turns. All that changes is used on `queue` alone.
final class Lanes: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable {
    let queue = DispatchQueue(label: "Lineup networks", qos: .userInitiated)
    /// All lanes, whenever one has changed; who is slow gets the newest only.
    let changes: AsyncStream<[Lane]>

    private let changed: AsyncStream<[Lane]>.Continuation
    private var lanes: [Lane] = []
    private var recognisers: [Recogniser?] = []
    private var latencies: [Latencies] = []
    private var turns = Turns()

    override init() {
        (changes, changed) = AsyncStream.makeStream(of: [Lane].self, bufferingPolicy: .bufferingNewest(1))
        super.init()
    }

    /// Load the networks anew. Pictures that come meanwhile are dropped.
    func load(_ networks: [Network], units: ComputeUnits) {
        queue.async { [self] in
            lanes = networks.enumerated().map { Lane(id: $0.offset, network: $0.element) }
            recognisers = networks.map { _ in nil }
            latencies = networks.map { _ in Latencies() }
            changed.yield(lanes)
            for (i, network) in networks.enumerated() {
                do {
                    recognisers[i] = try ready(network, units)
                    lanes[i].state = .running
                } catch {
                    lanes[i].state = .failed(error.localizedDescription)
                }
                changed.yield(lanes)
            }
        }
    }

    func captureOutput(
        _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer, from connection: AVCaptureConnection
    ) {
        let running = lanes.indices.filter { recognisers[$0] != nil }
        guard let turn = turns.take(of: running.count), let picture = CMSampleBufferGetImageBuffer(sampleBuffer) else {
            return
        }
        answer(picture, lane: running[turn])
        changed.yield(lanes)
    }

    private func answer(_ picture: CVPixelBuffer, lane i: Int) {
        do {
            guard let answer = try recognisers[i]?.answer(picture) else { return }
            let uptime = ProcessInfo.processInfo.systemUptime
            latencies[i].note(milliseconds: answer.milliseconds, at: uptime)
            lanes[i].answer = answer
            lanes[i].p50 = latencies[i].percentile(50)
            lanes[i].p95 = latencies[i].percentile(95)
            lanes[i].rate = latencies[i].rate
        } catch {
            recognisers[i] = nil  // the others go on
            lanes[i].state = .failed(error.localizedDescription)
        }
    }

    /// A network that has answered once: the first answer takes long, and says nothing about the others.
    private func ready(_ network: Network, _ units: ComputeUnits) throws -> Recogniser {
        let recogniser = try Recogniser(network, units: units)
        let black = try InputPicture.made(
            width: network.width, height: network.height, format: kCVPixelFormatType_32BGRA
        )
        _ = try recogniser.answer(black)
        return recogniser
    }
}
