import CoreVideo
import LineupKit

/// What a network reads, as the screen shows it.
struct Reading: Sendable, Identifiable {
    let id: Int
    let network: Network
    var scores: [Double] = []
    var milliseconds: Double?
    var trouble: String?
}

/// The networks, each asked about every drawing. An actor: loading and answering block, and the screen does not wait.
actor Readers {
    private var readings: [Reading] = []
    private var recognisers: [Recogniser?] = []

    /// Load the networks anew.
    func load(_ networks: [Network], units: ComputeUnits) -> [Reading] {
        readings = networks.enumerated().map { Reading(id: $0.offset, network: $0.element) }
        recognisers = []
        for (i, network) in networks.enumerated() {
            do {
                recognisers.append(try Recogniser(network, units: units, guesses: network.labels.count))
            } catch {
                recognisers.append(nil)
                readings[i].trouble = error.localizedDescription
            }
        }
        return readings
    }

    /// What they read in a drawing.
    func read(_ drawing: Drawing) -> [Reading] {
        for i in readings.indices {
            do {
                guard let picture = try drawing.picture(), let answer = try recognisers[i]?.answer(picture) else {
                    readings[i].scores = []
                    continue
                }
                var scores = [Double](repeating: 0, count: readings[i].network.labels.count)
                for guess in answer.guesses { scores[guess.label] = guess.score }
                readings[i].scores = scores
                readings[i].milliseconds = answer.milliseconds
                readings[i].trouble = nil
            } catch {
                readings[i].trouble = error.localizedDescription
            }
        }
        return readings
    }
}
