import LineupKit
import SwiftUI
import UIKit

/// The camera's picture, what the networks find in it, and how long they take.
@MainActor
struct CameraScreen: View {
    @State private var model = CameraModel()
    @Environment(\.scenePhase) private var phase

    var body: some View {
        ZStack {
            Color.black.ignoresSafeArea()
            CameraPreview(model: model).ignoresSafeArea()
            Boxes(lanes: model.lanes).ignoresSafeArea()
            if let trouble = model.trouble {
                TroubleView(sentence: trouble, isForbidden: model.isForbidden)
            }
        }
        .safeAreaInset(edge: .bottom) { panel }
        .environment(\.colorScheme, .dark)
        .task { await model.follow() }
        .task(id: phase) { await phaseChanged() }
        .onAppear { UIApplication.shared.isIdleTimerDisabled = true }
    }

    private var panel: some View {
        VStack(alignment: .leading, spacing: 12) {
            ViewThatFits(in: .vertical) {
                lanes
                ScrollView { lanes }
            }
            .frame(maxHeight: 360)
            HStack {
                UnitsMenu(units: $model.units)
                if model.isHot {
                    Label("Hot: slower than usual", systemImage: "thermometer.high").font(.caption)
                }
                Spacer()
                Button("Other camera", systemImage: "arrow.triangle.2.circlepath.camera") {
                    Task { await model.changeSides() }
                }
                .labelStyle(.iconOnly)
            }
        }
        .padding()
        .background(.ultraThinMaterial)
    }

    private var lanes: some View {
        VStack(alignment: .leading, spacing: 12) {
            ForEach(model.lanes) { lane in
                LanePanel(lane: lane, guesses: model.lanes.count > 2 ? 1 : 3)
            }
        }
    }

    private func phaseChanged() async {
        switch phase {
        case .active: await model.start()
        case .background: model.stop()
        default: break
        }
    }
}

/// A network's name, its answer and its times.
struct LanePanel: View {
    let lane: Lane
    /// How many labels there is room for.
    let guesses: Int

    var body: some View {
        VStack(alignment: .leading, spacing: 4) {
            HStack(alignment: .firstTextBaseline) {
                Circle().fill(LaneColour.of(lane.id)).frame(width: 10, height: 10)
                Text(verbatim: lane.network.title).font(.headline)
                Text(verbatim: lane.network.precision).font(.caption).foregroundStyle(.secondary)
                Spacer()
                Figures(p50: lane.p50, p95: lane.p95, rate: lane.rate)
            }
            content
        }
    }

    @ViewBuilder private var content: some View {
        switch lane.state {
        case .loading:
            HStack {
                ProgressView()
                Text("Loading; the first time this may take a minute")
            }
            .font(.caption)
        case .failed(let sentence):
            Label {
                Text(verbatim: sentence)
            } icon: {
                Image(systemName: "exclamationmark.triangle")
            }
            .font(.caption)
        case .running:
            if lane.network.task == .classify {
                GuessBars(
                    network: lane.network, guesses: Array((lane.answer?.guesses ?? []).prefix(guesses)),
                    colour: LaneColour.of(lane.id)
                )
            }
        }
    }
}

/// The boxes of all detectors, where the things are on the screen.
struct Boxes: View {
    let lanes: [Lane]

    var body: some View {
        Canvas { context, size in
            for lane in lanes {
                guard let answer = lane.answer else { continue }
                let fill = AspectFill(
                    picture: answer.picture, view: Extent(width: size.width, height: size.height)
                )
                for found in answer.detections {
                    draw(found, of: lane, at: fill.inView(found.box), in: context)
                }
            }
        }
        .allowsHitTesting(false)
    }

    private func draw(_ found: Detection, of lane: Lane, at box: Box, in context: GraphicsContext) {
        let colour = LaneColour.of(lane.id)
        let rectangle = CGRect(x: box.left, y: box.top, width: box.width, height: box.height)
        context.stroke(Path(roundedRect: rectangle, cornerRadius: 4), with: .color(colour), lineWidth: 3)
        let words = "\(lane.network.name(of: found.label)) \(Int((found.score * 100).rounded())) %"
        let text = context.resolve(Text(verbatim: words).font(.callout.bold()).foregroundColor(.black))
        let room = text.measure(in: CGSize(width: 400, height: 40))
        let corner = CGPoint(x: max(0, rectangle.minX), y: max(0, rectangle.minY - room.height))
        context.fill(
            Path(CGRect(x: corner.x, y: corner.y, width: room.width + 8, height: room.height)), with: .color(colour)
        )
        context.draw(text, at: CGPoint(x: corner.x + 4, y: corner.y), anchor: .topLeading)
    }
}

/// Why there is no picture, and what to do.
struct TroubleView: View {
    let sentence: String
    let isForbidden: Bool

    var body: some View {
        VStack(spacing: 16) {
            Text(verbatim: sentence).multilineTextAlignment(.center)
            if isForbidden, let settings = URL(string: UIApplication.openSettingsURLString) {
                Link("Open Settings", destination: settings).buttonStyle(.borderedProminent)
            }
        }
        .padding()
        .background(.regularMaterial, in: RoundedRectangle(cornerRadius: 12))
        .padding()
    }
}
