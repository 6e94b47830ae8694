import CoreGraphics
import LineupKit
import Observation

/// What the screen shows, and what a finger does to it.
@MainActor
@Observable
final class DigitModel {
    private(set) var drawing = Drawing()
    private(set) var readings: [Reading] = []
    private(set) var trouble: String?
    var units = ComputeUnits.all {
        didSet { if units != oldValue { load() } }
    }

    @ObservationIgnored private let readers = Readers()
    @ObservationIgnored private var isDrawing = false
    @ObservationIgnored private var isReading = false
    @ObservationIgnored private var isStale = false

    init() {
        load()
    }

    func draw(to point: CGPoint) {
        if isDrawing { drawing.go(to: point) } else { drawing.begin(at: point) }
        isDrawing = true
        read()
    }

    func lift() {
        isDrawing = false
    }

    func clear() {
        drawing = Drawing()
        read()
    }

    private func load() {
        do {
            let networks = try Networks.inApp()
            Task {
                readings = await readers.load(networks, units: units)
                read()
            }
        } catch {
            trouble = error.localizedDescription
        }
    }

    /// One question at a time; what is drawn meanwhile is asked next.
    private func read() {
        isStale = true
        guard !isReading else { return }
        isReading = true
        Task {
            while isStale {
                isStale = false
                readings = await readers.read(drawing)
            }
            isReading = false
        }
    }
}
