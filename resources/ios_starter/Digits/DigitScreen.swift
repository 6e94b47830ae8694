import LineupKit
import SwiftUI

/// A board to draw a digit on, and ten bars a network.
@MainActor
struct DigitScreen: View {
    @State private var model = DigitModel()
    @Environment(\.verticalSizeClass) private var height

    var body: some View {
        let layout = height == .compact ? AnyLayout(HStackLayout(spacing: 16)) : AnyLayout(VStackLayout(spacing: 16))
        layout {
            board
            VStack(alignment: .leading, spacing: 12) {
                if let trouble = model.trouble { Text(verbatim: trouble) }
                ForEach(model.readings) { reading in
                    DigitBars(reading: reading)
                }
                HStack {
                    UnitsMenu(units: $model.units)
                    Spacer()
                    Button("Clear", systemImage: "trash") { model.clear() }
                        .disabled(model.drawing.isEmpty)
                }
            }
        }
        .padding()
    }

    private var board: some View {
        GeometryReader { room in
            let side = min(room.size.width, room.size.height)
            ZStack {
                RoundedRectangle(cornerRadius: 16).fill(.black)
                if model.drawing.isEmpty {
                    Text("Draw a digit").font(.title2).foregroundStyle(.gray)
                }
                Path(model.drawing.path(side: side))
                    .stroke(
                        .white,
                        style: StrokeStyle(
                            lineWidth: Drawing.penWidth * side, lineCap: .round, lineJoin: .round
                        ))
            }
            .frame(width: side, height: side)
            .contentShape(Rectangle())
            .gesture(
                DragGesture(minimumDistance: 0)
                    .onChanged { model.draw(to: CGPoint(x: $0.location.x / side, y: $0.location.y / side)) }
                    .onEnded { _ in model.lift() }
            )
            .frame(maxWidth: .infinity, maxHeight: .infinity)
        }
        .aspectRatio(1, contentMode: .fit)
        .accessibilityLabel("Board to draw a digit on")
    }
}

/// How sure a network is of each digit.
struct DigitBars: View {
    let reading: Reading

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            HStack {
                Text(verbatim: reading.network.title).font(.headline)
                Spacer()
                if let milliseconds = reading.milliseconds {
                    Text(verbatim: String(format: "%.1f ms", milliseconds))
                        .font(.caption).monospacedDigit().foregroundStyle(.secondary)
                }
            }
            if let trouble = reading.trouble {
                Text(verbatim: trouble).font(.caption)
            }
            HStack(alignment: .bottom, spacing: 6) {
                ForEach(Array(reading.network.labels.enumerated()), id: \.offset) { place, label in
                    column(label, score: reading.scores.indices.contains(place) ? reading.scores[place] : 0)
                }
            }
            .frame(height: 120)
        }
    }

    private func column(_ label: String, score: Double) -> some View {
        let isBest = score > 0 && score == reading.scores.max()
        return VStack(spacing: 2) {
            GeometryReader { room in
                VStack {
                    Spacer(minLength: 0)
                    RoundedRectangle(cornerRadius: 4)
                        .fill(isBest ? LaneColour.of(reading.id) : .gray.opacity(0.5))
                        .frame(height: max(2, room.size.height * min(max(score, 0), 1)))
                }
            }
            Text(verbatim: label).font(isBest ? .headline : .body).monospacedDigit()
        }
        .accessibilityElement(children: .ignore)
        .accessibilityLabel(Text(verbatim: label))
        .accessibilityValue(Text(score, format: .percent.precision(.fractionLength(0))))
    }
}
