import LineupKit
import SwiftUI

/// The colours of the lanes; the lab's.
enum LaneColour {
    private static let all: [Color] = [
        Color(red: 0.34, green: 0.71, blue: 0.91), Color(red: 0.90, green: 0.62, blue: 0.00),
        Color(red: 0.00, green: 0.75, blue: 0.55), Color(red: 0.94, green: 0.89, blue: 0.26),
        Color(red: 0.90, green: 0.50, blue: 0.70), Color(red: 0.84, green: 0.37, blue: 0.00),
    ]

    static func of(_ lane: Int) -> Color { all[lane % all.count] }
}

/// Labels with bars as long as their scores.
struct GuessBars: View {
    let network: Network
    let guesses: [Guess]
    let colour: Color

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            ForEach(Array(guesses.enumerated()), id: \.offset) { _, guess in
                GuessBar(name: network.name(of: guess.label), score: guess.score, colour: colour)
            }
        }
    }
}

/// One label with its bar.
struct GuessBar: View {
    let name: String
    let score: Double
    let colour: Color

    var body: some View {
        HStack {
            Text(verbatim: name).lineLimit(1)
            Spacer(minLength: 8)
            Text(score, format: .percent.precision(.fractionLength(0))).monospacedDigit()
        }
        .padding(.horizontal, 8)
        .padding(.vertical, 4)
        .background(alignment: .leading) {
            GeometryReader { room in
                RoundedRectangle(cornerRadius: 6)
                    .fill(colour.opacity(0.45))
                    .frame(width: room.size.width * min(max(score, 0), 1))
            }
        }
        .accessibilityElement(children: .combine)
    }
}

/// How long a network takes.
struct Figures: View {
    let p50: Double?
    let p95: Double?
    let rate: Double

    var body: some View {
        Text(verbatim: words)
            .font(.caption)
            .monospacedDigit()
            .foregroundStyle(.secondary)
    }

    private var words: String {
        guard let p50, let p95 else { return "…" }
        let times = String(format: "p50 %.1f ms · p95 %.1f ms", p50, p95)
        return rate > 0 ? times + String(format: " · %.1f a second", rate) : times
    }
}

/// Which units Core ML may use.
struct UnitsMenu: View {
    @Binding var units: ComputeUnits

    var body: some View {
        Picker("Compute units", selection: $units) {
            ForEach(ComputeUnits.allCases) { unit in
                Text(unit.title).tag(unit)
            }
        }
        .pickerStyle(.menu)
    }
}
